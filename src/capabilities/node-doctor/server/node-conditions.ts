/** NodeConditions and Events in the cluster, from the reports of agents: only what changed, and a heartbeat now and then. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { type EventRecorder, eventRecorder } from '#kits/server-kit/kube-events.ts'
import { DEAF, KERNEL_CONDITIONS } from '../domain/conditions.ts'
import { DETECTORS } from '../domain/detectors/all.ts'
import type { NodeReport } from '../domain/report.ts'

const HEARTBEAT_MS = 120_000
const COMPONENT = 'sallyport-node-doctor'

type Condition = NodeReport['conditions'][number]
type Told = Pick<NodeReport, 'node' | 'conditions' | 'changes'>

/** Types of conditions that only we write. */
export const OWN_CONDITIONS: ReadonlySet<string> = new Set([...DETECTORS.map(({ condition }) => condition), ...KERNEL_CONDITIONS, DEAF])

interface Written {
  /** What the Node says, by type. */
  conditions: Map<string, string>
  at: number
  node?: KubeObject
  latest?: Told
  busy?: Promise<void>
}

export interface ConditionWriter {
  /** Returns at once; of several reports the last one is written. */
  write(cluster: string, report: NodeReport): void
  /** The agent says nothing any more: what it said last is not known to be true. */
  silent(cluster: string, report: NodeReport, since: number): void
  /** The same of an agent that this server never heard: `stale` is what stands on its Node. */
  lost(cluster: string, node: string, stale: readonly Record<string, string>[]): void
  stop(): Promise<void>
}

export function createConditionWriter({ clusters, clock, log }: Pick<ServerContext, 'clusters' | 'clock' | 'log'>): ConditionWriter {
  const nodes = new Map<string, Written>()
  const recorders = new Map<Cluster, EventRecorder>()
  let stopped = false

  const clusterOf = (name: string): Cluster | undefined => (clusters.list().some((one) => one.name === name) ? clusters.get(name) : undefined)

  function enqueue(cluster: string, report: Told): void {
    const key = `${cluster}/${report.node}`
    const written: Written = nodes.get(key) ?? { conditions: new Map(), at: 0 }
    nodes.set(key, written)
    // changes are told once, so those of a report that is passed over go with the next
    written.latest = written.latest ? { ...report, changes: [...written.latest.changes, ...report.changes].slice(-500) } : report
    written.busy ??= (async () => {
      while (written.latest && !stopped) {
        const next = written.latest
        written.latest = undefined
        try {
          await bring(cluster, next, written)
        } catch (error) {
          if (!(error instanceof CodedError)) throw error
          log.warn(
            { cluster, node: report.node, code: error.code, details: error.details },
            'conditions of a node were not written; they are written with its next report',
          )
          written.conditions.clear()
        }
      }
      written.busy = undefined
    })().catch((err: unknown) => {
      written.busy = undefined
      log.error({ err, cluster, node: report.node }, 'conditions of a node were not written')
    })
  }

  async function bring(clusterName: string, report: Told, written: Written): Promise<void> {
    const cluster = clusterOf(clusterName)
    if (!cluster) return
    const now = clock.now()
    const stamp = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`
    const essence = ({ status, reason, message }: Condition) => JSON.stringify([status, reason, message])
    const changed = report.conditions.filter((one) => written.conditions.get(one.type) !== essence(one))
    const gone = [...written.conditions.keys()].filter((type) => !report.conditions.some((one) => one.type === type))
    const ref = { apiVersion: 'v1', kind: 'Node', name: report.node }
    if (changed.length > 0 || gone.length > 0 || now - written.at >= HEARTBEAT_MS) {
      // the heartbeat goes over all of them, so that a condition that is old is seen to be
      const told = now - written.at >= HEARTBEAT_MS ? report.conditions : changed
      written.node = await cluster.patch(
        ref,
        'strategic',
        {
          status: {
            conditions: [
              ...told.map(({ type, status, reason, message, since }) => ({
                type,
                status,
                reason,
                message,
                lastHeartbeatTime: stamp(now),
                lastTransitionTime: stamp(since),
              })),
              ...gone.map((type) => ({ type, $patch: 'delete' })),
            ],
          },
        },
        { subresource: 'status', fieldManager: COMPONENT },
      )
      written.at = told.length === report.conditions.length ? now : written.at
      written.conditions = new Map(report.conditions.map((one) => [one.type, essence(one)]))
    }
    if (report.changes.length > 0) await tell(cluster, report, written.node ?? (await cluster.get(ref)))
  }

  async function tell(cluster: Cluster, report: Told, node: KubeObject): Promise<void> {
    const recorder = recorders.get(cluster) ?? eventRecorder(cluster, COMPONENT, clock)
    recorders.set(cluster, recorder)
    const about: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: node.metadata }
    const pods = report.changes.some(({ trouble }) => trouble.pod !== undefined)
      ? (await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { fields: `spec.nodeName=${report.node}` })).items
      : []
    for (const { what, trouble, proof } of report.changes) {
      const pod = trouble.pod === undefined ? undefined : podWith(trouble.pod, pods)
      const where = pod ? ` (pod ${pod.metadata.namespace}/${pod.metadata.name})` : ''
      if (what === 'closed')
        await recorder.record(about, { type: 'Normal', reason: `${trouble.reason}Over`, message: `${trouble.message}${where}; over: ${proof}` })
      else {
        await recorder.record(about, { type: 'Warning', reason: trouble.reason, message: `${trouble.message}${where}` })
        if (pod) await recorder.record({ ...pod, apiVersion: 'v1', kind: 'Pod' }, { type: 'Warning', reason: trouble.reason, message: trouble.message })
      }
    }
  }

  return {
    write: enqueue,
    silent(cluster, report, since) {
      const message = `the agent on this node has said nothing since ${new Date(since).toISOString()}`
      enqueue(cluster, {
        ...report,
        changes: [],
        conditions: report.conditions.map((one) => ({ ...one, status: 'Unknown', reason: 'AgentSilent', message, since })),
      })
    },
    lost(cluster, node, stale) {
      const since = clock.now()
      enqueue(cluster, {
        node,
        changes: [],
        conditions: stale.map(({ type = '', lastHeartbeatTime }) => ({
          type,
          status: 'Unknown',
          reason: 'AgentSilent',
          message: `the agent on this node has said nothing since ${lastHeartbeatTime ?? 'long ago'}`,
          since,
        })),
      })
    },
    async stop() {
      stopped = true
      await Promise.all([...nodes.values()].map(({ busy }) => busy))
    },
  }
}

/** Static pods have the hash of their file for a uid on the node. */
const podWith = (uid: string, pods: readonly KubeObject[]): KubeObject | undefined =>
  pods.find(({ metadata }) => metadata.uid === uid || metadata.annotations?.['kubernetes.io/config.hash'] === uid.replaceAll('-', ''))
