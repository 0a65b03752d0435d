/** What linters ask of workloads: probes, ports, resources, spread, budgets. Habits and tastes run by name or profile; what breaks something is recommended. */
import type { Category } from '#core/shapes/check.ts'
import type { Severity } from '#core/shapes/severity.ts'
import { containerCheck, type Fault, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, type Container, isFields, listAt, nameOf, namespaceOf, ofKind, ofKindIn, type PodTemplate, refersTo, takes } from '../inventory.ts'
import { effective } from './containers.ts'

const linter = (...names: string[]) => names.map((name) => `kube-linter/${name}`)
const score = (...names: string[]) => names.map((name) => `kube-score/${name}`)
const popeye = (...codes: number[]) => codes.map((code) => `popeye/POP-${code}`)

const taste = (id: string, category: Category, aliases: readonly string[], en: string, zh: string) =>
  ({ id, category, severity: 'advice', optional: true, aliases, message: { en, 'zh-CN': zh } }) as const
const fault = (id: string, severity: Severity, aliases: readonly string[], en: string, zh: string) =>
  ({ id, category: 'stability', severity, aliases, message: { en, 'zh-CN': zh } }) as const

const SERVING = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController'])
const REPLICATED = new Set(['Deployment', 'StatefulSet'])
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
const portsOf = ({ spec }: Container): readonly unknown[] => listAt(spec, 'ports')
const probePort = (probe: unknown): unknown => ['httpGet', 'tcpSocket', 'grpc'].map((kind) => at(probe, kind, 'port')).find((port) => port !== undefined)
const probePath = (container: Container, probe: string): (string | number)[] => [...container.path, probe]

const probeChecks = PROBES.map((field) => {
  const word = field.replace('Probe', '')
  return containerCheck(
    taste(
      `${word}-port-undeclared`,
      'stability',
      linter(`${word}-port`),
      `The ${word} probe asks a port that the container does not name among its own.`,
      `${field} 使用了容器未声明的端口。`,
    ),
    (container) => {
      const port = probePort(container.spec[field])
      return port === undefined || portsOf(container).some((one) => at(one, 'containerPort') === port || at(one, 'name') === port)
        ? undefined
        : { path: probePath(container, field), what: `${container.name}: ${port}` }
    },
    ['container'],
  )
})

const equalResources = (
  [
    ['cpu', ['container-resource-requests-equal-limits', 'container-cpu-requests-equal-limits']],
    ['memory', ['container-resource-requests-equal-limits', 'container-memory-requests-equal-limits']],
    ['ephemeral-storage', ['container-ephemeral-storage-request-equals-limit']],
  ] as const
).map(([resource, names]) =>
  containerCheck(
    taste(
      `${resource}-request-below-limit`,
      'limitation',
      score(...names),
      `Request and limit of ${resource} differ: what the container was promised is less than what it may take.`,
      `${resource} 的请求与限制不同：承诺的少于可用的。`,
    ),
    ({ spec, path, name }) => {
      const [request, limit] = [at(spec, 'resources', 'requests', resource), at(spec, 'resources', 'limits', resource)]
      return limit !== undefined && request !== undefined && String(request) !== String(limit)
        ? {
            path: [...path, 'resources', 'requests', resource],
            what: `${name}: ${request} < ${limit}`,
            fix: [{ path: [...path, 'resources', 'requests', resource], value: limit, guess: true }],
          }
        : undefined
    },
    ['container'],
  ),
)

const hasAntiAffinity = (pod: PodTemplate): boolean =>
  ['requiredDuringSchedulingIgnoredDuringExecution', 'preferredDuringSchedulingIgnoredDuringExecution'].some(
    (field) => listAt(pod.spec, 'affinity', 'podAntiAffinity', field).length > 0,
  )
const replicasOf = (pod: PodTemplate): number => {
  const replicas = at(pod.item.object, 'spec', 'replicas')
  return typeof replicas === 'number' ? replicas : 1
}

/** What all containers that stay have, and an init container has not. */
const STRICT: readonly (readonly [name: string, has: (container: Container) => boolean])[] = [
  ['runAsNonRoot', (container) => effective(container, 'runAsNonRoot') === true],
  ['readOnlyRootFilesystem', (container) => at(container.spec, 'securityContext', 'readOnlyRootFilesystem') === true],
  ['allowPrivilegeEscalation: false', (container) => at(container.spec, 'securityContext', 'allowPrivilegeEscalation') === false],
]

const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/
const DAY_S = 86_400

export const LINTER_CHECKS: readonly InspectionCheck[] = [
  ...probeChecks,
  ...equalResources,
  containerCheck(
    fault(
      'probe-names-no-port',
      'error',
      [],
      'A probe asks a port by a name that the container does not have: it always fails.',
      '探针引用了容器中不存在的端口名：始终失败。',
    ),
    (container) =>
      PROBES.flatMap((field): Fault[] => {
        const port = probePort(container.spec[field])
        return typeof port === 'string' && !/^\d+$/.test(port) && !portsOf(container).some((one) => at(one, 'name') === port)
          ? [{ path: probePath(container, field), what: `${container.name}: ${port}` }]
          : []
      }),
    ['container', 'init'],
  ),
  containerCheck(
    fault('port-twice', 'warning', score('container-ports-check'), 'The container names a port twice.', '容器重复声明了端口。'),
    (container) => {
      const seen = new Set<string>()
      return portsOf(container).flatMap((port, i): Fault[] => {
        const keys = [
          `${at(port, 'containerPort')}/${at(port, 'protocol') ?? 'TCP'}`,
          ...(typeof at(port, 'name') === 'string' ? [String(at(port, 'name'))] : []),
        ]
        const again = keys.find((key) => seen.has(key))
        for (const key of keys) seen.add(key)
        return again === undefined ? [] : [{ path: [...container.path, 'ports', i], what: `${container.name}: ${again}` }]
      })
    },
    ['container'],
  ),
  containerCheck(
    taste(
      'startup-probe-missing',
      'stability',
      linter('no-startup-probe'),
      'No startup probe: a slow start looks like a hang.',
      '未设置启动探针：启动缓慢会被误判为挂起。',
    ),
    (container) =>
      SERVING.has(container.pod.kind) && !container.spec.startupProbe ? { path: probePath(container, 'startupProbe'), what: container.name } : undefined,
    ['container'],
  ),
  containerCheck(
    taste('no-probes', 'stability', [...popeye(102), ...score('pod-probes')], 'The container has no probe at all.', '容器未设置任何探针。'),
    (container) =>
      !['Job', 'CronJob'].includes(container.pod.kind) && PROBES.every((field) => !container.spec[field])
        ? { path: [...container.path], what: container.name }
        : undefined,
    ['container'],
  ),
  containerCheck(
    taste(
      'probes-identical',
      'stability',
      score('pod-probes-identical'),
      'Liveness and readiness probe are the same: what is only busy is restarted.',
      '存活与就绪探针相同：仅繁忙的容器会被重启。',
    ),
    ({ spec, path, name }) =>
      spec.livenessProbe && JSON.stringify(spec.livenessProbe) === JSON.stringify(spec.readinessProbe)
        ? { path: [...path, 'livenessProbe'], what: name }
        : undefined,
    ['container'],
  ),
  containerCheck(
    taste('probe-port-by-number', 'stability', popeye(105), 'A probe asks a port by its number, not by its name.', '探针使用端口号而非端口名。'),
    (container) =>
      PROBES.flatMap((field): Fault[] =>
        typeof probePort(container.spec[field]) === 'number' ? [{ path: probePath(container, field), what: container.name }] : [],
      ),
    ['container'],
  ),
  containerCheck(
    taste('port-without-name', 'stability', popeye(108), 'A port of the container has no name.', '容器端口没有名称。'),
    (container) =>
      portsOf(container).flatMap((port, i): Fault[] => (at(port, 'name') ? [] : [{ path: [...container.path, 'ports', i], what: container.name }])),
    ['container'],
  ),
  containerCheck(
    taste(
      'port-below-1024',
      'security',
      linter('privileged-ports'),
      'The container opens a port below 1024, for which it needs more rights.',
      '容器使用了 1024 以下的特权端口。',
    ),
    (container) =>
      portsOf(container).flatMap((port, i): Fault[] => {
        const number = at(port, 'containerPort')
        return typeof number === 'number' && number < 1024
          ? [{ path: [...container.path, 'ports', i, 'containerPort'], what: `${container.name}: ${number}` }]
          : []
      }),
    ['container', 'init'],
  ),
  containerCheck(
    taste(
      'ephemeral-storage-missing',
      'limitation',
      [...linter('unset-ephemeral-storage-requirements'), ...score('container-ephemeral-storage-request-and-limit')],
      'Nothing says how much of the disk of its node the container needs and may take.',
      '未设置临时存储的请求与限制。',
    ),
    ({ spec, path, name }) =>
      (['requests', 'limits'] as const).flatMap((which): Fault[] => {
        const field = [...path, 'resources', which, 'ephemeral-storage']
        return at(spec, 'resources', which, 'ephemeral-storage') === undefined
          ? [{ path: field, what: name, fix: [{ path: field, value: '1Gi', guess: true }] }]
          : []
      }),
    ['container'],
  ),
  containerCheck(
    taste(
      'user-or-group-low',
      'security',
      score('container-security-context-user-group-id'),
      'User or group of the container may be one of its node (not above 10000).',
      '容器用户或组 ID 不高于 10000，可能与节点用户重合。',
    ),
    (container) =>
      (['runAsUser', 'runAsGroup'] as const).flatMap((field): Fault[] => {
        const id = effective(container, field)
        const path = [...container.path, 'securityContext', field]
        return typeof id === 'number' && id >= 10_000 ? [] : [{ path, what: container.name, fix: [{ path, value: 10_001, guess: true }] }]
      }),
    ['container', 'init'],
  ),
  containerCheck(
    taste(
      'init-container-laxer',
      'security',
      linter('init-container-security-gap'),
      'The init container is less confined than the containers after it.',
      '初始化容器的限制弱于主容器。',
    ),
    (container) => {
      const others = container.pod.containers.filter(({ role }) => role === 'container')
      const missing = STRICT.filter(([, has]) => others.length > 0 && others.every(has) && !has(container)).map(([name]) => name)
      return missing.length > 0 ? { path: [...container.path, 'securityContext'], what: `${container.name}: ${missing.join(', ')}` } : undefined
    },
    ['init'],
  ),
  podCheck(
    taste(
      'default-account-used',
      'security',
      [...linter('default-service-account'), ...popeye(300)],
      'The pods run as the default ServiceAccount, as all others do that name none.',
      'Pod 使用 default ServiceAccount。',
    ),
    ({ spec, path }) =>
      ['', 'default', undefined].includes((spec.serviceAccountName ?? spec.serviceAccount) as string | undefined)
        ? { path: [...path, 'serviceAccountName'] }
        : undefined,
  ),
  podCheck(
    taste(
      'anti-affinity-missing',
      'stability',
      [...linter('no-anti-affinity'), ...score('deployment-has-host-podantiaffinity', 'statefulset-has-host-podantiaffinity')],
      'Nothing keeps the replicas on different nodes.',
      '副本之间没有反亲和：可能落在同一节点。',
    ),
    (pod) => (REPLICATED.has(pod.kind) && replicasOf(pod) > 1 && !hasAntiAffinity(pod) ? { path: [...pod.path, 'affinity', 'podAntiAffinity'] } : undefined),
  ),
  podCheck(taste('node-affinity-missing', 'stability', linter('no-node-affinity'), 'Nothing says on which nodes the pods run.', '未设置节点亲和性。'), (pod) =>
    SERVING.has(pod.kind) && !isFields(at(pod.spec, 'affinity', 'nodeAffinity')) ? { path: [...pod.path, 'affinity', 'nodeAffinity'] } : undefined,
  ),
  podCheck(
    taste(
      'dns-options-missing',
      'performance',
      linter('dnsconfig-options'),
      'Names outside the cluster are asked for five times over (no ndots).',
      '未设置 ndots：解析集群外域名时会多次查询。',
    ),
    (pod) =>
      listAt(pod.spec, 'dnsConfig', 'options').some((option) => at(option, 'name') === 'ndots')
        ? undefined
        : {
            path: [...pod.path, 'dnsConfig', 'options'],
            fix: [{ path: [...pod.path, 'dnsConfig', 'options'], value: [{ name: 'ndots', value: '2' }], guess: true }],
          },
  ),
  podCheck(
    fault(
      'restart-policy-wrong',
      'error',
      [...linter('restart-policy'), ...score('cronjob-restartpolicy')],
      'Pods of this kind cannot have this restart policy: the API server refuses it.',
      '该类型的 Pod 不允许此重启策略：API 服务器会拒绝。',
    ),
    (pod) => {
      const policy = pod.spec.restartPolicy
      const runs = pod.kind === 'Job' || pod.kind === 'CronJob'
      const wrong = runs ? !['OnFailure', 'Never'].includes(String(policy)) : SERVING.has(pod.kind) && policy !== undefined && policy !== 'Always'
      const path = [...pod.path, 'restartPolicy']
      return wrong ? { path, what: String(policy ?? 'Always'), fix: [{ path, value: runs ? 'Never' : 'Always' }] } : undefined
    },
  ),
  podCheck(
    {
      ...taste(
        'token-lives-long',
        'security',
        linter('projected-token-long-expiration'),
        'A token that the pod is handed holds for more than a day.',
        '挂载的令牌有效期超过一天。',
      ),
      severity: 'warning',
    },
    (pod) =>
      listAt(pod.spec, 'volumes').flatMap((volume, i) =>
        listAt(volume, 'projected', 'sources').flatMap((source, j): Fault[] => {
          const seconds = at(source, 'serviceAccountToken', 'expirationSeconds')
          const path = [...pod.path, 'volumes', i, 'projected', 'sources', j, 'serviceAccountToken', 'expirationSeconds']
          return typeof seconds === 'number' && seconds > DAY_S ? [{ path, what: `${seconds} s`, fix: [{ path, value: 3600, guess: true }] }] : []
        }),
      ),
  ),
  podCheck(
    fault('pull-secret-missing', 'error', popeye(305), 'The pods name a pull secret that is not among the objects.', 'Pod 引用的镜像拉取密钥不存在。'),
    (pod, inventory) =>
      pod.item.file !== '' && ofKind(inventory, 'Secret').length === 0
        ? undefined
        : listAt(pod.spec, 'imagePullSecrets').flatMap((reference, i): Fault[] => {
            const name = at(reference, 'name')
            const there = inventory.unread.has('Secret') || ofKindIn(inventory, 'Secret', pod.namespace).some((item) => nameOf(item) === name)
            return there ? [] : [{ path: [...pod.path, 'imagePullSecrets', i, 'name'], what: String(name) }]
          }),
  ),
  containerCheck(
    fault(
      'config-key-missing',
      'error',
      linter('env-var-value-from'),
      'A variable comes from a key that its ConfigMap does not have: the container does not start.',
      '环境变量引用了 ConfigMap 中不存在的键：容器无法启动。',
    ),
    ({ pod, spec, path, name }, inventory) =>
      listAt(spec, 'env').flatMap((variable, i): Fault[] => {
        const reference = at(variable, 'valueFrom', 'configMapKeyRef')
        const map =
          isFields(reference) && reference.optional !== true
            ? ofKindIn(inventory, 'ConfigMap', pod.namespace).find((item) => nameOf(item) === reference.name)
            : undefined
        const key = String(at(reference, 'key'))
        return map && at(map.object, 'data', key) === undefined && at(map.object, 'binaryData', key) === undefined
          ? [{ path: [...path, 'env', i, 'valueFrom', 'configMapKeyRef', 'key'], what: `${name}: ${nameOf(map)} ${key}` }]
          : []
      }),
  ),
  podCheck(
    fault(
      'budgets-overlap',
      'error',
      popeye(209),
      'Several PodDisruptionBudgets hold for these pods: none of them can be evicted, and no node of theirs drained.',
      '多个 PodDisruptionBudget 作用于同一组 Pod：无法驱逐，节点无法排空。',
    ),
    (pod, inventory) => {
      const budgets = ofKindIn(inventory, 'PodDisruptionBudget', pod.namespace).filter((item) =>
        takes(at(item.object, 'spec', 'selector'), namespaceOf(item), pod),
      )
      return budgets.length > 1 ? { path: pod.path, what: budgets.map(nameOf).join(', ') } : undefined
    },
  ),
  objectCheck(
    taste(
      'budget-says-nothing',
      'stability',
      score('poddisruptionbudget-has-policy'),
      'The PodDisruptionBudget says neither how many pods stay nor how many may go.',
      'PodDisruptionBudget 未设置 minAvailable 或 maxUnavailable。',
    ),
    ['PodDisruptionBudget'],
    ({ object }) =>
      at(object, 'spec', 'minAvailable') === undefined && at(object, 'spec', 'maxUnavailable') === undefined
        ? { path: ['spec', 'maxUnavailable'], fix: [{ path: ['spec', 'maxUnavailable'], value: 1, guess: true }] }
        : undefined,
  ),
  objectCheck(
    taste(
      'budget-keeps-broken-pods',
      'stability',
      linter('pdb-unhealthy-pod-eviction-policy'),
      'Pods that are not ready hold up a drain (unhealthyPodEvictionPolicy is not AlwaysAllow).',
      '未就绪的 Pod 会阻碍排空（未设置 unhealthyPodEvictionPolicy: AlwaysAllow）。',
    ),
    ['PodDisruptionBudget'],
    ({ object }) => {
      const path = ['spec', 'unhealthyPodEvictionPolicy']
      return at(object, ...path) === 'AlwaysAllow' ? undefined : { path, fix: [{ path, value: 'AlwaysAllow' }] }
    },
  ),
  objectCheck(
    taste('below-three-replicas', 'stability', linter('minimum-three-replicas'), 'Fewer than three replicas.', '副本数少于三个。'),
    ['Deployment'],
    ({ object }) => {
      const replicas = at(object, 'spec', 'replicas') ?? 1
      return typeof replicas === 'number' && replicas < 3
        ? { path: ['spec', 'replicas'], what: String(replicas), fix: [{ path: ['spec', 'replicas'], value: 3, guess: true }] }
        : undefined
    },
  ),
  objectCheck(
    taste(
      'autoscaler-below-three',
      'stability',
      linter('hpa-minimum-three-replicas'),
      'The autoscaler may go below three replicas.',
      '自动伸缩的最小副本数低于三个。',
    ),
    ['HorizontalPodAutoscaler'],
    ({ object }) => {
      const least = at(object, 'spec', 'minReplicas') ?? 1
      return typeof least === 'number' && least < 3
        ? { path: ['spec', 'minReplicas'], what: String(least), fix: [{ path: ['spec', 'minReplicas'], value: 3, guess: true }] }
        : undefined
    },
  ),
  objectCheck(
    fault(
      'replicas-beside-autoscaler',
      'advice',
      score('deployment-targeted-by-hpa-does-not-have-replicas-configured'),
      'The manifest sets replicas although an autoscaler does: each apply undoes what it has decided.',
      '已有自动伸缩仍在清单中设置 replicas：每次应用都会覆盖其决定。',
    ),
    ['Deployment', 'StatefulSet'],
    (item, inventory) =>
      // In a cluster the field is always there: the autoscaler writes it.
      item.file !== '' &&
      at(item.object, 'spec', 'replicas') !== undefined &&
      ofKindIn(inventory, 'HorizontalPodAutoscaler', namespaceOf(item)).some((scaler) => refersTo(at(scaler.object, 'spec', 'scaleTargetRef'), scaler, item))
        ? { path: ['spec', 'replicas'], fix: [{ path: ['spec', 'replicas'], value: undefined }] }
        : undefined,
  ),
  objectCheck(
    fault(
      'stateful-service-missing',
      'warning',
      score('statefulset-has-servicename'),
      'The StatefulSet names no headless Service among the objects: its pods have no names of their own.',
      'StatefulSet 未关联 headless Service：Pod 没有稳定域名。',
    ),
    ['StatefulSet'],
    (item, inventory) => {
      const name = at(item.object, 'spec', 'serviceName')
      if (inventory.unread.has('Service') || (item.file !== '' && ofKind(inventory, 'Service').length === 0)) return undefined
      const service = ofKindIn(inventory, 'Service', namespaceOf(item)).find((one) => nameOf(one) === name)
      return service && at(service.object, 'spec', 'clusterIP') === 'None'
        ? undefined
        : { path: ['spec', 'serviceName'], ...(typeof name === 'string' ? { what: name } : {}) }
    },
  ),
  objectCheck(
    taste(
      'cron-job-without-deadline',
      'stability',
      score('cronjob-has-deadline'),
      'After 100 missed starts the CronJob never starts again (no startingDeadlineSeconds).',
      '未设置 startingDeadlineSeconds：错过 100 次后将不再启动。',
    ),
    ['CronJob'],
    ({ object }) => {
      const path = ['spec', 'startingDeadlineSeconds']
      return at(object, ...path) === undefined ? { path, fix: [{ path, value: 100, guess: true }] } : undefined
    },
  ),
  objectCheck(
    taste(
      'job-stays',
      'cost',
      linter('job-ttl-seconds-after-finished'),
      'Nobody clears the Job away when it is done (no ttlSecondsAfterFinished).',
      '未设置 ttlSecondsAfterFinished：完成后不会清理。',
    ),
    ['Job'],
    ({ object }) => {
      const path = ['spec', 'ttlSecondsAfterFinished']
      return at(object, ...path) === undefined && listAt(object, 'metadata', 'ownerReferences').length === 0
        ? { path, fix: [{ path, value: DAY_S, guess: true }] }
        : undefined
    },
  ),
  {
    ...fault('label-value-invalid', 'error', score('label-values'), 'A label has a value that the API server refuses.', '标签值无效：API 服务器会拒绝。'),
    *find({ items }) {
      for (const item of items)
        for (const [key, value] of Object.entries(isFields(item.object.metadata?.labels) ? item.object.metadata.labels : {}))
          if (typeof value !== 'string' || !LABEL_VALUE.test(value)) yield { item, path: ['metadata', 'labels', key], what: String(value) }
    },
  },
  podCheck(
    taste('owner-label-missing', 'stability', linter('required-label-owner'), 'No label says who owns the object (owner).', '没有 owner 标签。'),
    ({ item }) => (at(item.object, 'metadata', 'labels', 'owner') ? undefined : { path: ['metadata', 'labels', 'owner'] }),
  ),
  podCheck(
    taste('email-annotation-missing', 'stability', linter('required-annotation-email'), 'No annotation says whom to write to (email).', '没有 email 注解。'),
    ({ item }) =>
      /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(String(at(item.object, 'metadata', 'annotations', 'email') ?? ''))
        ? undefined
        : { path: ['metadata', 'annotations', 'email'] },
  ),
  objectCheck(
    taste('scaled-to-zero', 'stability', popeye(500), 'The workload is scaled to zero.', '工作负载副本数为零。'),
    ['Deployment', 'StatefulSet'],
    ({ object }) => (at(object, 'spec', 'replicas') === 0 ? { path: ['spec', 'replicas'] } : undefined),
  ),
  objectCheck(
    {
      ...taste(
        'privileged-allowed',
        'security',
        linter('scc-deny-privileged-container'),
        'The SecurityContextConstraints let pods be privileged.',
        'SecurityContextConstraints 允许特权容器。',
      ),
      severity: 'error',
    },
    ['SecurityContextConstraints'],
    ({ object }) =>
      object.allowPrivilegedContainer === true
        ? { path: ['allowPrivilegedContainer'], fix: [{ path: ['allowPrivilegedContainer'], value: false }] }
        : undefined,
  ),
]
