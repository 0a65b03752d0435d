/** What stands at the foot of the page so that no number stands without its source, and what is said when an answer is not whole. */
import { formatBytes } from '#core/kernel/quantity.ts'
import type { SignalStatus } from '#core/shapes/ports/telemetry.ts'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { IncompleteReason, Provenance } from '../domain/api.ts'
import styles from './notices.module.css'
import { incompleteReason } from './numbers.ts'
import { useWords } from './words.ts'

export function Incomplete({ reasons }: { reasons: readonly IncompleteReason[] }) {
  const t = useWords()
  const format = useFormat()
  if (reasons.length === 0) return null
  return (
    <section className={styles.notice} role="status">
      <StatusMark status="warning" text={t('incomplete.title')} />
      <ul>
        {reasons.map((reason) => {
          const { word, detail } = incompleteReason(reason)
          return <li key={reason}>{t(`incomplete.${word}`, { detail: word === 'retention' && detail ? format.time(Number(detail)) : detail })}</li>
        })}
      </ul>
    </section>
  )
}

export function Foot({ answer, storage }: { answer: Provenance; storage: SignalStatus | undefined }) {
  const t = useWords()
  const format = useFormat()
  const now = useNow(10_000)
  return (
    <footer className={styles.foot}>
      <span>
        {t('foot.from', { source: answer.source, rows: format.value(answer.rowsRead, 'number'), ms: format.value(Math.round(answer.elapsedMs), 'number') })}
      </span>
      <span>{answer.newestAt === undefined ? t('foot.none') : t('foot.newest', { age: format.age(answer.newestAt, now) })}</span>
      {storage && (
        <span>
          {t('foot.storage', { used: formatBytes(storage.bytes), budget: formatBytes(storage.budgetBytes) })}
          {storage.daysLeft !== undefined &&
            ` · ${storage.daysLeft < 1 ? t('foot.full') : t('foot.days', { days: format.value(Math.floor(storage.daysLeft), 'number') })}`}
        </span>
      )}
    </footer>
  )
}
