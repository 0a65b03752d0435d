/** Follows the kernel's log: what it read last stands in the state, so that a restart neither forgets nor repeats. */
import type { Host, KernelLog } from '#core/shapes/ports/host.ts'
import { applyKernelProblems, applyVerdict, type Change, DEAF, KERNEL_LOG, type NodeState } from '../domain/conditions.ts'
import { createDiagnosis, type ExtraRules } from '../domain/diagnose.ts'

/** Records read before others get their turn. */
const AT_ONCE = 512
/** Older lines say nothing about now, when nothing was read before. */
const LOOKBACK_MS = 5 * 60_000
const DEAF_MS = 60_000

export interface KernelWatch {
  /** Reads what is there, a bounded part of it. True: there is more. */
  read(): boolean
  /** What was found since the last call. */
  drain(now: number): Change[]
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
  return {
    get lines() {
      return lines
    },
    read() {
      if (!log) return false
      try {
        const { records, dropped: gone } = log.poll(AT_ONCE)
        dropped += gone
        for (const { seq, uptimeMs: at, line } of records) {
          if (seq <= state.seq) continue
          // what was overwritten while no agent ran
          if (state.seq >= 0 && seq > state.seq + 1 && lines === 0) dropped += seq - state.seq - 1
          state.seq = seq
          if (first && at < oldest) continue
          lines++
          diagnosis.line(line)
        }
        return records.length === AT_ONCE
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
}
