/** A ranked list with bars: who leads, by how much. */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './bar-list.module.css'
import type { Unit } from './format.ts'
import { EmptyState, ErrorState } from './states.tsx'
import { useFormat } from './use-format.ts'

export interface BarItem {
  key: string
  /** Shown instead of the key. */
  label?: ReactNode
  value: number | null
  /** A second number at the right end. */
  extra?: string
  /** Color of the bar: neutral unless the number is bad news. */
  tone?: 'neutral' | 'warning' | 'error'
}

export interface BarListProps {
  /** Accessible name. */
  label: string
  items: readonly BarItem[] | undefined
  unit: Unit
  /** Full width; default the greatest value. */
  max?: number
  onOpen?: (item: BarItem) => void
  loading?: boolean
  error?: unknown
  empty?: string
  stale?: boolean
  /** Rows of skeleton while loading. */
  rows?: number
}

export function BarList({ label, items, unit, max, onOpen, loading = false, error, empty, stale = false, rows = 5 }: BarListProps) {
  const { t } = useTranslation('kit')
  const format = useFormat()
  if (error && !items) return <ErrorState error={error} compact />
  if (!items && loading) {
    return (
      <div className={styles.list} role="img" aria-label={t('loading')}>
        {Array.from({ length: rows }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: skeleton rows are all alike.
          <div key={i} className={styles.skeleton} />
        ))}
      </div>
    )
  }
  if (!items || items.length === 0) return <EmptyState title={empty ?? t('empty.range')} />
  const full = max ?? Math.max(...items.map((item) => item.value ?? 0), 0)
  return (
    <ol className={styles.list} aria-label={label} data-stale={stale || undefined}>
      {items.map((item) => {
        const share = full > 0 ? Math.max(0, Math.min(1, (item.value ?? 0) / full)) : 0
        const name = item.label ?? (item.key === '' ? t('none') : item.key)
        const row = (
          <>
            <svg className={styles.bar} data-tone={item.tone ?? 'neutral'} aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
              <rect width={share * 100} height="1" />
            </svg>
            <span className={styles.name} title={item.key}>
              {name}
            </span>
            <span className={styles.value}>{format.value(item.value, unit)}</span>
            {item.extra !== undefined && <span className={styles.extra}>{item.extra}</span>}
          </>
        )
        return (
          <li key={item.key}>
            {onOpen ? (
              <button type="button" className={styles.row} onClick={() => onOpen(item)}>
                {row}
              </button>
            ) : (
              <div className={styles.row}>{row}</div>
            )}
          </li>
        )
      })}
    </ol>
  )
}
