/** What a container may do to its node, and to its neighbors. */
import { containerCheck, type InspectionCheck } from '../check.ts'
import { at, type Container, listAt, ofKind } from '../inventory.ts'

/** `securityContext` of the container, else of its pod, for the fields that both have (PodSecurityContext v1). */
export const effective = (container: Container, ...field: string[]): unknown =>
  at(container.spec, 'securityContext', ...field) ?? at(container.pod.spec, 'securityContext', ...field)

const own = (container: Container, ...field: string[]): unknown => at(container.spec, 'securityContext', ...field)
const set = (container: Container, value: unknown, ...field: string[]) => {
  const path = [...container.path, 'securityContext', ...field]
  return { path, fix: [{ path, value }] }
}

/** Who gets into an ephemeral container is in the pod as well. */
export const EVERY_ROLE: readonly Container['role'][] = ['container', 'init', 'ephemeral']

export const capabilities = (container: Container, list: 'add' | 'drop'): string[] =>
  listAt(container.spec, 'securityContext', 'capabilities', list)
    .filter((name) => typeof name === 'string')
    .map((name) => name.toUpperCase().replace(/^CAP_/, ''))

/** Capabilities that containers have by default (containerd and CRI-O share the list of Docker). */
const DEFAULT_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]
/** With one of these a container is its node's root sooner or later. */
const DANGEROUS = ['ALL', 'SYS_ADMIN', 'NET_ADMIN']
/** Beyond the defaults, and useful to an attacker. */
const INSECURE = new Set([
  ...DEFAULT_CAPABILITIES,
  'ALL',
  'NET_ADMIN',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_TIME',
  'SYS_BOOT',
  'DAC_READ_SEARCH',
  'BPF',
  'PERFMON',
  'SYSLOG',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'AUDIT_CONTROL',
  'IPC_OWNER',
  'LINUX_IMMUTABLE',
])

export const CONTAINER_CHECKS: readonly InspectionCheck[] = [
  containerCheck(
    {
      id: 'privileged-container',
      category: 'security',
      severity: 'critical',
      aliases: ['polaris/runAsPrivileged', 'cis/5.2.2', 'kube-linter/privileged-container', 'kube-score/container-security-context-privileged'],
      message: { en: 'The container is privileged: it can do what root of the node can.', 'zh-CN': '容器以特权模式运行：等同于节点的 root。' },
    },
    (container) => (own(container, 'privileged') === true ? set(container, false, 'privileged') : undefined),
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'privilege-escalation',
      category: 'security',
      severity: 'error',
      aliases: [
        'polaris/privilegeEscalationAllowed',
        'kubescape/C-0016',
        'kubescape/rule-allow-privilege-escalation',
        'cis/5.2.6',
        'kube-linter/privilege-escalation-container',
      ],
      message: {
        en: 'A process in the container can gain more privileges than its parent has (allowPrivilegeEscalation is not false).',
        'zh-CN': '容器内进程可获得高于父进程的权限（allowPrivilegeEscalation 未设为 false）。',
      },
    },
    (container, inventory) => {
      const given = own(container, 'allowPrivilegeEscalation')
      // Where every PodSecurityPolicy denies it, what says nothing is set to false.
      const policies = ofKind(inventory, 'PodSecurityPolicy')
      const denied = policies.length > 0 && policies.every(({ object }) => at(object, 'spec', 'allowPrivilegeEscalation') === false)
      return given === false || (given == null && denied) ? undefined : set(container, false, 'allowPrivilegeEscalation')
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'run-as-root',
      category: 'security',
      severity: 'error',
      aliases: ['polaris/runAsRootAllowed', 'popeye/POP-302', 'popeye/POP-306', 'cis/5.2.7', 'kube-linter/run-as-non-root'],
      message: {
        en: 'The container may run as root (neither runAsNonRoot nor a runAsUser above 0).',
        'zh-CN': '容器可能以 root 运行（未设置 runAsNonRoot，也未设置大于 0 的 runAsUser）。',
      },
    },
    (container) => {
      const user = effective(container, 'runAsUser')
      // A container that asks for root below a pod that forbids it does not start: whoever mends that mends it here.
      const asksForRoot = own(container, 'runAsUser') === 0 && own(container, 'runAsNonRoot') !== true
      const safe = (typeof user === 'number' && user > 0) || (effective(container, 'runAsNonRoot') === true && !asksForRoot)
      if (safe) return undefined
      const fault = set(container, true, 'runAsNonRoot')
      const path = [...container.path, 'securityContext', 'runAsUser']
      return asksForRoot ? { path, fix: [...fault.fix, { path, value: undefined }] } : fault
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'writable-root-filesystem',
      category: 'security',
      severity: 'warning',
      aliases: [
        'polaris/notReadOnlyRootFilesystem',
        'kubescape/C-0017',
        'kubescape/immutable-container-filesystem',
        'kube-linter/no-read-only-root-fs',
        'kube-score/container-security-context-readonlyrootfilesystem',
      ],
      message: { en: 'The root filesystem of the container can be written.', 'zh-CN': '容器的根文件系统可写。' },
    },
    (container) => (own(container, 'readOnlyRootFilesystem') === true ? undefined : set(container, true, 'readOnlyRootFilesystem')),
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'dangerous-capabilities',
      category: 'security',
      severity: 'critical',
      aliases: ['polaris/dangerousCapabilities'],
      message: { en: 'The container is given a capability that amounts to root of the node.', 'zh-CN': '容器被授予等同于节点 root 的能力。' },
    },
    (container) =>
      listAt(container.spec, 'securityContext', 'capabilities', 'add').flatMap((name, i) =>
        typeof name === 'string' && DANGEROUS.includes(name.toUpperCase().replace(/^CAP_/, ''))
          ? [
              {
                path: [...container.path, 'securityContext', 'capabilities', 'add', i],
                what: `${container.name}: ${name}`,
                fix: [{ path: [...container.path, 'securityContext', 'capabilities', 'add', i], value: undefined }],
              },
            ]
          : [],
      ),
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'insecure-capabilities',
      category: 'security',
      severity: 'warning',
      aliases: ['polaris/insecureCapabilities', 'cis/5.2.9', 'cis/5.2.10', 'kube-linter/drop-net-raw-capability'],
      message: {
        en: 'The container keeps capabilities that it is unlikely to need: drop ALL and add back what it does.',
        'zh-CN': '容器保留了多数情况下不需要的能力：应移除 ALL，再按需添加。',
      },
    },
    (container) => {
      const dropped = capabilities(container, 'drop')
      const added = capabilities(container, 'add').filter((name) => INSECURE.has(name) && name !== 'NET_BIND_SERVICE')
      const kept = dropped.includes('ALL') ? [] : DEFAULT_CAPABILITIES.filter((name) => !dropped.includes(name))
      if (added.length === 0 && kept.length === 0) return undefined
      const path = [...container.path, 'securityContext', 'capabilities']
      const given = listAt(container.spec, 'securityContext', 'capabilities', 'add')
      const removed = given.flatMap((name, at) => (typeof name === 'string' && added.includes(name.toUpperCase().replace(/^CAP_/, '')) ? [at] : []))
      return {
        path,
        what: `${container.name}: ${[...added, ...kept].slice(0, 5).join(', ')}`,
        fix: [
          ...(kept.length > 0 ? [{ path: [...path, 'drop'], value: ['ALL'] }] : []),
          ...removed.map((at) => ({ path: [...path, 'add', at], value: undefined })),
        ],
      }
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'linux-hardening',
      category: 'security',
      severity: 'warning',
      aliases: ['polaris/linuxHardening'],
      message: {
        en: 'Nothing hardens the container: no seccomp or AppArmor profile, no SELinux options, no capability dropped.',
        'zh-CN': '容器未做任何加固：没有 seccomp/AppArmor 配置、SELinux 选项，也未移除能力。',
      },
    },
    (container) => (isHardened(container) ? undefined : set(container, { type: 'RuntimeDefault' }, 'seccompProfile')),
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'proc-mount',
      category: 'security',
      severity: 'error',
      aliases: ['polaris/procMount', 'kube-linter/unsafe-proc-mount'],
      message: { en: '/proc of the container is not masked (procMount is not Default).', 'zh-CN': '容器的 /proc 未被屏蔽（procMount 不是 Default）。' },
    },
    (container) => ([undefined, null, 'Default'].includes(own(container, 'procMount') as undefined) ? undefined : set(container, undefined, 'procMount')),
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'host-port',
      category: 'security',
      severity: 'warning',
      aliases: ['polaris/hostPortSet', 'kubescape/C-0044', 'kubescape/container-hostPort', 'cis/5.2.13'],
      message: { en: 'The container takes a port of the node itself.', 'zh-CN': '容器占用节点自身的端口。' },
    },
    (container) =>
      listAt(container.spec, 'ports').flatMap((port, i) => {
        const path = [...container.path, 'ports', i, 'hostPort']
        return typeof at(port, 'hostPort') === 'number' && at(port, 'hostPort') !== 0 ? [{ path, fix: [{ path, value: undefined }] }] : []
      }),
  ),
  containerCheck(
    {
      id: 'windows-host-process',
      category: 'security',
      severity: 'critical',
      aliases: ['polaris/hostProcess', 'cis/5.2.11'],
      message: { en: 'The container is a process of its Windows node.', 'zh-CN': '容器以 Windows 节点的主机进程运行。' },
    },
    (container) => (effective(container, 'windowsOptions', 'hostProcess') === true ? set(container, false, 'windowsOptions', 'hostProcess') : undefined),
    EVERY_ROLE,
  ),
]

/** Some mandatory access control, a system call filter, or fewer capabilities: one of them is asked for. */
function isHardened(container: Container): boolean {
  const seccomp = effective(container, 'seccompProfile', 'type')
  if (typeof seccomp === 'string' && seccomp !== 'Unconfined') return true
  const appArmor = effective(container, 'appArmorProfile', 'type')
  if (typeof appArmor === 'string' && appArmor !== 'Unconfined') return true
  // Before 1.30 AppArmor profiles were annotations of the pod, by container.
  const annotation = container.pod.annotations[`container.apparmor.security.beta.kubernetes.io/${container.name}`]
  if (annotation !== undefined && annotation !== '' && annotation !== 'unconfined') return true
  const seLinux = at(container.spec, 'securityContext', 'seLinuxOptions') ?? at(container.pod.spec, 'securityContext', 'seLinuxOptions')
  if (typeof seLinux === 'object' && seLinux !== null && Object.values(seLinux).some((value) => typeof value === 'string' && value !== '')) return true
  return capabilities(container, 'drop').length > 0 && !capabilities(container, 'add').includes('ALL')
}
