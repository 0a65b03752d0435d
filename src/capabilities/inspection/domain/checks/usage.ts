/** What containers and nodes really use, beside what was asked for (days of metrics where they are kept, else metrics.k8s.io): right sizes, and what they would save. */
import { parseQuantity } from '#core/kernel/quantity.ts'
import type { Category } from '#core/shapes/check.ts'
import type { Severity } from '#core/shapes/severity.ts'
import { type Fault, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, type Container, type Inventory, type Item, listAt, nameOf, ofKind, ofKindIn, type PodTemplate, selectsLabels } from '../inventory.ts'

export const amountOf = (value: unknown): number | undefined =>
  typeof value === 'string' || typeof value === 'number' ? parseQuantity(String(value)) : undefined

const GIB = 2 ** 30
const HOURS_A_MONTH = 730
/** Of the list prices of large clouds (USD): people set their own in the settings. */
const PRICES = { corePerHour: 0.0316, gibPerHour: 0.0042, storageGibPerMonth: 0.1, balancerPerMonth: 18 }

/** `about 12 USD a month (1.5 cores, 2 GiB)`. Prices come from the settings of the same names, `currency` too. */
export function perMonth({ settings }: Inventory, saved: { cores?: number; memory?: number; storage?: number; balancers?: number }): string {
  const price = (name: keyof typeof PRICES): number => {
    const own = Number(settings[name]?.[0])
    return Number.isFinite(own) && own >= 0 ? own : PRICES[name]
  }
  const { cores = 0, memory = 0, storage = 0, balancers = 0 } = saved
  const money =
    (cores * price('corePerHour') + (memory / GIB) * price('gibPerHour')) * HOURS_A_MONTH +
    (storage / GIB) * price('storageGibPerMonth') +
    balancers * price('balancerPerMonth')
  const parts = [
    ...(cores > 0 ? [`${Math.round(cores * 100) / 100} cores`] : []),
    ...(memory > 0 ? [`${Math.round((memory / GIB) * 100) / 100} GiB`] : []),
    ...(storage > 0 ? [`${Math.round((storage / GIB) * 100) / 100} GiB of storage`] : []),
  ]
  return `about ${money < 10 ? Math.round(money * 100) / 100 : Math.round(money)} ${settings.currency?.[0] ?? 'USD'} a month${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`
}

type Resource = 'cpu' | 'memory'
interface Used {
  /** The most that one of the pods uses: cores, bytes. */
  most: number
  pods: number
  /** `over 7 days`, `at the moment` */
  when: string
}

const named = new WeakMap<readonly Item[], ReadonlyMap<string, Item>>()
/** Of one namespace, gathered once. */
function byName(items: readonly Item[]): ReadonlyMap<string, Item> {
  const known = named.get(items) ?? new Map(items.map((item) => [nameOf(item), item]))
  named.set(items, known)
  return known
}

const podsOf = (pod: PodTemplate, inventory: Inventory): readonly Item[] => {
  if (pod.kind === 'Pod') return [pod.item]
  if (Object.keys(pod.labels).length === 0) return []
  return ofKindIn(inventory, 'Pod', pod.namespace).filter(({ object }) => selectsLabels({ matchLabels: pod.labels }, object.metadata.labels))
}

/** A container by its name in all pods of a template that are measured now. */
function usedNow({ pod, name }: Container, inventory: Inventory, resource: Resource): Used | undefined {
  const measured = byName(ofKindIn(inventory, 'PodMetrics', pod.namespace))
  if (measured.size === 0) return undefined
  const amounts = podsOf(pod, inventory).flatMap((item) => {
    const found = listAt(measured.get(nameOf(item))?.object, 'containers').find((one) => at(one, 'name') === name)
    return amountOf(at(found, 'usage', resource)) ?? []
  })
  return amounts.length > 0 ? { most: Math.max(...amounts), pods: amounts.length, when: 'at the moment' } : undefined
}

/** Letters of made names: https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go */
const MADE = '[bcdfghjklmnpqrstvwxz2456789]'
const NAMES_OF_PODS: Readonly<Record<string, string>> = {
  Deployment: `-${MADE}{1,10}-${MADE}{5}`,
  StatefulSet: '-\\d+',
  DaemonSet: `-${MADE}{5}`,
  ReplicaSet: `-${MADE}{5}`,
  ReplicationController: `-${MADE}{5}`,
}

/** The same over days, with pods that are gone since: they are known by how their maker names them. */
function usedOverTime({ pod, name }: Container, inventory: Inventory, resource: Resource): Used | undefined {
  const measured = inventory.usage?.byContainer.get(`${pod.namespace || 'default'}/${name}`)
  if (!inventory.usage || !measured) return undefined
  const now = new Set(podsOf(pod, inventory).map(nameOf))
  const made = Object.hasOwn(NAMES_OF_PODS, pod.kind)
    ? new RegExp(`^${nameOf(pod.item).replace(/[.+?^${}()|[\]\\]/g, '\\$&')}${NAMES_OF_PODS[pod.kind]}$`)
    : undefined
  const amounts = measured.filter((one) => now.has(one.pod) || made?.test(one.pod)).flatMap((one) => one[resource] ?? [])
  return amounts.length > 0 && now.size > 0 ? { most: Math.max(...amounts), pods: now.size, when: spanText(inventory.usage.span) } : undefined
}

const HOUR = 3_600_000
/** `over 6.9 days` */
export const spanText = (ms: number): string =>
  ms >= 24 * HOUR ? `over ${Math.round(ms / (2.4 * HOUR)) / 10} days` : `over ${Math.round(ms / (HOUR / 10)) / 10} h`

/** Room above what is used. */
const ROOM = { cpu: 1.3, memory: 1.3 } as const
/** Less than that is not worth a restart: cores, bytes. */
const LEAST = { cpu: 0.1, memory: 128 * 2 ** 20 } as const
/** Requests are not set below that. */
const FLOOR = { cpu: 0.01, memory: 16 * 2 ** 20 } as const
const rounded = (resource: Resource, amount: number): string =>
  resource === 'cpu' ? `${Math.ceil(Math.max(amount, FLOOR.cpu) * 100) * 10}m` : `${Math.ceil(Math.max(amount, FLOOR.memory) / 2 ** 20)}Mi`
const shown = (resource: Resource, amount: number): string => (resource === 'cpu' ? `${Math.round(amount * 1000)}m` : `${Math.round(amount / 2 ** 20)}Mi`)

const LONG_RUNNING = new Set(['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController'])

const sized = (
  id: string,
  category: Category,
  severity: Severity,
  aliases: readonly string[],
  en: string,
  zh: string,
  find: (
    container: Container,
    used: (resource: Resource) => Used | undefined,
    inventory: Inventory,
    now: (resource: Resource) => Used | undefined,
  ) => readonly Fault[],
): InspectionCheck =>
  podCheck({ id, category, severity, aliases, message: { en, 'zh-CN': zh } }, (pod, inventory) =>
    inventory.now === undefined || !LONG_RUNNING.has(pod.kind)
      ? []
      : pod.containers
          .filter(({ role }) => role === 'container')
          .flatMap((container) => {
            const now = (resource: Resource) => usedNow(container, inventory, resource)
            return find(container, (resource) => usedOverTime(container, inventory, resource) ?? now(resource), inventory, now)
          }),
  )

const RESOURCES = ['cpu', 'memory'] as const

export const USAGE_CHECKS: readonly InspectionCheck[] = [
  ...RESOURCES.map((resource) =>
    sized(
      `${resource}-over-requested`,
      'cost',
      'advice',
      [`popeye/POP-${resource === 'cpu' ? 504 : 506}`],
      `The container asks for more than twice the ${resource} that it uses.`,
      `容器请求的 ${resource} 超过实际用量的两倍。`,
      ({ spec, path, name }, used, inventory) => {
        const [request, now] = [amountOf(at(spec, 'resources', 'requests', resource)), used(resource)]
        if (request === undefined || !now) return []
        const better = Math.max(now.most * ROOM[resource], FLOOR[resource])
        const saved = (request - better) * now.pods
        if (request <= 2 * now.most || saved < LEAST[resource]) return []
        const field = [...path, 'resources', 'requests', resource]
        const money = perMonth(inventory, resource === 'cpu' ? { cores: saved } : { memory: saved })
        return [
          {
            path: field,
            what: `${name}: ${shown(resource, now.most)} of ${at(spec, 'resources', 'requests', resource)} ${now.when}, in ${now.pods} pods; ${money}`,
            fix: [{ path: field, value: rounded(resource, better), guess: true }],
          },
        ]
      },
    ),
  ),
  ...RESOURCES.map((resource) =>
    sized(
      `${resource}-under-requested`,
      'performance',
      'warning',
      resource === 'cpu' ? ['popeye/POP-109', 'popeye/POP-503'] : ['popeye/POP-110', 'popeye/POP-505'],
      `The container uses more ${resource} than it asks for: ${resource === 'cpu' ? 'it is slowed down' : 'it is evicted first'} when its node is full.`,
      `容器使用的 ${resource} 超过请求值：节点繁忙时会被${resource === 'cpu' ? '限速' : '优先驱逐'}。`,
      ({ spec, path, name }, used) => {
        const [request, now] = [amountOf(at(spec, 'resources', 'requests', resource)), used(resource)]
        if (request === undefined || !now || now.most <= request * 1.2 || now.most - request < LEAST[resource] / 4) return []
        const field = [...path, 'resources', 'requests', resource]
        return [
          {
            path: field,
            what: `${name}: ${shown(resource, now.most)} of ${at(spec, 'resources', 'requests', resource)} ${now.when}`,
            fix: [{ path: field, value: rounded(resource, now.most * ROOM[resource]), guess: true }],
          },
        ]
      },
    ),
  ),
  ...RESOURCES.map((resource) =>
    sized(
      `${resource}-near-limit`,
      'limitation',
      resource === 'cpu' ? 'warning' : 'error',
      [`popeye/POP-${resource === 'cpu' ? 111 : 112}`],
      `The container uses 90 % or more of its ${resource} limit: ${resource === 'cpu' ? 'it is throttled' : 'it is about to be killed'}.`,
      `容器已使用 ${resource} 限制的 90% 以上：即将被${resource === 'cpu' ? '限流' : '终止'}。`,
      ({ spec, path, name }, used, _, usedNow) => {
        const [limit, now] = [amountOf(at(spec, 'resources', 'limits', resource)), usedNow(resource) ?? used(resource)]
        return limit !== undefined && limit > 0 && now && now.most >= 0.9 * limit
          ? [
              {
                path: [...path, 'resources', 'limits', resource],
                what: `${name}: ${shown(resource, now.most)} of ${at(spec, 'resources', 'limits', resource)} ${now.when}`,
              },
            ]
          : []
      },
    ),
  ),
  ...RESOURCES.map((resource) =>
    objectCheck(
      {
        id: `node-${resource}-busy`,
        category: 'performance',
        severity: 'warning',
        aliases: [`popeye/POP-${resource === 'cpu' ? 709 : 710}`],
        message: { en: `The node uses 80 % or more of its ${resource}.`, 'zh-CN': `节点 ${resource} 使用率达到 80% 以上。` },
      },
      ['Node'],
      ({ object }, inventory) => {
        const measured = ofKind(inventory, 'NodeMetrics').find((item) => nameOf(item) === object.metadata.name)
        const [used, there] = [amountOf(at(measured?.object, 'usage', resource)), amountOf(at(object, 'status', 'allocatable', resource))]
        return inventory.now !== undefined && used !== undefined && there !== undefined && there > 0 && used / there >= 0.8
          ? { path: ['status', 'allocatable', resource], what: `${Math.round((used / there) * 100)} %` }
          : undefined
      },
    ),
  ),
  objectCheck(
    {
      id: 'node-not-measured',
      category: 'performance',
      severity: 'advice',
      aliases: ['popeye/POP-708'],
      message: { en: 'Nobody measures the node, although others are measured.', 'zh-CN': '其他节点有指标，而该节点没有。' },
    },
    ['Node'],
    ({ object }, inventory) => {
      const measured = ofKind(inventory, 'NodeMetrics')
      return inventory.now === undefined || measured.length === 0 || measured.some((item) => nameOf(item) === object.metadata.name)
        ? undefined
        : { path: ['metadata', 'name'] }
    },
  ),
]
