/**
 * Grouping, deduplication and repetition of alerts, with the semantics of Prometheus Alertmanager 0.28
 * (dispatch/dispatch.go: groups and their timers; notify/notify.go, DedupStage.needsUpdate: when there is something to say). Where it differs, on purpose:
 * - an alert that resolved while it was muted is forgotten, so that its next firing is told at once (there, only after repeatInterval);
 * - an alert that fires through a silence is not told again when the silence ends, but its resolution is told;
 * - "resolved" goes only to receivers that were told, or may have been told, that the alert fires;
 * - a new group always waits groupWait: state survives a restart, so there is no burst of old alerts to hurry for.
 */
import type { NotifiedAlert } from '../shapes/ports/notifier.ts'
import type { AlertingConfig } from './config.ts'
import { fingerprint } from './fingerprint.ts'
import { type Mute, type MutePlan, muter, planMutes } from './muting.ts'
import type { ReceiverConfig } from './receivers.ts'
import { buildRouter, groupOf, type Route, type Router } from './routes.ts'
import type { AlertGroup, AlertingState, FiringAlert, Labels, Outgoing, Receipt, Step, Told, TrackedAlert } from './types.ts'

export const EMPTY_STATE: AlertingState = { alerts: {}, groups: {} }

interface Prepared {
  route: Router
  mutes: MutePlan
  receivers: ReadonlyMap<string, ReceiverConfig>
}

const prepared = new WeakMap<AlertingConfig, Prepared>()

function prepare(config: AlertingConfig): Prepared {
  let plan = prepared.get(config)
  if (!plan) {
    plan = { route: buildRouter(config.route), mutes: planMutes(config), receivers: new Map(config.receivers.map((receiver) => [receiver.name, receiver])) }
    prepared.set(config, plan)
  }
  return plan
}

/** Why each of the firing alerts is muted now, for people; not muted: undefined. */
export function mutesOf(config: AlertingConfig, firing: readonly FiringAlert[], now: number): (labels: Labels) => Mute | undefined {
  const labelSets = firing.map(({ labels }) => labels)
  return muter(prepare(config).mutes, labelSets, now)
}

/**
 * What is to be said now. Store `state` before the messages leave, send them, and hand each outcome to `settle`; give up on a message before its route's
 * groupInterval is over, because what was not settled by then is said again.
 * @param firing everything that fires: what is left out is over, so after a start wait for the first report of every reporter
 * @param now ms since the epoch
 */
export function step(state: AlertingState, config: AlertingConfig, firing: readonly FiringAlert[], now: number): Step {
  const plan = prepare(config)
  const alerts = track(state.alerts, firing, now)
  const { groups, routes } = regroup(state.groups, plan, alerts, now)
  const muteOf = mutesOf(config, firing, now)
  const outgoing: Outgoing[] = []

  for (const [key, group] of groups) {
    if (group.nextAt > now) continue
    const route = routes.get(key)!
    const muted = new Set(group.alerts.filter((id) => muteOf(alerts.get(id)!.labels) !== undefined))
    const firingIds = group.alerts.filter((id) => !isOver(alerts.get(id)) && !muted.has(id))
    const overIds = group.alerts.filter((id) => isOver(alerts.get(id)))
    const told: Record<string, Told> = {}
    for (const name of route.receivers) {
      const receiver = plan.receivers.get(name)
      if (!receiver) continue
      const before = group.told[name] ?? NOTHING_TOLD
      const resolved = new Set(receiver.sendResolved ? minus(inBoth(overIds, union(before.firing, before.attempted)), muted) : [])
      // What is over and will not be said is forgotten; what will be said is kept until it was.
      const forgotten = new Set(minus(overIds, resolved))
      const after: Told = { at: before.at, firing: minus(before.firing, forgotten), attempted: minus(before.attempted, forgotten) }
      const isNew = minus(firingIds, new Set(after.firing)).length > 0
      const isDue = firingIds.length > 0 && after.at !== undefined && after.at + route.repeatInterval <= now
      if (!isNew && !isDue && resolved.size === 0) {
        told[name] = after
        continue
      }
      const sure = minus(after.firing, resolved)
      const newlyTried = minus([...firingIds, ...resolved], new Set([...sure, ...after.attempted]))
      told[name] = { at: after.at, firing: sure, attempted: [...after.attempted, ...newlyTried] }
      outgoing.push({
        notification: {
          groupKey: key,
          receiver: name,
          groupLabels: group.labels,
          alerts: [...firingIds, ...resolved].map((id) => notified(alerts.get(id)!)),
          language: receiver.language,
        },
        receipt: { groupKey: key, receiver: name, at: now, firing: firingIds, resolved: [...resolved], newlyTried },
      })
    }
    groups.set(key, { ...group, told, nextAt: now + route.groupInterval })
  }

  const next = prune(alerts, groups)
  let nextAt: number | undefined
  for (const group of Object.values(next.groups)) nextAt = Math.min(nextAt ?? group.nextAt, group.nextAt)
  return { state: next, outgoing, nextAt }
}

/** Remembers the outcome of a message: delivered, or given up. */
export function settle(state: AlertingState, receipt: Receipt, delivered: boolean): AlertingState {
  const group = state.groups[receipt.groupKey]
  const before = group?.told[receipt.receiver]
  // The route is gone: whoever tells about these alerts now starts afresh.
  if (!group || !before) return state
  const told = delivered ? learned(before, receipt) : untried(before, receipt)
  const groups = new Map(Object.entries(state.groups))
  groups.set(receipt.groupKey, { ...group, told: { ...group.told, [receipt.receiver]: told } })
  return prune(new Map(Object.entries(state.alerts)), groups)
}

function learned(before: Told, { at, firing, resolved }: Receipt): Told {
  return { at, firing: minus(union(before.firing, firing), new Set(resolved)), attempted: minus(before.attempted, new Set([...firing, ...resolved])) }
}

/** As if the message had never been made; what an earlier message left uncertain stays so. */
function untried(before: Told, { resolved, newlyTried }: Receipt): Told {
  return { ...before, firing: union(before.firing, inBoth(resolved, newlyTried)), attempted: minus(before.attempted, new Set(newlyTried)) }
}

const NOTHING_TOLD: Told = { firing: [], attempted: [] }
const isOver = (alert: TrackedAlert | undefined) => alert?.endsAt !== undefined
const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])]
const minus = (a: readonly string[], b: ReadonlySet<string>) => a.filter((id) => !b.has(id))
const inBoth = (a: readonly string[], b: readonly string[]) => {
  const other = new Set(b)
  return a.filter((id) => other.has(id))
}

function notified({ labels, annotations, severity, activeSince, endsAt, value, link }: TrackedAlert): NotifiedAlert {
  return { status: endsAt === undefined ? 'firing' : 'resolved', severity, labels, annotations, startsAt: activeSince, endsAt, value, link }
}

function track(before: AlertingState['alerts'], firing: readonly FiringAlert[], now: number): Map<string, TrackedAlert> {
  const alerts = new Map<string, TrackedAlert>()
  for (const alert of firing) {
    const id = fingerprint(alert.labels)
    const known = before[id]
    alerts.set(id, { ...alert, activeSince: known && !isOver(known) ? Math.min(known.activeSince, alert.activeSince) : alert.activeSince })
  }
  for (const [id, known] of Object.entries(before)) {
    if (!alerts.has(id)) alerts.set(id, isOver(known) ? known : { ...known, endsAt: now })
  }
  return alerts
}

/** Groups as the routes of today make them; a group that has existed keeps its timer and what it told. */
function regroup(before: AlertingState['groups'], plan: Prepared, alerts: ReadonlyMap<string, TrackedAlert>, now: number) {
  const groups = new Map<string, AlertGroup & { alerts: string[] }>()
  const routes = new Map<string, Route>()
  const members = new Map(Object.entries(before).map(([key, group]) => [key, new Set(group.alerts)]))
  for (const [id, alert] of alerts) {
    for (const route of plan.route(alert.labels)) {
      const { key, labels } = groupOf(route, alert.labels)
      if (isOver(alert) && !members.get(key)?.has(id)) continue
      let group = groups.get(key)
      if (!group) {
        const known = before[key]
        group = known ? { ...known, alerts: [] } : { labels, alerts: [], nextAt: now + route.groupWait, told: {} }
        groups.set(key, group)
        routes.set(key, route)
      }
      group.alerts.push(id)
    }
  }
  return { groups: groups as Map<string, AlertGroup>, routes }
}

/** Drops what nobody needs: alerts that are over and that no receiver knows of, groups without alerts, alerts without a group. */
function prune(alerts: ReadonlyMap<string, TrackedAlert>, groups: ReadonlyMap<string, AlertGroup>): AlertingState {
  const keptGroups: Record<string, AlertGroup> = {}
  const needed = new Set<string>()
  for (const [key, group] of groups) {
    const known = new Set(Object.values(group.told).flatMap((told) => [...told.firing, ...told.attempted]))
    const ids = group.alerts.filter((id) => !isOver(alerts.get(id)) || known.has(id))
    if (ids.length === 0) continue
    keptGroups[key] = { ...group, alerts: ids }
    for (const id of ids) needed.add(id)
  }
  const keptAlerts: Record<string, TrackedAlert> = {}
  for (const [id, alert] of alerts) if (needed.has(id) || !isOver(alert)) keptAlerts[id] = alert
  return { alerts: keptAlerts, groups: keptGroups }
}
