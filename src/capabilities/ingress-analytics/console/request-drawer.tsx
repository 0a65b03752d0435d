/** One request with everything that the log said about it. */
import { ActionIcon, Button, CopyButton } from '@mantine/core'
import { IconFilter, IconFilterOff } from '@tabler/icons-react'
import { isMissing, type Unit } from '#kits/console-kit/format.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { RequestRow } from '../domain/api.ts'
import { curlOf } from './curl.ts'
import type { Field, Operator } from './filters.ts'
import styles from './request-drawer.module.css'
import { ROW_FIELDS, type RowField } from './request-fields.ts'
import { SidePanel } from './side-panel.tsx'
import { useFieldWords, useWords } from './words.ts'

interface DrawerProps {
  row: RequestRow | undefined
  onClose: () => void
  onPick: (field: Field, value: string, op: Operator) => void
}

export function RequestDrawer({ row, onClose, onPick }: DrawerProps) {
  const t = useWords()
  return (
    <SidePanel opened={row !== undefined} onClose={onClose} size="lg" title={t('rows.details')}>
      {row && (
        <>
          <p className={styles.line}>
            <b>{String(row.method ?? '')}</b> {String(row.host ?? '')}
            {String(row.path ?? '')} <b>{String(row.status ?? '')}</b>
          </p>
          <div className={styles.copies}>
            <Copy text={JSON.stringify(row, null, 2)} label={t('rows.copyJson')} />
            <Copy text={curlOf(row)} label={t('rows.copyCurl')} />
            <span className={styles.note}>{t('rows.noQuery')}</span>
          </div>
          <dl className={styles.fields}>
            {ROW_FIELDS.map((field) => (
              <FieldRow key={field.id} field={field} value={row[field.id] ?? null} onPick={onPick} />
            ))}
          </dl>
        </>
      )}
    </SidePanel>
  )
}

function Copy({ text, label }: { text: string; label: string }) {
  const t = useWords()
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant="default" onClick={copy}>
          {copied ? t('rows.copied') : label}
        </Button>
      )}
    </CopyButton>
  )
}

function FieldRow({ field, value, onPick }: { field: RowField; value: string | number | null; onPick: DrawerProps['onPick'] }) {
  const t = useWords()
  const words = useFieldWords()
  const format = useFormat()
  const missing = isMissing(value) || (field.zeroIsMissing && value === 0)
  const text = missing ? '' : String(value)
  const filter = field.filter
  const shown = missing ? t('rows.missing') : shownValue(field.unit, value, filter ? words.value(filter, text) : text, format)
  const label = t(`field.${field.id}`)
  return (
    <div className={styles.field}>
      <dt>{label}</dt>
      <dd data-missing={missing || undefined}>{shown}</dd>
      {filter && (
        <dd className={styles.actions}>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={t('rows.filterFor', { field: label, value: shown })}
            title={t('rows.filterFor', { field: label, value: shown })}
            onClick={() => onPick(filter, text, 'eq')}
          >
            <IconFilter size={14} aria-hidden />
          </ActionIcon>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={t('rows.filterOut', { field: label, value: shown })}
            title={t('rows.filterOut', { field: label, value: shown })}
            onClick={() => onPick(filter, text, 'ne')}
          >
            <IconFilterOff size={14} aria-hidden />
          </ActionIcon>
        </dd>
      )}
    </div>
  )
}

function shownValue(unit: Unit | undefined, value: string | number | null, text: string, format: ReturnType<typeof useFormat>): string {
  if (unit === 'time' && typeof value === 'number') return format.time(value, { millis: true })
  if (unit === 'seconds' && typeof value === 'number') return `${format.value(value, unit)} (${format.exact(value)} s)`
  if (unit === 'bytes' && typeof value === 'number') return value < 1024 ? format.value(value, unit) : `${format.value(value, unit)} (${format.exact(value)} B)`
  return text
}
