/** Versions of what runs a cluster: nodes, the API server, and known programs by their images. */
import { type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, type Container, type Inventory, type Item, isFields, listAt, ofKind, ofKindIn, type PodTemplate } from '../inventory.ts'
import { type Component, VULNERABILITIES, type Vulnerability } from '../vulnerabilities.ts'
import { effective } from './containers.ts'
import { imageParts } from './images-and-resources.ts'

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)

/** `v1.27.3-eks-1` → [1, 27, 3]; undefined when there is no version. */
export const versionOf = (text: unknown): readonly number[] | undefined => {
  const found = typeof text === 'string' ? /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) : null
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined
}
const before = (a: readonly number[], b: readonly number[]): boolean => {
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return a[i]! < b[i]!
  return false
}
/** Is the version within one of the ranges, from the first (with it) to the second (without it)? */
export const isAffected = (version: readonly number[], { affected }: Pick<Vulnerability, 'affected'>): boolean =>
  affected.some(([from, to]) => !before(version, versionOf(from)!) && before(version, versionOf(to)!))

/** The controller of the project, also as others mirror and build it. */
const INGRESS_NGINX =
  /(^|\/)(ingress-nginx\/controller(-chroot)?|ingress-nginx|[\w-]*(nginx-ingress-controller|ingress-nginx-controller)(-\w+)?|nginx-controller|kubernetes-ingress-controller\/nginx[\w-]*)$/
const isIngressNginx = (image: string): boolean => INGRESS_NGINX.test(nameOfImage(image))

/** The component that an image is, by the last part of its name. */
const IMAGES: readonly (readonly [Component, RegExp])[] = [
  ['kube-apiserver', /(^|\/)kube-apiserver$/],
  ['ingress-nginx', INGRESS_NGINX],
  ['etcd', /(^|\/)etcd$/],
  ['coredns', /(^|\/)coredns$/],
  ['argocd', /(^|\/)argoproj\/argocd$/],
  ['grafana', /(^|\/)grafana(-enterprise)?$/],
  ['kyverno', /(^|\/)kyverno$/],
  ['mongodb', /(^|\/)(mongo|mongodb|mongodb-(community|enterprise)-server|percona-server-mongodb)$/],
]
const nameOfImage = (image: string): string => image.split('@')[0]!.replace(/:[^/:]*$/, '')

function* byImage({ pods }: Inventory, { component, affected }: Vulnerability) {
  const pattern = IMAGES.find(([name]) => name === component)?.[1]
  if (!pattern) return
  for (const pod of pods)
    for (const container of pod.containers) {
      const { image } = container.spec
      const version = typeof image === 'string' && pattern.test(nameOfImage(image)) ? versionOf(imageParts(image).tag) : undefined
      if (version && isAffected(version, { affected })) yield { item: pod.item, path: [...container.path, 'image'], what: `${container.name}: ${image}` }
    }
}

const NODE_FIELD: Readonly<Partial<Record<Component, string>>> = { kubelet: 'kubeletVersion', containerd: 'containerRuntimeVersion', linux: 'kernelVersion' }

/** Ubuntu's kernels for Azure have the fix of CVE-2022-0185 from this build on (USN-5240-1). */
const isPatched = (kernel: string): boolean => Number(/^5\.4\.0-(\d+)-azure$/.exec(kernel)?.[1] ?? 0) >= 1067

/** May users without privileges make user namespaces? Said by a sensor on the node, where there is one. */
const letsUsersIn = (inventory: Inventory): boolean =>
  !ofKind(inventory, 'LinuxKernelVariables').some((item) =>
    listAt(item.object, 'data').some((one) => at(one, 'key') === 'unprivileged_userns_clone' && String(at(one, 'value')).trim() === '0'),
  )

function* byNode(inventory: Inventory, { component, affected, windows }: Vulnerability) {
  const field = NODE_FIELD[component]
  if (field === undefined) return
  for (const item of ofKind(inventory, 'Node')) {
    const info = at(item.object, 'status', 'nodeInfo')
    const text = at(info, field)
    if (windows && at(info, 'operatingSystem') !== 'windows') continue
    if (component === 'containerd' && !String(text).startsWith('containerd://')) continue
    const version = versionOf(text)
    if (component === 'linux' && (isPatched(String(text)) || !letsUsersIn(inventory))) continue
    if (version && isAffected(version, { affected })) yield { item, path: ['status', 'nodeInfo', field], what: String(text) }
  }
}

/** Does an aggregated API lead to a server that others run? Without one the redirects of CVE-2022-3172 have no author. */
function* byApiServer(inventory: Inventory, { affected }: Vulnerability) {
  const version = serverVersion(inventory)
  if (!version || !isAffected(version, { affected })) return
  for (const item of ofKind(inventory, 'APIService'))
    if (isFields(at(item.object, 'spec', 'service'))) yield { item, path: ['spec', 'service'], what: version.join('.') }
}

/** Of the API server: told by whoever lists the cluster, or by an object that carries it. */
function serverVersion(inventory: Inventory): readonly number[] | undefined {
  const carried = ofKind(inventory, 'APIServerInfo')[0]
  return versionOf(at(carried?.object, 'data', 'gitVersion') ?? at(carried?.object, 'gitVersion') ?? inventory.settings.serverVersion?.[0])
}

/** Rules of Kubescape that do not bear the name of the vulnerability. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  'CVE-2022-3172': ['detect-aggregated-api-server-redirection'],
  'CVE-2025-14847': ['mongodb-zlib-memory-read'],
}

/** Is one of the versions in use one that the entry names? */
export const vulnerabilityCheck = (entry: Vulnerability): InspectionCheck => ({
  id: entry.id.toLowerCase(),
  category: 'security',
  severity: entry.severity,
  aliases: [`kubescape/${entry.id}`, ...kubescape(...(ALSO[entry.id] ?? [])), ...(entry.control === undefined ? [] : kubescape(entry.control))],
  message: {
    en: `Known vulnerability of this version of ${entry.component}: ${entry.en} (${entry.id}).`,
    'zh-CN': `该版本 ${entry.component} 存在已知漏洞：${entry.zh}（${entry.id}）。`,
  },
  *find(inventory) {
    yield* byImage(inventory, entry)
    yield* byNode(inventory, entry)
    if (entry.id === 'CVE-2022-3172') yield* byApiServer(inventory, entry)
  },
})

const OLDEST_SUPPORTED = '1.32'

const isConfined = (container: Container): boolean => {
  const seccomp = effective(container, 'seccompProfile', 'type')
  const options = effective(container, 'seLinuxOptions')
  const annotated = Object.entries(container.pod.annotations).some(
    ([key, text]) => key.startsWith('container.apparmor.security.beta.kubernetes.io') && text !== 'unconfined',
  )
  return (
    (typeof seccomp === 'string' && seccomp !== 'Unconfined') ||
    annotated ||
    isFields(effective(container, 'appArmorProfile')) ||
    (isFields(options) && Object.keys(options).length > 0)
  )
}

/** By the parameters of the drivers of AWS, Azure, Google Cloud and others: a flag, a key, or a set of keys. */
function asksForEncryption({ object }: Item): boolean {
  const parameters = isFields(object.parameters) ? object.parameters : {}
  return Object.entries(parameters).some(([key, value]) =>
    /^encrypted$/i.test(key) ? String(value).toLowerCase() === 'true' : /kms|encrypt/i.test(key) && !['', 'false'].includes(String(value)),
  )
}

/** https://github.com/kubernetes/ingress-nginx/issues/7837: the setting came with these versions, and is off by itself since 1.9. */
const NO_SETTING = {
  affected: [
    ['0.0', '0.49.1'],
    ['1.0', '1.0.1'],
  ],
} as const
const OFF_BY_ITSELF = [1, 9, 0]

/** Does this controller take over text that somebody writes into an annotation? */
function takesSnippets(pod: PodTemplate, image: string, inventory: Inventory): boolean {
  const version = versionOf(imageParts(image).tag)
  if (version && isAffected(version, NO_SETTING)) return true
  const said = ofKindIn(inventory, 'ConfigMap', pod.namespace).flatMap(({ object }) => {
    const value = at(object, 'data', 'allow-snippet-annotations')
    return value === undefined ? [] : [String(value)]
  })
  return said.length > 0 ? said.some((value) => value !== 'false') : version !== undefined && before(version, OFF_BY_ITSELF)
}

export const COMPONENT_CHECKS: readonly InspectionCheck[] = [
  ...VULNERABILITIES.map(vulnerabilityCheck),
  podCheck(
    {
      id: 'cve-2022-0492',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0086', 'CVE-2022-0492'),
      message: {
        en: 'Root in a container that nothing confines can leave it on kernels before 5.17 (CVE-2022-0492, cgroups).',
        'zh-CN': '在 5.17 之前的内核上，未受约束的 root 容器可逃逸（CVE-2022-0492，cgroups）。',
      },
    },
    (pod) =>
      pod.containers
        .filter((container) => {
          const user = effective(container, 'runAsUser')
          const root = !(typeof user === 'number' && user > 0) && effective(container, 'runAsNonRoot') !== true
          return root && at(container.spec, 'securityContext', 'allowPrivilegeEscalation') !== false && !isConfined(container)
        })
        .map(({ path, name }) => ({ path, what: name })),
  ),
  objectCheck(
    {
      id: 'kubernetes-old',
      category: 'stability',
      severity: 'warning',
      aliases: [...kubescape('C-0273', 'outdated-k8s-version'), 'popeye/POP-405'],
      message: {
        en: `The node runs a Kubernetes that gets no more fixes (before ${OLDEST_SUPPORTED}).`,
        'zh-CN': `节点运行已停止维护的 Kubernetes 版本（低于 ${OLDEST_SUPPORTED}）。`,
      },
    },
    ['Node'],
    ({ object }: Item) => {
      const text = at(object, 'status', 'nodeInfo', 'kubeletVersion')
      const version = versionOf(text)
      return version && before(version, versionOf(OLDEST_SUPPORTED)!) ? { path: ['status', 'nodeInfo', 'kubeletVersion'], what: String(text) } : undefined
    },
  ),
  podCheck(
    {
      id: 'ingress-nginx-snippets',
      category: 'security',
      severity: 'error',
      aliases: kubescape('C-0059', 'nginx-ingress-snippet-annotation-vulnerability', 'CVE-2021-25742'),
      message: {
        en: 'The ingress-nginx takes over text of annotations: who may write an Ingress may read all Secrets of the cluster (CVE-2021-25742).',
        'zh-CN': 'ingress-nginx 会采纳注解中的配置片段：能写 Ingress 者即可读取集群全部 Secret（CVE-2021-25742）。',
      },
    },
    (pod, inventory) =>
      pod.containers
        .filter(({ spec }) => typeof spec.image === 'string' && isIngressNginx(spec.image) && takesSnippets(pod, spec.image, inventory))
        .map(({ path, spec }) => ({ path: [...path, 'image'], what: String(spec.image) })),
  ),
  podCheck(
    {
      id: 'ingress-nginx-retired',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0292', 'detect-nginx-ingress-controller-eol'),
      message: {
        en: 'No more fixes come for ingress-nginx after March 2026: move to another controller or to the Gateway API.',
        'zh-CN': 'ingress-nginx 于 2026 年 3 月后停止维护：应迁移至其他控制器或 Gateway API。',
      },
    },
    (pod) =>
      pod.containers
        .filter(({ spec }) => typeof spec.image === 'string' && isIngressNginx(spec.image))
        .map(({ path, spec }) => ({ path: [...path, 'image'], what: String(spec.image) })),
  ),
  objectCheck(
    {
      id: 'storage-not-encrypted',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0264'),
      message: { en: 'The storage class does not ask for encryption.', 'zh-CN': '存储类未要求加密。' },
    },
    ['StorageClass'],
    (item) => (asksForEncryption(item) ? undefined : { path: ['parameters', 'encrypted'] }),
  ),
  objectCheck(
    {
      id: 'volume-not-encrypted',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0264', 'pv-without-encryption'),
      message: { en: 'The volume is of a storage class that does not ask for encryption.', 'zh-CN': '存储卷所属存储类未要求加密。' },
    },
    ['PersistentVolume'],
    ({ object }, inventory) => {
      const name = at(object, 'spec', 'storageClassName')
      const found = ofKind(inventory, 'StorageClass').find((item) => item.object.metadata.name === name)
      return found && asksForEncryption(found) ? undefined : { path: ['spec', 'storageClassName'] }
    },
  ),
]
