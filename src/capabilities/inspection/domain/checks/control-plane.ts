/** Flags of the control plane, as they stand in its static pods: kube-apiserver, kube-controller-manager, kube-scheduler, etcd. */
import type { Severity } from '#core/shapes/severity.ts'
import { type Fault, type FixEdit, type InspectionCheck, objectCheck } from '../check.ts'
import { at, type Container, type Inventory, listAt, type Path } from '../inventory.ts'

type Program = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd'

interface Flag {
  value: string
  path: Path
  /** As it stands there, and the item of the list that it stands in: some write several into one. */
  text: string
  item: string
}

interface Flags {
  container: Container
  /** The list that holds the flags. */
  path: Path
  length: number
  /** A flag that stands more than once has several entries; the last one counts, or, of lists, all of them. */
  all: ReadonlyMap<string, readonly Flag[]>
}

/** Given twice, these add up. https://pkg.go.dev/github.com/spf13/pflag#StringSlice */
const LISTS = new Set(['authorization-mode', 'enable-admission-plugins', 'disable-admission-plugins', 'feature-gates', 'tls-cipher-suites'])

/** The flags of a program that a container runs; kubeadm puts them into `command`, others into `args`. */
function flagsOf(container: Container, program: Program): Flags | undefined {
  const [command, args] = [listAt(container.spec, 'command'), listAt(container.spec, 'args')]
  const started = command.length > 0 ? command[0] : args[0]
  if (typeof started !== 'string' || started.split('/').at(-1) !== program) return undefined
  const all = new Map<string, Flag[]>()
  for (const [field, list] of [
    ['command', command],
    ['args', args],
  ] as const)
    for (const [i, item] of list.entries())
      for (const text of typeof item === 'string' ? item.split(/\s+(?=--[a-z])/) : []) {
        const found = /^--?([a-z][\w-]*)(?:=(.*))?$/s.exec(text)
        if (!found) continue
        const flag: Flag = { value: found[2] ?? 'true', path: [...container.path, field, i], text, item: String(item) }
        all.set(found[1]!, [...(all.get(found[1]!) ?? []), flag])
      }
  const field = args.length > 0 ? 'args' : 'command'
  return { container, path: [...container.path, field], length: (field === 'args' ? args : command).length, all }
}

interface FlagRule {
  id: string
  program: Program
  /** Several: each of them must be right. */
  flags: readonly string[]
  aliases: readonly string[]
  severity?: Severity
  optional?: true
  /** Is the value right? Undefined: the flag is not there. */
  right(value: string | undefined, flags: Flags): boolean
  /** The value that would be right; undefined takes the flag away, null: only a person can say. */
  better(value: string | undefined, flag: string): string | undefined | null
  en: string
  zh: string
}

const words = (value: string | undefined): string[] => (value ?? '').split(',').filter((word) => word !== '')
const isSet = (value: string | undefined): boolean => value !== undefined && value !== ''
const is = (wanted: string) => (value: string | undefined) => value === wanted
const isNot = (unwanted: string) => (value: string | undefined) => value !== unwanted
const holds = (word: string) => (value: string | undefined) => words(value).includes(word)
const lacks = (word: string) => (value: string | undefined) => !words(value).includes(word)
const atLeast = (least: number) => (value: string | undefined) => value !== undefined && Number(value) >= least
const withWord = (word: string) => (value: string | undefined) => [...words(value), word].join(',')
const withoutWord = (word: string) => (value: string | undefined) =>
  words(value)
    .filter((one) => one !== word)
    .join(',') || undefined
const value = (text: string) => () => text
/** Where kubeadm keeps its files. */
const pki = (file: string) => () => `/etc/kubernetes/pki/${file}`
const files = (names: Readonly<Record<string, string>>) => (_: string | undefined, flag: string) => `/etc/kubernetes/pki/${names[flag]}`

/** Suites that CIS Kubernetes 1.10 names for the API server. */
const STRONG_CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  'TLS_RSA_WITH_AES_128_CBC_SHA',
  'TLS_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_RSA_WITH_AES_256_CBC_SHA',
  'TLS_RSA_WITH_AES_256_GCM_SHA384',
]

const names = (control: string, rule: string, cis?: string): string[] => [
  `kubescape/${control}`,
  `kubescape/${rule}`,
  ...(cis === undefined ? [] : [`cis/${cis}`]),
]

const API: readonly Omit<FlagRule, 'program'>[] = [
  {
    id: 'apiserver-anonymous',
    flags: ['anonymous-auth'],
    aliases: names('C-0113', 'ensure-that-the-api-server-anonymous-auth-argument-is-set-to-false', '1.2.1'),
    right: is('false'),
    better: value('false'),
    en: 'The API server answers requests of nobody in particular (--anonymous-auth is not false).',
    zh: 'API 服务器允许匿名请求（--anonymous-auth 未设为 false）。',
  },
  {
    id: 'apiserver-token-file',
    flags: ['token-auth-file'],
    aliases: names('C-0114', 'ensure-that-the-api-server-token-auth-file-parameter-is-not-set', '1.2.2'),
    right: (text) => text === undefined,
    better: () => undefined,
    en: 'The API server takes tokens from a file: they never end, and cannot be taken back without a restart.',
    zh: 'API 服务器使用静态令牌文件：令牌永不过期，且不重启无法吊销。',
  },
  {
    id: 'apiserver-external-ips-plugin',
    optional: true,
    severity: 'advice',
    flags: ['enable-admission-plugins'],
    aliases: names('C-0115', 'ensure-that-the-api-server-DenyServiceExternalIPs-is-not-set', 'ensure-that-the-DenyServiceExternalIPs-is-not-set'),
    right: lacks('DenyServiceExternalIPs'),
    better: withoutWord('DenyServiceExternalIPs'),
    en: 'The admission plugin DenyServiceExternalIPs is on: no Service can use external addresses.',
    zh: '已启用 DenyServiceExternalIPs 准入插件：Service 无法使用外部 IP。',
  },
  {
    id: 'apiserver-external-ips-allowed',
    optional: true,
    severity: 'advice',
    flags: ['enable-admission-plugins'],
    aliases: names('C-0283', 'ensure-that-the-api-server-DenyServiceExternalIPs-is-set', '1.2.3'),
    right: holds('DenyServiceExternalIPs'),
    better: withWord('DenyServiceExternalIPs'),
    en: 'A Service may take over addresses outside the cluster (the admission plugin DenyServiceExternalIPs is off).',
    zh: 'Service 可占用集群外地址（未启用 DenyServiceExternalIPs 准入插件）。',
  },
  {
    id: 'apiserver-long-tokens',
    optional: true,
    severity: 'advice',
    flags: ['service-account-extend-token-expiration'],
    aliases: names('C-0290', 'ensure-that-the-api-server-service-account-extend-token-expiration-is-set-to-false', '1.2.30'),
    right: is('false'),
    better: value('false'),
    en: 'Tokens of pods hold for a year instead of an hour (--service-account-extend-token-expiration is not false).',
    zh: 'Pod 令牌有效期为一年而非一小时（--service-account-extend-token-expiration 未设为 false）。',
  },
  {
    id: 'apiserver-kubelet-client-certificate',
    flags: ['kubelet-client-certificate', 'kubelet-client-key'],
    aliases: names('C-0116', 'ensure-that-the-api-server-kubelet-client-certificate-and-kubelet-client-key-arguments-are-set-as-appropriate', '1.2.4'),
    right: isSet,
    better: files({ 'kubelet-client-certificate': 'apiserver-kubelet-client.crt', 'kubelet-client-key': 'apiserver-kubelet-client.key' }),
    en: 'The API server does not say to kubelets who it is (no client certificate).',
    zh: 'API 服务器访问 kubelet 时不提供客户端证书。',
  },
  {
    id: 'apiserver-kubelet-authority',
    flags: ['kubelet-certificate-authority'],
    aliases: names('C-0117', 'ensure-that-the-api-server-kubelet-certificate-authority-argument-is-set-as-appropriate', '1.2.5'),
    right: isSet,
    better: pki('ca.crt'),
    en: 'The API server does not verify whom it talks to when it calls a kubelet.',
    zh: 'API 服务器连接 kubelet 时不校验其证书。',
  },
  {
    id: 'apiserver-allows-all',
    severity: 'critical',
    flags: ['authorization-mode'],
    aliases: names('C-0118', 'ensure-that-the-api-server-authorization-mode-argument-is-not-set-to-AlwaysAllow', '1.2.6'),
    right: (text, { all }) => all.has('authorization-config') || (isSet(text) && lacks('AlwaysAllow')(text)),
    better: (text) => [...new Set([...words(text).filter((word) => word !== 'AlwaysAllow'), 'Node', 'RBAC'])].join(','),
    en: 'The API server allows everything to everybody (authorization mode AlwaysAllow, which is also what it does without the flag).',
    zh: 'API 服务器允许所有请求（授权模式为 AlwaysAllow，未设置该参数时亦然）。',
  },
  {
    id: 'apiserver-node-authorization',
    flags: ['authorization-mode'],
    aliases: names('C-0119', 'ensure-that-the-api-server-authorization-mode-argument-includes-Node', '1.2.7'),
    right: (text, { all }) => all.has('authorization-config') || holds('Node')(text),
    better: withWord('Node'),
    en: 'Node authorization is off: a kubelet may read what belongs to other nodes.',
    zh: '未启用 Node 授权：kubelet 可读取属于其他节点的对象。',
  },
  {
    id: 'apiserver-rbac',
    severity: 'critical',
    flags: ['authorization-mode'],
    aliases: [
      ...names('C-0120', 'ensure-that-the-api-server-authorization-mode-argument-includes-RBAC', '1.2.8'),
      'kubescape/C-0088',
      'kubescape/rbac-enabled-native',
    ],
    right: (text, { all }) => all.has('authorization-config') || holds('RBAC')(text),
    better: withWord('RBAC'),
    en: 'Role-based access control is off.',
    zh: '未启用基于角色的访问控制（RBAC）。',
  },
  ...(
    [
      [
        'EventRateLimit',
        'C-0121',
        'EventRateLimit-is-set',
        '1.2.9',
        'one client can flood the API server with events',
        '单个客户端可用事件压垮 API 服务器',
        true,
      ],
      [
        'AlwaysPullImages',
        'C-0123',
        'AlwaysPullImages-is-set',
        '1.2.11',
        'pods can use images that others pulled, without credentials',
        'Pod 可无凭据使用他人拉取的镜像',
        true,
      ],
      [
        'NodeRestriction',
        'C-0127',
        'NodeRestriction-is-set',
        '1.2.15',
        'a kubelet may change labels and pods of other nodes',
        'kubelet 可修改其他节点的标签与 Pod',
        false,
      ],
    ] as const
  ).map(
    ([plugin, control, rule, cis, en, zh, optional]): Omit<FlagRule, 'program'> => ({
      id: `apiserver-plugin-${plugin.toLowerCase()}`,
      ...(optional ? { optional, severity: 'advice' as const } : {}),
      flags: ['enable-admission-plugins'],
      aliases: names(control, `ensure-that-the-admission-control-plugin-${rule}`, cis),
      right: holds(plugin),
      better: withWord(plugin),
      en: `The admission plugin ${plugin} is off: ${en}.`,
      zh: `未启用准入插件 ${plugin}：${zh}。`,
    }),
  ),
  {
    id: 'apiserver-plugin-securitycontextdeny',
    optional: true,
    severity: 'advice',
    flags: ['enable-admission-plugins'],
    aliases: names('C-0124', 'ensure-that-the-admission-control-plugin-SecurityContextDeny-is-set-if-PodSecurityPolicy-is-not-used', '1.2.12'),
    right: (text) => holds('SecurityContextDeny')(text) || holds('PodSecurityPolicy')(text),
    better: withWord('SecurityContextDeny'),
    en: 'Neither SecurityContextDeny nor PodSecurityPolicy is on (both are gone from current versions, which have Pod Security admission).',
    zh: '未启用 SecurityContextDeny 或 PodSecurityPolicy（新版本已移除二者，改用 Pod Security 准入）。',
  },
  {
    id: 'apiserver-plugin-podsecuritypolicy',
    optional: true,
    severity: 'advice',
    flags: ['enable-admission-plugins'],
    aliases: names('C-0068', 'psp-enabled-native'),
    right: holds('PodSecurityPolicy'),
    better: withWord('PodSecurityPolicy'),
    en: 'PodSecurityPolicy is off (it is gone from 1.25 on, which has Pod Security admission).',
    zh: '未启用 PodSecurityPolicy（1.25 起已移除，改用 Pod Security 准入）。',
  },
  {
    id: 'apiserver-plugin-alwaysadmit',
    flags: ['enable-admission-plugins'],
    aliases: names('C-0122', 'ensure-that-the-admission-control-plugin-AlwaysAdmit-is-not-set', '1.2.10'),
    right: lacks('AlwaysAdmit'),
    better: withoutWord('AlwaysAdmit'),
    en: 'The admission plugin AlwaysAdmit lets everything in.',
    zh: '准入插件 AlwaysAdmit 会放行所有请求。',
  },
  ...(['ServiceAccount', 'NamespaceLifecycle'] as const).map(
    (plugin, i): Omit<FlagRule, 'program'> => ({
      id: `apiserver-plugin-${plugin.toLowerCase()}`,
      flags: ['disable-admission-plugins'],
      aliases: names(`C-012${5 + i}`, `ensure-that-the-admission-control-plugin-${plugin}-is-set`, `1.2.${13 + i}`),
      right: lacks(plugin),
      better: withoutWord(plugin),
      en: `The admission plugin ${plugin} is switched off.`,
      zh: `准入插件 ${plugin} 已被关闭。`,
    }),
  ),
  {
    id: 'apiserver-secure-port',
    severity: 'critical',
    flags: ['secure-port'],
    aliases: names('C-0128', 'ensure-that-the-api-server-secure-port-argument-is-not-set-to-0'),
    right: isNot('0'),
    better: value('6443'),
    en: 'The API server has no secure port.',
    zh: 'API 服务器未启用安全端口。',
  },
  {
    id: 'apiserver-insecure-port',
    severity: 'critical',
    flags: ['insecure-port'],
    aliases: names('C-0005', 'insecure-port-flag'),
    right: (text) => text === undefined || text === '0',
    better: value('0'),
    en: 'The API server has a port without authentication and encryption.',
    zh: 'API 服务器开放了无认证、无加密的端口。',
  },
  {
    id: 'apiserver-profiling',
    severity: 'warning',
    flags: ['profiling'],
    aliases: names('C-0129', 'ensure-that-the-api-server-profiling-argument-is-set-to-false', '1.2.17'),
    right: is('false'),
    better: value('false'),
    en: 'The API server hands out profiles of itself (--profiling is not false).',
    zh: 'API 服务器开放了性能剖析接口（--profiling 未设为 false）。',
  },
  {
    id: 'apiserver-audit-log',
    flags: ['audit-log-path'],
    aliases: names('C-0130', 'ensure-that-the-api-server-audit-log-path-argument-is-set', '1.2.18'),
    right: isSet,
    better: value('/var/log/apiserver/audit.log'),
    en: 'The API server writes no audit log.',
    zh: 'API 服务器未写审计日志。',
  },
  {
    id: 'apiserver-audit-policy',
    flags: ['audit-policy-file'],
    aliases: [...names('C-0067', 'k8s-audit-logs-enabled-native', '3.2.1'), 'kubescape/C-0160', 'kubescape/k8s-audit-logs-enabled-native-cis'],
    right: isSet,
    better: value('/etc/kubernetes/audit-policy.yaml'),
    en: 'The API server has no audit policy: nothing is audited.',
    zh: 'API 服务器没有审计策略：不会产生审计记录。',
  },
  ...(
    [
      ['audit-log-maxage', 30, 'C-0131', '30-or-as-appropriate', '1.2.19', 'days', '天'],
      ['audit-log-maxbackup', 10, 'C-0132', '10-or-as-appropriate', '1.2.20', 'files', '个文件'],
      ['audit-log-maxsize', 100, 'C-0133', '100-or-as-appropriate', '1.2.21', 'megabytes a file', 'MB（每个文件）'],
    ] as const
  ).map(
    ([flag, least, control, rule, cis, unit, zhUnit]): Omit<FlagRule, 'program'> => ({
      id: `apiserver-${flag}`,
      severity: 'warning',
      flags: [flag],
      aliases: names(control, `ensure-that-the-api-server-${flag}-argument-is-set-to-${rule}`, cis),
      right: atLeast(least),
      better: value(String(least)),
      en: `The audit log is kept for less than ${least} ${unit} (--${flag}).`,
      zh: `审计日志保留不足 ${least} ${zhUnit}（--${flag}）。`,
    }),
  ),
  {
    id: 'apiserver-request-timeout',
    optional: true,
    severity: 'advice',
    flags: ['request-timeout'],
    aliases: names('C-0134', 'ensure-that-the-api-server-request-timeout-argument-is-set-as-appropriate', '1.2.22'),
    right: (text) => text === undefined,
    better: () => null,
    en: 'Requests have a time limit other than the usual minute: see that it fits.',
    zh: '请求超时被改为非默认值：请确认是否合适。',
  },
  {
    id: 'apiserver-service-account-lookup',
    flags: ['service-account-lookup'],
    aliases: names('C-0135', 'ensure-that-the-api-server-service-account-lookup-argument-is-set-to-true', '1.2.23'),
    right: (text) => text === undefined || text === 'true',
    better: value('true'),
    en: 'Tokens of ServiceAccounts that were deleted still work.',
    zh: '已删除的 ServiceAccount 的令牌仍然有效。',
  },
  {
    id: 'apiserver-service-account-key',
    severity: 'warning',
    flags: ['service-account-key-file'],
    aliases: names('C-0136', 'ensure-that-the-api-server-service-account-key-file-argument-is-set-as-appropriate', '1.2.24'),
    right: isSet,
    better: pki('sa.pub'),
    en: 'Tokens of ServiceAccounts are verified with the TLS key of the API server, not with a key of their own.',
    zh: '未为 ServiceAccount 令牌指定独立的校验公钥。',
  },
  {
    id: 'apiserver-etcd-certificate',
    flags: ['etcd-certfile', 'etcd-keyfile'],
    aliases: names('C-0137', 'ensure-that-the-api-server-etcd-certfile-and-etcd-keyfile-arguments-are-set-as-appropriate', '1.2.25'),
    right: isSet,
    better: files({ 'etcd-certfile': 'apiserver-etcd-client.crt', 'etcd-keyfile': 'apiserver-etcd-client.key' }),
    en: 'The API server does not say to etcd who it is (no client certificate).',
    zh: 'API 服务器访问 etcd 时不提供客户端证书。',
  },
  {
    id: 'apiserver-tls-certificate',
    flags: ['tls-cert-file', 'tls-private-key-file'],
    aliases: names('C-0138', 'ensure-that-the-api-server-tls-cert-file-and-tls-private-key-file-arguments-are-set-as-appropriate', '1.2.26'),
    right: isSet,
    better: files({ 'tls-cert-file': 'apiserver.crt', 'tls-private-key-file': 'apiserver.key' }),
    en: 'The API server makes a certificate for itself: clients cannot tell it from another.',
    zh: 'API 服务器使用自签证书：客户端无法辨别其身份。',
  },
  {
    id: 'apiserver-client-authority',
    flags: ['client-ca-file'],
    aliases: names('C-0139', 'ensure-that-the-api-server-client-ca-file-argument-is-set-as-appropriate', '1.2.27'),
    right: isSet,
    better: pki('ca.crt'),
    en: 'The API server takes no client certificates.',
    zh: 'API 服务器未配置客户端证书的 CA。',
  },
  {
    id: 'apiserver-etcd-authority',
    flags: ['etcd-cafile'],
    aliases: names('C-0140', 'ensure-that-the-api-server-etcd-cafile-argument-is-set-as-appropriate', '1.2.28'),
    right: isSet,
    better: pki('etcd/ca.crt'),
    en: 'The API server does not verify that it talks to its own etcd.',
    zh: 'API 服务器不校验 etcd 的证书。',
  },
  {
    id: 'apiserver-encryption',
    flags: ['encryption-provider-config'],
    aliases: [
      ...names('C-0141', 'ensure-that-the-api-server-encryption-provider-config-argument-is-set-as-appropriate', '1.2.29'),
      'kubescape/C-0066',
      'kubescape/etcd-encryption-native',
    ],
    right: isSet,
    better: value('/etc/kubernetes/encryption.yaml'),
    en: 'Secrets stand in etcd unencrypted.',
    zh: 'Secret 在 etcd 中未加密存储。',
  },
  {
    id: 'apiserver-ciphers',
    optional: true,
    severity: 'warning',
    flags: ['tls-cipher-suites'],
    aliases: names('C-0143', 'ensure-that-the-api-server-only-makes-use-of-Strong-Cryptographic-Ciphers', '1.2.31').concat(
      'kubescape/C-0277',
      'kubescape/ensure-that-the-API-Server-only-makes-use-of-Strong-Cryptographic-Ciphers',
      'kubescape/ensure-that-the-API-Server-only-makes-use-of-Strong-Cryptographic-Ciphers-cis1-10',
    ),
    right: (text) => words(text).length > 0 && words(text).every((suite) => STRONG_CIPHERS.includes(suite)),
    better: (text) =>
      words(text)
        .filter((suite) => STRONG_CIPHERS.includes(suite))
        .join(',') || STRONG_CIPHERS.filter((suite) => suite.includes('GCM') || suite.includes('CHACHA20')).join(','),
    en: 'The API server offers cipher suites that are not among the strong ones.',
    zh: 'API 服务器允许使用非强加密套件。',
  },
]

const MANAGER: readonly Omit<FlagRule, 'program'>[] = [
  {
    id: 'controller-manager-pod-gc',
    optional: true,
    severity: 'advice',
    flags: ['terminated-pod-gc-threshold'],
    aliases: names('C-0144', 'ensure-that-the-controller-manager-terminated-pod-gc-threshold-argument-is-set-as-appropriate', '1.3.1'),
    right: () => false,
    better: (text) => (text === undefined ? '1000' : null),
    en: 'Look at how many pods that ended are kept (--terminated-pod-gc-threshold; 12500 without it).',
    zh: '请确认保留的已终止 Pod 数量是否合适（--terminated-pod-gc-threshold，默认 12500）。',
  },
  {
    id: 'controller-manager-profiling',
    severity: 'warning',
    flags: ['profiling'],
    aliases: names('C-0145', 'ensure-that-the-controller-manager-profiling-argument-is-set-to-false', '1.3.2'),
    right: is('false'),
    better: value('false'),
    en: 'The controller manager hands out profiles of itself (--profiling is not false).',
    zh: '控制器管理器开放了性能剖析接口（--profiling 未设为 false）。',
  },
  {
    id: 'controller-manager-own-credentials',
    flags: ['use-service-account-credentials'],
    aliases: names('C-0146', 'ensure-that-the-controller-manager-use-service-account-credentials-argument-is-set-to-true', '1.3.3'),
    right: is('true'),
    better: value('true'),
    en: 'All controllers act with the rights of all of them together.',
    zh: '所有控制器共用同一份凭据与权限。',
  },
  {
    id: 'controller-manager-signing-key',
    flags: ['service-account-private-key-file'],
    aliases: names('C-0147', 'ensure-that-the-controller-manager-service-account-private-key-file-argument-is-set-as-appropriate', '1.3.4'),
    right: isSet,
    better: pki('sa.key'),
    en: 'The controller manager has no key of its own to sign tokens of ServiceAccounts.',
    zh: '控制器管理器未配置 ServiceAccount 令牌签名私钥。',
  },
  {
    id: 'controller-manager-root-authority',
    flags: ['root-ca-file'],
    aliases: names('C-0148', 'ensure-that-the-controller-manager-root-ca-file-argument-is-set-as-appropriate', '1.3.5'),
    right: isSet,
    better: pki('ca.crt'),
    en: 'Pods are not told which authority signs the certificate of the API server.',
    zh: 'Pod 无法获知签发 API 服务器证书的 CA。',
  },
  {
    id: 'controller-manager-rotate-kubelet-certificates',
    severity: 'warning',
    flags: ['feature-gates'],
    aliases: names('C-0149', 'ensure-that-the-controller-manager-RotateKubeletServerCertificate-argument-is-set-to-true', '1.3.6'),
    right: holds('RotateKubeletServerCertificate=true'),
    better: (text) => [...words(text).filter((gate) => !gate.startsWith('RotateKubeletServerCertificate=')), 'RotateKubeletServerCertificate=true'].join(','),
    en: 'The rotation of serving certificates of kubelets is not switched on.',
    zh: '未启用 kubelet 服务证书轮换。',
  },
  {
    id: 'controller-manager-address',
    flags: ['bind-address'],
    aliases: names('C-0150', 'ensure-that-the-controller-manager-bind-address-argument-is-set-to-127.0.0.1', '1.3.7'),
    right: is('127.0.0.1'),
    better: value('127.0.0.1'),
    en: 'The controller manager listens on addresses that others can reach.',
    zh: '控制器管理器监听在可被外部访问的地址上。',
  },
]

const SCHEDULER: readonly Omit<FlagRule, 'program'>[] = [
  {
    id: 'scheduler-profiling',
    severity: 'warning',
    flags: ['profiling'],
    aliases: names('C-0151', 'ensure-that-the-scheduler-profiling-argument-is-set-to-false', '1.4.1'),
    right: is('false'),
    better: value('false'),
    en: 'The scheduler hands out profiles of itself (--profiling is not false).',
    zh: '调度器开放了性能剖析接口（--profiling 未设为 false）。',
  },
  {
    id: 'scheduler-address',
    flags: ['bind-address'],
    aliases: names('C-0152', 'ensure-that-the-scheduler-bind-address-argument-is-set-to-127.0.0.1', '1.4.2'),
    right: is('127.0.0.1'),
    better: value('127.0.0.1'),
    en: 'The scheduler listens on addresses that others can reach.',
    zh: '调度器监听在可被外部访问的地址上。',
  },
]

const ETCD: readonly Omit<FlagRule, 'program'>[] = [
  {
    id: 'etcd-certificate',
    flags: ['cert-file', 'key-file'],
    aliases: names('C-0153', 'etcd-tls-enabled', '2.1'),
    right: isSet,
    better: files({ 'cert-file': 'etcd/server.crt', 'key-file': 'etcd/server.key' }),
    en: 'etcd talks to its clients in the clear.',
    zh: 'etcd 与客户端之间未加密。',
  },
  {
    id: 'etcd-client-certificates',
    severity: 'critical',
    flags: ['client-cert-auth'],
    aliases: names('C-0154', 'etcd-client-auth-cert', '2.2'),
    right: is('true'),
    better: value('true'),
    en: 'etcd answers clients without a certificate.',
    zh: 'etcd 不校验客户端证书。',
  },
  {
    id: 'etcd-self-signed',
    flags: ['auto-tls'],
    aliases: names('C-0155', 'etcd-auto-tls-disabled', '2.3'),
    right: isNot('true'),
    better: value('false'),
    en: 'etcd signs its certificate itself: clients cannot tell it from another.',
    zh: 'etcd 使用自签证书：客户端无法辨别其身份。',
  },
  {
    id: 'etcd-peer-certificate',
    flags: ['peer-cert-file', 'peer-key-file'],
    aliases: names('C-0156', 'etcd-peer-tls-enabled', '2.4'),
    right: isSet,
    better: files({ 'peer-cert-file': 'etcd/peer.crt', 'peer-key-file': 'etcd/peer.key' }),
    en: 'Members of etcd talk to each other in the clear.',
    zh: 'etcd 成员之间未加密通信。',
  },
  {
    id: 'etcd-peer-client-certificates',
    severity: 'critical',
    flags: ['peer-client-cert-auth'],
    aliases: names('C-0157', 'etcd-peer-client-auth-cert', '2.5'),
    right: is('true'),
    better: value('true'),
    en: 'etcd takes members without a certificate.',
    zh: 'etcd 接受没有证书的成员。',
  },
  {
    id: 'etcd-peer-self-signed',
    flags: ['peer-auto-tls'],
    aliases: names('C-0158', 'etcd-peer-auto-tls-disabled', '2.6'),
    right: isNot('true'),
    better: value('false'),
    en: 'Members of etcd sign their certificates themselves.',
    zh: 'etcd 成员使用自签证书。',
  },
]

const flagCheck = ({ id, program, flags: wanted, aliases, severity, optional, right, better, en, zh }: FlagRule): InspectionCheck => ({
  id,
  category: 'security',
  severity: severity ?? 'error',
  aliases,
  ...(optional ? { optional } : {}),
  message: { en, 'zh-CN': zh },
  *find({ pods }) {
    for (const pod of pods)
      for (const container of pod.containers) {
        const flags = flagsOf(container, program)
        if (!flags) continue
        let added = 0
        for (const flag of wanted) {
          const given = flags.all.get(flag) ?? []
          const isList = LISTS.has(flag) && given.length > 1
          const wrong = isList ? [] : given.filter((one) => !right(one.value, flags))
          if (isList && !right(given.map((one) => one.value).join(), flags)) wrong.push(given.at(-1)!)
          for (const one of wrong) {
            // One that another, right one overrules is taken away: who cleans up might keep it. What a list adds up to is for people to put right.
            const value = isList ? null : wrong.length < given.length ? undefined : better(one.value, flag)
            yield { item: pod.item, path: one.path, what: `--${flag}=${one.value}`, ...(value === null ? {} : { fix: [rewritten(one, flag, value)] }) }
          }
          if (given.length > 0 || right(undefined, flags)) continue
          const value = better(undefined, flag)
          const path = [...flags.path, flags.length + added++]
          yield { item: pod.item, path, what: `--${flag}`, ...(value == null ? {} : { fix: [{ path, value: `--${flag}=${value}` }] }) }
        }
      }
  },
})

/** The item of the list with this flag anew, or without it. */
function rewritten({ path, text, item }: Flag, name: string, value: string | undefined): FixEdit {
  const fresh = value === undefined ? '' : `--${name}=${value}`
  const whole = text === item ? fresh : item.replace(text, () => fresh).trim()
  return { path, value: whole === '' ? undefined : whole }
}

function sameAuthority(inventory: Inventory, container: Container): Fault | undefined {
  const trusted = flagsOf(container, 'etcd')?.all.get('trusted-ca-file')?.at(-1)
  if (!trusted) return undefined
  const client = inventory.templates.flatMap((pod) => pod.containers).map((one) => flagsOf(one, 'kube-apiserver')?.all.get('client-ca-file')?.at(-1))
  return client.some((one) => one?.value === trusted.value) ? { path: trusted.path, what: trusted.value } : undefined
}

const rules = (program: Program, list: readonly Omit<FlagRule, 'program'>[]) => list.map((rule) => flagCheck({ ...rule, program }))

export const CONTROL_PLANE_CHECKS: readonly InspectionCheck[] = [
  ...rules('kube-apiserver', API),
  ...rules('kube-controller-manager', MANAGER),
  ...rules('kube-scheduler', SCHEDULER),
  ...rules('etcd', ETCD),
  {
    id: 'etcd-shared-authority',
    category: 'security',
    severity: 'warning',
    aliases: names('C-0159', 'etcd-unique-ca', '2.7'),
    message: {
      en: 'etcd trusts the same authority as the API server: every client of the cluster can be a client of etcd.',
      'zh-CN': 'etcd 与 API 服务器使用同一 CA：集群的任何客户端证书都可访问 etcd。',
    },
    *find(inventory) {
      for (const pod of inventory.pods)
        for (const container of pod.containers) {
          const fault = sameAuthority(inventory, container)
          if (fault) yield { item: pod.item, ...fault }
        }
    },
  },
  objectCheck(
    {
      id: 'secrets-encrypted-by-nothing',
      category: 'security',
      severity: 'error',
      aliases: names('C-0142', 'ensure-that-the-api-server-encryption-providers-are-appropriately-configured', '1.2.30'),
      message: {
        en: 'The first provider of the encryption configuration does not encrypt (identity).',
        'zh-CN': '加密配置的首个提供者不加密（identity）。',
      },
    },
    ['EncryptionConfiguration', 'EncryptionConfig'],
    ({ object }) =>
      listAt(object, 'resources').flatMap((resource, i) =>
        at(resource, 'providers', 0, 'identity') === undefined ? [] : [{ path: ['resources', i, 'providers', 0, 'identity'] }],
      ),
  ),
]
