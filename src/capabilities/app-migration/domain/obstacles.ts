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
  'volume-left': row(
    'warning',
    'its data does not come along: no way is named for it (volumes of a move, or `sallyport apps volumes`)',
    '其数据不会一同迁移：未指定迁移方式（迁移的 volumes，或 `sallyport apps volumes`）',
  ),
  'volume-none': row('warning', 'the claim has no volume on the source: there is no data to move', '该声明在来源上没有存储卷：没有数据可迁移'),
  'volume-block': row('warning', 'its data does not come along: a block volume has no files', '其数据不会一同迁移：块存储卷没有文件'),
  'volume-no-snapshots': row(
    'warning',
    'its data does not come along: {cluster} serves no VolumeSnapshots (snapshot.storage.k8s.io)',
    '其数据不会一同迁移：{cluster} 不提供 VolumeSnapshot（snapshot.storage.k8s.io）',
  ),
  'volume-no-driver': row('warning', 'its data does not come along: its volume is of no CSI driver', '其数据不会一同迁移：其存储卷不属于 CSI 驱动'),
  'volume-driver-missing': row(
    'warning',
    'its data does not come along: the target has no CSI driver {driver}',
    '其数据不会一同迁移：目标集群没有 CSI 驱动 {driver}',
  ),
  'volume-same-storage': row(
    'unknown',
    'the snapshot is handed over by its handle: whether both clusters reach the same storage cannot be seen',
    '快照按其句柄移交：无法得知两个集群是否使用同一存储',
  ),
  'volume-used': row(
    'error',
    '{users} still use(s) its data: scale down before it is moved, or allow it (live)',
    '{users} 仍在使用其数据：请先缩容，或允许在使用中迁移（live）',
  ),
  'volume-users-unseen': row('unknown', 'whether pods use its data could not be seen ({reason})', '无法查看是否有 Pod 在使用其数据（{reason}）'),
  'volume-live': row('warning', '{users} use(s) its data, which is taken as it is at some moment', '{users} 正在使用其数据，将按某一时刻的状态获取'),
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
