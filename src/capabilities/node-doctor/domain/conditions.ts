/**
 * What is wrong on a node now, since when, and what proved that it was over. A fold over what detectors and the kernel's log said: pure, and its state is plain
 * data, so that a restart goes on where it stopped.
 */
import type { Severity } from '#core/shapes/severity.ts'
import { atLeast, SEVERITIES } from '#core/shapes/severity.ts'
import type { Detector, Verdict } from './detector.ts'
import type { Kind, NodeProblem } from './kinds.ts'

export interface OpenTrouble {
  detector: string
  key: string
  /** NodeCondition; empty: it is told as an Event only. */
  condition: string
  reason: string
  severity: Severity
  message: string
  pod?: string
  /** `name[pid]` that the kernel named. */
  process?: string
  kind?: Kind
  /** ms since the epoch. */
  since: number
  lastSeen: number
  count: number
  /** Looks in a row that found it, and that did not. */
  hits: number
  misses: number
  open: boolean
}

export interface Blindness {
  why: string
  since: number
}

export interface NodeState {
  version: 1
  bootId: string
  /** Of the kernel's log, that was read last. */
  seq: number
  troubles: Record<string, OpenTrouble>
  /** What detectors remember, by id. */
  memory: Record<string, unknown>
  blind: Record<string, Blindness>
  /** When a detector last could look, or saw that there is nothing to look at. */
  looked: Record<string, { at: number; absent?: string }>
  /** Since when each condition is what it is. */
  conditions: Record<string, { status: Status; since: number }>
  /** Records of the kernel's log that were lost before we read them. */
  dropped: number
  /** How far the logs of programs were read, by monitor. */
  places: Record<string, string>
}

export type Status = 'True' | 'False' | 'Unknown'

export interface Change {
  what: 'opened' | 'closed' | 'seen'
  at: number
  trouble: OpenTrouble
  /** Of what is closed: how it is known. */
  proof?: string
}

export const EMPTY: NodeState = { version: 1, bootId: '', seq: -1, troubles: {}, memory: {}, blind: {}, looked: {}, conditions: {}, dropped: 0, places: {} }

/** Troubles kept of one detector; the others are counted by nobody, because so many of one kind are one problem. */
const MOST_TROUBLES = 100
const CLEAR = 2
const SETTLED_MS = 15_000

/** What becomes of what a kind of problem in the kernel's log says. */
const OF_KIND: Record<Kind, { condition: string; over: 'quiet' | 'task' | 'reboot' }> = {
  hang: { condition: 'KernelTaskHung', over: 'task' },
  lockup: { condition: 'KernelStalled', over: 'quiet' },
  'rcu-stall': { condition: 'KernelStalled', over: 'quiet' },
  oops: { condition: 'KernelFault', over: 'reboot' },
  panic: { condition: 'KernelFault', over: 'reboot' },
  bug: { condition: 'KernelFault', over: 'reboot' },
  'divide-error': { condition: 'KernelFault', over: 'reboot' },
  'memory-safety': { condition: 'KernelFault', over: 'reboot' },
  'data-race': { condition: '', over: 'quiet' },
  deadlock: { condition: '', over: 'quiet' },
  warning: { condition: '', over: 'quiet' },
  leak: { condition: '', over: 'quiet' },
  oom: { condition: 'OutOfMemory', over: 'quiet' },
  'fs-error': { condition: 'FilesystemError', over: 'quiet' },
  'io-error': { condition: 'DiskError', over: 'quiet' },
  'hw-error': { condition: 'HardwareError', over: 'quiet' },
  'netdev-leak': { condition: 'NetworkDeviceLeak', over: 'quiet' },
  'net-error': { condition: 'NetworkCardError', over: 'quiet' },
  limit: { condition: 'KernelTableFull', over: 'quiet' },
  reboot: { condition: '', over: 'quiet' },
  custom: { condition: '', over: 'quiet' },
}
export const KERNEL_CONDITIONS: readonly string[] = [...new Set(Object.values(OF_KIND).map(({ condition }) => condition))].filter((name) => name !== '')
export const KERNEL_LOG = 'kernel-log'
/** Is true while the doctor itself misses something. */
export const DEAF = 'NodeDoctorDeaf'

/** What a detector said. Mutates `state`, which belongs to the caller. */
export function applyVerdict(state: NodeState, detector: Pick<Detector, 'id' | 'condition' | 'raise' | 'clear'>, verdict: Verdict, now: number): Change[] {
  const { id } = detector
  if (verdict.state === 'blind') {
    state.blind[id] = { why: verdict.why, since: state.blind[id]?.since ?? now }
    return []
  }
  delete state.blind[id]
  state.looked[id] = { at: now, ...(verdict.state === 'absent' ? { absent: verdict.why } : {}) }
  const changes: Change[] = []
  const found = new Set<string>()
  for (const trouble of verdict.state === 'looked' ? verdict.troubles.slice(0, MOST_TROUBLES) : []) {
    const name = `${id}/${trouble.key}`
    found.add(name)
    const known = state.troubles[name]
    const next: OpenTrouble = {
      ...trouble,
      detector: id,
      condition: detector.condition,
      since: known?.since ?? now,
      lastSeen: now,
      count: (known?.count ?? 0) + 1,
      hits: (known?.hits ?? 0) + 1,
      misses: 0,
      open: known?.open ?? false,
    }
    if (!next.open && next.hits >= (detector.raise ?? 1)) {
      next.open = true
      changes.push({ what: 'opened', at: now, trouble: next })
    } else if (next.open && detector.condition === '') changes.push({ what: 'seen', at: now, trouble: next })
    state.troubles[name] = next
  }
  for (const [name, trouble] of Object.entries(state.troubles)) {
    if (trouble.detector !== id || found.has(name)) continue
    trouble.misses++
    trouble.hits = 0
    if (trouble.open && trouble.misses < (detector.clear ?? CLEAR)) continue
    delete state.troubles[name]
    if (trouble.open)
      changes.push({
        what: 'closed',
        at: now,
        trouble: { ...trouble, open: false },
        proof: verdict.state === 'absent' ? `nothing to look at any more: ${verdict.why}` : `looked ${trouble.misses} times and did not find it`,
      })
  }
  return changes
}

/** Problems that the kernel's log told of since the last call. */
export function applyKernelProblems(state: NodeState, problems: readonly NodeProblem[], now: number): Change[] {
  const changes: Change[] = []
  const perKind = new Map<Kind, number>()
  for (const { kind } of Object.values(state.troubles)) if (kind) perKind.set(kind, (perKind.get(kind) ?? 0) + 1)
  for (const problem of problems) {
    const { kind, reason, severity, title, where, process, pod, count } = problem
    const condition = problem.condition ?? (reason === 'FilesystemReadOnly' ? 'ReadonlyFilesystem' : OF_KIND[kind].condition)
    const place = kind === 'oom' ? (pod ?? process?.replace(/\[\d+\]$/, '') ?? '') : kind === 'hang' ? (process ?? '') : (where?.split(' < ')[0] ?? '')
    const name = `${KERNEL_LOG}/${kind} ${reason} ${place}`
    const known = state.troubles[name]
    if (!known && (perKind.get(kind) ?? 0) >= MOST_TROUBLES) continue
    perKind.set(kind, (perKind.get(kind) ?? 0) + 1)
    const trouble: OpenTrouble = {
      detector: KERNEL_LOG,
      key: name.slice(KERNEL_LOG.length + 1),
      condition,
      kind,
      reason,
      severity: known && atLeast(known.severity, severity) ? known.severity : severity,
      message: `${title}${where === null ? '' : ` (${where.split(' < ')[0]})`}`,
      ...(pod === null ? {} : { pod }),
      ...(process === null ? {} : { process }),
      since: known?.since ?? now,
      lastSeen: now,
      count: (known?.count ?? 0) + count,
      hits: 1,
      misses: 0,
      open: true,
    }
    state.troubles[name] = trouble
    if (!known) changes.push({ what: 'opened', at: now, trouble })
    else if (kind === 'oom') changes.push({ what: 'seen', at: now, trouble })
  }
  return changes
}

/** What can be looked at to prove that something of the kernel's log is over. */
export interface Proofs {
  bootId: string
  /** The kernel's own mark that it has died once (bit 7 of /proc/sys/kernel/tainted); undefined: not known. */
  died: boolean | undefined
  /** pid → does that task still wait in the kernel? Absent: not known. */
  waiting: Readonly<Record<string, boolean>>
  quietMs: number
}

/** Closes what is proven to be over. */
export function settleKernel(state: NodeState, proofs: Proofs, now: number): Change[] {
  const changes: Change[] = []
  const rebooted = state.bootId !== '' && state.bootId !== proofs.bootId
  for (const [name, trouble] of Object.entries(state.troubles)) {
    if (trouble.detector !== KERNEL_LOG) continue
    const proof = rebooted ? 'the machine was started anew' : proofOf(trouble, proofs, now)
    if (proof === undefined) continue
    delete state.troubles[name]
    changes.push({ what: 'closed', at: now, trouble: { ...trouble, open: false }, proof })
  }
  if (rebooted) state.seq = -1
  state.bootId = proofs.bootId
  return changes
}

function proofOf(trouble: OpenTrouble, { died, waiting, quietMs }: Proofs, now: number): string | undefined {
  const { over } = OF_KIND[trouble.kind ?? 'custom']
  const quiet = now - trouble.lastSeen >= quietMs ? `no line about it for ${Math.round(quietMs / 1000)} s` : undefined
  if (over === 'task') {
    const pid = /\[(\d+)\]$/.exec(trouble.process ?? '')?.[1]
    const waits = pid === undefined ? undefined : waiting[pid]
    if (waits === undefined) return quiet
    // long enough to be seen, and a task that waits again in a moment has not stopped
    return waits || now - trouble.lastSeen < SETTLED_MS ? undefined : 'the task does not wait any more'
  }
  if (over === 'reboot') {
    if (died !== false) return undefined
    return quiet && `${quiet}, and the kernel has no mark of a death`
  }
  return quiet
}

export interface ConditionNow {
  type: string
  status: Status
  reason: string
  message: string
  /** ms since the epoch. */
  since: number
  severity?: Severity
}

/** NodeConditions that follow, for every detector that looked and every kind that the kernel's log was read for. Remembers since when each is so. */
export function conditionsOf(
  state: NodeState,
  detectors: readonly Pick<Detector, 'id' | 'condition'>[],
  now: number,
  healthy: Readonly<Record<string, { reason: string; message: string }>> = {},
): ConditionNow[] {
  const sources = new Map<string, string[]>()
  const add = (condition: string, id: string) => condition !== '' && sources.set(condition, [...(sources.get(condition) ?? []), id])
  for (const { id, condition } of detectors) add(condition, id)
  for (const condition of KERNEL_CONDITIONS) add(condition, KERNEL_LOG)
  add('ReadonlyFilesystem', KERNEL_LOG)
  add(DEAF, KERNEL_LOG)
  const open = Object.values(state.troubles).filter((trouble) => trouble.open && trouble.condition !== '')
  for (const { condition, detector } of open) if (!sources.has(condition)) add(condition, detector)
  const all: ConditionNow[] = []
  for (const [type, ids] of sources) {
    const troubles = open
      .filter(({ condition }) => condition === type)
      .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || a.since - b.since)
    const worst = troubles[0]
    const blind = ids.flatMap((id) => state.blind[id]?.why ?? [])
    const looked = ids.map((id) => state.looked[id])
    if (!worst && blind.length === 0 && looked.every((one) => one?.absent !== undefined)) {
      delete state.conditions[type]
      continue
    }
    const status: Status = worst ? 'True' : blind.length > 0 || looked.some((one) => one === undefined) ? 'Unknown' : 'False'
    const before = state.conditions[type]
    const since = before?.status === status ? before.since : (worst?.since ?? now)
    state.conditions[type] = { status, since }
    const others = troubles.length > 1 ? ` (and ${troubles.length - 1} more)` : ''
    all.push({
      type,
      status,
      since,
      reason: worst?.reason ?? (status === 'Unknown' ? (blind.length > 0 ? 'Blind' : 'NotLookedYet') : (healthy[type]?.reason ?? 'Healthy')),
      message: (worst
        ? worst.message + others
        : status === 'Unknown'
          ? (blind[0] ?? 'not looked at yet')
          : (healthy[type]?.message ?? 'looked at, and nothing found')
      ).slice(0, 1024),
      ...(worst ? { severity: worst.severity } : {}),
    })
  }
  return all
}
