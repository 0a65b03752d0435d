/** What the page shows of a move: pure. */
import type { Status } from '#kits/console-kit/status-mark.tsx'
import type { MoveState, MoveSummary } from '../domain/moves.ts'

export const STATE_STATUS: Record<MoveState, Status> = {
  queued: 'running',
  looking: 'running',
  running: 'running',
  done: 'ok',
  partly: 'warning',
  failed: 'error',
  canceled: 'unknown',
  interrupted: 'unknown',
}

export const isRunning = ({ state }: Pick<MoveSummary, 'state'>): boolean => state === 'queued' || state === 'looking' || state === 'running'

/**
 * How far it is, 0 to 1; undefined while that cannot be known. Bytes count once any are known to be sent, but never more than the images allow: what is still
 * to be found grows while images are looked at.
 */
export function shareDone({ state, progress }: Pick<MoveSummary, 'state' | 'progress'>): number | undefined {
  const { pairs, pairsDone, bytesDone, bytesKnown } = progress
  if (state === 'queued' || state === 'looking' || pairs === 0) return undefined
  const images = pairsDone / pairs
  return bytesKnown > 0 && pairsDone < pairs ? Math.min(0.999, Math.max(images, (bytesDone / bytesKnown) * ((pairsDone + 1) / pairs))) : images
}

/** Bytes a second since the start; undefined before there is anything to divide. */
export function rateOf({ startedAt, endedAt, progress }: Pick<MoveSummary, 'startedAt' | 'endedAt' | 'progress'>, now: number): number | undefined {
  if (startedAt === undefined) return undefined
  const ms = (endedAt ?? now) - startedAt
  return ms > 0 && progress.bytesDone > 0 ? (progress.bytesDone * 1000) / ms : undefined
}

/** Whole seconds until the end in ms, were it to go on as it went so far; undefined before 1 % is done and when nothing is under way. */
export function timeLeft(move: Pick<MoveSummary, 'state' | 'startedAt' | 'progress'>, now: number): number | undefined {
  const share = shareDone(move)
  if (!isRunning(move) || move.startedAt === undefined || share === undefined || share < 0.01) return undefined
  return Math.ceil(((now - move.startedAt) * (1 - share)) / share / 1000) * 1000
}
