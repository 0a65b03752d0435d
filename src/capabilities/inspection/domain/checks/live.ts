/** What only a running cluster can tell: states, versions, settings of kubelets, and times. Silent where nobody said what time it is. */
import { parseQuantity } from '#core/kernel/quantity.ts'
import type { Category } from '#core/shapes/check.ts'
import type { Severity } from '#core/shapes/severity.ts'
import { readYaml } from '#core/yaml/read.ts'
import { type Fault, type Hit, type InspectionCheck, objectCheck } from '../check.ts'
import { at, type Inventory, type Item, isFields, listAt, nameOf, namespaceOf, ofKind, ofKindIn } from '../inventory.ts'
import { versionOf } from './components.ts'

const popeye = (...codes: number[]) => codes.map((code) => `popeye/POP-${code}`)
const MINUTE = 60_000
const DAY = 86_400_000
/** A pod may be on its way for so long. */
const PATIENCE_MS = 5 * MINUTE

const live = (
  id: string,
  category: Category,
  severity: Severity,
  aliases: readonly string[],
  en: string,
  zh: string,
  kinds: readonly string[],
  find: (item: Item, inventory: Inventory, now: number) => Fault | readonly Fault[] | undefined,
): InspectionCheck =>
  objectCheck({ id, category, severity, aliases, message: { en, 'zh-CN': zh } }, kinds, (item, inventory) =>
    inventory.now === undefined ? undefined : find(item, inventory, inventory.now),
  )

// biome-ignore lint/style/noRestrictedGlobals: parsing a text is no clock
const ageOf = (text: unknown, now: number): number => (typeof text === 'string' ? now - Date.parse(text) : 0)
const bornLongAgo = ({ object }: Item, now: number): boolean => ageOf(object.metadata.creationTimestamp, now) > PATIENCE_MS
const statuses = (object: Item['object']): { status: unknown; path: (string | number)[] }[] =>
  ['initContainerStatuses', 'containerStatuses'].flatMap((field) =>
    listAt(object, 'status', field).map((status, i) => ({ status, path: ['status', field, i] })),
  )
const condition = (object: Item['object'], type: string): unknown => listAt(object, 'status', 'conditions').find((one) => at(one, 'type') === type)
const short = (text: unknown): string => String(text ?? '').slice(0, 300)

const IMAGE_REASONS = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable', 'ImageInspectError'])
const CONFIG_REASONS = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

const waiting =
  (reasons: ReadonlySet<string>) =>
  (item: Item): Fault[] =>
    statuses(item.object).flatMap(({ status, path }) => {
      const reason = at(status, 'state', 'waiting', 'reason')
      return typeof reason === 'string' && reasons.has(reason)
        ? [{ path, what: `${at(status, 'name')}: ${reason}: ${short(at(status, 'state', 'waiting', 'message'))}` }]
        : []
    })

const NODE_CONDITIONS = [
  ['MemoryPressure', 704, 'little memory left', '内存不足'],
  ['DiskPressure', 705, 'little disk left', '磁盘不足'],
  ['PIDPressure', 706, 'few process ids left', '进程号不足'],
  ['NetworkUnavailable', 707, 'no network', '网络不可用'],
] as const

const isEmpty = (value: unknown): boolean => !isFields(value) || Object.keys(value).length === 0

const kubeletFiles = new WeakMap<Inventory, unknown>()
/** What kubeadm has written for kubelets, where there is such: a node may run with something else. */
function kubeletFile(inventory: Inventory): unknown {
  if (kubeletFiles.has(inventory)) return kubeletFiles.get(inventory)
  const map = ofKindIn(inventory, 'ConfigMap', 'kube-system').find((item) => /^kubelet-config(-1\.\d+)?$/.test(nameOf(item)))
  const text = at(map?.object, 'data', 'kubelet')
  const read = typeof text === 'string' ? readYaml(text, 1 << 20) : undefined
  const found = read?.ok ? read.value.documents[0]?.data : undefined
  kubeletFiles.set(inventory, found)
  return found
}

/** Which of the sources won: the kubelet itself says what it runs with; what the cluster's file says beside it is told when it is something else. */
function sourceOf(path: readonly string[], value: unknown, inventory: Inventory): string {
  const file = kubeletFile(inventory)
  const said = at(file, ...path)
  const shown = (one: unknown) => (one === undefined ? 'nothing' : typeof one === 'string' ? one : JSON.stringify(one))
  if (file === undefined) return `${shown(value)} (/configz)`
  return JSON.stringify(said) === JSON.stringify(value)
    ? `${shown(value)} (/configz, as ConfigMap kube-system/kubelet-config says)`
    : `${shown(value)} (/configz; ConfigMap kube-system/kubelet-config says ${shown(said)}: a flag, a file or a default of the node wins)`
}

/** Settings of a kubelet: `wrong` is told. https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
const KUBELET: readonly {
  id: string
  aliases: readonly string[]
  severity: Severity
  path: readonly string[]
  wrong: (value: unknown, config: unknown) => boolean
  category?: Category
  better?: unknown
  en: string
  zh: string
}[] = [
  {
    id: 'kubelet-anonymous',
    aliases: ['kubescape/C-0172', 'kubescape/C-0069', 'cis/4.2.1'],
    severity: 'critical',
    path: ['authentication', 'anonymous', 'enabled'],
    wrong: (value) => value === true,
    better: false,
    en: 'The kubelet answers requests of nobody in particular.',
    zh: 'kubelet 允许匿名请求。',
  },
  {
    id: 'kubelet-allows-all',
    aliases: ['kubescape/C-0173', 'cis/4.2.2'],
    severity: 'critical',
    path: ['authorization', 'mode'],
    wrong: (value) => value === 'AlwaysAllow',
    better: 'Webhook',
    en: 'The kubelet allows everything to everybody.',
    zh: 'kubelet 允许所有请求。',
  },
  {
    id: 'kubelet-read-only-port',
    aliases: ['kubescape/C-0175', 'cis/4.2.4'],
    severity: 'error',
    path: ['readOnlyPort'],
    wrong: (value) => typeof value === 'number' && value > 0,
    better: 0,
    en: 'The kubelet shows its pods to everybody (read-only port).',
    zh: 'kubelet 开放了无认证的只读端口。',
  },
  {
    id: 'kubelet-idle-streams',
    aliases: ['kubescape/C-0176', 'cis/4.2.5'],
    severity: 'advice',
    path: ['streamingConnectionIdleTimeout'],
    wrong: (value) => value === '0s' || value === 0,
    better: '4h0m0s',
    en: 'Streams of the kubelet stay open for ever.',
    zh: 'kubelet 的流连接永不超时。',
  },
  {
    id: 'kubelet-no-iptables',
    aliases: ['kubescape/C-0178', 'cis/4.2.6'],
    severity: 'warning',
    path: ['makeIPTablesUtilChains'],
    wrong: (value) => value === false,
    better: true,
    en: 'The kubelet does not keep its chains of iptables.',
    zh: 'kubelet 未维护 iptables 链。',
  },
  {
    id: 'kubelet-no-rotation',
    aliases: ['kubescape/C-0182', 'cis/4.2.10'],
    severity: 'warning',
    path: ['rotateCertificates'],
    wrong: (value) => value === false,
    better: true,
    en: 'The kubelet does not renew its certificate: the node drops out when it ends.',
    zh: 'kubelet 不自动轮换证书：过期后节点将掉线。',
  },
  {
    id: 'kubelet-any-client',
    aliases: ['kubescape/C-0174', 'kubescape/C-0070', 'cis/4.2.3'],
    severity: 'error',
    path: ['authentication', 'x509', 'clientCAFile'],
    wrong: (value) => value === undefined || value === '',
    en: 'The kubelet does not know whose client certificates are good.',
    zh: 'kubelet 未设置客户端证书 CA。',
  },
  {
    id: 'kubelet-server-certificate',
    aliases: ['kubescape/C-0183', 'kubescape/C-0181', 'cis/4.2.9', 'cis/4.2.11'],
    severity: 'advice',
    path: ['serverTLSBootstrap'],
    wrong: (value, config) => value !== true && !at(config, 'tlsCertFile'),
    better: true,
    en: 'The kubelet signs its own certificate: nobody can tell it from another.',
    zh: 'kubelet 使用自签名证书：无法校验其身份。',
  },
  {
    id: 'kubelet-weak-ciphers',
    aliases: ['kubescape/C-0184', 'cis/4.2.12'],
    severity: 'warning',
    path: ['tlsCipherSuites'],
    wrong: (value) => Array.isArray(value) && value.some((name) => /_CBC_|_RC4_|_3DES_|^TLS_RSA_/.test(String(name))),
    en: 'The kubelet accepts weak ciphers.',
    zh: 'kubelet 接受弱加密套件。',
  },
  {
    id: 'kubelet-changes-kernel',
    aliases: ['kubescape/C-0177'],
    severity: 'advice',
    path: ['protectKernelDefaults'],
    wrong: (value) => value !== true,
    better: true,
    en: 'The kubelet changes kernel settings instead of telling that they are wrong.',
    zh: 'kubelet 会改动内核参数而不是报错。',
  },
  {
    id: 'kubelet-drops-events',
    aliases: ['kubescape/C-0180', 'cis/4.2.8'],
    severity: 'advice',
    path: ['eventRecordQPS'],
    wrong: (value) => typeof value === 'number' && value > 0 && value < 5,
    better: 50,
    en: 'The kubelet tells few events a second, and drops the others.',
    zh: 'kubelet 每秒上报事件过少，其余会被丢弃。',
  },
  {
    id: 'kubelet-unlimited-processes',
    aliases: ['kubescape/C-0284', 'cis/4.2.13'],
    severity: 'warning',
    path: ['podPidsLimit'],
    wrong: (value) => value === undefined || (typeof value === 'number' && value <= 0),
    better: 4096,
    en: 'One pod can use up all process ids of the node.',
    zh: '单个 Pod 可耗尽节点的进程号。',
  },
  {
    id: 'kubelet-seccomp-off',
    aliases: ['cis/4.2.14'],
    severity: 'advice',
    path: ['seccompDefault'],
    wrong: (value) => value !== true,
    better: true,
    en: 'Containers that name no seccomp profile have none (seccompDefault).',
    zh: '未指定 seccomp 的容器不受限制（seccompDefault）。',
  },
  {
    id: 'kubelet-nothing-reserved',
    aliases: [],
    severity: 'warning',
    category: 'performance',
    path: ['kubeReserved'],
    wrong: (value, config) => isEmpty(value) && isEmpty(at(config, 'systemReserved')),
    better: { cpu: '100m', memory: '256Mi' },
    en: 'Nothing is kept back for the node itself: pods can starve its kubelet.',
    zh: '未为节点自身预留资源：Pod 可能饿死 kubelet。',
  },
  {
    id: 'kubelet-pulls-one-by-one',
    aliases: [],
    severity: 'advice',
    category: 'performance',
    path: ['serializeImagePulls'],
    wrong: (value) => value !== false,
    better: false,
    en: 'Images are pulled one after the other: a big one holds up all other pods of the node.',
    zh: '镜像串行拉取：大镜像会阻塞节点上的其他 Pod。',
  },
  {
    id: 'kubelet-never-evicts',
    aliases: [],
    severity: 'error',
    category: 'performance',
    path: ['evictionHard'],
    wrong: (value) =>
      isFields(value) &&
      ['memory.available', 'nodefs.available'].some((signal) =>
        ['0%', '0', ''].includes(String(value[signal] ?? (Object.keys(value).length > 0 ? '' : 'default'))),
      ),
    better: { 'memory.available': '100Mi', 'nodefs.available': '10%', 'nodefs.inodesFree': '5%', 'imagefs.available': '15%' },
    en: 'The kubelet does not evict before memory or disk runs out: the kernel does.',
    zh: 'kubelet 不会在内存或磁盘耗尽前驱逐：将由内核处理。',
  },
  {
    id: 'kubelet-cleans-late',
    aliases: [],
    severity: 'advice',
    category: 'performance',
    path: ['imageGCHighThresholdPercent'],
    wrong: (value) => typeof value === 'number' && value > 90,
    better: 85,
    en: 'Old images are cleared away only when the disk is nearly full.',
    zh: '磁盘几乎写满后才清理旧镜像。',
  },
  {
    id: 'kubelet-logs-grow',
    aliases: [],
    severity: 'advice',
    category: 'performance',
    path: ['containerLogMaxSize'],
    wrong: (value) => (parseQuantity(String(value ?? '')) ?? 0) > 500 * 2 ** 20,
    better: '50Mi',
    en: 'The log of one container may take more than 500 MiB of the disk.',
    zh: '单个容器日志可占用超过 500 MiB 磁盘。',
  },
  {
    id: 'kubelet-swap-allowed',
    aliases: [],
    severity: 'advice',
    path: ['failSwapOn'],
    wrong: (value) => value === false,
    better: true,
    en: 'The kubelet starts on a node with swap: memory limits mean less.',
    zh: 'kubelet 允许在启用 swap 的节点上启动：内存限制会失真。',
  },
]

const certificate = (id: string, severity: Severity, en: string, zh: string, bad: (left: number) => boolean): InspectionCheck => ({
  id,
  category: 'stability',
  severity,
  aliases: [],
  message: { en, 'zh-CN': zh },
  *find({ certificates, now }) {
    if (now === undefined) return
    for (const { item, path, subject, notAfter } of certificates)
      if (bad(notAfter - now)) yield { item, path, what: `${subject}: ${Math.floor((notAfter - now) / DAY)} days left` }
  },
})

const claims = new WeakMap<Inventory, Set<string>>()
/** Names of claims that pods use, gathered once. */
function usedClaims(inventory: Inventory): Set<string> {
  const known = claims.get(inventory)
  if (known) return known
  const found = new Set(
    inventory.templates.flatMap((pod) =>
      listAt(pod.spec, 'volumes').map((volume) => `${pod.namespace}/${at(volume, 'persistentVolumeClaim', 'claimName') ?? ''}`),
    ),
  )
  claims.set(inventory, found)
  return found
}

export const LIVE_CHECKS: readonly InspectionCheck[] = [
  live('pod-crash-loop', 'stability', 'error', popeye(203, 205), 'A container ends again and again.', '容器反复退出。', ['Pod'], ({ object }) =>
    statuses(object).flatMap(({ status, path }) => {
      const reason = at(status, 'lastState', 'terminated', 'reason')
      const looping = at(status, 'state', 'waiting', 'reason') === 'CrashLoopBackOff'
      return looping
        ? [
            {
              path,
              what: `${at(status, 'name')}: ${at(status, 'restartCount')} restarts, last ${reason ?? '?'} (exit ${at(status, 'lastState', 'terminated', 'exitCode') ?? '?'})`,
            },
          ]
        : []
    }),
  ),
  live(
    'pod-out-of-memory',
    'limitation',
    'error',
    [],
    'A container was killed because it used more memory than it may.',
    '容器因内存超限被终止。',
    ['Pod'],
    ({ object }) =>
      statuses(object).flatMap(({ status, path }) =>
        ['state', 'lastState'].some((state) => at(status, state, 'terminated', 'reason') === 'OOMKilled')
          ? [{ path, what: `${at(status, 'name')}: ${at(status, 'restartCount')} restarts` }]
          : [],
      ),
  ),
  live('pod-image-unavailable', 'stability', 'error', popeye(202), 'An image cannot be had.', '无法获取镜像。', ['Pod'], waiting(IMAGE_REASONS)),
  live('pod-cannot-start', 'stability', 'error', popeye(202), 'A container cannot be started.', '容器无法启动。', ['Pod'], waiting(CONFIG_REASONS)),
  live('pod-pending', 'stability', 'error', popeye(207), 'The pod waits for a node.', 'Pod 等待调度。', ['Pod'], (item, _, now) => {
    const scheduled = condition(item.object, 'PodScheduled')
    return at(item.object, 'status', 'phase') === 'Pending' && at(scheduled, 'status') === 'False' && ageOf(at(scheduled, 'lastTransitionTime'), now) > MINUTE
      ? { path: ['status', 'conditions'], what: `${at(scheduled, 'reason')}: ${short(at(scheduled, 'message'))}` }
      : undefined
  }),
  live('pod-evicted', 'stability', 'warning', popeye(207), 'The pod was evicted from its node.', 'Pod 被节点驱逐。', ['Pod'], ({ object }) =>
    at(object, 'status', 'reason') === 'Evicted' ? { path: ['status', 'reason'], what: short(at(object, 'status', 'message')) } : undefined,
  ),
  live('pod-not-ready', 'stability', 'warning', popeye(204), 'A container runs and is not ready.', '容器运行中但未就绪。', ['Pod'], (item, _, now) =>
    bornLongAgo(item, now) && at(item.object, 'status', 'phase') === 'Running'
      ? statuses(item.object).flatMap(({ status, path }) =>
          at(status, 'ready') === false && at(status, 'state', 'running') ? [{ path, what: String(at(status, 'name')) }] : [],
        )
      : undefined,
  ),
  live(
    'deployment-unavailable',
    'stability',
    'error',
    popeye(501),
    'Fewer replicas are available than are wanted.',
    '可用副本数少于期望值。',
    ['Deployment', 'StatefulSet'],
    (item, _, now) => {
      const [wanted, has] = [
        at(item.object, 'spec', 'replicas') ?? 1,
        at(item.object, 'status', item.object.kind === 'Deployment' ? 'availableReplicas' : 'readyReplicas') ?? 0,
      ]
      return bornLongAgo(item, now) && Number(has) < Number(wanted) ? { path: ['status'], what: `${has} of ${wanted}` } : undefined
    },
  ),
  live('node-not-ready', 'stability', 'critical', popeye(702), 'The node is not ready.', '节点未就绪。', ['Node'], ({ object }) => {
    const ready = condition(object, 'Ready')
    return at(ready, 'status') === 'True' ? undefined : { path: ['status', 'conditions'], what: short(at(ready, 'message') ?? 'no condition Ready') }
  }),
  ...NODE_CONDITIONS.map(([type, code, en, zh]) =>
    live(
      `node-${type.toLowerCase()}`,
      'performance',
      'error',
      popeye(code, ...(type === 'DiskPressure' ? [703] : [])),
      `The node has ${en}.`,
      `节点${zh}。`,
      ['Node'],
      ({ object }) =>
        at(condition(object, type), 'status') === 'True' ? { path: ['status', 'conditions'], what: short(at(condition(object, type), 'message')) } : undefined,
    ),
  ),
  live('node-cordoned', 'stability', 'advice', popeye(711), 'The node takes no new pods.', '节点已停止调度。', ['Node'], ({ object }) =>
    at(object, 'spec', 'unschedulable') === true ? { path: ['spec', 'unschedulable'] } : undefined,
  ),
  live(
    'version-skew',
    'stability',
    'error',
    [],
    'The kubelet is newer than the API server, or too many versions older.',
    'kubelet 版本高于 API 服务器，或落后过多。',
    ['Node'],
    ({ object }, { settings }) => {
      const [server, kubelet] = [versionOf(settings.serverVersion?.[0]), versionOf(at(object, 'status', 'nodeInfo', 'kubeletVersion'))]
      if (!server || !kubelet) return undefined
      const behind = server[1]! - kubelet[1]!
      // Three since 1.28: https://kubernetes.io/releases/version-skew-policy/
      return behind < 0 || behind > (server[1]! >= 28 ? 3 : 2)
        ? { path: ['status', 'nodeInfo', 'kubeletVersion'], what: `${kubelet.join('.')}, API server ${server.join('.')}` }
        : undefined
    },
  ),
  live(
    'quota-nearly-hit',
    'limitation',
    'warning',
    [],
    'A quota of the namespace is used up to 90 % or more.',
    '命名空间配额已使用 90% 以上。',
    ['ResourceQuota'],
    ({ object }) =>
      Object.entries(isFields(at(object, 'status', 'hard')) ? (at(object, 'status', 'hard') as object) : {}).flatMap(([name, hard]) => {
        const [used, most] = [parseQuantity(String(at(object, 'status', 'used', name) ?? '')), parseQuantity(String(hard))]
        return used !== undefined && most !== undefined && most > 0 && used / most >= 0.9
          ? [{ path: ['status', 'used', name], what: `${name}: ${at(object, 'status', 'used', name)} of ${hard}` }]
          : []
      }),
  ),
  live(
    'volume-released',
    'cost',
    'warning',
    popeye(1002),
    'The volume belongs to no claim any more, and is still paid for.',
    '存储卷已无归属但仍在计费。',
    ['PersistentVolume'],
    ({ object }) =>
      ['Released', 'Failed'].includes(String(at(object, 'status', 'phase')))
        ? { path: ['status', 'phase'], what: String(at(object, 'status', 'phase')) }
        : undefined,
  ),
  live(
    'volume-claim-pending',
    'stability',
    'warning',
    popeye(1003),
    'The claim has no volume.',
    '存储卷声明未绑定。',
    ['PersistentVolumeClaim'],
    (item, inventory, now) => {
      if (at(item.object, 'status', 'phase') !== 'Pending' || !bornLongAgo(item, now)) return undefined
      const lazy =
        ofKind(inventory, 'StorageClass').find((one) => nameOf(one) === at(item.object, 'spec', 'storageClassName'))?.object.volumeBindingMode ===
        'WaitForFirstConsumer'
      return lazy && !usedClaims(inventory).has(`${namespaceOf(item)}/${nameOf(item)}`) ? undefined : { path: ['status', 'phase'] }
    },
  ),
  live(
    'volume-claim-unused',
    'cost',
    'advice',
    popeye(400),
    'No pod uses the claim.',
    '没有 Pod 使用该存储卷声明。',
    ['PersistentVolumeClaim'],
    (item, inventory, now) =>
      inventory.unread.has('Pod') ||
      !bornLongAgo(item, now) ||
      usedClaims(inventory).has(`${namespaceOf(item)}/${nameOf(item)}`) ||
      listAt(item.object, 'metadata', 'ownerReferences').length > 0
        ? undefined
        : { path: ['metadata', 'name'] },
  ),
  live(
    'service-without-endpoints',
    'stability',
    'error',
    popeye(1105),
    'No pod of the Service is ready: nobody answers.',
    'Service 没有就绪的 Pod：请求无人应答。',
    ['Service'],
    (item, inventory, now) => {
      const selector = at(item.object, 'spec', 'selector')
      if (
        !isFields(selector) ||
        Object.keys(selector).length === 0 ||
        inventory.unread.has('Endpoints') ||
        !ofKind(inventory, 'Endpoints').length ||
        !bornLongAgo(item, now)
      )
        return undefined
      const endpoints = ofKindIn(inventory, 'Endpoints', namespaceOf(item)).find((one) => nameOf(one) === nameOf(item))
      return endpoints && listAt(endpoints.object, 'subsets').some((subset) => listAt(subset, 'addresses').length > 0)
        ? undefined
        : { path: ['spec', 'selector'] }
    },
  ),
  live('load-balancer-pending', 'stability', 'warning', [], 'The load balancer has no address yet.', '负载均衡尚未分配地址。', ['Service'], (item, _, now) =>
    at(item.object, 'spec', 'type') === 'LoadBalancer' && listAt(item.object, 'status', 'loadBalancer', 'ingress').length === 0 && bornLongAgo(item, now)
      ? { path: ['status', 'loadBalancer'] }
      : undefined,
  ),
  live(
    'namespace-stuck',
    'stability',
    'error',
    popeye(800),
    'The namespace is being deleted and does not go.',
    '命名空间删除卡住。',
    ['Namespace'],
    ({ object }, _, now) =>
      ageOf(object.metadata.deletionTimestamp, now) > PATIENCE_MS
        ? { path: ['metadata', 'deletionTimestamp'], what: listAt(object, 'spec', 'finalizers').join(', ') }
        : undefined,
  ),
  live(
    'api-service-down',
    'stability',
    'error',
    [],
    'An aggregated API does not answer: its kinds are gone, and namespaces cannot be deleted.',
    '聚合 API 不可用：其资源不可访问，且命名空间无法删除。',
    ['APIService'],
    ({ object }) => {
      const available = condition(object, 'Available')
      return isFields(at(object, 'spec', 'service')) && at(available, 'status') === 'False'
        ? { path: ['status', 'conditions'], what: short(at(available, 'message')) }
        : undefined
    },
  ),
  live('cron-job-suspended', 'stability', 'advice', popeye(1500), 'The CronJob is suspended.', 'CronJob 已暂停。', ['CronJob'], ({ object }) =>
    at(object, 'spec', 'suspend') === true ? { path: ['spec', 'suspend'] } : undefined,
  ),
  certificate('certificate-expired', 'critical', 'The certificate has ended.', '证书已过期。', (left) => left <= 0),
  certificate('certificate-expiring', 'error', 'The certificate ends within 30 days.', '证书将在 30 天内过期。', (left) => left > 0 && left < 30 * DAY),
  {
    id: 'api-removed',
    category: 'stability',
    severity: 'error',
    aliases: [...popeye(403), 'kube-score/stable-version', 'kube-linter/no-extensions-v1beta'],
    message: { en: 'The API version of the object is gone in the target version.', 'zh-CN': '该对象的 API 版本在目标版本中已移除。' },
    find: (inventory) => byApi(inventory, 'removed'),
  },
  {
    id: 'api-deprecated',
    category: 'stability',
    severity: 'advice',
    aliases: popeye(403),
    message: { en: 'The API version of the object will be removed.', 'zh-CN': '该对象的 API 版本即将被移除。' },
    find: (inventory) => byApi(inventory, 'deprecated'),
  },
  ...KUBELET.map(({ id, aliases, severity, category = 'security', path, wrong, better, en, zh }) =>
    objectCheck({ id, category, severity, aliases, message: { en, 'zh-CN': zh } }, ['KubeletConfiguration'], ({ object }, inventory) => {
      const value = at(object, ...path)
      if (!wrong(value, object)) return undefined
      return { path, what: sourceOf(path, value, inventory), ...(better === undefined ? {} : { fix: [{ path, value: better }] }) }
    }),
  ),
]

/** By what the object was written with: in files its own version, in a cluster that of whoever wrote it last. */
function* byApi({ items, apiState }: Inventory, wanted: 'removed' | 'deprecated'): Generator<Hit> {
  if (!apiState) return
  for (const item of items) {
    const written =
      item.file === ''
        ? listAt(item.object, 'metadata', 'managedFields').flatMap((one) =>
            at(one, 'operation') === 'Apply' || at(one, 'manager') === 'kubectl-client-side-apply' ? [String(at(one, 'apiVersion'))] : [],
          )
        : [item.object.apiVersion]
    for (const apiVersion of new Set(written)) {
      const state = apiState({ apiVersion, kind: item.object.kind })
      if (state?.state === wanted) yield { item, path: ['apiVersion'], what: `${apiVersion}${state.use === undefined ? '' : ` → ${state.use}`}` }
    }
  }
}
