/** What scales besides policies: the cluster's own autoscalers, and schedules with the ledger of their runs. */
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable, RowAct } from '#kits/console-kit/plain-table.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { CronJobRow, HpaRow, LedgerRow } from '../domain/api.ts'
import type { Editing } from './scale-page.tsx'
import { RUN_STATUS, useSaid, useWords } from './words.ts'

const SHOWN = 100

export function Hpas({ rows, onEdit }: { rows: readonly HpaRow[]; onEdit: (what: Editing) => void }) {
  const t = useWords()
  return (
    <Panel title={t('hpas')} flush note={rows.length > SHOWN ? t('more', { count: SHOWN }) : undefined}>
      <PlainTable
        head={['HPA', t('target'), { title: t('actual'), number: true }, { title: t('desired'), number: true }, t('bounds'), t('metrics'), t('problem'), '']}
      >
        {rows.slice(0, SHOWN).map(({ namespace, name, target, current, desired, min, max, metrics, trouble, policy }) => (
          <tr key={`${namespace}/${name}`}>
            <td>
              {namespace}/{name}
            </td>
            <td>{target}</td>
            <td data-number>{current ?? '–'}</td>
            <td data-number>{desired ?? '–'}</td>
            <td>
              {min}–{max}
            </td>
            <td>{metrics.join(', ')}</td>
            <td>
              {policy !== null && <StatusMark status="warning" text={t('twoWriters', { policy })} />} {trouble}
            </td>
            <td>
              <RowAct about={name} onClick={() => onEdit({ kind: 'HorizontalPodAutoscaler', object: { namespace, name } })}>
                {t('edit')}
              </RowAct>
            </td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}

export function Schedules({ cron, onEdit }: { cron: readonly CronJobRow[]; onEdit: (what: Editing) => void }) {
  const t = useWords()
  return (
    <Panel title={t('cron')} flush note={cron.length > SHOWN ? t('more', { count: SHOWN }) : undefined}>
      <PlainTable head={[t('policy'), t('target'), t('job'), t('schedule'), { title: t('pods'), number: true }, t('phase'), t('last'), t('message'), '']}>
        {cron.slice(0, SHOWN).flatMap(({ namespace, name, target, jobs }) =>
          jobs.map((job, i) => (
            <tr key={`${namespace}/${name} ${job.name}`}>
              <td>
                {namespace}/{name}
              </td>
              <td>{target}</td>
              <td>{job.name}</td>
              <td>
                <code>{job.schedule}</code>
              </td>
              <td data-number>{job.targetSize}</td>
              <td>
                <StatusMark status={job.state === 'Failed' ? 'error' : job.state === 'Succeed' ? 'ok' : 'unknown'} text={job.state} />
              </td>
              <td>{job.last}</td>
              <td>{job.message}</td>
              <td>
                {i === 0 && (
                  <RowAct about={name} onClick={() => onEdit({ kind: 'CronHorizontalPodAutoscaler', object: { namespace, name } })}>
                    {t('edit')}
                  </RowAct>
                )}
              </td>
            </tr>
          )),
        )}
      </PlainTable>
    </Panel>
  )
}

export function Ledger({ rows }: { rows: readonly LedgerRow[] }) {
  const t = useWords()
  const said = useSaid()
  const missed = rows.filter(({ state }) => state !== 'applied').length
  return (
    <Panel title={t('ledger')} flush note={rows.length === 0 ? t('noRuns') : t('missed', { count: missed, of: rows.length })}>
      {rows.length > 0 && (
        <PlainTable head={[t('when'), t('job'), { title: t('pods'), number: true }, t('outcome')]}>
          {rows.slice(0, SHOWN).map(({ at, subject, state, targetSize }) => (
            <tr key={`${subject} ${at}`}>
              <td>{at}</td>
              <td>{said(subject)}</td>
              <td data-number>{targetSize}</td>
              <td>
                <StatusMark status={RUN_STATUS[state] ?? 'unknown'} text={t(`runStates.${state}`)} />
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}
