/** Canned answers of the nodes page: ill, silent, blind, healthy, without an agent; one node with its conditions, repairs and what happened. */
import type { KnownNode, NodeDetail, NodesAnswer } from '#capabilities/node-doctor/domain/api.ts'
import type { Mode } from './canned-answers.ts'

const MINUTE = 60_000
const well = (type: string, since: number) => ({ type, status: 'False' as const, reason: 'Healthy', message: 'looked at, and nothing found', since })

function nodes(now: number, count: number): KnownNode[] {
  return Array.from({ length: count }, (_, i): KnownNode => {
    const node: KnownNode = {
      name: `worker-${String(i + 1).padStart(4, '0')}`,
      reportedAt: now - 4_000,
      silent: false,
      ready: 'True',
      unschedulable: false,
      conditions: [well('FDPressure', now - 600 * MINUTE), well('TimeUnsynchronized', now - 600 * MINUTE)],
      blind: [],
      troubles: 0,
      worst: undefined,
    }
    if (i === 0) return { ...node, ...ill(now), unschedulable: true }
    if (i === 1) return { ...node, reportedAt: now - 9 * MINUTE, silent: true, ready: 'Unknown' }
    if (i === 2)
      return {
        ...node,
        blind: [{ detector: 'open-files', why: 'open files of 12 processes: a privilege is missing (CAP_SYS_PTRACE)', since: now - 3 * MINUTE }],
      }
    if (i !== 3) return node
    const { reportedAt: _gone, ...alone } = node
    return { ...alone, conditions: [] }
  })
}

const ill = (now: number): Pick<KnownNode, 'conditions' | 'troubles' | 'worst'> => ({
  troubles: 3,
  worst: 'critical',
  conditions: [
    {
      type: 'ContainerRuntimeUnhealthy',
      status: 'True',
      reason: 'ContainerRuntimeHung',
      message: 'containerd is hung: it does not answer within 5 s',
      since: now - 12 * MINUTE,
      severity: 'critical',
    },
    {
      type: 'OutOfMemory',
      status: 'True',
      reason: 'CgroupOutOfMemory',
      message: 'Memory cgroup out of memory: Killed process 16772 (java) total-vm:526948kB, anon-rss:524064kB (and 1 more)',
      since: now - 40 * MINUTE,
      severity: 'error',
    },
    { type: 'KubeletUnhealthy', status: 'Unknown', reason: 'Blind', message: 'a privilege is missing', since: now - 5 * MINUTE },
    well('FDPressure', now - 600 * MINUTE),
    well('TimeUnsynchronized', now - 600 * MINUTE),
  ],
})

const hours = (...counts: number[]) => [...Array.from({ length: 24 - counts.length }, () => 0), ...counts]

function detail(now: number, node: KnownNode): NodeDetail {
  if (node.worst === undefined) return { ...node, timeline: [], repairs: [] }
  const at = (minutes: number) => now - minutes * MINUTE
  const hung = { key: 'runtime', reason: 'ContainerRuntimeHung', severity: 'critical' as const, message: 'containerd is hung: it does not answer within 5 s' }
  return {
    ...node,
    log: { lines: 48_211, dropped: 17, lostChanges: 0 },
    timeline: [
      { at: at(12), state: 'open', since: at(12), proof: '', ...hung },
      { at: at(95), state: 'cleared', since: at(101), proof: 'looked 2 times and did not find it', ...hung },
      { at: at(101), state: 'open', since: at(101), proof: '', ...hung },
    ],
    repairs: [
      {
        at: at(9),
        state: 'applied',
        verb: 'cordon',
        what: `cordon Node ${node.name}`,
        why: `ContainerRuntimeUnhealthy (ContainerRuntimeHung): ${hung.message}`,
      },
      {
        at: at(94),
        state: 'undone',
        verb: 'undo',
        what: `put Node ${node.name} back into service`,
        why: 'ContainerRuntimeUnhealthy is over: looked at, and nothing found',
      },
    ],
  }
}

/** Of a path below the cluster; undefined: not one of these. */
export function nodeAnswers(path: string, now: number, mode: Mode): NodesAnswer | NodeDetail | undefined {
  const found = /^\/node-doctor\/nodes(?:\/([^/]+))?$/.exec(path)
  if (!found) return undefined
  const all = nodes(now, mode === 'empty' ? 0 : mode === 'huge' ? 1_000 : 6)
  if (found[1] !== undefined) return detail(now, all.find(({ name }) => name === found[1]) ?? all[0]!)
  const trend: Record<string, number[]> = all.length === 0 ? {} : { 'worker-0001': hours(1, 0, 2, 0, 0, 3), 'worker-0002': hours(1) }
  const kinds: Record<string, number[]> =
    all.length === 0 ? {} : { ContainerRuntimeHung: hours(1, 0, 0, 0, 0, 1), CgroupOutOfMemory: hours(2, 0, 2), ShopMonitorOfOurOwn: hours(1) }
  return { nodes: all, listed: { ok: true }, trend, kinds }
}
