/** One event with all that is known of it. Whatever it holds is shown as text. */
import { Button, Drawer, Group } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { EventRow } from '../domain/api.ts'
import styles from './audit-page.module.css'
import type { Audit } from './use-audit.ts'

const FIELDS = [
  'user',
  'impersonated',
  'groups',
  'verb',
  'apiGroup',
  'resource',
  'namespace',
  'name',
  'status',
  'decision',
  'sourceIp',
  'userAgent',
  'plane',
  'stage',
  'id',
] as const

export function EventDrawer({ row, onClose, audit }: { row: EventRow | undefined; onClose: () => void; audit: Audit }) {
  const { t } = useTranslation('audit')
  const format = useFormat()
  const { setState } = audit
  const timeline = (f: string[]) => {
    setState({ f, q: '', sensitive: false })
    onClose()
  }
  return (
    // locking the scroll would write a style sheet, which the CSP refuses
    <Drawer.Root opened={row !== undefined} onClose={onClose} position="right" size="xl" lockScroll={false}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className={styles.head}>
          <Drawer.Title className={styles.title}>{t('detail')}</Drawer.Title>
          <Drawer.CloseButton aria-label={t('close')} />
        </div>
        <Drawer.Body>
          {row && (
            <>
              <dl className={styles.fields}>
                <dt>{t('column.at')}</dt>
                <dd>{format.time(row.at, { millis: true })}</dd>
                {FIELDS.filter((field) => row[field] !== '' && row[field] !== 0).map((field) => (
                  <Field key={field} name={t(`column.${field}`)} value={String(row[field])} />
                ))}
                {row.rules.length > 0 && <Field name={t('column.rules')} value={`${row.rules.join(', ')} (${row.severity})`} />}
              </dl>
              <Group gap="xs">
                <Button size="xs" variant="default" onClick={() => timeline([`user:eq:${row.user}`])}>
                  {t('onlyPerson')}
                </Button>
                {row.name !== '' && (
                  <Button size="xs" variant="default" onClick={() => timeline([`namespace:eq:${row.namespace}`, `name:eq:${row.name}`])}>
                    {t('onlyObject')}
                  </Button>
                )}
              </Group>
              <pre className={styles.json}>{pretty(row.detail)}</pre>
            </>
          )}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

function Field({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}

function pretty(detail: string): string {
  try {
    return JSON.stringify(JSON.parse(detail), undefined, 2)
  } catch {
    return detail
  }
}
