import type { Clock } from '#core/kernel/clock.ts'
import { formatDuration } from '#core/kernel/duration.ts'
import { formatBytes } from '#core/kernel/quantity.ts'
import type { Progress, ProgressTask } from './door.ts'
import { truncate, widthOf } from './terminal.ts'

export const PROGRESS_MODES = ['auto', 'plain', 'json', 'none'] as const
export type ProgressMode = (typeof PROGRESS_MODES)[number]

export interface ProgressOutput {
  clock: Clock
  stream: NodeJS.WritableStream
  /** Is `stream` a terminal? */
  tty: boolean
  columns: number
  unicode: boolean
  mode: ProgressMode
}

const REDRAW_MS = 100
const LINE_MS = 30_000
const LONGEST_BAR = 24

/** A bar on a terminal; elsewhere a line (or with `json` an object) every 30 s, also when nothing moves, because silence looks like a hang. */
export function startProgress(output: ProgressOutput, task: ProgressTask): Progress {
  const { clock, stream, mode } = output
  const began = clock.now()
  const bar = mode === 'auto' && output.tty
  let { total } = task
  let done = 0
  let drawnAt = Number.NEGATIVE_INFINITY
  let lines = 0
  const ended = new AbortController()

  const facts = () => {
    const elapsedMs = clock.now() - began
    const perSecond = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0
    const leftMs = total !== undefined && perSecond > 0 ? Math.max(0, ((total - done) / perSecond) * 1000) : undefined
    return { elapsedMs, perSecond, leftMs }
  }
  const amount = (n: number) => (task.unit === 'bytes' ? formatBytes(Math.round(n)) : String(Math.round(n)))
  const words = () => {
    const { perSecond, leftMs, elapsedMs } = facts()
    const parts = [total === undefined ? amount(done) : `${amount(done)} / ${amount(total)}`, `${amount(perSecond)}/s`]
    parts.push(leftMs === undefined ? seconds(elapsedMs) : `ETA ${seconds(leftMs)}`)
    return parts.join(', ')
  }
  const draw = () => {
    drawnAt = clock.now()
    const text = words()
    // One column is left free: a full last column makes some terminals wrap.
    const room = output.columns - 1
    const share = total ? Math.min(1, done / total) : undefined
    const length = Math.min(LONGEST_BAR, room - widthOf(`${task.label}  100%  ${text}`))
    let picture = ''
    if (share !== undefined && length > 3) {
      const [full, empty] = output.unicode ? ['█', '░'] : ['#', '-']
      const filled = Math.round(share * length)
      picture = ` ${full!.repeat(filled)}${empty!.repeat(length - filled)} ${Math.floor(share * 100)}%`
    }
    stream.write(`\r\u001b[2K${truncate(`${task.label}${picture}  ${text}`, Math.max(4, room), output.unicode)}`)
  }
  const line = () => {
    lines++
    const { elapsedMs, perSecond, leftMs } = facts()
    stream.write(
      mode === 'json'
        ? `${JSON.stringify({ progress: task.label, done, total, unit: task.unit, perSecond: Math.round(perSecond), elapsedMs, leftMs: leftMs && Math.round(leftMs) })}\n`
        : `${task.label}: ${words()}\n`,
    )
  }
  const tick = async () => {
    for (;;) {
      await clock.sleep(bar ? 1000 : LINE_MS, ended.signal)
      if (bar) draw()
      else line()
    }
  }
  // The only way out of the loop is the abort at the end.
  if (mode !== 'none') tick().catch(() => {})
  if (bar) draw()

  return {
    update(now, newTotal) {
      done = now
      if (newTotal !== undefined) total = newTotal
      if (bar && clock.now() - drawnAt >= REDRAW_MS) draw()
    },
    [Symbol.dispose]() {
      if (ended.signal.aborted) return
      ended.abort()
      if (bar) stream.write('\r\u001b[2K')
      else if (lines > 0 && mode !== 'none') line()
    },
  }
}

const seconds = (ms: number) => formatDuration(Math.round(ms / 1000) * 1000)
