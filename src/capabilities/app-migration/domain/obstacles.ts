/** What would stand in the way on the target, found before anything is written: one table of kinds and texts. */
import type { Language } from '#core/kernel/errors.ts'

/** `error`: apply does not begin. `warning`: a person should know. `unknown`: it could not be found out, which is not the same as fine. */
export type ObstacleSeverity = 'error' | 'warning' | 'unknown'

const row = (severity: ObstacleSeverity, en: string, zh: string) => ({ severity, en, 'zh-CN': zh })

export const OBSTACLES = {
  'needs-missing': row('error', 'needs {what}, which is neither among the objects nor on the target', '需要 {what}，既不在对象中，也不在目标集群上'),
  'wants-missing': row('warning', 'names {what}, which is neither among the objects nor on the target', '引用了 {what}，既不在对象中，也不在目标集群上'),
  'needs-unseen': row(
    'unknown',
    'needs {what}; whether it is on the target could not be seen ({reason})',
    '需要 {what}；无法查看目标集群上是否存在（{reason}）',
  ),
  'no-right': row('error', 'you may not {verb} {resource} there ({reason})', '您在目标集群上无权对 {resource} 执行 {verb}（{reason}）'),
  'quota-small': row('error', 'quota {quota} leaves {left} of {resource}, {wanted} are needed', '配额 {quota} 的 {resource} 只剩 {left}，需要 {wanted}'),
  'quota-demands': row(
    'error',
    'quota {quota} demands {resource} of every container, and {container} names none',
    '配额 {quota} 要求每个容器写明 {resource}，而 {container} 没有',
  ),
  'quota-scoped': row('unknown', 'quota {quota} holds for some pods only; it was not computed', '配额 {quota} 只约束部分 Pod；未作计算'),
  'quota-unseen': row('unknown', 'quotas could not be read ({reason})', '无法读取配额（{reason}）'),
  'limit-range': row(
    'error',
    'limit range {range} allows {resource} {bound}, {container} has {value}',
    '限制范围 {range} 只允许 {resource} {bound}，而 {container} 为 {value}',
  ),
  architecture: row('error', 'image {image} is for {has}, the nodes are {nodes}', '镜像 {image} 适用于 {has}，而节点为 {nodes}'),
  'architecture-some': row(
    'warning',
    'image {image} is for {has}; nodes are also {rest}: pods there would not start',
    '镜像 {image} 适用于 {has}；另有节点为 {rest}：其上的 Pod 无法启动',
  ),
  'architecture-unknown': row('unknown', 'image {image} could not be looked at ({reason})', '无法查看镜像 {image}（{reason}）'),
  'image-missing': row('error', 'image {image} is not there', '镜像 {image} 不存在'),
  'owned-there': row('error', 'on the target it belongs to {owner}, which would change it back', '在目标集群上它属于 {owner}，会被改回'),
  'managed-there': row('warning', 'on the target {managers} also write(s) its fields {fields}', '在目标集群上 {managers} 也会写入其字段 {fields}'),
  'target-older': row('warning', 'the target ({target}) is older than the source ({source})', '目标集群（{target}）早于来源集群（{source}）'),
  'kind-gone': row('error', 'the target serves no version of this kind', '目标集群不提供该类型的任何版本'),
  'fields-dropped': row('warning', 'the target does not know these fields and would drop them: {fields}', '目标集群不认识并会丢弃这些字段：{fields}'),
  'field-lost': row('warning', '{path} is lost: {reason}', '{path} 会丢失：{reason}'),
  circle: row('warning', 'need one another and are created together: {members}', '互相依赖，将一同创建：{members}'),
  'patch-failed': row('error', 'patches[{patch}] of the mapping cannot be made: {reason}', '映射中的 patches[{patch}] 无法应用：{reason}'),
  interrupted: row('warning', 'is running on the target already and would be restarted', '已在目标集群上运行，会被重启'),
} as const

export type ObstacleKind = keyof typeof OBSTACLES
export interface Obstacle {
  kind: ObstacleKind
  severity: ObstacleSeverity
  /** `Deployment shop/cart`, or '' for the target as a whole. */
  object: string
  details: Readonly<Record<string, string>>
}

export const obstacle = (kind: ObstacleKind, object: string, details: Readonly<Record<string, string>> = {}): Obstacle => ({
  kind,
  severity: OBSTACLES[kind].severity,
  object,
  details,
})

/** One line, in a language. */
export function describeObstacle({ kind, object, details }: Obstacle, language: Language): string {
  const text = OBSTACLES[kind][language].replace(/\{(\w+)\}/g, (_, name: string) => details[name] ?? '?')
  return object === '' ? text : `${object}: ${text}`
}
