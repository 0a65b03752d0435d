/** Fields of security contexts that some policies want set, beyond what every container should have. */
import { containerCheck, type Fault, type InspectionCheck, podCheck } from '../check.ts'
import { at, type Container, isFields, listAt, type PodTemplate } from '../inventory.ts'
import { capabilities, EVERY_ROLE, effective } from './containers.ts'

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)
const GROUP = 1000

/** The field of the pod, and of all its containers when that is where it stands. */
const podField = (pod: PodTemplate, field: string): unknown => at(pod.spec, 'securityContext', field)
const setPod = (pod: PodTemplate, value: unknown, ...field: string[]): Fault => {
  const path = [...pod.path, 'securityContext', ...field]
  return { path, fix: [{ path, value }] }
}
const setContainer = (container: Container, value: unknown, ...field: string[]): Fault => {
  const path = [...container.path, 'securityContext', ...field]
  return { path, what: container.name, fix: [{ path, value }] }
}

const isWindows = (pod: PodTemplate): boolean =>
  at(pod.spec, 'os', 'name') === 'windows' ||
  at(pod.spec, 'nodeSelector', 'kubernetes.io/os') === 'windows' ||
  at(pod.spec, 'nodeSelector', 'beta.kubernetes.io/os') === 'windows'

/** Sysctls that are namespaced and set apart, as Kubernetes 1.32 has them. https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/ */
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])

const RESTRICTED_VOLUMES = new Set(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'])

const INSECURE = [
  'SETPCAP',
  'NET_ADMIN',
  'NET_RAW',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_PTRACE',
  'SYS_ADMIN',
  'SYS_BOOT',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'PERFMON',
  'ALL',
  'BPF',
]

const hasSeLinux = (container: Container): boolean => {
  const options = effective(container, 'seLinuxOptions')
  return isFields(options) && Object.keys(options).length > 0
}

export const SECURITY_CONTEXT_CHECKS: readonly InspectionCheck[] = [
  containerCheck(
    {
      id: 'run-as-root-user-or-group',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0013', 'non-root-containers', 'C-0211'),
      message: {
        en: 'The container may run as root or with the group of root (runAsNonRoot or runAsUser, and runAsGroup).',
        'zh-CN': '容器可能以 root 用户或 root 组运行（需设置 runAsNonRoot 或 runAsUser，以及 runAsGroup）。',
      },
    },
    (container) => {
      const [user, group] = [effective(container, 'runAsUser'), effective(container, 'runAsGroup')]
      const faults: Fault[] = []
      if (user === 0) faults.push(setContainer(container, GROUP, 'runAsUser'))
      else if (effective(container, 'runAsNonRoot') !== true && !(typeof user === 'number' && user > 0))
        faults.push(setContainer(container, true, 'runAsNonRoot'))
      if (!(typeof group === 'number' && group > 0)) faults.push(setContainer(container, GROUP, 'runAsGroup'))
      return faults
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'unconfined',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0055', 'linux-hardening'),
      message: { en: 'No seccomp profile and no SELinux options confine the container.', 'zh-CN': '容器未受 seccomp 或 SELinux 约束。' },
    },
    (container) => {
      if (effective(container, 'seccompProfile') !== undefined || hasSeLinux(container)) return undefined
      return setContainer(container, { type: 'RuntimeDefault' }, 'seccompProfile')
    },
  ),
  containerCheck(
    {
      id: 'seccomp-missing',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0210', 'C-0211', 'set-seccomp-profile'),
      message: { en: 'No seccomp profile limits what the container may ask of the kernel.', 'zh-CN': '容器未设置 seccomp 配置。' },
    },
    (container) => (isFields(effective(container, 'seccompProfile')) ? undefined : setContainer(container, { type: 'RuntimeDefault' }, 'seccompProfile')),
  ),
  containerCheck(
    {
      id: 'seccomp-not-default',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: [...kubescape('C-0210', 'set-seccomp-profile-RuntimeDefault'), 'cis/5.7.2', 'kube-score/container-seccomp-profile'],
      message: { en: 'The seccomp profile is not that of the container runtime.', 'zh-CN': '容器的 seccomp 配置不是 RuntimeDefault。' },
    },
    (container) =>
      effective(container, 'seccompProfile', 'type') === 'RuntimeDefault' ? undefined : setContainer(container, { type: 'RuntimeDefault' }, 'seccompProfile'),
  ),
  containerCheck(
    {
      id: 'selinux-missing',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0211', 'set-seLinuxOptions', 'set-selinuxoptions'),
      message: { en: 'No SELinux options confine the container.', 'zh-CN': '容器未设置 SELinux 选项。' },
    },
    (container) => (hasSeLinux(container) ? undefined : setContainer(container, { level: 's0' }, 'seLinuxOptions')),
  ),
  containerCheck(
    {
      id: 'capabilities-not-dropped',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0199', 'C-0211', 'drop-capability-netraw'),
      message: { en: 'The container may write raw packets (NET_RAW is not dropped).', 'zh-CN': '容器可发送原始报文（未移除 NET_RAW）。' },
    },
    (container) =>
      capabilities(container, 'drop').some((name) => name === 'ALL' || name === 'NET_RAW')
        ? undefined
        : setContainer(container, [...listAt(container.spec, 'securityContext', 'capabilities', 'drop'), 'NET_RAW'], 'capabilities', 'drop'),
  ),
  containerCheck(
    {
      id: 'capabilities-listed',
      category: 'security',
      severity: 'error',
      optional: true,
      aliases: [...kubescape('C-0046', 'insecure-capabilities', 'dangerous-capabilities'), 'cis/5.2.9'],
      message: { en: 'The container is given a capability with which it can harm its node.', 'zh-CN': '容器被授予可危害节点的能力。' },
    },
    (container, inventory) => {
      const unwanted = (inventory.settings.insecureCapabilities ?? INSECURE).map((name) => name.toUpperCase().replace(/^CAP_/, ''))
      return listAt(container.spec, 'securityContext', 'capabilities', 'add').flatMap((name, i) => {
        const path = [...container.path, 'securityContext', 'capabilities', 'add', i]
        return typeof name === 'string' && unwanted.includes(name.toUpperCase().replace(/^CAP_/, ''))
          ? [{ path, what: `${container.name}: ${name}`, fix: [{ path, value: undefined }] }]
          : []
      })
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'privileged-or-admin',
      category: 'security',
      severity: 'critical',
      optional: true,
      aliases: kubescape('C-0057', 'rule-privileged-container', 'rule-privilege-escalation'),
      message: {
        en: 'The container is privileged, or has the capability SYS_ADMIN, which is nearly that.',
        'zh-CN': '容器为特权容器，或拥有几乎等同的 SYS_ADMIN 能力。',
      },
    },
    (container) => {
      const path = [...container.path, 'securityContext', 'privileged']
      const faults: Fault[] =
        at(container.spec, 'securityContext', 'privileged') === true ? [{ path, what: container.name, fix: [{ path, value: false }] }] : []
      for (const [i, name] of listAt(container.spec, 'securityContext', 'capabilities', 'add').entries()) {
        const added = [...container.path, 'securityContext', 'capabilities', 'add', i]
        if (name === 'SYS_ADMIN' || name === 'CAP_SYS_ADMIN')
          faults.push({ path: added, what: `${container.name}: ${name}`, fix: [{ path: added, value: undefined }] })
      }
      return faults
    },
    EVERY_ROLE,
  ),
  containerCheck(
    {
      id: 'proc-mount-not-stated',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0211', 'set-procmount-default'),
      message: { en: 'The container does not say that its /proc is masked (procMount: Default).', 'zh-CN': '容器未声明 procMount: Default。' },
    },
    (container) => (at(container.spec, 'securityContext', 'procMount') === 'Default' ? undefined : setContainer(container, 'Default', 'procMount')),
    ['container'],
  ),
  podCheck(
    {
      id: 'fs-group-missing',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0211', 'set-fsgroup-value'),
      message: { en: 'No group owns the volumes of the pod (fsGroup).', 'zh-CN': '未设置 Pod 卷的属组（fsGroup）。' },
    },
    (pod) => {
      const group = podField(pod, 'fsGroup')
      return typeof group === 'number' && group > 0 ? undefined : setPod(pod, GROUP, 'fsGroup')
    },
  ),
  podCheck(
    {
      id: 'fs-group-policy-missing',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0211', 'set-fsgroupchangepolicy-value'),
      message: { en: 'Nothing says when the group of volumes is set anew (fsGroupChangePolicy).', 'zh-CN': '未设置 fsGroupChangePolicy。' },
    },
    (pod) => (['Always', 'OnRootMismatch'].includes(String(podField(pod, 'fsGroupChangePolicy'))) ? undefined : setPod(pod, 'Always', 'fsGroupChangePolicy')),
  ),
  podCheck(
    {
      id: 'supplemental-groups-of-root',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0211', 'set-supplementalgroups-values'),
      message: {
        en: 'The processes of the pod are in the group of root (supplementalGroups has 0).',
        'zh-CN': 'Pod 的进程属于 root 组（supplementalGroups 含 0）。',
      },
    },
    (pod) => {
      const groups = listAt(pod.spec, 'securityContext', 'supplementalGroups')
      return groups.includes(0)
        ? setPod(
            pod,
            groups.filter((group) => group !== 0),
            'supplementalGroups',
          )
        : undefined
    },
  ),
  podCheck(
    {
      id: 'unsafe-sysctls',
      category: 'security',
      severity: 'error',
      aliases: [...kubescape('C-0211', 'set-sysctls-params'), 'kube-linter/unsafe-sysctls'],
      message: { en: 'The pod sets kernel parameters that reach beyond it.', 'zh-CN': 'Pod 设置了影响范围超出自身的内核参数。' },
    },
    (pod) => {
      const sysctls = listAt(pod.spec, 'securityContext', 'sysctls')
      const safe = sysctls.filter((one) => SAFE_SYSCTLS.has(String(at(one, 'name'))))
      if (safe.length === sysctls.length) return undefined
      const names = sysctls.filter((one) => !safe.includes(one)).map((one) => at(one, 'name'))
      return { ...setPod(pod, safe.length > 0 ? safe : undefined, 'sysctls'), what: names.join(', ') }
    },
  ),
  podCheck(
    {
      id: 'windows-user-missing',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0211', 'set-runasusername-value'),
      message: { en: 'The Windows container does not say as whom it runs (runAsUserName).', 'zh-CN': 'Windows 容器未设置运行用户（runAsUserName）。' },
    },
    (pod) =>
      !isWindows(pod) || at(pod.spec, 'securityContext', 'windowsOptions', 'runAsUserName')
        ? undefined
        : pod.containers
            .filter((container) => container.role === 'container' && !at(container.spec, 'securityContext', 'windowsOptions', 'runAsUserName'))
            .map((container) => setContainer(container, 'ContainerUser', 'windowsOptions', 'runAsUserName')),
  ),
  podCheck(
    {
      id: 'volume-types',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: ['pod-security/restricted-volumes'],
      message: {
        en: 'The pod has a volume of a kind that the restricted Pod Security level does not allow.',
        'zh-CN': 'Pod 使用了 restricted 级别不允许的卷类型。',
      },
    },
    (pod) =>
      listAt(pod.spec, 'volumes').flatMap((volume, i) => {
        const type = isFields(volume) ? Object.keys(volume).find((key) => key !== 'name' && !RESTRICTED_VOLUMES.has(key)) : undefined
        return type === undefined ? [] : [{ path: [...pod.path, 'volumes', i, type], what: type }]
      }),
  ),
]
