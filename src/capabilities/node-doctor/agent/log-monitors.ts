/** node-problem-detector's log monitors of journals and files, live. Those of the kernel's log are asked where that is read. */
import type { Host, LineFollow } from '#core/shapes/ports/host.ts'
import { applyKernelProblems, applyVerdict, type Change, DEAF, type NodeState } from '../domain/conditions.ts'
import { unwrapLine } from '../domain/line.ts'
import type { NpdRules } from '../domain/npd-config.ts'

export interface LogMonitors {
  /** What the logs said since the last call. */
  poll(now: number): Change[]
  /** Conditions that the monitors speak of, for `conditionsOf`. */
  sources: readonly { id: string; condition: string }[]
  close(): void
}

/** Looks, one a second, after which a gap is old. */
const LOST_LOOKS = 60
const gap = (id: string, lost: number) => ({
  key: 'lost',
  reason: 'LogLinesLost',
  severity: 'warning' as const,
  message: `${id}: ${lost} gaps in what it reads (lines too long, or a file cut off)`,
})

export function createLogMonitors(host: Host, state: NodeState, monitors: readonly NpdRules[]): LogMonitors {
  const followed: { id: string; follow: LineFollow; apply: NpdRules['apply'] }[] = []
  const sources: { id: string; condition: string }[] = []
  for (const { follows, source, conditions, apply } of monitors)
    for (const place of follows) {
      const id = `npd-log:${source}${'journal' in place && place.identifier !== undefined ? `:${place.identifier}` : ''}`
      followed.push({ id, follow: host.follow(place), apply })
      for (const { type } of conditions) sources.push({ id, condition: type })
    }
  return {
    sources,
    poll(now) {
      const changes: Change[] = []
      for (const { id, follow, apply } of followed) {
        const { lines, lost, why } = follow.poll()
        const found = lines.flatMap((raw) => apply(unwrapLine(raw), raw))
        changes.push(
          ...applyVerdict(state, { id, condition: '' }, why === undefined ? { state: 'looked', troubles: [] } : { state: 'blind', why }, now),
          ...applyVerdict(
            state,
            { id: `${id}:lost`, condition: DEAF, clear: LOST_LOOKS },
            { state: 'looked', troubles: lost === 0 ? [] : [gap(id, lost)] },
            now,
          ),
          ...applyKernelProblems(
            state,
            found.map((one) => ({ ...one, firstLine: 0, lastLine: 0, where: null, process: null, pod: null, advice: '', count: 1 })),
            now,
          ),
        )
      }
      return changes
    },
    close() {
      for (const { follow } of followed) follow.close()
    },
  }
}
