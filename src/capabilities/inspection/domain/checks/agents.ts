/** Sandboxes in which agents run code that nobody has read: `Sandbox`, `SandboxTemplate` (agents.x-k8s.io) and `WorkerPool` (Agent Substrate). */
import { parseQuantity } from '#core/kernel/quantity.ts'
import { containerCheck, type Fault, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, isFields, listAt, type PodTemplate, type Settings } from '../inventory.ts'
import { imageParts } from './images-and-resources.ts'

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)
const isSandbox = ({ kind }: PodTemplate): boolean => kind === 'SandboxTemplate' || kind === 'Sandbox'
const PINNED = /@sha256:[0-9a-f]{64}$/

/** `nginx` and `library/nginx` are of Docker Hub; a first part with a dot, a port or `localhost` is a registry. */
function isFrom(image: string, allowed: readonly string[]): boolean {
  const [first = '', ...rest] = image.split('/')
  const named = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost')
  return allowed.some((one) => {
    const prefix = one.replace(/\/+$/, '')
    return named ? image === prefix || image.startsWith(`${prefix}/`) : prefix === 'docker.io' || `docker.io/${image}`.startsWith(`${prefix}/`)
  })
}

/** The image of a worker pool stands in a field of its own. */
const workerImage = (object: unknown): string | undefined => {
  const image = at(object, 'spec', 'workerImage')
  return typeof image === 'string' && image !== '' ? image : undefined
}

const imageCheck = (id: string, aliases: readonly string[], bad: (image: string, settings: Settings) => boolean, en: string, zh: string): InspectionCheck => {
  const about = { id, category: 'security', severity: 'warning', aliases, message: { en, 'zh-CN': zh } } as const
  const ofPods = containerCheck(about, ({ pod, spec, path, name }, { settings }) =>
    isSandbox(pod) && typeof spec.image === 'string' && bad(spec.image, settings) ? { path: [...path, 'image'], what: `${name}: ${spec.image}` } : undefined,
  )
  const ofPools = objectCheck(about, ['WorkerPool'], ({ object }, { settings }) => {
    const image = workerImage(object)
    return image !== undefined && bad(image, settings) ? { path: ['spec', 'workerImage'], what: image } : undefined
  })
  return {
    ...about,
    *find(inventory) {
      yield* ofPods.find(inventory)
      yield* ofPools.find(inventory)
    },
  }
}

/** Destinations that are no limit. */
const everywhere = (rule: unknown): boolean => {
  const to = listAt(rule, 'to')
  return (
    to.length === 0 || to.some((one) => ['0.0.0.0/0', '::/0'].includes(String(at(one, 'ipBlock', 'cidr'))) && listAt(one, 'ipBlock', 'except').length === 0)
  )
}

export const AGENT_CHECKS: readonly InspectionCheck[] = [
  podCheck(
    {
      id: 'sandbox-token',
      category: 'security',
      severity: 'error',
      aliases: kubescape('C-0309', 'agent-sandbox-service-account-token'),
      message: {
        en: 'A token of the cluster is handed to the agent sandbox: code that nobody has read can use it.',
        'zh-CN': '智能体沙箱中挂载了集群令牌：未经审阅的代码可使用它。',
      },
    },
    (pod) => {
      if (!isSandbox(pod)) return undefined
      const given = pod.spec.automountServiceAccountToken
      // What a template makes has none unless it asks for one; a Sandbox is as other pods are.
      const mounted = pod.kind === 'Sandbox' ? given !== false : given === true
      const path = [...pod.path, 'automountServiceAccountToken']
      return mounted ? { path, fix: [{ path, value: false }] } : undefined
    },
  ),
  containerCheck(
    {
      id: 'sandbox-limits',
      category: 'limitation',
      severity: 'warning',
      aliases: kubescape('C-0311', 'agent-sandbox-container-limits'),
      message: { en: 'A container of the agent sandbox has no limit of CPU or memory.', 'zh-CN': '智能体沙箱的容器未设置 CPU 或内存上限。' },
    },
    ({ pod, spec, path, name }): Fault[] =>
      isSandbox(pod)
        ? ['cpu', 'memory'].flatMap((resource) =>
            at(spec, 'resources', 'limits', resource) == null ? [{ path: [...path, 'resources', 'limits', resource], what: `${name}: ${resource}` }] : [],
          )
        : [],
  ),
  ...(['cpu', 'memory'] as const).map((resource) =>
    containerCheck(
      {
        id: `sandbox-${resource}-ceiling`,
        category: 'limitation',
        severity: 'warning',
        aliases: kubescape('C-0303', `resources-sandbox-${resource}-limits`),
        message: {
          en: `The ${resource} limit of the agent sandbox is not set, or above what is allowed (${resource}_limit_max).`,
          'zh-CN': `智能体沙箱未设置 ${resource} 上限，或超出允许值（${resource}_limit_max）。`,
        },
      },
      ({ pod, spec, path, name }, { settings }) => {
        if (pod.kind !== 'SandboxTemplate') return undefined
        const field = [...path, 'resources', 'limits', resource]
        const given = at(spec, 'resources', 'limits', resource)
        const amount = parseQuantity(String(given ?? ''))
        const most = (settings[`${resource}_limit_max`] ?? []).flatMap((text) => parseQuantity(text) ?? [])
        return amount !== undefined && most.every((limit) => amount <= limit) ? undefined : { path: field, what: given == null ? name : `${name}: ${given}` }
      },
    ),
  ),
  imageCheck(
    'sandbox-image-tag',
    kubescape('C-0304', 'agent-sandbox-image-tag-provenance'),
    (image, settings) => {
      const { tag, digest } = imageParts(image)
      if (digest !== undefined) return false
      const floating = Object.entries(settings).flatMap(([name, tags]) => (/floating\w*tags?$/i.test(name) ? tags : []))
      return tag === undefined || tag === 'latest' || floating.includes(tag)
    },
    'An image of the agent runtime has no tag, latest, or one that moves (floatingImageTags).',
    '智能体运行时镜像没有标签、使用 latest 或浮动标签（floatingImageTags）。',
  ),
  imageCheck(
    'sandbox-image-not-pinned',
    kubescape('C-0312', 'agent-runtime-image-digests'),
    (image) => !PINNED.test(image),
    'An image of the agent runtime is not pinned by a digest: what its tag means may change.',
    '智能体运行时镜像未以摘要固定：标签所指内容可能变化。',
  ),
  imageCheck(
    'sandbox-image-elsewhere',
    kubescape('C-0313', 'agent-runtime-image-registries'),
    (image, { imageRepositoryAllowList: allowed = [] }) => allowed.length > 0 && !isFrom(image, allowed),
    'An image of the agent runtime comes from a registry that is not allowed (imageRepositoryAllowList).',
    '智能体运行时镜像来自不允许的仓库（imageRepositoryAllowList）。',
  ),
  objectCheck(
    {
      id: 'sandbox-network-unmanaged',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0314', 'agent-sandbox-managed-networking'),
      message: { en: 'Nobody keeps a network policy for sandboxes of this template.', 'zh-CN': '该模板的沙箱没有受管的网络策略。' },
    },
    ['SandboxTemplate'],
    ({ object }) => {
      const path = ['spec', 'networkPolicyManagement']
      return (at(object, ...path) ?? 'Managed') === 'Managed' ? undefined : { path, what: String(at(object, ...path)), fix: [{ path, value: 'Managed' }] }
    },
  ),
  objectCheck(
    {
      id: 'sandbox-egress-open',
      category: 'security',
      severity: 'error',
      aliases: kubescape('C-0301', 'agent-sandbox-egress-policy'),
      message: {
        en: 'Sandboxes of this template may talk to the internet: no policy says where to.',
        'zh-CN': '该模板的沙箱可访问互联网：未限定出站目的地。',
      },
    },
    ['SandboxTemplate'],
    ({ object }) => {
      const management = ['spec', 'networkPolicyManagement']
      if ((at(object, ...management) ?? 'Managed') !== 'Managed') return { path: management }
      const path = ['spec', 'networkPolicy', 'egress']
      const rules = at(object, ...path)
      // Without an egress list the managed default lets everything public through.
      if (!Array.isArray(rules)) return { path }
      return rules.flatMap((rule, i): Fault[] => (everywhere(rule) ? [{ path: [...path, i] }] : []))
    },
  ),
  objectCheck(
    {
      id: 'sandbox-egress-not-strict',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0315', 'agent-sandbox-strict-egress'),
      message: {
        en: 'Sandboxes of this template are to talk to nobody (agentSandboxEgressMode: strict), and may.',
        'zh-CN': '按要求（agentSandboxEgressMode: strict）该模板的沙箱不得出站，但目前允许。',
      },
    },
    ['SandboxTemplate'],
    ({ object }, { settings }) => {
      if (!(settings.agentSandboxEgressMode ?? []).includes('strict')) return undefined
      const path = ['spec', 'networkPolicy', 'egress']
      const rules = at(object, ...path)
      return Array.isArray(rules) && rules.length === 0 ? undefined : { path, fix: [{ path, value: [], guess: true }] }
    },
  ),
  objectCheck(
    {
      id: 'sandbox-claim-overrides',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0316', 'agent-sandbox-claim-overrides'),
      message: {
        en: 'Who claims a sandbox may replace what its template says.',
        'zh-CN': '申领沙箱者可覆盖模板中的设置。',
      },
    },
    ['SandboxTemplate'],
    ({ object }) =>
      Object.entries(isFields(object.spec) ? object.spec : {}).flatMap(([field, policy]): Fault[] =>
        field.endsWith('Policy') && policy === 'Overrides'
          ? [{ path: ['spec', field], what: 'Overrides', fix: [{ path: ['spec', field], value: 'Disallowed', guess: true }] }]
          : [],
      ),
  ),
  objectCheck(
    {
      id: 'worker-pool-ceiling',
      category: 'limitation',
      severity: 'warning',
      aliases: kubescape('C-0317', 'worker-pod-resource-ceilings'),
      message: {
        en: 'A worker of the pool may use more than is allowed (cpu_limit_max, memory_limit_max), or has no limit.',
        'zh-CN': '工作池的单个 Worker 上限超出允许值（cpu_limit_max、memory_limit_max）或未设置。',
      },
    },
    ['WorkerPool'],
    ({ object }, { settings }) =>
      (['cpu', 'memory'] as const).flatMap((resource): Fault[] => {
        const most = (settings[`${resource}_limit_max`] ?? []).flatMap((text) => parseQuantity(text) ?? [])
        if (most.length === 0) return []
        const path = ['spec', 'template', 'resources', 'limits', resource]
        const given = parseQuantity(String(at(object, ...path) ?? ''))
        return given === undefined || most.some((limit) => given > limit)
          ? [{ path, ...(given === undefined ? {} : { what: String(at(object, ...path)) }) }]
          : []
      }),
  ),
  objectCheck(
    {
      id: 'tiller-reachable',
      category: 'security',
      severity: 'critical',
      aliases: kubescape('C-0033', 'access-tiller-endpoint'),
      message: {
        en: 'Tiller of Helm 2 runs in the cluster: whoever reaches it may do everything.',
        'zh-CN': '集群中运行着 Helm 2 的 Tiller：能访问它者可执行任何操作。',
      },
    },
    ['Deployment', 'Service'],
    ({ object }) => {
      const images = listAt(object, 'spec', 'template', 'spec', 'containers').map((container) => String(at(container, 'image') ?? ''))
      const i = images.findIndex((image) => /(^|\/)tiller(:|@|$)/.test(image))
      if (i >= 0) return { path: ['spec', 'template', 'spec', 'containers', i, 'image'], what: images[i]! }
      return object.kind === 'Service' && listAt(object, 'spec', 'ports').some((port) => at(port, 'port') === 44134) && isFields(object.spec)
        ? { path: ['spec', 'ports'], what: '44134' }
        : undefined
    },
  ),
  objectCheck(
    {
      id: 'masters-group-bound',
      category: 'security',
      severity: 'warning',
      aliases: [...kubescape('C-0246', 'ensure-system-master-group-is-not-set'), 'cis/5.1.7'],
      message: {
        en: 'A binding names the group system:masters: its members get around every rule, also when the binding is taken away.',
        'zh-CN': '绑定使用了 system:masters 组：其成员绕过所有授权规则，删除绑定也无法收回。',
      },
    },
    ['ClusterRoleBinding', 'RoleBinding'],
    ({ object }) =>
      // Every cluster has this one: it says what the group may, and gives it to nobody.
      object.metadata.name === 'cluster-admin'
        ? []
        : listAt(object, 'subjects').flatMap((subject, i): Fault[] =>
            at(subject, 'kind') === 'Group' && at(subject, 'name') === 'system:masters'
              ? [{ path: ['subjects', i], what: String(at(object, 'roleRef', 'name')) }]
              : [],
          ),
  ),
]
