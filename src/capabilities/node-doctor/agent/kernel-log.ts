/** Follows the kernel's log: what it read last stands in the state, so that a restart neither forgets nor repeats. */
import type { Clock } from '#core/kernel/clock.ts'
import type { Host, KernelLog } from '#core/shapes/ports/host.ts'
import { applyKernelProblems, applyVerdict, type Change, DEAF, KERNEL_LOG, type NodeState } from '../domain/conditions.ts'
import { createDiagnosis, type ExtraRules } from '../domain/diagnose.ts'

/** Records read before others get their turn. */
const AT_ONCE = 512
/** Older lines say nothing about now, when nothing was read before. */
const LOOKBACK_MS = 5 * 60_000
const DEAF_MS = 60_000
/**
 * Between two looks, ms: waking a sleeping process costs 0.2 ms, so where nothing comes it looks less often. In a flood it must be back before the kernel has
 * gone once around its buffer, which may hold no more than 2,000 records.
 */
const LISTEN_MS = { flood: 4, lively: 20, quiet: 100 }
/** So many records at one look are a flood. */
const FLOOD = 32
const QUIET_AFTER_MS = 5_000

export interface KernelWatch {
  /** Reads what is there, a bounded part of it. True: there is more. */
  read(): boolean
  /** What was found since the last call. */
  drain(now: number): Change[]
  /** Reads until `signal` is aborted: often while much comes, seldom while nothing does. */
  follow(clock: Clock, signal: AbortSignal): Promise<void>
  readonly lines: number
  close(): void
}

export function watchKernelLog(host: Host, state: NodeState, uptimeMs: () => number | undefined, extra?: ExtraRules): KernelWatch {
  const opened = host.kernelLog()
  let log: KernelLog | undefined = opened.ok ? opened.value : undefined
  let why = opened.ok ? '' : `/dev/kmsg: ${opened.why === 'forbidden' ? 'a privilege is missing (CAP_SYSLOG): ' : ''}${opened.reason}`
  const diagnosis = createDiagnosis('en', extra)
  const first = state.seq < 0
  const oldest = first ? (uptimeMs() ?? 0) - LOOKBACK_MS : 0
  let lines = 0
  let dropped = 0
  let droppedAt = 0
  const watch: KernelWatch = {
    get lines() {
      return lines
    },
    async follow(clock, signal) {
      let heardAt = clock.now()
      while (!signal.aborted) {
        const before = lines
        const more = watch.read()
        const now = clock.now()
        if (lines !== before) heardAt = now
        if (more) await new Promise((resolve) => setImmediate(resolve))
        else
          await clock
            .sleep(lines - before >= FLOOD ? LISTEN_MS.flood : now - heardAt < QUIET_AFTER_MS ? LISTEN_MS.lively : LISTEN_MS.quiet, signal)
            .catch(() => {})
      }
    },
    read() {
      if (!log) return false
      try {
        const { records, read, first: begun, last, dropped: gone } = log.poll(AT_ONCE, diagnosis.saysNothing)
        dropped += gone
        // what was overwritten while no agent ran
        if (state.seq >= 0 && begun > state.seq + 1 && lines === 0) dropped += begun - state.seq - 1
        for (const { seq, uptimeMs: at, text, caller } of records) {
          if (seq <= state.seq) continue
          if (!first || at >= oldest) diagnosis.record(text, caller, () => `6,${seq},${Math.round(at * 1000)},-;${text}`)
        }
        lines += read
        if (last > state.seq) state.seq = last
        return read === AT_ONCE
      } catch (error) {
        why = `/dev/kmsg: ${(error as Error).message}`
        log.close()
        log = undefined
        return false
      }
    },
    drain(now) {
      if (dropped > 0) {
        state.dropped += dropped
        droppedAt = now
      }
      const lost = dropped
      dropped = 0
      const { problems, omitted } = diagnosis.drain()
      const deaf = { id: KERNEL_LOG, condition: DEAF }
      if (!log) return applyVerdict(state, deaf, { state: 'blind', why }, now)
      delete state.blind[KERNEL_LOG]
      state.looked[KERNEL_LOG] = { at: now }
      const changes = applyKernelProblems(state, problems, now)
      const behind = droppedAt > 0 && now - droppedAt < DEAF_MS
      const message = `${state.dropped} lines of the kernel's log were overwritten before they were read (${lost + omitted > 0 ? `${lost} just now, ${omitted} problems beyond what is kept` : 'none just now'})`
      return [
        ...changes,
        ...applyVerdict(
          state,
          { id: 'kernel-log-overrun', condition: DEAF, clear: 1 },
          { state: 'looked', troubles: behind ? [{ key: 'dropped', reason: 'KernelLogOverrun', severity: 'warning', message }] : [] },
          now,
        ),
      ]
    },
    close: () => log?.close(),
  }
  return watch
}
