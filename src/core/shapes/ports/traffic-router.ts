/**
 * Splits the traffic of one route between two Services. Implementations: edges/routers; contract suite: test/contracts/traffic-router.ts.
 *
 * A router owns what it is asked to set and nothing else: an Ingress of its own (or the annotations of one that is there), the weights of a list of
 * backends, one rule for marked requests. Failures of the cluster are CodedErrors of the `Cluster` port; what is wrong with the route itself is a `RouteFault`.
 */
import type { Result } from '../../kernel/result.ts'
import type { ObjectRef, OwnerReference } from '../../kube/objects.ts'

/** Which requests go to the canary. */
export interface TrafficSplit {
  /** Percent of the requests that are not marked, 0 to 100; steps of 0.1 where the router can (`RouteFault` `unsupported` where not). */
  weight: number
  /** Marked requests always go to the canary. */
  header?: HeaderMark
  cookie?: CookieMark
}
/** A header that equals `value` or matches `pattern` (RE2); with neither it says `always`. */
export interface HeaderMark {
  name: string
  value?: string
  pattern?: string
}
/** A cookie that says `always`. */
export interface CookieMark {
  name: string
}

export interface SplitRoute {
  /** The object that routes: an Ingress, HTTPRoute, IngressRoute, TraefikService or VirtualService. */
  route: ObjectRef & { namespace: string }
  /** Names of the Services, in the namespace of the route. */
  stable: string
  canary: string
  /** Port of the canary Service where its object does not say (a route that does not name the canary yet takes the port of stable). */
  canaryPort?: number
  /** Who owns the split, `namespace/name` of the Canary: a route is split by one. */
  owner: string
  /** What is made for the split goes when this goes. */
  ownerReference?: OwnerReference
  /** A user who got an arm stays there. */
  sticky?: boolean
}

/** Why a route cannot be split as asked. `missing`: it is not there; `owned`: another splits it; `unsupported`: the router cannot do it; `unfit`: it does not lead to stable. */
export interface RouteFault {
  reason: 'missing' | 'owned' | 'unsupported' | 'unfit'
  message: string
}

export interface TrafficRouter {
  /** Kinds of routes that it can split, as `group/Kind`. */
  readonly routes: readonly string[]
  /** What is asked of the proxy now; all to stable when nothing is. */
  read(target: SplitRoute): Promise<Result<TrafficSplit, RouteFault>>
  /** Nothing is changed when it is a fault. Doing it again changes nothing. */
  write(target: SplitRoute, split: TrafficSplit): Promise<Result<void, RouteFault>>
  /** All to stable, and no trace of the split but what the user declared. No fault when the route is gone. */
  release(target: SplitRoute): Promise<Result<void, RouteFault>>
}

/** The same requests to the canary? */
export const sameSplit = (a: TrafficSplit, b: TrafficSplit): boolean =>
  Math.abs(a.weight - b.weight) < 0.05 &&
  a.header?.name.toLowerCase() === b.header?.name.toLowerCase() &&
  a.header?.value === b.header?.value &&
  a.header?.pattern === b.header?.pattern &&
  a.cookie?.name === b.cookie?.name
