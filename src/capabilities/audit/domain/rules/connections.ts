/** Into running containers: exec, attach, copies, forwarded ports and debug containers, by every verb and transport. */
import { type AuditEvent, effectiveUser, isAllowed } from '../event.ts'
import type { Lists } from '../lists.ts'
import { type AuditRule, CHANGES, falco } from './rule.ts'

/** SPDY posts, WebSocket gets: https://github.com/kubernetes/kubernetes/issues/78741 */
const CONNECT = ['create', 'get', 'connect'] as const

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

type ExecKind = 'reverse-shell' | 'secrets' | 'copy' | 'plain'

function execKind(event: AuditEvent): ExecKind {
  const command = commandOf(event)
  if (REVERSE_SHELL.test(command)) return 'reverse-shell'
  if (SECRETS_INSIDE.test(command)) return 'secrets'
  return isCopy(command) ? 'copy' : 'plain'
}

const known = (event: AuditEvent, lists: Lists) => lists.has('execUsers', effectiveUser(event)) === true

/** The kubelet's own doors, reached through `nodes/proxy`: past admission, and past the audit of what is done there. */
const KUBELET_DOOR = /\/proxy\/(?:(?:cri\/)?exec|attach|run|portForward)(?:\/|\?|$)/i

const ATTACH_EXEC = falco('Attach/Exec Pod')

/** A connection into a pod: seen when its answer begins, whatever verb and transport opened it. */
const connection = (
  id: string,
  aliases: readonly string[],
  severity: AuditRule['severity'],
  en: string,
  zh: string,
  subresource: 'exec' | 'attach' | 'portforward',
  is: (event: AuditEvent) => boolean,
): AuditRule => ({
  id,
  aliases,
  severity,
  title: { en, 'zh-CN': zh },
  resources: [`pods/${subresource}`],
  verbs: CONNECT,
  needs: 'Metadata',
  started: true,
  test: (event, lists) => is(event) && isAllowed(event) && !known(event, lists),
})
const isKind = (kind: ExecKind) => (event: AuditEvent) => execKind(event) === kind

export const connectionRules: readonly AuditRule[] = [
  connection('pod-exec', [ATTACH_EXEC], 'warning', 'Command run in a container', '在容器内执行命令', 'exec', isKind('plain')),
  connection(
    'pod-exec-reverse-shell',
    [ATTACH_EXEC, 'elastic/Kubernetes Pod Exec Potential Reverse Shell'],
    'critical',
    'Command in a container looks like a reverse shell',
    '容器内命令疑似反弹 shell',
    'exec',
    isKind('reverse-shell'),
  ),
  connection(
    'pod-exec-credentials',
    [ATTACH_EXEC, 'elastic/Kubernetes Pod Exec Sensitive File or Credential Path Access'],
    'error',
    'Command in a container reads credentials',
    '容器内命令读取凭据',
    'exec',
    isKind('secrets'),
  ),
  connection(
    'pod-copy',
    [ATTACH_EXEC, 'panther/Kubernetes.Pod.Copy'],
    'warning',
    'Files copied from or into a container',
    '从容器复制文件或向容器复制文件',
    'exec',
    isKind('copy'),
  ),
  connection('pod-attach', [ATTACH_EXEC], 'warning', 'Attached to a container', '附加到容器', 'attach', () => true),
  connection('pod-port-forward', [falco('port-forward')], 'warning', 'Port of a pod forwarded', '转发 Pod 端口', 'portforward', () => true),
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
    id: 'pod-debug-container',
    aliases: [falco('EphemeralContainers Created')],
    severity: 'warning',
    title: { en: 'Debug container added to a running pod', 'zh-CN': '向运行中的 Pod 添加调试容器' },
    resources: ['pods/ephemeralcontainers'],
    verbs: CHANGES,
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
