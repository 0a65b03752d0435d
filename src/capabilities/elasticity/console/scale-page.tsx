/** How many pods there are and should be, and why: policies, schedules with their ledger, and what the cluster's own HPA may ask. */
import { Button } from '@mantine/core'
import { IconBolt } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '#kits/console-kit/api.ts'
import { Chart } from '#kits/console-kit/chart.tsx'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { CronJobRow, LedgerRow, ScaleOverview, ScalePolicyRow } from '../domain/api.ts'

const REFRESH_MS = 2_000
const PHASE_STATUS = { Invalid: 'error', Conflict: 'warning', Preview: 'advice', Active: 'ok', Manual: 'advice', Blind: 'unknown' } as const satisfies Record<
  string,
  Status
>
const API_STATUS = { registered: 'ok', foreign: 'warning', unreachable: 'advice', failed: 'error' } as const
const RUN_STATUS: Record<string, Status> = { applied: 'ok', superseded: 'advice', failed: 'error' }

const useWords = () => useTranslation('elasticity').t

export default function ScalePage() {
  const t = useWords()
  const { path } = useCluster()
  const scale = useApi<ScaleOverview>(path('/scale'), undefined, { refreshMs: REFRESH_MS })
  const { data } = scale
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')}>
        {data?.demo && <Burst url={path('/scale/burst')} />}
      </PageHead>
      {scale.error && !data ? (
        <ErrorState error={scale.error} onRetry={scale.refetch} />
      ) : !data ? (
        <LoadingState />
      ) : (
        <Overview data={data} url={path('/scale')} />
      )}
    </>
  )
}

function Overview({ data, url }: { data: ScaleOverview; url: string }) {
  const t = useWords()
  const { traffic, freshnessMs, policies } = data
  return (
    <>
      <Chart
        title={t('traffic')}
        unit="rate"
        kind="area"
        ts={traffic.map(({ second }) => second)}
        series={[{ name: 'requests', label: t('requests'), values: traffic.map(({ requests }) => requests) }]}
        from={traffic[0]?.second ?? Date.now() - 300_000}
        to={traffic.at(-1)?.second ?? Date.now()}
        onZoom={() => {}}
        note={freshnessMs === null ? t('unseen') : freshnessMs > 15_000 ? t('seen', { age: `${Math.round(freshnessMs / 1_000)} s` }) : undefined}
      />
      {policies.length === 0 ? (
        <Panel title={t('policies')}>
          <EmptyState title={t(data.installed ? 'none' : 'notInstalled')}>
            <p>{t(data.installed ? 'noneHint' : 'notInstalledHint')}</p>
            <p>
              <code>kubectl apply -f {data.installed ? 'policy.yaml' : 'deploy/crds/'}</code>
            </p>
          </EmptyState>
        </Panel>
      ) : (
        policies.map((policy) => <Policy key={`${policy.namespace}/${policy.name}`} policy={policy} url={url} />)
      )}
      {data.cron.length > 0 && <Schedules cron={data.cron} />}
      {data.cron.length > 0 && <Ledger rows={data.ledger} />}
      <Panel title={t('apis')} flush={data.apis.length > 0}>
        {data.apis.length === 0 ? (
          <p>{t('apisNone')}</p>
        ) : (
          <PlainTable head={[t('phase'), 'APIService', t('message')]}>
            {data.apis.map(({ name, state, message }) => (
              <tr key={name}>
                <td>
                  <StatusMark status={API_STATUS[state as keyof typeof API_STATUS]} text={t(`apiStates.${state}`)} />
                </td>
                <td>
                  <code>{name}</code>
                </td>
                <td>{message}</td>
              </tr>
            ))}
          </PlainTable>
        )}
      </Panel>
    </>
  )
}

function Policy({ policy, url }: { policy: ScalePolicyRow; url: string }) {
  const t = useWords()
  const format = useFormat()
  const { namespace, name, status, spec, targets, problems, changes } = policy
  const phase = problems.length > 0 ? 'Invalid' : (status.phase ?? 'Preview')
  const number = (value: number | null) => (value === null ? '–' : format.value(value, 'number'))
  return (
    <Panel
      title={`${namespace}/${name}`}
      flush
      actions={
        <>
          <StatusMark status={PHASE_STATUS[phase]} text={t(`phases.${phase}`)} />
          {spec && <ModeButton url={`${url}/policies/${namespace}/${name}/mode`} mode={spec.mode} />}
        </>
      }
    >
      {problems.length > 0 ? (
        <PlainTable head={[t('field'), t('problem')]}>
          {problems.map(({ path, message }) => (
            <tr key={`${path} ${message}`}>
              <td>
                <code>{path}</code>
              </td>
              <td>{message}</td>
            </tr>
          ))}
        </PlainTable>
      ) : (
        <PlainTable
          head={[
            t('workload'),
            { title: t('ready'), number: true },
            { title: t('actual'), number: true },
            { title: t('desired'), number: true },
            t('bounds'),
            t('why'),
          ]}
        >
          {targets.map(({ kind, name: target, ready, wanted, desired, why }, i) => (
            <tr key={`${kind} ${target}`}>
              <td>
                {kind} {target}
              </td>
              <td data-number>{number(ready)}</td>
              <td data-number>{number(wanted)}</td>
              <td data-number>{number(desired)}</td>
              <td>
                {i === 0 ? `${policy.min}–${policy.max}` : `${spec?.services[i - 1]?.min ?? '–'}–${spec?.services[i - 1]?.max ?? '–'}`}
                {i === 0 && policy.windows.length > 0 && ` (${policy.windows.join(', ')})`}
              </td>
              <td>{why || status.message}</td>
            </tr>
          ))}
        </PlainTable>
      )}
      {status.calls && (
        <PlainTable head={[t('workload'), { title: t('calls'), number: true }, t('callsFrom'), t('callsLearned')]}>
          {status.calls.map(({ name: of, used, how, learned }) => (
            <tr key={of}>
              <td>{of}</td>
              <td data-number>{number(used ?? null)}</td>
              <td>{t(`callsHow.${how}`)}</td>
              <td>
                {learned.length === 0
                  ? '–'
                  : learned.map(({ entry, calls, confidence }) => `${entry}: ${number(calls)} (${Math.round(confidence * 100)} %)`).join(', ')}
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {phase === 'Conflict' && <p>{status.message}</p>}
      {problems.length === 0 && spec?.mode === 'active' && changes.length > 0 && (
        <PlainTable head={[t('when'), t('workload'), t('change'), t('why')]}>
          {changes.slice(0, 12).map((change) => (
            <tr key={`${change.at} ${change.name} ${change.to}`}>
              <td>{format.time(change.at, { seconds: true })}</td>
              <td>{change.name}</td>
              <td>
                {change.from} → {change.to}
              </td>
              <td>{change.why}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}

/** Does something on the server, and shows why it was refused. */
function useAct() {
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false })
  const act = (work: () => Promise<unknown>) => {
    setState({ busy: true })
    work().then(
      () => setState({ busy: false }),
      (error: unknown) => setState({ busy: false, error }),
    )
  }
  return { ...state, act }
}

function ModeButton({ url, mode }: { url: string; mode: 'preview' | 'active' }) {
  const t = useWords()
  const { busy, error, act } = useAct()
  const other = mode === 'active' ? 'preview' : 'active'
  return (
    <>
      {error !== undefined && <ErrorState error={error} compact />}
      <Button size="xs" variant={mode === 'active' ? 'default' : 'filled'} loading={busy} onClick={() => act(() => api.send('POST', url, { mode: other }))}>
        {t(mode === 'active' ? 'preview' : 'act')}
      </Button>
    </>
  )
}

function Burst({ url }: { url: string }) {
  const t = useWords()
  const { busy, error, act } = useAct()
  return (
    <>
      {error !== undefined && <ErrorState error={error} compact />}
      <Button
        size="xs"
        leftSection={<IconBolt size={14} aria-hidden />}
        loading={busy}
        onClick={() => act(() => api.send('POST', url, { factor: 10, seconds: 60 }))}
      >
        {t('burst')}
      </Button>
    </>
  )
}

function Schedules({ cron }: { cron: readonly CronJobRow[] }) {
  const t = useWords()
  return (
    <Panel title={t('cron')} flush>
      <PlainTable head={[t('policy'), t('target'), t('job'), t('schedule'), { title: t('pods'), number: true }, t('phase'), t('last'), t('message')]}>
        {cron.flatMap(({ namespace, name, target, jobs }) =>
          jobs.map((job) => (
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
            </tr>
          )),
        )}
      </PlainTable>
    </Panel>
  )
}

function Ledger({ rows }: { rows: readonly LedgerRow[] }) {
  const t = useWords()
  return (
    <Panel title={t('ledger')} flush>
      <PlainTable head={[t('when'), t('job'), { title: t('pods'), number: true }, t('outcome')]}>
        {rows.map(({ at, subject, state, targetSize }) => (
          <tr key={`${subject} ${at}`}>
            <td>{at}</td>
            <td>{subject}</td>
            <td data-number>{targetSize}</td>
            <td>
              <StatusMark status={RUN_STATUS[state] ?? 'unknown'} text={t(`runStates.${state}`)} />
            </td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}
