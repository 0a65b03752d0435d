/** How a move may stand. By itself: the page of moves needs no more of them at first. */
export const MOVE_STATES = [
  'planning',
  'planned',
  'applying',
  'verifying',
  'copied',
  'done',
  'differs',
  'blocked',
  'failed',
  'stopped',
  'rolling-back',
  'rolled-back',
] as const
export type MoveState = (typeof MOVE_STATES)[number]
export const UNDER_WAY: readonly MoveState[] = ['planning', 'applying', 'verifying', 'rolling-back']
