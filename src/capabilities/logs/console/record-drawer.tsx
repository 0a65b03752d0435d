/** One record with all that is known of it, and what its container wrote before and after. Whatever it holds is shown as text. */
import { Button, Drawer, Group } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { type ContextAnswer, FIELDS, type LogRecord } from '../domain/api.ts'
import { LevelMark } from './level-mark.tsx'
import styles from './logs-page.module.css'
import type { Logs } from './use-logs.ts'

const AROUND = 10

export function RecordDrawer({
  record,
  onClose,
  onOpen,
  logs,
}: {
  record: LogRecord | undefined
  onClose: () => void
  onOpen: (record: LogRecord) => void
  logs: Logs
}) {
  const { t } = useTranslation('logs')
  const format = useFormat()
  return (
    // locking the scroll would write a style sheet, which the CSP refuses
    <Drawer.Root opened={record !== undefined} onClose={onClose} position="right" size="xl" lockScroll={false}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className={styles.head}>
          <Drawer.Title className={styles.title}>{t('detail')}</Drawer.Title>
          <Drawer.CloseButton aria-label={t('close')} />
        </div>
        <Drawer.Body>
          {record && (
            <>
              <pre className={styles.whole}>{pretty(record.body)}</pre>
              {record.length > new Blob([record.body]).size && <p className={styles.note}>{t('cut', { bytes: format.value(record.length, 'bytes') })}</p>}
              <dl className={styles.fields}>
                <dt>{t('column.at')}</dt>
                <dd>{format.time(record.at, { millis: true })}</dd>
                {record.severity > 0 && (
                  <>
                    <dt>{t('column.level')}</dt>
                    <dd>
                      <LevelMark severity={record.severity} />
                    </dd>
                  </>
                )}
                {FIELDS.filter((field) => record[field] !== '').map((field) => (
                  <Pair key={field} name={t(`column.${field}`)} value={record[field]} />
                ))}
                {Object.entries(record.attributes).map(([name, value]) => (
                  <Pair key={name} name={name} value={value} />
                ))}
              </dl>
              <Group gap="xs">
                {(['pod', 'workload'] as const)
                  .filter((field) => record[field] !== '')
                  .map((field) => (
                    <Button
                      key={field}
                      size="xs"
                      variant="default"
                      onClick={() => {
                        logs.only(field, record[field])
                        onClose()
                      }}
                    >
                      {t('onlyThis', { field: t(`column.${field}`) })}
                    </Button>
                  ))}
              </Group>
              <Around record={record} logs={logs} onOpen={onOpen} />
            </>
          )}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

const Pair = ({ name, value }: { name: string; value: string }) => (
  <>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </>
)

function pretty(body: string): string {
  if (!body.startsWith('{')) return body
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2)
  } catch {
    return body
  }
}

function Around({ record, logs, onOpen }: { record: LogRecord; logs: Logs; onOpen: (record: LogRecord) => void }) {
  const { t } = useTranslation('logs')
  const format = useFormat()
  const { ns, namespace, pod, container, service } = record
  const { data, error, loading, refetch } = useApi<ContextAnswer>(
    logs.path('/context'),
    { at: ns, namespace, pod, container, service, lines: AROUND },
    { keep: false },
  )
  return (
    <section aria-label={t('context')}>
      <h3 className={styles.title}>{t('context')}</h3>
      {error && <ErrorState error={error} onRetry={refetch} compact />}
      {loading && <LoadingState />}
      {data && (
        <ol className={styles.context}>
          {[...data.before, record, ...data.after].map((one) => (
            <li key={`${one.ns} ${one.body}`}>
              <button type="button" className={styles.line} data-static data-here={one === record || undefined} onClick={() => onOpen(one)}>
                <span className={styles.at}>{format.time(one.at, { millis: true }).slice(11)}</span>
                <span className={styles.text}>{one.body.slice(0, 2000)}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
