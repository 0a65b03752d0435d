/** How to bring users over to the other side, in which order, and how to go back. Pure; nothing is done. */
import { groupVersionOf, type KubeObject } from '#core/kube/objects.ts'
import { bodiesOf, bodyOf, textOf } from './parts.ts'

export interface CutoverStep {
  /** What to do, as a sentence in both languages. */
  en: string
  'zh-CN': string
  /** Seconds to wait afterwards. */
  wait: number
}
export interface Cutover {
  hosts: string[]
  /** `weights`: both sides are reachable by the same name, shares move step by step. `dns`: the name is pointed elsewhere. */
  way: 'weights' | 'dns'
  steps: CutoverStep[]
  back: CutoverStep[]
}

export interface CutoverFacts {
  /** Of the records now, seconds; the largest counts. */
  ttl: number
  /** Can users reach both sides at once, so that shares can be moved? */
  bothReachable: boolean
  /** Addresses of the new side's ingress. */
  address?: string
}

/** Shares of the new side, percent, each held for two periods of the low TTL. */
const SHARES = [5, 25, 50, 100] as const
const LOW_TTL = 60

/** Host names that Ingresses and routes among the objects answer to; sorted. */
function hostsOf(objects: readonly KubeObject[]): string[] {
  const hosts = objects.flatMap((object) => {
    const spec = bodyOf(object.spec)
    if (object.kind === 'Ingress') return bodiesOf(spec.rules).map(({ host }) => textOf(host))
    return groupVersionOf(object.apiVersion).group === 'gateway.networking.k8s.io' && Array.isArray(spec.hostnames) ? spec.hostnames.map(textOf) : []
  })
  return [...new Set(hosts.filter((host) => host !== undefined))].sort()
}

/** Undefined when no object is reached by a host name. */
export function cutoverOf(objects: readonly KubeObject[], { ttl, bothReachable, address }: CutoverFacts): Cutover | undefined {
  const hosts = hostsOf(objects)
  if (hosts.length === 0) return undefined
  const names = hosts.join(', ')
  const to = address ?? 'the new ingress'
  const zhTo = address ?? '新入口'
  const step = (en: string, zh: string, wait = 0): CutoverStep => ({ en, 'zh-CN': zh, wait })
  const lower =
    ttl > LOW_TTL
      ? [
          step(
            `Lower the TTL of ${names} from ${ttl} s to ${LOW_TTL} s; caches keep the old one for ${ttl} s.`,
            `将 ${names} 的 TTL 从 ${ttl} 秒降到 ${LOW_TTL} 秒；缓存会在 ${ttl} 秒内保留旧值。`,
            ttl,
          ),
        ]
      : []
  const check = step(
    `Ask the new side by address before users do: curl --resolve '${hosts[0]}:443:${address ?? 'ADDRESS'}' https://${hosts[0]}/`,
    `在用户之前按地址检查新侧：curl --resolve '${hosts[0]}:443:${address ?? 'ADDRESS'}' https://${hosts[0]}/`,
  )
  const data = step(
    'Stop writes on the old side, make the last pass of the volumes (--final), and compare: sallyport apps verify.',
    '停止旧侧写入，执行存储的最后一遍（--final），并比较：sallyport apps verify。',
  )
  const held = 2 * Math.min(ttl, LOW_TTL)
  const move = bothReachable
    ? SHARES.map((share) =>
        step(
          `Give ${to} ${share} % of ${names} (weighted records, or the canary weight of the old ingress); watch errors and latency.`,
          `将 ${names} 的 ${share}% 流量给 ${zhTo}（加权解析或旧入口的灰度权重）；观察错误与延迟。`,
          held,
        ),
      )
    : [step(`Point ${names} at ${to}.`, `将 ${names} 指向 ${zhTo}。`, held)]
  const end = step(
    `Keep the old side for a day, then raise the TTL to ${Math.max(ttl, LOW_TTL)} s and take it down.`,
    `保留旧侧一天，然后将 TTL 调回 ${Math.max(ttl, LOW_TTL)} 秒并下线旧侧。`,
    86_400,
  )
  const back = [
    step(
      `Point ${names} at the old side again (weight 0 for the new one): all users are back after ${LOW_TTL} s.`,
      `将 ${names} 指回旧侧（新侧权重为 0）：${LOW_TTL} 秒后所有用户恢复。`,
      LOW_TTL,
    ),
    step('What was written on the new side meanwhile has to be carried back by hand or by a move the other way.', '期间在新侧写入的数据需手工或反向迁移带回。'),
  ]
  return { hosts, way: bothReachable ? 'weights' : 'dns', steps: [...lower, check, data, ...move, end], back }
}
