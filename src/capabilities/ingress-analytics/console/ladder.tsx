/** Mean to max in one look, total time over upstream time: "ours or theirs?" */
import { useTranslation } from 'react-i18next'
import { Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import type { ApiState } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { Latency, StatsAnswer } from '../domain/api.ts'
import styles from './ladder.module.css'
import { LADDER, ladder, ownShare, type Rung } from './tiles.ts'
import { NAMESPACE, useWords } from './words.ts'

export function Ladder({ stats }: { stats: ApiState<StatsAnswer> }) {
  const t = useWords()
  const format = useFormat()
  const { data } = stats
  const rows = data
    ? ladder(data)
    : [
        { id: 'total' as const, cells: LADDER.map(() => undefined) },
        { id: 'upstream' as const, cells: LADDER.map(() => undefined) },
      ]
  const own = data && ownShare(data)
  const few = data && LADDER.map((rung) => [rung, data.stats.latency[rung]] as const).filter(([, v]) => typeof v !== 'number' && v.missing === 'few')
  return (
    <Panel title={t('ladder.title')} note={t('ladder.hint')}>
      {stats.error && !data ? (
        <ErrorState error={stats.error} onRetry={stats.refetch} compact />
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard. */}
          <fieldset className={styles.scroll} aria-label={t('ladder.title')} tabIndex={0} data-stale={stats.stale || undefined}>
            <table className={styles.table}>
              <thead>
                <tr>
                  <td />
                  {LADDER.map((rung) => (
                    <th key={rung} scope="col">
                      {t(`rung.${rung}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.id} data-row={row.id}>
                    <th scope="row">{t(`ladder.${row.id}`)}</th>
                    {row.cells.map((cell, i) => (
                      <td key={LADDER[i]}>{data ? <Time value={cell} rung={LADDER[i] as Rung} /> : <span className={styles.skeleton} />}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </fieldset>
          <p className={styles.note}>
            {few?.map(([rung, v]) => (
              <span key={rung}>
                {t('missing.few', { name: t(`rung.${rung}`), needs: format.value(typeof v === 'number' ? undefined : v.needs, 'number') })}
              </span>
            ))}
            {own !== undefined && <span>{t('ladder.own', { share: format.value(own, 'share') })}</span>}
          </p>
        </>
      )}
    </Panel>
  )
}

/** A time, or the short reason why there is none. */
export function Time({ value, rung }: { value: Latency | undefined; rung?: Rung }) {
  const { t } = useTranslation(NAMESPACE)
  const format = useFormat()
  if (value === undefined) return <span className={styles.missing}>–</span>
  if (typeof value === 'number') return <span title={`${format.exact(value)} s`}>{format.value(value, 'seconds')}</span>
  if (value.missing === 'none') return <span className={styles.missing}>{t('missing.noneShort')}</span>
  const needs = format.value(value.needs, 'number')
  return (
    <span className={styles.missing} title={rung && t('missing.few', { name: t(`rung.${rung}`), needs })}>
      {t('missing.fewShort', { needs })}
    </span>
  )
}
