/** What pods and workloads ask of the host. */
import { type AuditEvent, isAllowed, isJson, type Json, jsonAt, listAt, textAt } from '../event.ts'
import type { Lists } from '../lists.ts'
import { containersOf, imagesOf, WORKLOADS, wantedObject, wantedPod } from '../pod-spec.ts'
import { type AuditRule, CHANGES, falco, SYSTEM_NAMESPACES } from './rule.ts'

/** Folders of the host that give the host away, and sockets of runtimes. Below the second kind as well. */
const SENSITIVE = new Set([
  '/',
  '/etc',
  '/root',
  '/home',
  '/home/admin',
  '/proc',
  '/sys',
  '/var',
  '/var/run',
  '/run',
  '/dev',
  '/boot',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
])
const SENSITIVE_BELOW = [
  '/etc/kubernetes',
  '/etc/ssh',
  '/root/.ssh',
  '/proc',
  '/var/lib/kubelet',
  '/var/lib/etcd',
  '/var/lib/docker',
  '/var/lib/containerd',
  '/etc/cni',
  '/etc/shadow',
  '/etc/passwd',
  '/etc/sudoers',
  '/etc/cron',
]
const SOCKET = /\/(?:docker|crio|containerd|cri-dockerd|dockershim|frakti|podman)\.sock$/

export function isSensitivePath(path: string): boolean {
  // `..` steps and doubled slashes reach the same folder
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  const plain = `/${steps.join('/')}`
  return SENSITIVE.has(plain) || SOCKET.test(plain) || SENSITIVE_BELOW.some((folder) => plain === folder || plain.startsWith(`${folder}/`))
}

type ImageList = Parameters<Lists['hasImages']>[0]

const isTrusted = (pod: Json, lists: Lists, list: ImageList) => {
  const images = imagesOf(pod)
  return lists.hasImages(list, images) === true || lists.hasImages('trustedImages', images) === true
}

/** Pods are what they are from their creation; templates may be changed. */
const wants = (what: (pod: Json) => boolean, list: ImageList) => (event: AuditEvent, lists: Lists) => {
  if (!isAllowed(event) || (event.resource === 'pods' && event.verb !== 'create')) return false
  const pod = wantedPod(event)
  return what(pod) && !isTrusted(pod, lists, list)
}

const security = (container: Json) => jsonAt(container, 'securityContext')
const POWERFUL = new Set(['ALL', 'SYS_ADMIN', 'SYS_PTRACE', 'SYS_MODULE', 'SYS_RAWIO', 'DAC_READ_SEARCH', 'BPF', 'NET_ADMIN', 'SYS_BOOT', 'MAC_ADMIN'])
const addsPower = (container: Json) =>
  listAt(jsonAt(security(container), 'capabilities'), 'add').some((name) => typeof name === 'string' && POWERFUL.has(name.replace(/^CAP_/, '').toUpperCase()))

const pod = (
  id: string,
  aliases: readonly string[],
  severity: AuditRule['severity'],
  en: string,
  zh: string,
  what: (pod: Json) => boolean,
  list: ImageList,
): AuditRule => ({
  id,
  aliases,
  severity,
  title: { en, 'zh-CN': zh },
  resources: WORKLOADS,
  verbs: CHANGES,
  needs: 'Request',
  test: wants(what, list),
  // whoever changed the template is in an event of their own
  routine: (event) => event.resource !== 'pods' && event.user.startsWith('system:serviceaccount:kube-system:'),
})

export const CREDENTIAL_NAME =
  /(?:^|[^a-z])(?:pass(?:word|phrase|wd)|aws[_-]?(?:s3[_-]?)?(?:secret[_-]?)?access[_-]?key(?:[_-]?id)?|secret[_-]?access[_-]?key|client[_-]?secret|private[_-]?key)/i
export const CREDENTIAL_TEXT =
  /(?:pass(?:word|phrase|wd)|aws[_-]?(?:s3[_-]?)?(?:secret[_-]?)?access[_-]?key(?:[_-]?id)?|secret[_-]?access[_-]?key|client[_-]?secret)["']?\s*(?:[:=]+|\s)\s*["']?[^\s"'{}$<]|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bLTAI[0-9A-Za-z]{12,20}\b|\bghp_[0-9A-Za-z]{36}\b/i

/** Names or values that look like passwords and keys; a reference or nothing in place of the value is none. */
export function holdsCredentials(configMap: Json): boolean {
  for (const part of ['data', 'binaryData', 'stringData']) {
    for (const [key, value] of Object.entries(jsonAt(configMap, part))) {
      if (typeof value !== 'string') continue
      if (value.trim() !== '' && !/^\s*(?:\$[{(]|<)/.test(value) && CREDENTIAL_NAME.test(key)) return true
      if (CREDENTIAL_TEXT.test(value.length > 65_536 ? value.slice(0, 65_536) : value)) return true
    }
  }
  return false
}

export const workloadRules: readonly AuditRule[] = [
  {
    id: 'pod-disallowed-image',
    aliases: [falco('Create Disallowed Pod')],
    severity: 'warning',
    title: { en: 'Pod of an image that is not allowed', 'zh-CN': '使用了不允许的镜像' },
    resources: WORKLOADS,
    verbs: CHANGES,
    needs: 'Request',
    test(event, lists) {
      if (!isAllowed(event) || (event.resource === 'pods' && event.verb !== 'create')) return false
      const images = imagesOf(wantedPod(event))
      return images.length > 0 && lists.hasImages('allowedImages', images) === false
    },
  },
  pod(
    'pod-privileged',
    [falco('Create Privileged Pod')],
    'error',
    'Privileged pod',
    '特权 Pod',
    (spec) => containersOf(spec).some((container) => security(container).privileged === true),
    'privilegedImages',
  ),
  pod(
    'pod-capabilities',
    ['elastic/Kubernetes Pod Created with Sensitive Capabilities'],
    'warning',
    'Pod with capabilities that reach the host',
    'Pod 具有可触及主机的能力（capabilities）',
    (spec) => containersOf(spec).some(addsPower),
    'privilegedImages',
  ),
  pod(
    'pod-sensitive-mount',
    [falco('Create Sensitive Mount Pod')],
    'error',
    'Pod mounts a sensitive folder of the host',
    'Pod 挂载主机敏感目录',
    (spec) => listAt(spec, 'volumes').some((volume) => isJson(volume) && isJson(volume.hostPath) && isSensitivePath(textAt(volume.hostPath, 'path', 4096))),
    'sensitiveMountImages',
  ),
  pod(
    'pod-host-network',
    [falco('Create HostNetwork Pod')],
    'warning',
    "Pod on the host's network",
    'Pod 使用主机网络',
    (spec) => spec.hostNetwork === true,
    'hostNetworkImages',
  ),
  pod(
    'pod-host-pid',
    [falco('Create HostPid Pod')],
    'warning',
    "Pod sees the host's processes",
    'Pod 可见主机进程',
    (spec) => spec.hostPID === true,
    'hostPidImages',
  ),
  pod(
    'pod-host-ipc',
    [falco('Create HostIPC Pod')],
    'warning',
    "Pod shares the host's IPC",
    'Pod 共享主机 IPC',
    (spec) => spec.hostIPC === true,
    'hostIpcImages',
  ),
  {
    id: 'pod-in-system-namespace',
    aliases: [falco('Pod Created in Kube Namespace')],
    severity: 'warning',
    title: { en: 'Pod created in a namespace of the system', 'zh-CN': '在系统命名空间中创建 Pod' },
    resources: ['pods'],
    verbs: ['create'],
    needs: 'Request',
    test: (event, lists) => isAllowed(event) && SYSTEM_NAMESPACES.has(event.namespace) && lists.hasImages('systemImages', imagesOf(wantedPod(event))) !== true,
  },
  {
    id: 'workload-in-system-namespace',
    aliases: [],
    severity: 'warning',
    title: { en: 'Workload changed in a namespace of the system by a person', 'zh-CN': '用户修改系统命名空间中的工作负载' },
    resources: WORKLOADS.filter((resource) => resource !== 'pods'),
    verbs: [...CHANGES, 'delete', 'deletecollection'],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && SYSTEM_NAMESPACES.has(event.namespace) && !event.user.startsWith('system:'),
  },
  {
    id: 'pod-controller-account',
    aliases: ['elastic/Kubernetes Suspicious Assignment of Controller Service Account'],
    severity: 'error',
    title: { en: 'Pod given the ServiceAccount of a controller', 'zh-CN': 'Pod 使用控制器的 ServiceAccount' },
    resources: WORKLOADS,
    verbs: CHANGES,
    needs: 'Request',
    test: (event) => isAllowed(event) && event.namespace === 'kube-system' && /-controller$/.test(textAt(wantedPod(event), 'serviceAccountName')),
  },
  {
    id: 'service-node-port',
    aliases: [falco('Create NodePort Service')],
    severity: 'warning',
    title: { en: 'Service opened on a port of every node', 'zh-CN': '创建 NodePort 服务' },
    resources: ['services'],
    // an update sends the whole Service, and that it is one already is no news
    verbs: ['create', 'patch'],
    needs: 'Request',
    test: (event, lists) => isAllowed(event) && textAt(wantedObject(event).spec, 'type') === 'NodePort' && lists.has('nodePortServices', event.name) !== true,
    alarm: false,
  },
  {
    id: 'ingress-without-tls',
    aliases: [falco('Ingress Object without TLS Certificate Created'), falco('Ingress Object Without TLS Certificate Created')],
    severity: 'warning',
    title: { en: 'Ingress without TLS', 'zh-CN': '未启用 TLS 的 Ingress' },
    resources: ['ingresses'],
    verbs: ['create'],
    needs: 'Request',
    test: (event, lists) => lists.activity && isAllowed(event) && isJson(event.request) && listAt(event.request.spec, 'tls').length === 0,
    alarm: false,
  },
  {
    id: 'configmap-credentials',
    aliases: [falco('Create/Modify Configmap With Private Credentials')],
    severity: 'warning',
    title: { en: 'ConfigMap holds credentials', 'zh-CN': 'ConfigMap 包含凭据' },
    resources: ['configmaps'],
    verbs: CHANGES,
    needs: 'Request',
    test: (event) => isAllowed(event) && holdsCredentials(wantedObject(event)),
  },
]
