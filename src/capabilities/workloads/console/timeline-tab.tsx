/** What happened to the object and to what it owns, newest first. */
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { TimelineAnswer } from '../domain/api.ts'
import type { Happening } from '../domain/timeline.ts'
import { Missing } from './missing.tsx'
import styles from './object-page.module.css'
import { useWords } from './words.ts'

const MARKS: Record<Happening['level'], Status> = { ok: 'ok', info: 'advice', warning: 'warning', error: 'error' }

export default function TimelineTab({ url }: { url: string }) {
  const t = useWords()
  const format = useFormat()
  const { data, error, refetch } = useApi<TimelineAnswer>(`${url}/timeline`, undefined, { refreshMs: 10_000 })
  return (
    <Panel title={t('tab.timeline')} note={t('timeline.note')}>
      {error && !data ? (
        <ErrorState error={error} onRetry={refetch} compact />
      ) : !data ? (
        <LoadingState lines={6} />
      ) : (
        <>
          <Missing parts={data.missing} />
          {data.happenings.length === 0 ? (
            <EmptyState title={t('timeline.none')} />
          ) : (
            <PlainTable head={[t('timeline.at'), t('timeline.source'), t('timeline.what'), t('column.message')]}>
              {data.happenings.map((one) => (
                <tr key={`${one.at}${one.about}${one.title}${one.text}`}>
                  <td className={styles.time}>{format.time(one.at)}</td>
                  <td>{t(`timeline.sources.${one.source}`)}</td>
                  <td>
                    <StatusMark status={MARKS[one.level]} text={one.title} /> {one.times && <span className={styles.dim}>× {one.times}</span>}
                    {one.about && <div className={styles.dim}>{one.about}</div>}
                  </td>
                  <td className={styles.message}>
                    {one.text} {one.by && <span className={styles.dim}>{one.by}</span>}
                  </td>
                </tr>
              ))}
            </PlainTable>
          )}
          {data.more > 0 && <p className={styles.dim}>{t('timeline.more', { count: data.more })}</p>}
        </>
      )}
    </Panel>
  )
}
