/** What the object says and does: its traffic through the ingress, and the lines of its containers. */
import { useMemo } from 'react'
import { Chart } from '#kits/console-kit/chart.tsx'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { EmptyState, LoadingState } from '#kits/console-kit/states.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { ObjectAnswer, RelationsAnswer } from '../domain/api.ts'
import { LogPanel } from './log-panel.tsx'
import { Missing } from './missing.tsx'
import { useWords } from './words.ts'

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])
/** As many as one stream carries. */
const MOST_PODS = 20

export default function SignalsTab({ answer, url }: { answer: ObjectAnswer; url: string }) {
  const t = useWords()
  const { object } = answer
  const dimension = object.kind === 'Pod' ? 'pod' : object.kind === 'Service' ? 'service' : WORKLOADS.has(object.kind) ? 'workload' : undefined
  const hasPods = object.kind !== 'Pod' && (WORKLOADS.has(object.kind) || ['Service', 'ReplicaSet', 'Job', 'CronJob'].includes(object.kind))
  const relations = useApi<RelationsAnswer>(hasPods ? `${url}/relations` : undefined)
  const pods =
    object.kind === 'Pod'
      ? [object.metadata.name]
      : (relations.data?.related.filter(({ kind, relation }) => kind === 'Pod' && relation !== 'uses').map(({ name }) => name) ?? [])
  return (
    <>
      {dimension && <Traffic dimension={dimension} name={object.metadata.name} namespace={object.metadata.namespace ?? ''} />}
      {relations.data && <Missing parts={relations.data.missing} />}
      {hasPods && !relations.data ? (
        <Panel title={t('logs.title')}>
          <LoadingState />
        </Panel>
      ) : pods.length > 0 ? (
        <LogPanel
          key={pods.slice(0, MOST_PODS).join()}
          namespace={object.metadata.namespace ?? ''}
          pods={pods.slice(0, MOST_PODS)}
          left={Math.max(0, pods.length - MOST_PODS)}
          containers={answer.containers}
        />
      ) : (
        <Panel title={t('logs.title')}>
          <EmptyState title={t(dimension || hasPods ? 'logs.noPods' : 'logs.noSignals', { kind: object.kind })} />
        </Panel>
      )}
    </>
  )
}

/** What is used of `/ingress/series`. */
interface Series {
  ts: number[]
  series: Record<string, (number | null)[] | undefined>
}

const POINTS = 120
function Traffic({ dimension, name, namespace }: { dimension: string; name: string; namespace: string }) {
  const t = useWords()
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  const step = Math.max(1000, Math.ceil((to - from) / POINTS / 1000) * 1000)
  const filter = useMemo(() => [`namespace:eq:${namespace}`, `${dimension}:eq:${name}`], [dimension, name, namespace])
  const { data, error, loading, stale, refetch } = useApi<Series>(path('/ingress/series'), { from, to, step, filter })
  const line = (key: string, tone: 'ok' | 'error') => ({ name: key, label: t(`traffic.${key}`), values: data?.series[key] ?? [], tone })
  const shared = { ts: data?.ts, error, loading, stale, onRetry: refetch, height: 130 }
  const seen = data?.series.qps?.some((value) => value !== null && value > 0) ?? false
  return (
    <Tiles kind="half">
      <Chart title={t('traffic.title')} unit="rate" series={[line('qps', 'ok')]} {...shared} empty={t('traffic.none')} />
      <Chart title={t('traffic.slow')} unit="seconds" series={[line('p99', 'error')]} {...shared} empty={t(seen ? 'traffic.few' : 'traffic.none')} />
    </Tiles>
  )
}
