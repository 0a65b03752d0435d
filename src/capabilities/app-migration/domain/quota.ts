/** Would the objects fit into the quotas and limit ranges of their namespaces? https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
import { parseQuantity } from '#core/kernel/quantity.ts'
import { describeRef, groupVersionOf, type KubeObject, refOf } from '#core/kube/objects.ts'
import { type Obstacle, obstacle } from './obstacles.ts'
import { type Body, bodiesOf, bodyOf, templateOf } from './parts.ts'

export interface QuotaFacts {
  /** ResourceQuotas and LimitRanges of the target, those that come along too. */
  quotas: readonly KubeObject[]
  ranges: readonly KubeObject[]
  /** Nodes that a DaemonSet would run on. */
  nodes: number
  /** `deployments` for a Deployment. */
  pluralOf(object: KubeObject): string
}

type Amounts = Map<string, number>
const add = (to: Amounts, key: string, value: number): void => void to.set(key, (to.get(key) ?? 0) + value)
const amount = (value: unknown): number => parseQuantity(String(value ?? '0')) ?? 0
const textOfAmount = (value: number): string => String(Number(value.toFixed(3)))

/** Objects are those that would be created. */
export function quotaObstacles(objects: readonly KubeObject[], facts: QuotaFacts): Obstacle[] {
  const found: Obstacle[] = []
  const namespaces = Map.groupBy(
    objects.filter(({ metadata }) => metadata.namespace !== undefined),
    ({ metadata }) => metadata.namespace!,
  )
  for (const [namespace, within] of namespaces) {
    const ranges = facts.ranges.filter(({ metadata }) => metadata.namespace === namespace).flatMap((range) => limitsOf(range))
    const pods = within
      .flatMap((object) => podsOf(object, within, facts.nodes))
      .map(({ object, count, spec }) => ({ object, count, containers: containersWith(spec, ranges) }))
    for (const { object, containers } of pods) found.push(...rangeObstacles(object, containers, ranges))
    for (const quota of facts.quotas.filter(({ metadata }) => metadata.namespace === namespace)) {
      const who = `ResourceQuota ${namespace}/${quota.metadata.name}`
      const spec = bodyOf(quota.spec)
      if ((Array.isArray(spec.scopes) && spec.scopes.length > 0) || spec.scopeSelector !== undefined) {
        found.push(obstacle('quota-scoped', '', { quota: who }))
        continue
      }
      const wanted = wantedOf(within, pods, facts)
      const used = bodyOf(bodyOf(quota.status).used)
      for (const [resource, hard] of Object.entries(bodyOf(spec.hard))) {
        const need = wanted.get(resource) ?? 0
        const left = amount(hard) - amount(used[resource])
        if (need > left) found.push(obstacle('quota-small', '', { quota: who, resource, left: textOfAmount(left), wanted: textOfAmount(need) }))
        const [kind, name] = computeOf(resource) ?? []
        // Only these two are demanded by the API server when a quota counts them.
        if (kind === undefined || (name !== 'cpu' && name !== 'memory')) continue
        for (const { object, containers } of pods)
          for (const container of containers)
            if (container[kind][name] === undefined)
              found.push(obstacle('quota-demands', describeRef(refOf(object)), { quota: who, resource, container: container.name }))
      }
    }
  }
  return found
}

interface Container {
  name: string
  init: boolean
  requests: Body
  limits: Body
}

/** `requests.cpu` → requests of cpu; `cpu` means the same. Undefined for what counts objects. */
function computeOf(resource: string): ['requests' | 'limits', string] | undefined {
  if (resource === 'cpu' || resource === 'memory' || resource === 'ephemeral-storage') return ['requests', resource]
  if (resource === 'requests.storage') return undefined
  const found = /^(requests|limits)\.(.+)$/.exec(resource)
  return found ? [found[1] as 'requests' | 'limits', found[2]!] : undefined
}

/** Containers as admission would leave them: limits stand in for requests, limit ranges for what is not named. */
function containersWith(spec: Body, ranges: readonly Body[]): Container[] {
  const defaults = ranges.filter(({ type }) => type === 'Container')
  const one = (container: Body, init: boolean): Container => {
    const resources = bodyOf(container.resources)
    const limits = { ...Object.assign({}, ...defaults.map((range) => bodyOf(range.default))), ...bodyOf(resources.limits) }
    const requests = {
      ...limits,
      ...Object.assign({}, ...defaults.map((range) => bodyOf(range.defaultRequest))),
      ...bodyOf(resources.limits),
      ...bodyOf(resources.requests),
    }
    return { name: String(container.name), init, requests, limits }
  }
  return [...bodiesOf(spec.containers).map((container) => one(container, false)), ...bodiesOf(spec.initContainers).map((container) => one(container, true))]
}

/** With what the API server fills in: `max` stands in for `default`, that and `min` for `defaultRequest`. */
const limitsOf = (range: KubeObject): Body[] =>
  bodiesOf(bodyOf(range.spec).limits).map((limit) => {
    const defaults = { ...bodyOf(limit.max), ...bodyOf(limit.default) }
    return { ...limit, default: defaults, defaultRequest: { ...bodyOf(limit.min), ...defaults, ...bodyOf(limit.defaultRequest) }, range: range.metadata.name }
  })

function rangeObstacles(object: KubeObject, containers: readonly Container[], ranges: readonly Body[]): Obstacle[] {
  return ranges
    .filter(({ type }) => type === 'Container')
    .flatMap((range) =>
      containers.flatMap((container) =>
        (['min', 'max'] as const).flatMap((bound) =>
          Object.entries(bodyOf(range[bound])).flatMap(([resource, limit]) => {
            const value = (bound === 'min' ? container.requests : container.limits)[resource]
            const refused = bound === 'min' ? value !== undefined && amount(value) < amount(limit) : value === undefined || amount(value) > amount(limit)
            if (!refused) return []
            const details = { range: String(range.range), resource, bound: `${bound} ${String(limit)}`, container: container.name, value: String(value ?? '-') }
            return [obstacle('limit-range', describeRef(refOf(object)), details)]
          }),
        ),
      ),
    )
}

/** How many pods an object makes, of what. */
function podsOf(object: KubeObject, all: readonly KubeObject[], nodes: number): { object: KubeObject; count: number; spec: Body }[] {
  const template = templateOf(object)
  if (template === undefined || object.kind === 'PodTemplate') return []
  const spec = bodyOf(object.spec)
  const scaled = all.find(
    (other) =>
      other.kind === 'HorizontalPodAutoscaler' &&
      bodyOf(bodyOf(other.spec).scaleTargetRef).kind === object.kind &&
      bodyOf(bodyOf(other.spec).scaleTargetRef).name === object.metadata.name,
  )
  const replicas = Math.max(Number(spec.replicas ?? 1), scaled === undefined ? 0 : Number(bodyOf(scaled.spec).minReplicas ?? 1))
  const counts: Record<string, number> = {
    Pod: 1,
    DaemonSet: nodes,
    Job: Number(spec.parallelism ?? 1),
    CronJob: spec.suspend === true ? 0 : Number(bodyOf(bodyOf(spec.jobTemplate).spec).parallelism ?? 1),
  }
  return [{ object, count: counts[object.kind] ?? replicas, spec: bodyOf(template.spec) }]
}

function wantedOf(
  objects: readonly KubeObject[],
  pods: readonly { object: KubeObject; count: number; containers: readonly Container[] }[],
  facts: QuotaFacts,
): Amounts {
  const wanted: Amounts = new Map()
  for (const { count, containers } of pods) {
    add(wanted, 'pods', count)
    add(wanted, 'count/pods', count)
    for (const kind of ['requests', 'limits'] as const) {
      const names = new Set(containers.flatMap((container) => Object.keys(container[kind])))
      for (const name of names) {
        const of = (init: boolean) => containers.filter((container) => container.init === init).map((container) => amount(container[kind][name]))
        const value =
          count *
          Math.max(
            of(false).reduce((sum, one) => sum + one, 0),
            ...of(true),
            0,
          )
        add(wanted, `${kind}.${name}`, value)
        if (kind === 'requests' && (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage')) add(wanted, name, value)
      }
    }
  }
  const claim = (spec: Body, count: number): void => {
    const size = count * amount(bodyOf(bodyOf(spec.resources).requests).storage)
    add(wanted, 'persistentvolumeclaims', count)
    add(wanted, 'requests.storage', size)
    if (typeof spec.storageClassName !== 'string') return
    add(wanted, `${spec.storageClassName}.storageclass.storage.k8s.io/persistentvolumeclaims`, count)
    add(wanted, `${spec.storageClassName}.storageclass.storage.k8s.io/requests.storage`, size)
  }
  for (const object of objects) {
    const plural = facts.pluralOf(object)
    const { group } = groupVersionOf(object.apiVersion)
    if (object.kind !== 'Pod') add(wanted, `count/${group === '' ? plural : `${plural}.${group}`}`, 1)
    if (group === '' && /^(?:services|configmaps|secrets|replicationcontrollers|resourcequotas)$/.test(plural)) add(wanted, plural, 1)
    const spec = bodyOf(object.spec)
    if (object.kind === 'PersistentVolumeClaim') claim(spec, 1)
    for (const template of bodiesOf(spec.volumeClaimTemplates)) claim(bodyOf(template.spec), Number(spec.replicas ?? 1))
    if (object.kind !== 'Service' || group !== '') continue
    if (spec.type === 'LoadBalancer') add(wanted, 'services.loadbalancers', 1)
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') add(wanted, 'services.nodeports', bodiesOf(spec.ports).length)
  }
  return wanted
}
