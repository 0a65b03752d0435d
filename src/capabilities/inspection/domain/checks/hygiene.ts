/** Images and where they come from, labels, kinds, and how workloads are started and replaced. */
import { parseQuantity } from '#core/kernel/quantity.ts'
import { containerCheck, type Fault, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, type Container, type Inventory, isFields, listAt, nameOf, ofKindIn, type PodTemplate } from '../inventory.ts'
import { EVERY_ROLE } from './containers.ts'
import { imageParts, probeFix } from './images-and-resources.ts'

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)

/** The registry of an image reference: what Docker Hub's short names leave out is filled in. */
export function registryOf(image: unknown): string | undefined {
  if (typeof image !== 'string' || image === '') return undefined
  const first = image.split('/')[0]!
  return image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost') ? first : 'docker.io'
}
/** The image with its registry, and the part `library/` that Docker Hub has for its own. */
function wholeName(image: string): string {
  if (registryOf(image) !== 'docker.io' || image.startsWith('docker.io/')) return image
  return `docker.io/${image.includes('/') ? '' : 'library/'}${image}`
}

const images = (
  id: string,
  aliases: readonly string[],
  bad: (image: string, container: Container, inventory: Inventory) => boolean,
  en: string,
  zh: string,
  more: { severity?: 'advice' | 'warning' | 'error'; optional?: true } = {},
): InspectionCheck =>
  containerCheck(
    {
      id,
      category: 'security',
      severity: more.severity ?? 'warning',
      aliases,
      ...(more.optional ? { optional: more.optional } : {}),
      message: { en, 'zh-CN': zh },
    },
    (container, inventory) => {
      const { image } = container.spec
      return typeof image === 'string' && bad(image, container, inventory)
        ? { path: [...container.path, 'image'], what: `${container.name}: ${image}` }
        : undefined
    },
    EVERY_ROLE,
  )

const startsWithOne = (image: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => {
    const wanted = prefix.replace(/\/+$/, '')
    return [image, wholeName(image)].some(
      (name) =>
        name === wanted || name.startsWith(`${wanted}/`) || (wanted.includes('/') && /^[:@]/.test(name.slice(wanted.length)) && name.startsWith(wanted)),
    )
  })

/** Whole and as the registry writes it: what is cut short or in capitals is pulled by nobody. https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests */
export function isDigest(digest: string | undefined): boolean {
  const [algorithm = '', text = ''] = digest?.split(':') ?? []
  const length = { sha256: 64, sha512: 128, blake3: 64 }[algorithm]
  return length === undefined ? algorithm !== '' && /^[\w=-]{32,}$/.test(text) : text.length === length && /^[0-9a-f]+$/.test(text)
}

/** A tag without a digit (latest, stable, alpine) names a line of images, not one of them. */
function isMoving(image: unknown): boolean {
  const { tag, digest } = imageParts(image)
  return digest === undefined && !/\d/.test(tag ?? '')
}

const hasLabel = (labels: unknown, names: readonly string[]): boolean => isFields(labels) && names.some((name) => Object.hasOwn(labels, name))
const LABELS = ['app', 'tier', 'phase', 'version', 'owner', 'env']
const COMMON_LABELS = ['name', 'instance', 'version', 'component', 'part-of', 'managed-by', 'created-by'].map((name) => `app.kubernetes.io/${name}`)

const labelCheck = (
  id: string,
  aliases: readonly string[],
  setting: string,
  defaults: readonly string[],
  fix: string,
  en: string,
  zh: string,
): InspectionCheck =>
  podCheck({ id, category: 'stability', severity: 'advice', optional: true, aliases, message: { en, 'zh-CN': zh } }, (pod, { settings }) => {
    const wanted = settings[setting] ?? defaults
    if (wanted.length === 0) return undefined
    const places = [['metadata', 'labels'], ...(pod.path.length > 1 ? [[...pod.path.slice(0, -1), 'metadata', 'labels']] : [])]
    // One that stands at either place says whose it is.
    if (places.some((path) => hasLabel(at(pod.item.object, ...path), wanted))) return undefined
    return places.map((path): Fault => {
      const field = [...path, wanted.includes(fix) ? fix : wanted[0]!]
      return { path, fix: [{ path: field, value: nameOf(pod.item) || 'app', guess: true }] }
    })
  })

const NAME_OF_SYSTEM = [
  'coredns',
  'kube-proxy',
  'event-exporter-gke',
  'kube-dns',
  '17-default-backend',
  'metrics-server',
  'ca-audit',
  'ca-dashboard-aggregator',
  'ca-notification-server',
  'ca-ocimage',
  'ca-oracle',
  'ca-posture',
  'ca-rbac',
  'ca-vuln-scan',
  'ca-webhook',
  'ca-websocket',
  'clair-clair',
]

/** Is one of these words how the container is started? */
const startsWith = ({ spec }: Container, word: RegExp): boolean =>
  [...listAt(spec, 'command'), ...listAt(spec, 'args')].some((one) => typeof one === 'string' && word.test(one))

type Which = 'requests' | 'limits'
const resource = (container: Container, which: Which, name: string): unknown => at(container.spec, 'resources', which, name)
/** What a fix sets where there is nothing: small, and to be looked at. */
const MODEST: Readonly<Record<string, string>> = { 'requests.cpu': '100m', 'limits.cpu': '500m', 'requests.memory': '128Mi', 'limits.memory': '256Mi' }

const unset = (container: Container, which: Which, name: 'cpu' | 'memory'): Fault[] => {
  if (resource(container, which, name) !== undefined) return []
  const path = [...container.path, 'resources', which, name]
  return [{ path, what: container.name, fix: [{ path, value: MODEST[`${which}.${name}`], guess: true }] }]
}

/** Beyond what settings allow: `memory_limit_max`, `cpu_request_min`, … */
function outOfBounds(container: Container, { settings }: Inventory, which: Which, name: 'cpu' | 'memory'): Fault[] {
  const value = resource(container, which, name)
  const [least, most] = ['min', 'max'].map((end) => settings[`${name}_${which.slice(0, -1)}_${end}`]?.[0])
  const amount = parseQuantity(String(value))
  if (amount === undefined) return []
  const wrong = amount > (parseQuantity(most ?? '') ?? Number.POSITIVE_INFINITY) || amount < (parseQuantity(least ?? '') ?? Number.NEGATIVE_INFINITY)
  return wrong ? [{ path: [...container.path, 'resources', which, name], what: `${container.name}: ${value}` }] : []
}

const bounds = (id: string, aliases: readonly string[], pairs: readonly (readonly [Which, 'cpu' | 'memory'])[], en: string, zh: string): InspectionCheck =>
  containerCheck(
    { id, category: 'limitation', severity: 'warning', optional: true, aliases, message: { en, 'zh-CN': zh } },
    (container, inventory) => pairs.flatMap(([which, name]) => [...unset(container, which, name), ...outOfBounds(container, inventory, which, name)]),
    ['container'],
  )

const SANDBOX_RUNTIMES = ['gvisor', 'kata', 'kata-qemu', 'kata-clh', 'kata-fc', 'kata-containers', 'runsc']
const isSandbox = ({ kind }: PodTemplate): boolean => kind === 'SandboxTemplate' || kind === 'Sandbox'

export const HYGIENE_CHECKS: readonly InspectionCheck[] = [
  images(
    'image-not-pinned',
    [...kubescape('C-0306', 'image-not-pinned-to-digest'), 'kube-linter/image-not-pinned-by-digest', 'kube-linter/image-sha'],
    (image, _, { settings }) => !isDigest(imageParts(image).digest) && !startsWithOne(image, settings.imageDigestExemptRepositories ?? []),
    'The image is not pinned by a digest: what its tag means may change.',
    '镜像未以摘要固定：标签所指内容可能变化。',
    { severity: 'advice', optional: true },
  ),
  images('image-version-missing', kubescape('C-0075', 'pod-specific-version-tag'), isMoving, 'The image has no version.', '镜像未指定版本。', {
    optional: true,
  }),
  containerCheck(
    {
      id: 'latest-not-pulled',
      category: 'stability',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0075', 'image-pull-policy-is-not-set-to-always'),
      message: {
        en: 'The image has no version and is not pulled at every start: nodes run different things.',
        'zh-CN': '镜像未指定版本且并非每次拉取：各节点运行的内容可能不同。',
      },
    },
    ({ spec, path, name }) => {
      // Without a policy such an image is pulled always.
      if (!isMoving(spec.image) || spec.imagePullPolicy === 'Always' || spec.imagePullPolicy === undefined) return undefined
      const field = [...path, 'imagePullPolicy']
      return { path: field, what: name, fix: [{ path: field, value: 'Always' }] }
    },
  ),
  images(
    'image-registry-retired',
    kubescape('C-0253', 'rule-identify-old-k8s-registry').concat('kube-linter/k8s-gcr-io'),
    (image) => /^(k8s\.gcr\.io|gcr\.io\/google[-_]containers)\//.test(image),
    'The image is in the old registry of Kubernetes, which gets no more images (registry.k8s.io is the new one).',
    '镜像位于已停止更新的旧 Kubernetes 镜像仓库（应使用 registry.k8s.io）。',
  ),
  images(
    'image-registry-unknown',
    kubescape('C-0078', 'container-image-repository', 'container-image-repository-v1').concat('popeye/POP-113'),
    (image, { pod }, { settings }) => !isSandbox(pod) && !startsWithOne(image, settings.imageRepositoryAllowList ?? []),
    'The image comes from a registry that is not on the list of those allowed (imageRepositoryAllowList).',
    '镜像来自不在允许列表（imageRepositoryAllowList）中的仓库。',
    { optional: true },
  ),
  images(
    'image-registry-untrusted',
    kubescape('C-0001', 'rule-identify-blocklisted-image-registries', 'rule-identify-blocklisted-image-registries-v1'),
    (image, _, { settings }) => startsWithOne(image, [...(settings.untrustedRegistries ?? []), ...(settings.publicRegistries ?? [])]),
    'The image comes from a registry that is not trusted (untrustedRegistries, publicRegistries).',
    '镜像来自不受信任的仓库（untrustedRegistries、publicRegistries）。',
  ),
  images(
    'sandbox-image-registry',
    kubescape('C-0304', 'agent-sandbox-image-registry-allowlist'),
    (image, { pod }, { settings }) => isSandbox(pod) && !startsWithOne(image, settings.imageRepositoryAllowList ?? []),
    'The image of the agent sandbox comes from a registry that is not on the list of those allowed (imageRepositoryAllowList).',
    '智能体沙箱的镜像来自不在允许列表（imageRepositoryAllowList）中的仓库。',
  ),
  podCheck(
    {
      id: 'sandbox-runtime',
      category: 'security',
      severity: 'error',
      aliases: kubescape('C-0297', 'agent-sandbox-hardened-runtime-class', 'agent-sandbox-runtime-class'),
      message: { en: 'The agent sandbox does not run on a hardened runtime class.', 'zh-CN': '智能体沙箱未使用加固的运行时类。' },
    },
    (pod, { settings }) => {
      const name = pod.spec.runtimeClassName
      if (!isSandbox(pod) || (settings.hardenedSandboxRuntimeClasses ?? SANDBOX_RUNTIMES).includes(String(name))) return undefined
      return { path: [...pod.path, 'runtimeClassName'], ...(typeof name === 'string' ? { what: name } : {}) }
    },
  ),
  labelCheck(
    'labels-missing',
    kubescape('C-0076', 'label-usage-for-resources'),
    'recommendedLabels',
    LABELS,
    'app',
    'No label says what the object belongs to (app, tier, version, owner, env …).',
    '没有说明归属的标签（app、tier、version、owner、env 等）。',
  ),
  labelCheck(
    'common-labels-missing',
    kubescape('C-0077', 'k8s-common-labels-usage', 'K8s common labels usage'),
    'k8sRecommendedLabels',
    COMMON_LABELS,
    'app.kubernetes.io/name',
    'None of the labels that Kubernetes recommends (app.kubernetes.io/…) is set.',
    '未设置 Kubernetes 推荐标签（app.kubernetes.io/…）。',
  ),
  objectCheck(
    {
      id: 'naked-pod',
      category: 'stability',
      severity: 'warning',
      aliases: [...kubescape('C-0073', 'naked-pods'), 'popeye/POP-208'],
      message: { en: 'Nobody makes this pod anew when its node goes.', 'zh-CN': '该 Pod 没有控制器：节点故障后不会重建。' },
    },
    ['Pod'],
    ({ object }) => (listAt(object, 'metadata', 'ownerReferences').length > 0 ? undefined : { path: ['metadata', 'ownerReferences'] }),
  ),
  objectCheck(
    {
      id: 'cron-job-to-look-at',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0026', 'rule-deny-cronjobs'),
      message: {
        en: 'Look whether this CronJob is one that you know: it starts pods again and again.',
        'zh-CN': '请确认该 CronJob 是否可信：它会反复启动 Pod。',
      },
    },
    ['CronJob'],
    () => ({ path: [] }),
  ),
  objectCheck(
    {
      id: 'not-rolling',
      category: 'stability',
      severity: 'warning',
      aliases: [...kubescape('C-0305', 'no-rolling-update-strategy'), 'kube-linter/no-rolling-update-strategy', 'kube-score/deployment-strategy'],
      message: { en: 'An update stops all replicas before new ones run, or cannot replace any.', 'zh-CN': '更新时会先停止全部副本，或无法替换任何副本。' },
    },
    ['Deployment'],
    ({ object }) => {
      const type = at(object, 'spec', 'strategy', 'type')
      if (type !== undefined && type !== 'RollingUpdate')
        return {
          path: ['spec', 'strategy', 'type'],
          what: String(type),
          fix: [{ path: ['spec', 'strategy', 'type'], value: 'RollingUpdate' }],
        }
      const [surge, unavailable] = ['maxSurge', 'maxUnavailable'].map((field) => at(object, 'spec', 'strategy', 'rollingUpdate', field))
      const none = (value: unknown) => value === 0 || value === '0' || value === '0%'
      return none(surge) && none(unavailable) ? { path: ['spec', 'strategy', 'rollingUpdate'], what: 'maxSurge 0, maxUnavailable 0' } : undefined
    },
  ),
  containerCheck(
    {
      id: 'sudo-at-start',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0062', 'sudo-in-container-entrypoint'),
      message: { en: 'The container is started with sudo.', 'zh-CN': '容器通过 sudo 启动。' },
    },
    (container) => {
      const SUDO = /(^|[\s/;&|])sudo(\s+|$)/g
      return (['command', 'args'] as const).flatMap((field) =>
        listAt(container.spec, field).flatMap((word, i): Fault[] => {
          const rest = typeof word === 'string' ? word.replace(SUDO, '$1') : word
          if (rest === word) return []
          const path = [...container.path, field, i]
          return [{ path, what: container.name, fix: [{ path, value: rest === '' || rest === '/usr/bin/' ? undefined : rest, guess: true }] }]
        }),
      )
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'ssh-server',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0042', 'rule-can-ssh-to-pod-v1', 'rule-can-ssh-to-pod'),
      message: { en: 'A Service leads to an SSH port of the pods.', 'zh-CN': 'Service 指向 Pod 的 SSH 端口。' },
    },
    (container, inventory) => {
      if (container.pod.containers[0] !== container) return undefined
      const service = ofKindIn(inventory, 'Service', container.pod.namespace).find(
        (one) =>
          isFields(at(one.object, 'spec', 'selector')) &&
          Object.entries(at(one.object, 'spec', 'selector') as object).every(([key, value]) => container.pod.labels[key] === value) &&
          Object.keys(at(one.object, 'spec', 'selector') as object).length > 0 &&
          (one.object.metadata?.namespace ?? 'default') === (container.pod.namespace || 'default') &&
          listAt(one.object, 'spec', 'ports').some((entry) => [22, 2222].some((number) => at(entry, 'port') === number || at(entry, 'targetPort') === number)),
      )
      return service ? { path: [...container.pod.path], what: `Service ${nameOf(service)}` } : undefined
    },
  ),
  containerCheck(
    {
      id: 'ssh-in-container',
      category: 'security',
      severity: 'warning',
      aliases: ['kube-linter/ssh-port'],
      message: { en: 'The container opens the port of SSH, or starts an SSH server.', 'zh-CN': '容器开放了 SSH 端口或启动了 SSH 服务。' },
    },
    (container) => {
      const port = listAt(container.spec, 'ports').findIndex((one) => at(one, 'containerPort') === 22 && (at(one, 'protocol') ?? 'TCP') === 'TCP')
      if (port >= 0) return { path: [...container.path, 'ports', port, 'containerPort'], what: container.name }
      return startsWith(container, /(^|\/)sshd$/) ? { path: [...container.path, 'command'], what: `${container.name}: sshd` } : undefined
    },
    EVERY_ROLE,
  ),
  podCheck(
    {
      id: 'name-like-a-system-part',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0079', 'rule-name-similarity'),
      message: {
        en: 'The name looks like that of a part of Kubernetes: attackers hide behind such names.',
        'zh-CN': '名称与 Kubernetes 组件相似：攻击者常借此隐藏。',
      },
    },
    (pod, { settings }) => {
      const known = (settings.wlKnownNames ?? NAME_OF_SYSTEM).find((name) => nameOf(pod.item).includes(name))
      return known !== undefined && pod.namespace !== 'kube-system' ? { path: ['metadata', 'name'], what: known } : undefined
    },
  ),
  podCheck(
    {
      id: 'sidecar-injected',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0068', 'sidecar-injection'),
      message: { en: 'The pod has a sidecar that somebody puts into pods: see that it is yours.', 'zh-CN': 'Pod 含注入的 sidecar：请确认其来源。' },
    },
    (pod) =>
      pod.containers
        .filter(({ name, spec }) => /sidecar/.test(name) || /(^|\/)sidecar/.test(String(spec.image ?? '')))
        .map(({ path, name }) => ({ path, what: name })),
  ),
  containerCheck(
    {
      id: 'limits-missing',
      category: 'limitation',
      severity: 'warning',
      optional: true,
      aliases: [...kubescape('C-0009', 'resource-policies'), 'popeye/POP-106', 'kube-score/container-resources'],
      message: { en: 'The container has no limits of CPU and memory.', 'zh-CN': '容器未设置 CPU 与内存限制。' },
    },
    (container) => [...unset(container, 'limits', 'cpu'), ...unset(container, 'limits', 'memory')],
    ['container'],
  ),
  bounds(
    'memory-not-bounded',
    kubescape('C-0004', 'resources-memory-limit-and-request'),
    [
      ['limits', 'memory'],
      ['requests', 'memory'],
    ],
    'Request or limit of memory is not set, or not within what the settings allow.',
    '内存请求或限制未设置，或超出设定范围。',
  ),
  bounds(
    'cpu-not-bounded',
    kubescape('C-0050', 'resources-cpu-limit-and-request'),
    [
      ['limits', 'cpu'],
      ['requests', 'cpu'],
    ],
    'Request or limit of CPU is not set, or not within what the settings allow.',
    'CPU 请求或限制未设置，或超出设定范围。',
  ),
  ...(['requests', 'limits'] as const).flatMap((which, i) =>
    (['cpu', 'memory'] as const).map((name, j) =>
      bounds(
        `${name}-${which.slice(0, -1)}-settings`,
        kubescape(`C-0${268 + i * 2 + j}`, `resources-${name}-${which}`),
        [[which, name]],
        `The ${which.slice(0, -1)} of ${name} is not set, or not within what the settings allow.`,
        `${name} 的${which === 'requests' ? '请求' : '限制'}未设置，或超出设定范围。`,
      ),
    ),
  ),
  ...(
    [
      ['livenessProbe', 'C-0056', 'configured-liveness-probe', 'liveness', '存活'],
      ['readinessProbe', 'C-0018', 'configured-readiness-probe', 'readiness', '就绪'],
    ] as const
  ).map(([field, control, rule, en, zh]) =>
    containerCheck(
      {
        id: `${en}-probe-anywhere`,
        category: 'stability',
        severity: 'advice',
        optional: true,
        aliases: kubescape(control, rule),
        message: { en: `The container has no ${en} probe, whatever its kind.`, 'zh-CN': `容器未设置${zh}探针（不论类型）。` },
      },
      ({ spec, path, name }) => (at(spec, field) ? undefined : { path: [...path, field], what: name, ...probeFix(spec, [...path, field]) }),
      ['container'],
    ),
  ),
]
