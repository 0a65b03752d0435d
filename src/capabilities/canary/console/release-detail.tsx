/** One release: where it is, the weight over time, each measure with both versions, what was decided, and what a person may do. */
import { Button } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { Confirm } from '#kits/console-kit/confirm.tsx'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { CanaryDetail } from '../domain/api.ts'
import type { Estimate } from '../domain/judge/intervals.ts'
import type { Evidence, JudgeReport } from '../domain/judge/report.ts'
import type { CanaryCommand } from '../resources/canary.ts'
import styles from './release.module.css'
import { commandsOf, PHASE_STATUS, useSaid, useWords } from './words.ts'

// The words and the numbers are there before what draws is.
const Chart = lazy(async () => ({ default: (await import('#kits/console-kit/chart.tsx')).Chart }))

const REFRESH_MS = 3_000
const HOOK_STATUS = { open: 'running', passed: 'ok', failed: 'error' } as const
const FINDING_STATUS = { exceeded: 'error', kept: 'ok', open: 'running', shown: 'unknown' } as const

export function ReleaseDetail({ id }: { id: string }) {
  const t = useWords()
  const said = useSaid()
  const { path, cluster } = useCluster()
  const now = useNow(60_000)
  const [namespace = '', name = ''] = id.split('/')
  const url = path(`/canaries/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`)
  const format = useFormat()
  const answer = useApi<CanaryDetail>(url, undefined, { refreshMs: REFRESH_MS })
  const { data } = answer
  if (answer.error && !data) return <ErrorState error={answer.error} onRetry={answer.refetch} />
  if (!data) return <LoadingState />
  const { status, problems, report } = data
  const phase = status.phase ?? 'Waiting'
  return (
    <div className={styles.stack}>
      <p className={styles.paper}>{t('printed', { cluster, at: format.time(now) })}</p>
      <Panel title={t('now')} actions={<Acts detail={data} url={url} onDone={answer.refetch} />}>
        <p className={styles.phase}>
          <StatusMark status={PHASE_STATUS[phase]} text={t(`phases.${phase}`)} />
          <span>{t('weightNow', { weight: status.weight ?? 0 })}</span>
          {status.step !== undefined && data.spec && <span>{t('stepOf', { step: status.step, all: data.spec.steps.length })}</span>}
          {status.expected ? <span>{t('expected', { at: format.time(Date.parse(status.expected)) })}</span> : null}
        </p>
        <p>{said(status.message ?? '')}</p>
        {status.startedAt === undefined && status.outlook !== undefined && phase === 'Preparing' && <p>{said(status.outlook)}</p>}
        {status.places !== undefined && <p>{said(status.places)}</p>}
        {problems.map(({ path: at, message }) => (
          <p key={`${at}${message}`}>
            <code>{at}</code> {message}
          </p>
        ))}
        {(status.conditions ?? [])
          .filter(({ type, status: holds }) => type !== 'Progressing' && holds !== 'True')
          .map(({ type, reason, message }) => (
            <p key={type}>
              <StatusMark status="warning" text={t(`reasons.${reason}`, { defaultValue: reason })} /> {said(message)}
            </p>
          ))}
      </Panel>
      <WeightChart detail={data} />
      {report ? <EvidencePanel report={report} /> : <Panel title={t('evidence')}>{t('noEvidence')}</Panel>}
      <Hooks detail={data} />
      <Decisions detail={data} />
    </div>
  )
}

function Acts({ detail, url, onDone }: { detail: CanaryDetail; url: string; onDone: () => void }) {
  const t = useWords()
  const [asking, setAsking] = useState<CanaryCommand>()
  const send = (command: CanaryCommand) => api.send('POST', `${url}/command`, { command })
  const [last, setLast] = useState<CanaryCommand>('pause')
  const form = useSubmit(() => send(last), onDone)
  if (!detail.mayAct) return <span className={styles.quiet}>{t('mayNot')}</span>
  const press = (command: CanaryCommand) => {
    if (command === 'promote' || command === 'abort') return setAsking(command)
    setLast(command)
    void send(command).then(onDone, form.submit)
  }
  return (
    <span className={styles.acts}>
      {commandsOf(detail.status.phase ?? 'Waiting').map((command) => (
        <Button
          key={command}
          size="xs"
          variant={command === 'promote' ? 'filled' : 'default'}
          color={command === 'abort' ? 'red' : undefined}
          onClick={() => press(command)}
        >
          {t(`commands.${command}`)}
        </Button>
      ))}
      {form.error && <ErrorState error={form.error} compact />}
      {asking && (
        <Confirm
          title={t(`commands.${asking}`)}
          text={t(`confirm.${asking}`)}
          word={detail.name}
          button={t(`commands.${asking}`)}
          act={async () => void (await send(asking))}
          onClose={() => {
            setAsking(undefined)
            onDone()
          }}
        />
      )}
    </span>
  )
}

/** Steps as they were: a point before and after each change. */
function WeightChart({ detail: { status } }: { detail: CanaryDetail }) {
  const t = useWords()
  const now = useNow(REFRESH_MS)
  const weights = status.weights ?? []
  if (weights.length === 0) return null
  const over = status.phase === 'Promoted' || status.phase === 'RolledBack'
  const end = over ? (status.since ?? now) : now
  const points = weights.flatMap(({ at, weight }, i) => [
    { at, weight },
    { at: Math.max(at + 1, (weights[i + 1]?.at ?? end) - 1), weight },
  ])
  if (over) points.push({ at: end, weight: status.weight ?? 0 })
  return (
    <Suspense fallback={<LoadingState />}>
      <Chart
        title={t('weightOverTime')}
        unit="share"
        ts={points.map(({ at }) => at)}
        series={[{ name: 'canary', label: t('canary'), values: points.map(({ weight }) => weight / 100) }]}
        kind="area"
        from={points[0]!.at}
        to={Math.max(end, points[0]!.at + 60_000)}
        min={0}
        max={1}
      />
    </Suspense>
  )
}

function EvidencePanel({ report }: { report: JudgeReport }) {
  const t = useWords()
  const said = useSaid()
  const format = useFormat()
  return (
    <Panel
      title={t('evidence')}
      note={t('requestsOf', { stable: format.value(report.requests.stable, 'number'), canary: format.value(report.requests.canary, 'number') })}
      flush
    >
      <PlainTable
        head={[
          t('measure'),
          { title: t('stable'), number: true },
          { title: t('canary'), number: true },
          t('finding'),
          { title: t('proofOfHarm'), number: true },
          { title: t('proofOfKept'), number: true },
          { title: t('missing'), number: true },
        ]}
      >
        {report.evidence.map((one) => (
          <tr key={one.measure}>
            <th scope="row">{t(`measures.${one.measure}`, { defaultValue: one.measure })}</th>
            <td data-number>
              <Interval estimate={one.stable} unit={one.unit} />
            </td>
            <td data-number>
              <Interval estimate={one.canary} unit={one.unit} />
            </td>
            <td>
              <StatusMark status={FINDING_STATUS[one.finding]} text={t(`findings.${one.finding}`)} />
            </td>
            <td data-number>{proof(one.harm)}</td>
            <td data-number>{proof(one.keeps)}</td>
            <td data-number>{one.moreRequests === undefined ? '' : one.moreRequests === null ? '–' : format.value(one.moreRequests, 'number')}</td>
          </tr>
        ))}
      </PlainTable>
      <div className={styles.foot}>
        <p>{said(report.reason)}</p>
        {report.split && report.split.realized !== null && (
          <p>{t('split', { asked: format.value(report.split.asked, 'share'), realized: format.value(report.split.realized, 'share') })}</p>
        )}
        {report.warnings.map((warning) => (
          <p key={warning}>{said(warning)}</p>
        ))}
      </div>
    </Panel>
  )
}

/** Of the evidence that is needed, how much is there. */
const proof = (one: Evidence['harm']): string => (one === undefined ? '' : `${Math.max(0, Math.min(100, Math.round((one.evidence / one.needed) * 100)))} %`)

function Interval({ estimate, unit }: { estimate: Estimate | null; unit: Evidence['unit'] }) {
  const format = useFormat()
  const text = (value: number) => (unit === 'ms' ? format.value(value / 1000, 'seconds') : format.value(value, unit))
  if (estimate === null) return <>–</>
  const { value, low, high, n } = estimate
  return (
    <span title={`n = ${format.value(n, 'number')}`}>
      {text(value)}
      {low !== undefined && high !== undefined && (
        <span className={styles.quiet}>
          {' '}
          [{text(low)}, {text(high)}]
        </span>
      )}
    </span>
  )
}

function Hooks({ detail: { status } }: { detail: CanaryDetail }) {
  const t = useWords()
  const format = useFormat()
  const hooks = (status.hooks ?? []).toReversed()
  if (hooks.length === 0) return null
  return (
    <Panel title={t('hooks')} flush>
      <PlainTable head={[t('when'), t('hook'), t('state'), { title: t('attempts'), number: true }, t('why')]}>
        {hooks.map(({ id, hook, at, attempts, state, message }) => (
          <tr key={id}>
            <td>{at > 0 ? format.time(at, { seconds: true }) : '–'}</td>
            <th scope="row">{hook}</th>
            <td>
              <StatusMark status={HOOK_STATUS[state]} text={t(`hookStates.${state}`)} />
            </td>
            <td data-number>{attempts}</td>
            <td>{message}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}

function Decisions({ detail: { status } }: { detail: CanaryDetail }) {
  const t = useWords()
  const said = useSaid()
  const format = useFormat()
  const decisions = (status.decisions ?? []).toReversed()
  const whatOf = (what: string) =>
    what.startsWith('Step ') ? t('stepNumber', { step: what.slice(5) }) : t([`phases.${what}`, `verdicts.${what}`], { defaultValue: what })
  if (decisions.length === 0) return null
  return (
    <Panel title={t('decisions')} flush>
      <PlainTable head={[t('when'), t('run'), t('what'), t('why'), t('evidenceThen')]}>
        {decisions.map(({ at, run, what, why, evidence }) => (
          <tr key={`${at}${what}`}>
            <td>{format.time(at, { seconds: true })}</td>
            <td>{run}</td>
            <th scope="row">{whatOf(what)}</th>
            <td>{said(why)}</td>
            <td className={styles.quiet}>{evidence}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}
