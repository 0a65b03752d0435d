/** What can be reached from outside, what reaches into nodes, and what data workloads hold. */
import type { Severity } from '#core/shapes/severity.ts'
import { containerCheck, type Fault, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import {
  at,
  type Inventory,
  type Item,
  isFields,
  listAt,
  nameOf,
  namespaceOf,
  ofKind,
  ofKindIn,
  type PodTemplate,
  podsIn,
  selectsLabels,
} from '../inventory.ts'
import { isAffected, versionOf } from './components.ts'
import { EVERY_ROLE } from './containers.ts'
import { ciliumSpecs } from './namespaces.ts'
import { withoutVolume } from './pods.ts'

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)
const sameNamespace = (a: string, b: string): boolean => (a || 'default') === (b || 'default')

const selectedBy = (service: Item, pod: PodTemplate): boolean => {
  const selector = at(service.object, 'spec', 'selector')
  return (
    isFields(selector) &&
    Object.keys(selector).length > 0 &&
    sameNamespace(namespaceOf(service), pod.namespace) &&
    selectsLabels({ matchLabels: selector }, pod.labels)
  )
}
const servicesOf = (pod: PodTemplate, inventory: Inventory): Item[] =>
  ofKindIn(inventory, 'Service', pod.namespace).filter((service) => selectedBy(service, pod))
const isOutside = ({ object }: Item): boolean => ['NodePort', 'LoadBalancer'].includes(String(at(object, 'spec', 'type')))

/** Services that an Ingress or route leads to. */
function leadsTo(route: Item): string[] {
  const { object } = route
  const paths = listAt(object, 'spec', 'rules').flatMap((rule) => listAt(rule, 'http', 'paths'))
  const backends = [at(object, 'spec', 'defaultBackend'), at(object, 'spec', 'backend'), ...paths.map((one) => at(one, 'backend'))]
  const references = listAt(object, 'spec', 'rules').flatMap((rule) => listAt(rule, 'backendRefs'))
  return [
    ...backends.map((one) => at(one, 'service', 'name') ?? at(one, 'serviceName')),
    ...references.filter((one) => [undefined, 'Service'].includes(at(one, 'kind') as string)).map((one) => at(one, 'name')),
  ].filter((name): name is string => typeof name === 'string' && name !== '')
}

const exposedBy =
  (kinds: readonly string[]) =>
  (pod: PodTemplate, inventory: Inventory): string | undefined => {
    const services = servicesOf(pod, inventory)
    for (const kind of kinds)
      for (const route of ofKindIn(inventory, kind, pod.namespace))
        if (sameNamespace(namespaceOf(route), pod.namespace) && services.some((service) => leadsTo(route).includes(nameOf(service))))
          return `${kind} ${nameOf(route)}`
    return undefined
  }
/** Gateways that a VirtualService hangs on: `name` of its own namespace, or `namespace/name`; `mesh` is inside. */
const gatewaysOf = (route: Item): string[] =>
  listAt(route.object, 'spec', 'gateways').flatMap((text) =>
    typeof text !== 'string' || text === 'mesh' ? [] : [text.includes('/') ? text : `${namespaceOf(route) || 'default'}/${text}`],
  )

/** A gateway is inside when the Services before its proxies are all known, and none of them leads out. */
function isInside(gateway: Item, inventory: Inventory): boolean {
  const selector = at(gateway.object, 'spec', 'selector')
  const before = ofKind(inventory, 'Service').filter(
    ({ object }) =>
      isFields(selector) &&
      (selectsLabels({ matchLabels: selector }, object.metadata.labels) || selectsLabels({ matchLabels: selector }, at(object, 'spec', 'selector'))),
  )
  return before.length > 0 && !before.some(isOutside)
}

function byIstio(pod: PodTemplate, inventory: Inventory): string | undefined {
  const names = servicesOf(pod, inventory).map(nameOf)
  const gateways = ofKind(inventory, 'Gateway').filter(({ object }) => String(object.apiVersion).startsWith('networking.istio.io/'))
  for (const route of ofKind(inventory, 'VirtualService')) {
    const own = sameNamespace(namespaceOf(route), pod.namespace)
    const leads = listAt(route.object, 'spec', 'http')
      .concat(listAt(route.object, 'spec', 'tcp'), listAt(route.object, 'spec', 'tls'))
      .some((entry) =>
        listAt(entry, 'route').some((one) => {
          const [name = '', namespace] = String(at(one, 'destination', 'host') ?? '').split('.')
          return names.includes(name) && (namespace === undefined ? own : sameNamespace(namespace, pod.namespace))
        }),
      )
    if (!leads) continue
    const wanted = gatewaysOf(route)
    const open = gateways.some((gateway) => wanted.includes(`${namespaceOf(gateway) || 'default'}/${nameOf(gateway)}`) && !isInside(gateway, inventory))
    if (open) return `VirtualService ${nameOf(route)}`
  }
  return undefined
}
const byService = (pod: PodTemplate, inventory: Inventory): string | undefined => {
  const service = servicesOf(pod, inventory).find(isOutside)
  return service && `Service ${nameOf(service)}`
}

const exposure = (
  id: string,
  aliases: readonly string[],
  how: (pod: PodTemplate, inventory: Inventory) => string | undefined,
  zh: string,
  en: string,
): InspectionCheck =>
  podCheck(
    {
      id,
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases,
      message: { en: `The pods can be reached from outside the cluster, ${en}.`, 'zh-CN': `集群外可通过${zh}访问这些 Pod。` },
    },
    (pod, inventory) => {
      const by = how(pod, inventory)
      return by === undefined ? undefined : { path: [], what: by }
    },
  )

/** Consoles and engines that act for whoever reaches them. */
const SENSITIVE_INTERFACES = [
  'nifi',
  'argo-server',
  'weave-scope-app',
  'kubeflow',
  'kubernetes-dashboard',
  'jenkins',
  'prometheus-deployment',
  'vllm',
  'ollama',
  'jupyter',
  'airflow',
  'mlflow',
]

/** Kubelets that let a subPath lead out of its volume (CVE-2021-25741). */
const SUB_PATH = {
  affected: [
    ['0.0', '1.19.15'],
    ['1.20', '1.20.11'],
    ['1.21', '1.21.5'],
    ['1.22', '1.22.2'],
  ],
} as const

/** Paths of a node under which credentials of clouds and of Kubernetes stand. */
const CREDENTIAL_PATHS = [
  '/etc/kubernetes/azure.json',
  '/.azure/',
  '/.aws/',
  '/.config/gcloud/',
  '/.config/gcloud',
  '/root/.azure',
  '/root/.aws',
  '/root/.config/gcloud',
  '/etc/kubernetes',
  '/gcloud/',
  '/var/lib/kubelet/pki',
  '/.kube',
]
const RUNTIME_SOCKETS = [
  '/var/run/docker.sock',
  '/run/docker.sock',
  '/var/run/docker',
  '/run/docker',
  '/run/containerd/containerd.sock',
  '/var/run/containerd/containerd.sock',
  '/var/run/crio/crio.sock',
  '/run/crio/crio.sock',
  '/run/podman/podman.sock',
  '/var/run/podman/podman.sock',
]
/** Read and changed there: the node itself. */
const trim = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path)

const hostPaths = (pod: PodTemplate): { name: unknown; path: string; i: number }[] =>
  listAt(pod.spec, 'volumes').flatMap((volume, i) => {
    const path = at(volume, 'hostPath', 'path')
    return typeof path === 'string' ? [{ name: at(volume, 'name'), path: trim(path), i }] : []
  })

const hostPathCheck = (id: string, severity: Severity, aliases: readonly string[], bad: (path: string) => boolean, en: string, zh: string): InspectionCheck =>
  podCheck({ id, category: 'security', severity, aliases, message: { en, 'zh-CN': zh } }, (pod) =>
    hostPaths(pod).flatMap(({ path, i }): Fault[] =>
      bad(path) ? [{ path: [...pod.path, 'volumes', i, 'hostPath', 'path'], what: path, fix: withoutVolume(pod, i) }] : [],
    ),
  )

/** Containers that mount a volume of this source, and the object that it is. */
const mountCheck = (id: string, aliases: readonly string[], field: string, key: string, kind: string, en: string, zh: string): InspectionCheck =>
  containerCheck(
    { id, category: 'security', severity: 'advice', optional: true, aliases, message: { en, 'zh-CN': zh } },
    ({ pod, spec, path, name }, inventory) => {
      const volumes = new Map(listAt(pod.spec, 'volumes').map((volume) => [at(volume, 'name'), at(volume, field, key)]))
      return listAt(spec, 'volumeMounts').flatMap((mount, i) => {
        const object = volumes.get(at(mount, 'name'))
        return typeof object === 'string' && ofKindIn(inventory, kind, pod.namespace).some((item) => nameOf(item) === object)
          ? [
              {
                path: [...path, 'volumeMounts', i],
                what: `${name}: ${kind} ${object}`,
                fix: [{ path: [...path, 'volumeMounts', i], value: undefined, guess: true }],
              },
            ]
          : []
      })
    },
    ['container', 'init'],
  )

const covered = (pod: PodTemplate, inventory: Inventory): Set<string> => {
  const directions = new Set<string>()
  for (const policy of ofKindIn(inventory, 'NetworkPolicy', pod.namespace)) {
    const { spec } = policy.object
    if (!sameNamespace(namespaceOf(policy), pod.namespace) || !selectsLabels(at(spec, 'podSelector') ?? {}, pod.labels)) continue
    const types = at(spec, 'policyTypes')
    for (const type of Array.isArray(types) ? types : ['Ingress', ...(at(spec, 'egress') === undefined ? [] : ['Egress'])]) directions.add(String(type))
  }
  for (const kind of ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'])
    for (const policy of ofKind(inventory, kind)) {
      if (kind === 'CiliumNetworkPolicy' && !sameNamespace(namespaceOf(policy), pod.namespace)) continue
      for (const spec of ciliumSpecs(policy))
        if (selectsLabels(at(spec, 'endpointSelector'), pod.labels))
          for (const [field, direction] of [
            ['ingress', 'Ingress'],
            ['ingressDeny', 'Ingress'],
            ['egress', 'Egress'],
            ['egressDeny', 'Egress'],
          ] as const)
            if (at(spec, field) !== undefined) directions.add(direction)
    }
  return directions
}

export const EXPOSURE_CHECKS: readonly InspectionCheck[] = [
  podCheck(
    {
      id: 'no-policy-at-all',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0030', 'C-0260', 'ingress-and-egress-blocked'),
      message: { en: 'No network policy of any kind holds for the pods, in neither direction.', 'zh-CN': '这些 Pod 在任何方向上都没有网络策略。' },
    },
    (pod, inventory) => (covered(pod, inventory).size > 0 ? undefined : { path: [] }),
  ),
  exposure(
    'reachable-by-service',
    kubescape('C-0256', 'exposure-to-internet'),
    (pod, inventory) => byService(pod, inventory) ?? exposedBy(['Ingress'])(pod, inventory),
    ' Service 或 Ingress ',
    'by a Service or an Ingress',
  ),
  exposure(
    'reachable-by-gateway',
    kubescape('C-0266', 'exposure-to-internet-via-gateway-api', 'exposure-to-internet-gateway-api'),
    exposedBy(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute']),
    '网关',
    'by a gateway',
  ),
  exposure('reachable-by-istio', kubescape('C-0266', 'exposure-to-internet-via-istio-ingress'), byIstio, ' Istio ', 'through Istio'),
  podCheck(
    {
      id: 'sensitive-interface-exposed',
      category: 'security',
      severity: 'error',
      aliases: kubescape('C-0021', 'exposed-sensitive-interfaces-v1', 'exposed-sensitive-interfaces'),
      message: {
        en: 'A console or engine that acts for whoever reaches it can be reached from outside the cluster.',
        'zh-CN': '可代人执行操作的管理界面或引擎暴露在集群外。',
      },
    },
    (pod, inventory) => {
      const names = inventory.settings.sensitiveInterfaces ?? SENSITIVE_INTERFACES
      const images = pod.containers.flatMap(({ spec }) => (typeof spec.image === 'string' ? [spec.image.split('/').at(-1)!] : []))
      const known = names.find((name) => nameOf(pod.item).includes(name) || images.some((image) => image.startsWith(name)))
      const by = known === undefined ? undefined : servicesOf(pod, inventory).find(isOutside)
      return by ? { path: [...pod.path.slice(0, -1), 'metadata', 'labels'], what: `${known}, Service ${nameOf(by)}` } : undefined
    },
  ),
  objectCheck(
    {
      id: 'dashboard-exposed',
      category: 'security',
      severity: 'critical',
      aliases: kubescape('C-0047', 'rule-exposed-dashboard', 'rule-exposed-dashboard-v1'),
      message: { en: 'The Kubernetes dashboard can be reached from outside the cluster.', 'zh-CN': 'Kubernetes Dashboard 暴露在集群外。' },
    },
    ['Service'],
    (service, inventory) => {
      const pod = isOutside(service)
        ? podsIn(inventory, namespaceOf(service)).find((one) => nameOf(one.item).includes('kubernetes-dashboard') && selectedBy(service, one))
        : undefined
      return pod ? { path: ['spec', 'type'], what: nameOf(pod.item) } : undefined
    },
  ),
  podCheck(
    {
      id: 'unauthenticated-service',
      category: 'security',
      severity: 'error',
      aliases: kubescape('C-0274', 'unauthenticated-service'),
      message: {
        en: 'A scan found that the Service of these pods answers without asking who is there.',
        'zh-CN': '扫描发现这些 Pod 的 Service 无需认证即可访问。',
      },
    },
    (pod, inventory) => {
      const service = servicesOf(pod, inventory).find((one) =>
        ofKind(inventory, 'ServiceScanResult').some(
          (scan) =>
            nameOf(scan) === nameOf(one) &&
            sameNamespace(namespaceOf(scan), namespaceOf(one)) &&
            listAt(scan.object, 'spec', 'ports').some((port) => at(port, 'authenticated') === false),
        ),
      )
      return service ? { path: [], what: `Service ${nameOf(service)}` } : undefined
    },
  ),
  hostPathCheck(
    'credentials-mounted',
    'error',
    kubescape('C-0020', 'alert-mount-potential-credentials-paths'),
    (path) =>
      CREDENTIAL_PATHS.map(trim).some(
        (known) => path === known || path.startsWith(`${known}/`) || path.endsWith(known) || known.startsWith(path === '/' ? path : `${path}/`),
      ),
    'The pod mounts a folder of its node in which credentials stand.',
    'Pod 挂载了节点上存放凭据的目录。',
  ),
  hostPathCheck(
    'runtime-socket-mounted',
    'critical',
    kubescape('C-0074', 'containers-mounting-docker-socket').concat('kube-linter/docker-sock', 'kube-linter/container-runtime-sock'),
    (path) => RUNTIME_SOCKETS.includes(path),
    'The pod can command the container runtime of its node, and with it the node.',
    'Pod 可控制节点的容器运行时，从而控制节点。',
  ),
  hostPathCheck(
    'sensitive-host-path',
    'error',
    ['kube-linter/sensitive-host-mounts'],
    (path) => ['/', '/boot', '/dev', '/etc', '/lib', '/proc', '/sys', '/usr'].includes(path),
    'The pod mounts a system folder of its node.',
    'Pod 挂载了节点的系统目录。',
  ),
  containerCheck(
    {
      id: 'host-path-writable',
      category: 'security',
      severity: 'error',
      aliases: [...kubescape('C-0045', 'C-0006', 'alert-rw-hostpath'), 'kube-linter/writable-host-mount'],
      message: { en: 'The container can write a folder of its node.', 'zh-CN': '容器可写入节点上的目录。' },
    },
    ({ pod, spec, path, name }) => {
      const names = new Set(hostPaths(pod).map((volume) => volume.name))
      return listAt(spec, 'volumeMounts').flatMap((mount, i): Fault[] => {
        if (!names.has(at(mount, 'name')) || at(mount, 'readOnly') === true) return []
        const field = [...path, 'volumeMounts', i, 'readOnly']
        return [{ path: field, what: `${name}: ${at(mount, 'mountPath')}`, fix: [{ path: field, value: true }] }]
      })
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'sub-path-mounted',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0058', 'CVE-2021-25741', 'Symlink-Exchange-Can-Allow-Host-Filesystem-Access'),
      message: {
        en: 'A subPath is mounted: kubelets before 1.19.15, 1.20.11, 1.21.5 and 1.22.2 let it lead out of the volume (CVE-2021-25741).',
        'zh-CN': '使用了 subPath：旧版 kubelet（低于 1.19.15/1.20.11/1.21.5/1.22.2）可被其逃逸出卷（CVE-2021-25741）。',
      },
    },
    ({ spec, path, name }, inventory) => {
      const kubelets = ofKind(inventory, 'Node').flatMap(({ object }) => {
        const version = versionOf(at(object, 'status', 'nodeInfo', 'kubeletVersion'))
        return version ? [version] : []
      })
      // Without any node it is not known what runs: then it is told.
      if (ofKind(inventory, 'Node').length > 0 && !kubelets.some((version) => isAffected(version, SUB_PATH))) return []
      return listAt(spec, 'volumeMounts').flatMap((mount, i): Fault[] =>
        (['subPath', 'subPathExpr'] as const).flatMap((field) =>
          typeof at(mount, field) === 'string' && at(mount, field) !== '' ? [{ path: [...path, 'volumeMounts', i, field], what: name }] : [],
        ),
      )
    },
  ),
  mountCheck(
    'configmap-mounted',
    kubescape('C-0258', 'workload-mounted-configmap'),
    'configMap',
    'name',
    'ConfigMap',
    'The container mounts a ConfigMap.',
    '容器挂载了 ConfigMap。',
  ),
  mountCheck(
    'volume-claim-mounted',
    kubescape('C-0257', 'workload-mounted-pvc'),
    'persistentVolumeClaim',
    'claimName',
    'PersistentVolumeClaim',
    'The container mounts a volume that outlives it.',
    '容器挂载了持久卷。',
  ),
  mountCheck(
    'secret-mounted',
    kubescape('C-0255', 'workload-mounted-secrets'),
    'secret',
    'secretName',
    'Secret',
    'The container mounts a Secret.',
    '容器挂载了 Secret。',
  ),
  objectCheck(
    {
      id: 'ingress-snippet',
      category: 'security',
      severity: 'error',
      aliases: [],
      message: {
        en: 'An annotation puts text into the configuration of ingress-nginx: who may write it may read all Secrets of the cluster (CVE-2021-25742).',
        'zh-CN': '注解可向 ingress-nginx 注入配置：能写入者即可读取集群全部 Secret（CVE-2021-25742）。',
      },
    },
    ['Ingress'],
    ({ object }) =>
      Object.keys(isFields(object.metadata?.annotations) ? object.metadata.annotations : {}).flatMap((key): Fault[] =>
        /^nginx\.ingress\.kubernetes\.io\/[\w-]*snippet$/.test(key) ? [{ path: ['metadata', 'annotations', key], what: key }] : [],
      ),
  ),
  objectCheck(
    {
      id: 'load-balancer-without-tls',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0231', 'ensure-https-loadbalancers-encrypted-with-tls-aws'),
      message: { en: 'The load balancer of AWS has no certificate: requests travel in the clear.', 'zh-CN': 'AWS 负载均衡未配置证书：请求以明文传输。' },
    },
    ['Service'],
    ({ object }) => {
      const key = 'service.beta.kubernetes.io/aws-load-balancer-ssl-cert'
      return at(object, 'spec', 'type') === 'LoadBalancer' && !at(object, 'metadata', 'annotations', key)
        ? { path: ['metadata', 'annotations', key] }
        : undefined
    },
  ),
  objectCheck(
    {
      id: 'load-balancer-beside-tls',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0245', 'encrypt-traffic-to-https-load-balancers-with-tls-certificates'),
      message: { en: 'The load balancer is reached without an Ingress that has a certificate.', 'zh-CN': '负载均衡未经带证书的 Ingress 即可访问。' },
    },
    ['Service'],
    (item, inventory) => {
      const { object } = item
      if (at(object, 'spec', 'type') !== 'LoadBalancer') return undefined
      const covered = ofKind(inventory, 'Ingress').some(
        (ingress) =>
          namespaceOf(ingress) === namespaceOf(item) &&
          listAt(ingress.object, 'spec', 'tls').length > 0 &&
          listAt(ingress.object, 'spec', 'rules')
            .flatMap((rule) => listAt(rule, 'http', 'paths'))
            .some((route) => at(route, 'backend', 'service', 'name') === object.metadata.name),
      )
      return covered ? undefined : { path: ['spec', 'type'] }
    },
  ),
  objectCheck(
    {
      id: 'service-external-address',
      category: 'security',
      severity: 'error',
      aliases: ['kubescape/CVE-2020-8554'],
      message: {
        en: 'The Service takes over addresses outside the cluster (externalIPs, CVE-2020-8554).',
        'zh-CN': 'Service 占用集群外地址（externalIPs，CVE-2020-8554）。',
      },
    },
    ['Service'],
    ({ object }) => (listAt(object, 'spec', 'externalIPs').length > 0 ? { path: ['spec', 'externalIPs'] } : undefined),
  ),
]
