import { useTranslation } from 'react-i18next'
import type { Status } from '#kits/console-kit/status-mark.tsx'
import type { MigrationRow } from '../domain/migration.ts'
import type { MoveState } from '../domain/move-states.ts'
import type { ObstacleView, StepView } from '../domain/moves.ts'

/** The words of the pages about moving applications. */
export const useWords = () => useTranslation('app-migration').t

/** Undefined: it is not known of how many. */
export const shareOf = (done: number, objects: number): number | undefined => (objects === 0 ? undefined : Math.min(1, done / objects))

export const STATE_STATUS: Readonly<Record<MoveState, Status>> = {
  planning: 'running',
  planned: 'ok',
  applying: 'running',
  verifying: 'running',
  copied: 'ok',
  done: 'ok',
  differs: 'warning',
  blocked: 'error',
  failed: 'error',
  stopped: 'unknown',
  'rolling-back': 'running',
  'rolled-back': 'advice',
}
export const PHASE_STATUS: Readonly<Record<NonNullable<MigrationRow['status']['phase']>, Status>> = {
  Planning: 'running',
  Planned: 'ok',
  Blocked: 'error',
  Applying: 'running',
  Copied: 'ok',
  Verifying: 'running',
  Done: 'ok',
  Differs: 'warning',
  Failed: 'error',
  RollingBack: 'running',
  RolledBack: 'advice',
  Invalid: 'error',
}
export const ACTION_STATUS: Readonly<Record<StepView['action'], Status>> = {
  create: 'ok',
  update: 'warning',
  same: 'ok',
  skip: 'advice',
  later: 'unknown',
  blocked: 'error',
}
export const SEVERITY_STATUS: Readonly<Record<ObstacleView['severity'], Status>> = { error: 'error', warning: 'warning', unknown: 'unknown' }
