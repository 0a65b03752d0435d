/** One number of a period, with its unit and how it differs from the compared period. */
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { isMissing, type Unit } from './format.ts'
import styles from './stat.module.css'
import { useFormat } from './use-format.ts'

export interface StatProps {
  label: string
  /** Missing is drawn as missing, never as 0. */
  value: number | null | undefined
  unit: Unit
  /** The same number of the compared period; shows the change. */
  before?: number | null
  /** Which direction is good news; decides the color of a change. Default `neither`. */
  better?: 'higher' | 'lower' | 'neither'
  /** Why there is no number: `few` not enough requests for this quantile (`needs` of them), `none` nothing measured. */
  missing?: 'few' | 'none'
  needs?: number
  /** A short line under the number. */
  note?: string
  loading?: boolean
  /** The shown number is older than asked for. */
  stale?: boolean
  onClick?: () => void
}

/** What is smaller is no change: half a thousandth, of the number or (shares) of the whole. */
const SAME = 0.0005

/** The change as a direction, text and judgment; undefined when there is nothing to compare. Shares differ in percentage points, all else in percent. */
export function changeOf(value: number | null | undefined, before: number | null | undefined, unit: Unit, better: StatProps['better'] = 'neither') {
  if (isMissing(value) || isMissing(before)) return undefined
  const [now, then] = [value as number, before as number]
  if (Math.abs(now - then) < SAME * (unit === 'share' ? 1 : Math.abs(then)) || now === then)
    return { direction: 'same' as const, amount: 0, points: unit === 'share', judgment: 'neutral' as const }
  const points = unit === 'share'
  if (!points && then === 0) return { direction: 'new' as const, amount: 0, points, judgment: 'neutral' as const }
  const amount = points ? now - then : (now - then) / Math.abs(then)
  const direction = now > then ? ('up' as const) : ('down' as const)
  const judgment = better === 'neither' ? ('neutral' as const) : (direction === 'up') === (better === 'higher') ? ('good' as const) : ('bad' as const)
  return { direction, amount, points, judgment }
}

export function Stat({ label, value, unit, before, better, missing, needs, note, loading = false, stale = false, onClick }: StatProps) {
  const { t } = useTranslation('kit')
  const format = useFormat()
  const change = changeOf(value, before, unit, better)
  const content = (
    <>
      <span className={styles.label}>{label}</span>
      {loading ? (
        <span className={styles.skeleton} role="img" aria-label={t('loading')} />
      ) : missing || isMissing(value) ? (
        <span className={styles.missing}>{missing === 'few' ? t('stat.few', { needs: format.value(needs, 'number') }) : t('stat.none')}</span>
      ) : (
        <span className={styles.value} title={typeof value === 'number' ? format.exact(value) : undefined}>
          {format.value(value, unit)}
        </span>
      )}
      {change && !loading && (
        <span className={styles.change} data-judgment={change.judgment} title={t('stat.before', { value: format.value(before, unit) })}>
          {changeText(change, format.exact, t)}
        </span>
      )}
      {note && <span className={styles.note}>{note}</span>}
    </>
  )
  return onClick ? (
    <button type="button" className={styles.stat} data-stale={stale || undefined} onClick={onClick}>
      {content}
    </button>
  ) : (
    <div className={styles.stat} data-stale={stale || undefined}>
      {content}
    </div>
  )
}

function changeText(change: NonNullable<ReturnType<typeof changeOf>>, number: (n: number) => string, t: TFunction<'kit'>): string {
  if (change.direction === 'same') return `= ${t('stat.same')}`
  if (change.direction === 'new') return t('stat.new')
  const arrow = change.direction === 'up' ? '▲' : '▼'
  const size = Math.abs(change.amount) * 100
  const digits = number(Number(size.toPrecision(size >= 100 ? 3 : 2)))
  return change.points
    ? `${arrow} ${t('stat.points', { digits })}`
    : size >= 1000
      ? `${arrow} ×${number(Number((change.amount + 1).toPrecision(2)))}`
      : `${arrow} ${digits}%`
}
