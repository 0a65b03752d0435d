import type { Clock } from '#core/kernel/clock.ts'
import type { Tail, TailEvent } from '#edges/host/file-tail.ts'
import type { ShipEvent } from '#edges/host/shipper.ts'

/** The same complaint is written at most this often; the counters have every one. */
const REPEAT_MS = 30_000
/** Nothing taken for so long while there is something to send is not healthy. */
const STUCK_MS = 60_000

/** The agent's own numbers and log: everything that was lost is in both. */
export function createCounts(clock: Clock, write: (line: string) => void) {
  const totals = {
    delivered_bytes: 0,
    delivered_batches: 0,
    retries: 0,
    refused_bytes: 0,
    lost_truncated_bytes: 0,
    lost_deleted_bytes: 0,
    lost_cut_bytes: 0,
    lost_events: 0,
    rotations: 0,
  }
  const said = new Map<string, { at: number; hidden: number }>()
  let failingSince: number | undefined
  let reason = ''

  function say(level: 'info' | 'warn' | 'error', msg: string, more: Record<string, unknown>): void {
    write(JSON.stringify({ level, time: new Date(clock.now()).toISOString(), msg, ...more }))
  }

  function sayOften(key: string, level: 'warn' | 'error', msg: string, more: Record<string, unknown>): void {
    const last = said.get(key)
    const now = clock.now()
    if (last && now - last.at < REPEAT_MS) {
      last.hidden++
      return
    }
    if (said.size > 1000) said.clear()
    said.set(key, { at: now, hidden: 0 })
    say(level, msg, { ...more, ...(last && last.hidden > 0 ? { repeated: last.hidden } : {}) })
  }

  return {
    say,
    onTail(event: TailEvent): void {
      if (event.kind === 'lost') {
        totals.lost_events++
        totals[`lost_${event.reason}_bytes`] += event.bytes
        sayOften(`${event.reason} ${event.path}`, 'error', `lost: ${event.reason}`, { path: event.path, bytes: event.bytes })
      } else if (event.kind === 'unreadable') sayOften(`unreadable ${event.path}`, 'error', 'unreadable', { path: event.path, reason: event.reason })
      else {
        if (event.kind === 'rotated') totals.rotations++
        say('info', event.kind, { path: event.path })
      }
    },
    onPods(reason: string): void {
      sayOften(`pods ${reason}`, 'warn', 'pods of this node are not known, trying again', { reason })
    },
    onShip(event: ShipEvent): void {
      if (event.kind === 'delivered') {
        totals.delivered_batches++
        totals.delivered_bytes += event.bytes
        if (failingSince !== undefined) say('info', 'delivering again', { after_ms: clock.now() - failingSince })
        failingSince = undefined
      } else if (event.kind === 'refused') {
        totals.refused_bytes += event.bytes
        sayOften(`refused ${event.path}`, 'error', 'refused by the server', { path: event.path, bytes: event.bytes, reason: event.reason })
      } else {
        totals.retries++
        failingSince ??= clock.now()
        reason = event.reason
        sayOften(`waiting ${event.reason}`, 'warn', 'not delivered, trying again', { path: event.path, reason: event.reason })
      }
    },
    health: () =>
      failingSince === undefined || clock.now() - failingSince < STUCK_MS ? { ok: true } : { ok: false, failingForMs: clock.now() - failingSince, reason },
    /** Prometheus' text format. */
    metrics(tail: Tail): string {
      const files = tail.files()
      const gauges = { files: files.length, backlog_bytes: files.reduce((sum, file) => sum + Math.max(0, file.size - file.offset), 0) }
      const lines = (type: string, suffix: string, values: Record<string, number>) =>
        Object.entries(values).map(([name, value]) => `# TYPE sallyport_agent_${name}${suffix} ${type}\nsallyport_agent_${name}${suffix} ${value}\n`)
      return [...lines('counter', '_total', totals), ...lines('gauge', '', gauges), ...lines('gauge', '', { resident_bytes: process.memoryUsage.rss() })].join(
        '',
      )
    },
  }
}
