import type { Clock } from '#core/kernel/clock.ts'
import { isError } from '#core/kernel/errors.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { QueryResult, Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { type Look, liveRule, liveTotals, needsRequests, observe, type PreviewLooks, withAbsent } from '../domain/alerts.ts'
import { SETTLE } from '../domain/answers.ts'
import type { AlertRule } from '../domain/api.ts'
import { filtersOf } from '../domain/filters.ts'
import { type MeasureName, NUMBER_SQL, readTotals } from '../domain/measures.ts'
import {
  type Asked,
  groupsQuery,
  type Part,
  partsOf,
  presenceQuery,
  type Range,
  rollable,
  type Statement,
  totalsQuery,
  windowsQuery,
} from '../domain/queries.ts'

export interface LookPorts {
  telemetry: Pick<Telemetry, 'query' | 'status'>
  live: Pick<LiveStream, 'window'>
  clock: Clock
}

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
/** Groups of one rule; a rule about more is about nothing. */
const MOST_GROUPS = 500
const PREVIEW_GROUPS = 40
const PREVIEW_POINTS = 1500
/** A queue this old means that the store does not know the present. */
const STALE_QUEUE = 30_000

const measuresOf = (rule: AlertRule): MeasureName[] => [...new Set<MeasureName>(['requests', ...(rule.absent ? [] : NUMBER_SQL[rule.number].needs)])]
const readGroups = ({ columns, rows }: QueryResult, key: number) => rows.map((row) => [String(row[key]), readTotals(columns, row)] as const)

/** Looks at the window of a rule as it is now: in the live stream when that covers it, else in the store. Never throws for what the store refuses. */
export function createLooks({ telemetry, live, clock }: LookPorts) {
  const run = (statement: Statement, scope: Scope = 'all') => telemetry.query({ ...statement, scope, lane: 'rules' })

  function lookLive(rule: AlertRule, cluster: string): Look | undefined {
    const select = liveRule(rule, cluster)
    if (!select) return undefined
    const to = clock.now()
    const seen = live.window(select, to - rule.window, to)
    if (seen.completeness < 0.999 || seen.freshnessMs === undefined) return undefined
    // The whole cluster is silent: that says nothing about the quality of answers.
    if (needsRequests(rule) && seen.total.requests === 0 && seen.freshnessMs >= rule.window) return silent(rule)
    return { known: true, observations: observe(rule, [['', liveTotals(seen)]]) }
  }

  const silent = (rule: AlertRule): Look => ({ known: false, reason: `no requests from this cluster arrived within ${rule.window / 1000} s` })

  async function lookStored(rule: AlertRule, cluster: string): Promise<Look> {
    const { queue } = await telemetry.status()
    const now = clock.now()
    if (queue.batches > 0 && queue.oldestAt !== undefined && queue.oldestAt < now - STALE_QUEUE) {
      return { known: false, reason: `${queue.batches} batches wait for the engine` }
    }
    const asked: Asked = { cluster, filters: filtersOf(rule.filter) }
    const rolled = rollable(asked.filters, rule.groupBy)
    // Whole minutes come from the roll-up alone; raw rows are read only where it lacks the column.
    const to = rolled ? Math.floor((now - SETTLE) / MINUTE) * MINUTE : now - SETTLE
    const range = { from: to - (rolled ? Math.ceil(rule.window / MINUTE) * MINUTE : rule.window), to }
    const parts = stored(range, rolled, now)
    const result = await run(groupsQuery(parts, asked, rule.groupBy, measuresOf(rule), MOST_GROUPS))
    let observations = observe(rule, readGroups(result, 0))
    if (rule.absent && rule.groupBy !== undefined) {
      const reach = Math.min(DAY, Math.max(HOUR, 12 * rule.window))
      const earlier = await run(groupsQuery(stored({ from: to - reach, to: range.from }, rolled, now), asked, rule.groupBy, ['requests'], MOST_GROUPS))
      observations = withAbsent(
        observations,
        earlier.rows.map((row) => String(row[0])),
      )
    }
    if (needsRequests(rule) && observations.every(({ requests }) => requests === 0)) {
      const whole = await run(totalsQuery(stored(range, rolled, now), { cluster, filters: [] }, ['requests']))
      if (Number(whole.rows[0]?.[0] ?? 0) === 0) return silent(rule)
    }
    return { known: true, observations }
  }

  const stored = (range: Range, rolled: boolean, now: number): Part[] =>
    rolled && range.to - range.from <= 2 * HOUR ? [{ source: 'access_1m', ...range }] : partsOf(range, rolled, now)

  return {
    /** @param storeKnown false right after a start, while what was sent meanwhile may not have come in: then absence is not known either */
    async look(rule: AlertRule, cluster: string, storeKnown: boolean): Promise<Look> {
      const seen = lookLive(rule, cluster)
      if (seen) return seen
      if (rule.absent && !storeKnown) return { known: false, reason: 'the server has not run as long as the window yet' }
      try {
        return await lookStored(rule, cluster)
      } catch (error) {
        return { known: false, reason: error instanceof Error ? error.message : String(error) }
      }
    },

    /** What a rule would have seen over the last hours, for a reader who may see `scope`. */
    async preview(rule: AlertRule, cluster: string, hours: number, scope: Scope): Promise<PreviewLooks & Range & { step: number; limited: boolean }> {
      const asked: Asked = { cluster, filters: filtersOf(rule.filter) }
      const rolled = rollable(asked.filters, rule.groupBy)
      const window = Math.ceil(rule.window / MINUTE) * MINUTE
      const up = (ms: number) => Math.max(MINUTE, Math.ceil(ms / MINUTE) * MINUTE)
      const step = up(Math.max(window / 5, (hours * HOUR) / PREVIEW_POINTS))
      const to = Math.floor((clock.now() - SETTLE) / step) * step
      const range = { from: to - Math.floor((hours * HOUR) / step) * step, to }
      const part: Part = { source: rolled ? 'access_1m' : 'access', ...range }
      const presence = presenceQuery({ from: range.from - window, to }, MINUTE, cluster)
      const query = windowsQuery(part, window, step, asked, rule.groupBy, measuresOf(rule), PREVIEW_GROUPS)
      const [found, sent] = await Promise.all([
        run(query, scope).catch((error: unknown) => {
          if (isError(error, 'QUERY_LIMIT')) return undefined
          throw error
        }),
        run(presence, scope),
      ])
      const minutes = new Set(sent.rows.map((row) => Number(row[0])))
      const first = Math.min(...minutes)
      const byMoment = Map.groupBy(found?.rows ?? [], (row) => Number(row[0]))
      const met = new Map<string, number>()
      const at: number[] = []
      const looks: Look[] = []
      for (let moment = range.from + step; moment <= to; moment += step) {
        at.push(moment)
        const rows = byMoment.get(moment) ?? []
        let observations = observe(rule, found ? readGroups({ ...found, rows }, 1) : [])
        if (rule.groupBy === undefined && observations.length === 0) observations = observe(rule, [['', readTotals([], [])]])
        if (rule.absent && rule.groupBy !== undefined) {
          for (const { group, requests } of observations) if (requests > 0) met.set(group, moment)
          const reach = Math.min(DAY, Math.max(HOUR, 12 * rule.window))
          observations = withAbsent(
            observations,
            [...met].filter(([, last]) => moment - last <= reach).map(([group]) => group),
          )
        }
        let known = false
        for (let minute = moment - window; minute < moment && !known; minute += MINUTE) known = minutes.has(minute)
        // Silence is what a rule about absence waits for, but before the first line ever it means nothing.
        const reason = moment - window < first ? 'nothing had been received yet' : 'the cluster sent nothing'
        looks.push(known || (moment - window >= first && !needsRequests(rule)) ? { known: true, observations } : { known: false, reason })
      }
      return { ...range, at, looks, step, limited: found === undefined }
    },
  }
}
