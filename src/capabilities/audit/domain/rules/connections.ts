/** Into running containers: exec, attach, copies, forwarded ports and debug containers, by every verb and transport. */
import { type AuditEvent, effectiveUser, isAllowed } from '../event.ts'
import type { Lists } from '../lists.ts'
import { type AuditRule, falco } from './rule.ts'

/** SPDY posts, WebSocket gets: https://github.com/kubernetes/kubernetes/issues/78741 */
const CONNECT = ['create', 'get', 'connect'] as const

/** Open: the connection stood (101), or an older server or proxy said plain success. */
const opened = (event: AuditEvent) => isAllowed(event)

const query = (event: AuditEvent): URLSearchParams => {
  const at = event.uri.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : event.uri.slice(at + 1))
}

/** What was to be run; '' when the event does not say. */
export const commandOf = (event: AuditEvent): string => query(event).getAll('command').join(' ')

/** kubectl cp runs tar at the other end: `tar cf -` to fetch, `tar -xmf -` to bring. */
const isCopy = (command: string) => /^(?:\/\S*\/)?tar\s+-?[a-z]*[cx][a-z]*f\b/.test(command)
const REVERSE_SHELL =
  /\/dev\/(?:tcp|udp)\/|\bn(?:c|cat|etcat)\b.*\s-\w*[ec]\b|\bmkfifo\b|\bsocat\b.*\bexec:|\bpty\.spawn\b|\bsocket\b.*\b(?:connect|dup2)\b|\bbash\s+-i\b.*[<>]&|\bcurl\b.*\|\s*(?:ba|da|z)?sh\b|\bwget\b.*\|\s*(?:ba|da|z)?sh\b/i
const SECRETS_INSIDE =
  /\/var\/run\/secrets|\/run\/secrets\/|\/etc\/(?:shadow|kubernetes\/|sudoers|ssh\/)|\.kube\/config|\.aws\/credentials|id_(?:rsa|ed25519|ecdsa)\b|\.docker\/config\.json|169\.254\.169\.254|metadata\.google\.internal|100\.100\.100\.200|\/proc\/\d+\/environ/

export type ExecKind = 'reverse-shell' | 'secrets' | 'copy' | 'attach' | 'plain'

function execKind(event: AuditEvent): ExecKind {
  if (event.subresource === 'attach') return 'attach'
  const command = commandOf(event)
  if (REVERSE_SHELL.test(command)) return 'reverse-shell'
  if (SECRETS_INSIDE.test(command)) return 'secrets'
  return isCopy(command) ? 'copy' : 'plain'
}

const known = (event: AuditEvent, lists: Lists) => lists.has('execUsers', effectiveUser(event)) === true
const exec = (kind: ExecKind) => (event: AuditEvent, lists: Lists) => execKind(event) === kind && opened(event) && !known(event, lists)

/** The kubelet's own doors, reached through `nodes/proxy`: past admission, and past the audit of what is done there. */
const KUBELET_DOOR = /\/proxy\/(?:(?:cri\/)?exec|attach|run|portForward)(?:\/|\?|$)/i

const ATTACH_EXEC = falco('Attach/Exec Pod')

export const connectionRules: readonly AuditRule[] = [
  {
    id: 'pod-exec',
    aliases: [ATTACH_EXEC],
    severity: 'warning',
    title: { en: 'Command run in a container', 'zh-CN': '在容器内执行命令' },
    resources: ['pods/exec'],
    verbs: CONNECT,
    needs: 'Metadata',
    started: true,
    test: exec('plain'),
  },
  {
    id: 'pod-exec-reverse-shell',
    aliases: [ATTACH_EXEC, 'elastic/Kubernetes Pod Exec Potential Reverse Shell'],
    severity: 'critical',
    title: { en: 'Command in a container looks like a reverse shell', 'zh-CN': '容器内命令疑似反弹 shell' },
    resources: ['pods/exec'],
    verbs: CONNECT,
    needs: 'Metadata',
    started: true,
    test: exec('reverse-shell'),
  },
  {
    id: 'pod-exec-credentials',
    aliases: [ATTACH_EXEC, 'elastic/Kubernetes Pod Exec Sensitive File or Credential Path Access'],
    severity: 'error',
    title: { en: 'Command in a container reads credentials', 'zh-CN': '容器内命令读取凭据' },
    resources: ['pods/exec'],
    verbs: CONNECT,
    needs: 'Metadata',
    started: true,
    test: exec('secrets'),
  },
  {
    id: 'pod-copy',
    aliases: [ATTACH_EXEC, 'panther/Kubernetes.Pod.Copy'],
    severity: 'warning',
    title: { en: 'Files copied from or into a container', 'zh-CN': '从容器复制文件或向容器复制文件' },
    resources: ['pods/exec'],
    verbs: CONNECT,
    needs: 'Metadata',
    started: true,
    test: exec('copy'),
  },
  {
    id: 'pod-attach',
    aliases: [ATTACH_EXEC],
    severity: 'warning',
    title: { en: 'Attached to a container', 'zh-CN': '附加到容器' },
    resources: ['pods/attach'],
    verbs: CONNECT,
    needs: 'Metadata',
    started: true,
    test: exec('attach'),
  },
  {
    id: 'pod-connect-refused',
    aliases: [],
    severity: 'advice',
    title: { en: 'Exec, attach or port forward refused', 'zh-CN': 'exec、attach 或端口转发被拒绝' },
    resources: ['pods/exec', 'pods/attach', 'pods/portforward'],
    verbs: CONNECT,
    needs: 'Metadata',
    test: (event) => event.code === 401 || event.code === 403 || event.decision === 'forbid',
  },
  {
    id: 'pod-port-forward',
    aliases: [falco('port-forward')],
    severity: 'warning',
    title: { en: 'Port of a pod forwarded', 'zh-CN': '转发 Pod 端口' },
    resources: ['pods/portforward'],
    verbs: CONNECT,
    needs: 'Metadata',
    started: true,
    test: (event, lists) => opened(event) && !known(event, lists),
  },
  {
    id: 'pod-debug-container',
    aliases: [falco('EphemeralContainers Created')],
    severity: 'warning',
    title: { en: 'Debug container added to a running pod', 'zh-CN': '向运行中的 Pod 添加调试容器' },
    resources: ['pods/ephemeralcontainers'],
    verbs: ['create', 'update', 'patch'],
    needs: 'Metadata',
    test: (event, lists) => isAllowed(event) && !known(event, lists),
  },
  {
    id: 'node-proxy-exec',
    aliases: ['elastic/Kubernetes Direct API Request via Node Proxy', ATTACH_EXEC],
    severity: 'error',
    title: { en: "Command run through a node's proxy, past admission", 'zh-CN': '通过节点代理执行命令，绕过准入' },
    resources: ['nodes/proxy'],
    needs: 'Metadata',
    started: true,
    test: (event) => isAllowed(event) && KUBELET_DOOR.test(event.uri),
  },
  {
    id: 'node-proxy',
    aliases: ['elastic/Kubernetes Direct API Request via Node Proxy'],
    severity: 'warning',
    title: { en: "Node's kubelet reached through the API server", 'zh-CN': '通过 API Server 访问节点 kubelet' },
    resources: ['nodes/proxy'],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && !KUBELET_DOOR.test(event.uri),
    // what monitoring does all day
    routine: (event) => /\/proxy\/(?:metrics|stats|healthz|pods)(?:\/|\?|$)/.test(event.uri),
  },
]
