/** What is known of a release when it is decided, and what a decision is made of. */
import type { Problem } from '#core/kernel/errors.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { RouteFault, TrafficSplit } from '#core/shapes/ports/traffic-router.ts'
import type { CanaryObject, CanaryStatus } from '../../resources/canary.ts'
import type { JudgeReport } from '../judge/report.ts'
import type { HookCall, HookOutcome } from './hooks.ts'

export interface WorkloadFacts {
  /** Of its pod template. */
  version: string
  /** All of its pods run the template, and are available. */
  rolledOut: boolean
  /** Kubernetes gave up on it. */
  stuck?: string
  ready: number
  nodes: number
  paused: boolean
  /** `address=pod`. */
  addresses: readonly string[]
}

export interface Facts {
  cluster: string
  key: string
  /** The object is gone. */
  gone?: true
  /** All that is wrong with the spec. */
  problems?: readonly Problem[]
  /** With problems: as much of it as is needed to get the traffic back; undefined when that cannot be read. */
  canary?: CanaryObject
  stable?: WorkloadFacts
  candidate?: WorkloadFacts
  services: { stable: boolean; canary: boolean }
  /** In order of `spec.routes`. */
  routes: readonly ({ split: TrafficSplit } | { fault: RouteFault })[]
  evidence: Evidence
  /** What became of calls of hooks, by id; a call without an outcome is under way. */
  calls: ReadonlyMap<string, HookOutcome | undefined>
}

/** How the places in which pods run compare: stable's pods judged against one another. */
export type PlaceCheck = { state: 'passed' | 'failed' | 'open'; text: string }

export type Evidence =
  | {
      state: 'none'
      /** Before the start: how long a release will take at this traffic. */
      outlook?: string
      places?: PlaceCheck
      /** After the end, read anew by a server that did not see it: what was known when it was decided, without the metrics. */
      past?: JudgeReport
    }
  /** Why nothing is known. */
  | { state: 'unknown'; reason: string }
  | {
      state: 'known'
      report: JudgeReport
      decision: 'promote' | 'rollback' | 'split' | undefined
      stepRequests: number
      future: boolean
      /** Why a metric that decides has no values. */
      gone?: string
    }

/** What a step of the plan does to the world. */
export type Action =
  | { do: 'finalizer'; on: boolean }
  | { do: 'split'; split: TrafficSplit }
  | { do: 'release' }
  | { do: 'clone' }
  | { do: 'removeClone' }
  | { do: 'pause'; paused: boolean }
  | { do: 'template' }
  | { do: 'call'; call: HookCall }

export interface CanaryPlan extends Plan {
  status: CanaryStatus
  /** Said as Events. */
  events: readonly { type: 'Normal' | 'Warning'; reason: string; message: string }[]
  /** The world before the status: a phase is entered only when what it says is true. */
  worldFirst: boolean
  /** Look again after so many ms. */
  again?: number
}
