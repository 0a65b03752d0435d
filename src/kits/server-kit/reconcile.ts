/** Runs reconcilers over every cluster: what they watch wakes a key, a key is looked at by one at a time and tried again with growing pauses, and only the leader acts. */
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { Cluster, Clusters, Informer } from '#core/shapes/ports/cluster.ts'
import type { Reconciler, Waking } from '#core/shapes/reconciler.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'

export interface ReconcileDeps {
  clusters: Clusters
  clock: Clock
  log: Logger
  /** From 0 to 1. */
  random: () => number
  /** Takes part in the election of the one server that acts on this cluster. */
  lead(cluster: Cluster, onChange: (leading: boolean) => void): { leading(): boolean; stop(): Promise<void> }
  /** Keeps a row of the table `plans`. */
  record(row: Row): Promise<void>
}

export type Reconcile = <Facts, Ports>(reconciler: Reconciler<Facts, Ports>, portsOf: (cluster: Cluster) => Ports) => void

/** Keys of one reconciler that are looked at at once, in one cluster. */
const AT_ONCE = 8
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

type Runner = (cluster: Cluster, members: Members) => { stop(): Promise<void> }
/** What the reconcilers of one cluster share. */
interface Members {
  follow(watch: { apiVersion: string; kind: string }): Informer<Waking>
  /** Takes part from the first call on, so that a cluster in which there is nothing to do gets no Lease. */
  leading(): boolean
  onLead(listener: () => void): void
}

export function createReconciling(deps: ReconcileDeps): { run: Reconcile; stop(): Promise<void> } {
  const runners: Runner[] = []
  const running = new Map<Cluster, { join(runner: Runner): void; stop(): Promise<void> }>()

  const enter = (cluster: Cluster) => {
    if (running.has(cluster)) return
    const informers = new Map<string, Informer<Waking>>()
    const onLead = new Set<() => void>()
    let election: ReturnType<ReconcileDeps['lead']> | undefined
    const members: Members = {
      follow({ apiVersion, kind }) {
        const id = `${apiVersion}/${kind}`
        const informer = informers.get(id) ?? cluster.informer<Waking>({ apiVersion, kind }, { keep: (object) => wakingOf(object, apiVersion, kind) })
        informers.set(id, informer)
        return informer
      },
      leading() {
        election ??= deps.lead(cluster, (leading) => {
          deps.log.info({ cluster: cluster.name, leading }, leading ? 'this server acts on the cluster' : 'another server acts on the cluster')
          if (leading) for (const listener of onLead) listener()
        })
        return election.leading()
      },
      onLead: (listener) => void onLead.add(listener),
    }
    const parts: { stop(): Promise<void> }[] = []
    running.set(cluster, {
      join: (runner) => void parts.push(runner(cluster, members)),
      async stop() {
        for (const informer of informers.values()) informer.stop()
        await Promise.all(parts.map((part) => part.stop()))
        await election?.stop()
      },
    })
    for (const runner of runners) running.get(cluster)!.join(runner)
  }
  const leave = async (cluster: Cluster) => {
    const held = running.get(cluster)
    running.delete(cluster)
    await held?.stop()
  }
  const unfollow = deps.clusters.onChange(({ type, name }) => {
    if (type === 'added') enter(deps.clusters.get(name))
    if (type === 'removed') for (const cluster of running.keys()) if (cluster.name === name) leave(cluster).catch((err) => deps.log.warn({ err }, 'left badly'))
  })
  for (const { name } of deps.clusters.list()) enter(deps.clusters.get(name))

  return {
    run(reconciler, portsOf) {
      const runner: Runner = (cluster, members) => runIn(deps, cluster, members, reconciler, portsOf(cluster))
      runners.push(runner)
      for (const one of running.values()) one.join(runner)
    },
    async stop() {
      unfollow()
      await Promise.all([...running.keys()].map(leave))
    },
  }
}

function runIn<Facts, Ports>(
  { clock, log, random, record }: ReconcileDeps,
  cluster: Cluster,
  members: Members,
  reconciler: Reconciler<Facts, Ports>,
  ports: Ports,
): { stop(): Promise<void> } {
  const about = { cluster: cluster.name, reconciler: reconciler.name }
  const stopping = new AbortController()
  /** Keys that are looked at, or sleep till they are looked at again. */
  const active = new Map<string, { again: boolean; wake: AbortController; done: Promise<void> }>()
  const free = places(AT_ONCE)

  const attempt = async (key: string): Promise<number | undefined> => {
    const facts = await reconciler.gather(key, ports)
    const plan = reconciler.decide(facts, clock.now())
    // Asked right before acting: gathering takes time.
    if (stopping.signal.aborted || !members.leading()) return undefined
    const keep = (state: string, outcome: object) => (plan.steps.length === 0 ? undefined : record(planRow(plan, reconciler.name, key, state, outcome)))
    try {
      const next = await reconciler.apply(plan, facts, ports)
      await keep('applied', {})
      return next
    } catch (error) {
      await keep('failed', { error: String((error as Error).message).slice(0, 2_000) })
      throw error
    }
  }

  const look = async (key: string, state: { again: boolean; wake: AbortController }) => {
    let failures = 0
    while (!stopping.signal.aborted && members.leading()) {
      state.again = false
      let pause: number | undefined
      const leave = await free.enter()
      try {
        pause = await attempt(key)
        failures = 0
      } catch (error) {
        pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++) * (0.5 + random() / 2)
        const known = error instanceof CodedError
        log.warn({ ...about, key, again: Math.round(pause), ...(known ? { code: error.code, details: error.details } : { err: error }) }, 'reconciling failed')
      } finally {
        leave()
      }
      if (state.again) continue
      if (pause === undefined) return
      // Not even a reconciler that says 0 may spin.
      await clock.sleep(Math.max(pause, 100), AbortSignal.any([state.wake.signal, stopping.signal])).catch(() => {})
      state.wake = new AbortController()
    }
  }

  const wake = (key: string): void => {
    if (stopping.signal.aborted || !members.leading()) return
    const held = active.get(key)
    if (held !== undefined) {
      held.again = true
      held.wake.abort()
      return
    }
    const state = { again: false, wake: new AbortController(), done: Promise.resolve() }
    active.set(key, state)
    state.done = look(key, state).finally(() => {
      active.delete(key)
      if (state.again) wake(key)
    })
  }

  const informers = reconciler.watches.map((watch) => {
    const informer = members.follow(watch)
    informer.synced.catch((error: unknown) => {
      if (stopping.signal.aborted) return
      const { code, details } = error instanceof CodedError ? error : { code: 'INTERNAL', details: { reason: String(error) } }
      log[code === 'KIND_UNKNOWN' ? 'debug' : 'warn']({ ...about, watch, code, details }, 'cannot follow what wakes this reconciler yet')
    })
    return informer
  })
  const unfollow = informers.map((informer) =>
    informer.onChange(({ object, before }) => {
      const keys = reconciler.keysOf(object)
      // A label that was taken away has meaning for whom it named.
      for (const key of before === undefined ? keys : new Set([...keys, ...reconciler.keysOf(before)])) wake(key)
    }),
  )
  members.onLead(() => {
    for (const informer of informers) for (const object of informer.list()) for (const key of reconciler.keysOf(object)) wake(key)
  })

  return {
    async stop() {
      stopping.abort()
      for (const stop of unfollow) stop()
      await Promise.all([...active.values()].map(({ done }) => done))
    },
  }
}

const wakingOf = ({ metadata }: KubeObject, apiVersion: string, kind: string): Waking => {
  const { name, namespace, uid, resourceVersion, generation, labels, annotations, ownerReferences, deletionTimestamp, creationTimestamp } = metadata
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, generation, labels, annotations, ownerReferences, deletionTimestamp, creationTimestamp },
  } as Waking
}

const planRow = (plan: Plan, capability: string, key: string, state: string, outcome: object): Row => ({
  ts: plan.decidedAt,
  cluster: plan.cluster,
  id: plan.id,
  capability,
  namespace: key.includes('/') ? key.slice(0, key.indexOf('/')) : '',
  subject: plan.subject,
  state,
  plan: JSON.stringify(plan),
  outcome: JSON.stringify(outcome),
})

function places(count: number): { enter(): Promise<() => void> } {
  const waiting: (() => void)[] = []
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else count++
  }
  return {
    async enter() {
      if (count > 0) count--
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return leave
    },
  }
}
