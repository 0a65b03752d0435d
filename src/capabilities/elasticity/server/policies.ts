/** Keeps each ScalePolicy: looks every second, decides on what is held in memory, writes when there is something to write. */
import { randomBytes } from 'node:crypto'
import { parseDuration } from '#core/kernel/duration.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { RESOURCE_API } from '#core/shapes/custom-resource.ts'
import type { Step } from '#core/shapes/plan.ts'
import type { Cluster, Informer } from '#core/shapes/ports/cluster.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import type { EventRecorder } from '#kits/server-kit/kube-events.ts'
import { decide, type Facts, MANAGER, type ScalePlan } from '../domain/decide.ts'
import { createForecast, type Forecast } from '../domain/forecast.ts'
import { createHistory, type History } from '../domain/history.ts'
import { boundsNow, openWindows } from '../domain/time/windows.ts'
import { createTrafficHistory, type Heard, type Traffic } from '../domain/traffic-history.ts'
import { say } from '../domain/words.ts'
import { type ScalePolicyObject, scalePolicyResource } from '../resources/scale-policy.ts'
import type { ClusterView } from './cluster-view.ts'
import { maybe } from './cron-hpas.ts'
import type { Pace } from './pace.ts'
import { followLoads, type PodLoads } from './pod-loads.ts'
import { type PolicyIndex, readPolicy } from './policy-index.ts'
import { type AskPromql, createQueriedTraffic } from './promql-metrics.ts'
import { followCalls, type ServiceCalls } from './service-calls.ts'

export const POLICY_KIND = { apiVersion: RESOURCE_API, kind: scalePolicyResource.kind }
const LOOK_MS = 1_000
/** A status whose only news are numbers is written this often, ms. */
const STATUS_MS = 60_000
/** Writes of a second that are left to what is more urgent. */
const SPARE = { shrink: 4, phase: 6, event: 8, wanted: 8, numbers: 12 }

export interface PolicyPorts {
  cluster: Cluster
  view: ClusterView
  policies: Pick<Informer<KubeObject>, 'get' | 'synced'>
  index: PolicyIndex
  heard: Heard
  pace: Pace
  live: Pick<LiveStream, 'window' | 'requests'>
  ask: AskPromql
  now(): number
  events: EventRecorder
  memory: Map<string, PolicyMemory>
}

export interface Change {
  at: number
  name: string
  from: number
  to: number
  why: string
}

/** What is remembered of a policy; a restart forgets it, and shrinks nothing until it knows again. */
export interface PolicyMemory {
  generation: number | undefined
  traffic: (now: number) => Traffic
  /** Asks for traffic that a query tells. */
  look?: (now: number) => Promise<void>
  forecasts: Forecast[]
  /** Of each service behind the target. */
  calls: ServiceCalls[]
  loads: PodLoads
  plan?: ScalePlan
  facts?: Facts
  statusAt: number
  statusText: string
  changes: Change[]
  history: History
}

const refOf = (key: string) => {
  const [namespace = '', name = ''] = key.split('/')
  return { ...POLICY_KIND, namespace, name }
}

export const policyReconciler: Reconciler<Facts, PolicyPorts> = {
  name: 'elasticity',
  watches: [POLICY_KIND],
  keysOf: ({ metadata }) => [`${metadata.namespace}/${metadata.name}`],

  async gather(key, ports) {
    await Promise.all([ports.view.ready(), ports.policies.synced])
    const { namespace, name } = refOf(key)
    const now = ports.now()
    const base: Facts = { id: uuidv7(now, randomBytes(10)), cluster: ports.cluster.name, key, open: [], targets: [] }
    // Whoever woke us may be ahead of what is held here.
    const object = ports.policies.get(name, namespace) ?? (await maybe(ports.cluster.get(refOf(key))))
    if (object === undefined) {
      ports.memory.delete(key)
      return { ...base, gone: true }
    }
    const read = readPolicy(object)
    if (!read.ok) return { ...base, problems: read.error }
    const policy = read.value
    const { spec } = policy
    if (spec.target === undefined) return { ...base, problems: [{ path: 'spec.target', message: 'is required' }] }
    const memory = memoryOf(key, policy, ports, now)
    await memory.look?.(now)
    const traffic = memory.traffic(now)
    const first = { target: spec.target, min: spec.min, max: spec.max }
    await Promise.all(memory.calls.map((one) => one.look(now, traffic)))
    const parts = [first, ...spec.services].map((part, i) => ({
      ...part,
      seen: ports.view.target(namespace, part.target.kind, part.target.name),
      calls: i === 0 ? { calls: 1 } : memory.calls[i - 1]!.now(now),
    }))
    memory.loads.look(
      now,
      parts.map(({ seen: { found } }) => (found?.rolling === false ? found.ready : undefined)),
      parts.map(({ calls }) => calls?.calls),
    )
    const targets = parts.map(({ target: { kind, name: of }, min, max, seen, calls }, i) => {
      const proposal = seen.found === undefined || calls === undefined ? undefined : propose(memory, i, traffic, seen.found, now, calls.calls)
      // What it gets is not certain yet: then it stands for itself.
      const alone = i > 0 && memory.calls[i - 1]!.now(now)?.how === 'own traffic'
      const said = proposal && alone ? { ...proposal, why: say('alone', { why: proposal.why }) } : proposal
      return { kind, name: of, min, max, ...seen, ...(said === undefined ? {} : { proposal: said }) }
    })
    const rival = ports.index.rivalOf(policy)
    const rate = traffic.known && traffic.now > 0 ? traffic.requests(Math.max(0, traffic.now - 10), traffic.now) / Math.min(10, traffic.now) : undefined
    return {
      ...base,
      policy,
      open: openWindows(spec, now),
      targets,
      ...(rival === undefined ? {} : { rival }),
      ...(rate === undefined ? {} : { requestsPerSecond: rate }),
      ...(traffic.known ? {} : { blind: traffic.why }),
      ...loadsOf(
        memory,
        parts.map(({ target }) => target.name),
      ),
      ...(spec.services.some(({ requests }) => requests !== undefined)
        ? {
            calls: spec.services.map(({ target }, i) => {
              const used = memory.calls[i]!.now(now)
              return {
                name: target.name,
                how: used?.how ?? 'unknown',
                learned: memory.calls[i]!.learned(),
                ...(used ? { used: Math.round(used.calls * 1_000) / 1_000 } : {}),
              }
            }),
          }
        : {}),
    }
  },

  decide,

  async apply(made, facts, ports) {
    const plan = made as ScalePlan
    if (facts.gone) return undefined
    const { namespace } = refOf(facts.key)
    const memory = ports.memory.get(facts.key)
    const done: Step[] = []
    for (const step of plan.steps) {
      const { action, why } = step
      const { kind, name, from, to } = action as { kind: string; name: string; from: number; to: number }
      // When thousands want to at once, who lacks most grows first; to shrink can wait.
      const may = to > from ? ports.pace.grow(ports.now(), `${facts.key} ${kind} ${name}`, to / Math.max(1, from)) : ports.pace.take(ports.now(), SPARE.shrink)
      if (!may) continue
      await ports.cluster.patch(
        { apiVersion: 'apps/v1', kind, namespace, name },
        'merge',
        { spec: { replicas: to } },
        { subresource: 'scale', fieldManager: MANAGER },
      )
      if (facts.policy && ports.pace.take(ports.now(), SPARE.event))
        await ports.events.record(facts.policy as unknown as KubeObject, {
          type: 'Normal',
          reason: to > from ? 'ScaledUp' : 'ScaledDown',
          message: `${kind} ${name} from ${from} to ${to}: ${why}`,
        })
      done.push(step)
      memory?.changes.unshift({ at: ports.now(), name, from, to, why })
    }
    if (memory) {
      memory.plan = plan
      memory.facts = facts
      memory.changes.splice(200)
      remember(memory, plan, facts, ports.now())
    }
    const waits = done.length < plan.steps.length
    // What waits is not recorded as done, and a status that says it was written would not be true.
    plan.steps = done
    if (!waits) await keepStatus(plan, facts, memory, ports)
    return LOOK_MS
  },
}

/** With what a pod answers as it was given, or learned; while that is not certain pods are kept, and half as many more come when the objective is missed. */
function propose(
  memory: PolicyMemory,
  i: number,
  traffic: Traffic,
  found: { replicas: number; ready: number },
  now: number,
  calls: number,
): ReturnType<Forecast> {
  const learned = memory.loads.read(i)
  if (learned === undefined) return memory.forecasts[i]!(traffic, found, now, calls)
  if (!traffic.known) return undefined
  const percent = Math.floor(100 * (learned.known?.confidence ?? 0))
  if (learned.sure && learned.known !== undefined) {
    // The forecast reckons with one request per second of a pod.
    const made = memory.forecasts[i]!(traffic, found, now, calls / learned.known.load)
    return made && { ...made, why: say('learnedLoad', { why: made.why, percent }) }
  }
  const { partial } = traffic
  return learned.missed
    ? { replicas: Math.max(found.replicas, Math.ceil(1.5 * found.ready)), why: say('missedObjective', { percent }), partial }
    : { replicas: found.replicas, why: say('learningLoad', { pods: found.replicas, percent }), partial }
}

/** For people, and for the server after this one. */
function loadsOf({ loads }: PolicyMemory, names: readonly string[]): Pick<Facts, 'loads'> {
  const learned = names.flatMap((name, i) => {
    const read = loads.read(i)
    return read === undefined
      ? []
      : [{ name, load: Math.round((read.known?.load ?? 0) * 100) / 100, confidence: Math.floor(100 * (read.known?.confidence ?? 0)) / 100 }]
  })
  return learned.length === 0 ? {} : { loads: learned }
}

function remember({ history }: PolicyMemory, { status }: ScalePlan, { targets, open, requestsPerSecond: rate }: Facts, now: number): void {
  const first = targets[0]
  if (first === undefined) return
  const { min, max } = boundsNow(first, open)
  history.record(now, {
    min,
    max,
    rate,
    ahead: first.proposal?.ahead,
    targets: targets.map(({ name, found, proposal }) => ({
      actual: found?.replicas,
      ready: found?.ready,
      desired: status.services?.find((one) => one.name === name)?.desired,
      predicted: proposal?.replicas,
    })),
  })
}

async function keepStatus(plan: ScalePlan, facts: Facts, memory: PolicyMemory | undefined, ports: PolicyPorts): Promise<void> {
  const { phase, desired, services = [], manual } = plan.status
  // Rates change each second; what matters is who is wanted, what was written and what stands in the way.
  const text = JSON.stringify([
    phase,
    desired,
    manual,
    services.map((one) => [one.name, one.desired, one.written]),
    phase === 'Invalid' || phase === 'Conflict' ? plan.status.message : '',
  ])
  const current = (facts.policy?.status ?? {}) as { phase?: string; message?: string }
  if (
    memory === undefined
      ? current.phase === phase && current.message === plan.status.message
      : memory.statusText === text && ports.now() < memory.statusAt + STATUS_MS
  )
    return
  // First what a person has to know, then that pods are wanted, and numbers alone when there is nothing else to write.
  if (!ports.pace.take(ports.now(), current.phase !== phase ? SPARE.phase : memory?.statusText === text ? SPARE.numbers : SPARE.wanted)) return
  try {
    await ports.cluster.patch(refOf(facts.key), 'merge', { status: { ...plan.status, manual: manual ?? [] } }, { subresource: 'status', fieldManager: MANAGER })
    if (memory) {
      memory.statusText = text
      memory.statusAt = ports.now()
    }
  } catch (error) {
    if (!(error instanceof CodedError && error.code === 'NOT_FOUND')) throw error
  }
}

function memoryOf(key: string, { metadata, spec, status }: ScalePolicyObject, { memory, live, cluster, heard, ask }: PolicyPorts, now: number): PolicyMemory {
  const known = memory.get(key)
  if (known !== undefined && known.generation === metadata.generation) return known
  const namespace = metadata.namespace ?? ''
  const entries = (spec.traffic?.services ?? [spec.target!.name]).map((service) => ({ namespace, service }))
  const promql = spec.traffic?.promql
  const queried = promql === undefined ? undefined : createQueriedTraffic(ask, cluster.name, namespace, promql)
  const seconds = (text: string) => parseDuration(text)! / 1_000
  const parts = [{ target: spec.target!, loadPerPod: spec.loadPerPod, podStart: spec.podStart }, ...spec.services]
  const made: PolicyMemory = {
    generation: metadata.generation,
    ...(queried === undefined
      ? { traffic: createTrafficHistory(live, cluster.name, entries, heard) }
      : { look: queried.look, traffic: createTrafficHistory(queried.stream, cluster.name, [{ namespace, service: '' }]) }),
    forecasts: parts.map((one) =>
      createForecast({
        quantile: spec.quantile,
        keep: seconds(spec.keep),
        loadPerPod: one.loadPerPod ?? 1,
        turn: (memory.size % 599) / 599,
        podStart: seconds(one.podStart ?? spec.podStart),
        since: now,
      }),
    ),
    calls: spec.services.map(({ callsPerRequest, requests }) =>
      followCalls({
        cluster: cluster.name,
        namespace,
        entries: promql === undefined ? entries.map(({ service }) => service) : [],
        given: callsPerRequest,
        requests,
        live,
        ask,
      }),
    ),
    loads: followLoads({
      cluster: cluster.name,
      namespace,
      entries: promql === undefined ? entries.map(({ service }) => service) : [],
      objective: spec.objective,
      workloads: parts.map(({ target, loadPerPod }) => {
        const held = status?.loads?.find(({ name, load }) => name === target.name && load > 0)
        return { given: loadPerPod !== undefined, ...(held === undefined ? {} : { known: held }) }
      }),
      live,
    }),
    statusAt: 0,
    statusText: '',
    changes: known?.changes ?? [],
    history: createHistory(parts.length),
  }
  memory.set(key, made)
  return made
}
