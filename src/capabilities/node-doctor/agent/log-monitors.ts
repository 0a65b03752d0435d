/** node-problem-detector's log monitors of journals and files, live. Those of the kernel's log are asked where that is read. */
import type { Host, LineFollow } from '#core/shapes/ports/host.ts'
import { applyKernelProblems, applyVerdict, type Change, DEAF, type NodeState } from '../domain/conditions.ts'
import { unwrapLine } from '../domain/line.ts'
import type { NpdRules } from '../domain/npd-config.ts'
import { lineAge } from './line-age.ts'

export interface LogMonitors {
  /** Opens the logs. `uptimeMs`: of this machine; what was said before it started is not looked back at. */
  begin(uptimeMs: number | undefined): void
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

/** Goes on where `state` says that it was read to. */
export function createLogMonitors(host: Host, state: NodeState, monitors: readonly NpdRules[]): LogMonitors {
  const places = monitors.flatMap((monitor) =>
    monitor.follows.map((place) => {
      const program = 'journal' in place && place.identifier !== undefined ? `:${place.identifier}` : ''
      return { monitor, place, id: `npd-log:${monitor.source}${program}` }
    }),
  )
  let followed: { id: string; follow: LineFollow; apply: NpdRules['apply']; pastMs: number }[] = []
  return {
    sources: places.flatMap(({ id, monitor }) => monitor.conditions.map(({ type }) => ({ id, condition: type }))),
    begin(uptimeMs) {
      followed = places.map(({ id, monitor, place }) => {
        const after = state.places[id]
        const lookbackMs = after === undefined ? Math.min(monitor.lookbackMs, uptimeMs ?? Number.POSITIVE_INFINITY) : 0
        return { id, follow: host.follow(place, { after, lookbackMs }), apply: monitor.apply, pastMs: 'file' in place ? lookbackMs : 0 }
      })
    },
    poll(now) {
      const changes: Change[] = []
      for (const one of followed) {
        const { id, follow, apply, pastMs } = one
        const { lines, lost, why } = follow.poll()
        // what stood in a file before is as old as its lines say
        const fresh = pastMs === 0 ? lines : lines.filter((raw) => (lineAge(raw, now) ?? Number.POSITIVE_INFINITY) <= pastMs)
        one.pastMs = 0
        const reached = lines.length === 0 ? undefined : follow.place()
        if (reached !== undefined) state.places[id] = reached
        const found = fresh.flatMap((raw) => apply(unwrapLine(raw), raw))
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
