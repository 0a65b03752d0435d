/** What a pod shares with its node, mounts from it, and whom it speaks as. */
import { type FixEdit, type InspectionCheck, podCheck } from '../check.ts'
import { at, listAt, nameOf, namespaceOf, ofKindIn, type PodTemplate } from '../inventory.ts'

const HOST_FIELDS = [
  {
    field: 'hostPID',
    id: 'host-pid',
    alias: 'hostPIDSet',
    others: ['kubescape/C-0038', 'kubescape/host-pid-privileges', 'kubescape/host-pid-ipc-privileges', 'kubescape/C-0275', 'cis/5.2.3', 'kube-linter/host-pid'],
    en: 'processes',
    zh: '进程',
  },
  {
    field: 'hostIPC',
    id: 'host-ipc',
    alias: 'hostIPCSet',
    others: ['kubescape/C-0038', 'kubescape/C-0276', 'kubescape/host-pid-ipc-privileges', 'kubescape/host-ipc-privileges', 'cis/5.2.4', 'kube-linter/host-ipc'],
    en: 'inter-process communication',
    zh: '进程间通信',
  },
  {
    field: 'hostNetwork',
    id: 'host-network',
    alias: 'hostNetworkSet',
    others: ['kubescape/C-0041', 'kubescape/host-network-access', 'cis/5.2.5', 'kube-linter/host-network'],
    en: 'network',
    zh: '网络',
  },
] as const

/** Takes a volume and its mounts away. The program may need what was there, so it is a guess. */
export const withoutVolume = ({ spec, path, containers }: Pick<PodTemplate, 'spec' | 'path' | 'containers'>, i: number): readonly FixEdit[] => [
  { path: [...path, 'volumes', i], value: undefined, guess: true },
  ...containers.flatMap((container) =>
    listAt(container.spec, 'volumeMounts').flatMap((mount, j): FixEdit[] =>
      at(mount, 'name') === at(spec, 'volumes', i, 'name') ? [{ path: [...container.path, 'volumeMounts', j], value: undefined, guess: true }] : [],
    ),
  ),
]

export const POD_CHECKS: readonly InspectionCheck[] = [
  ...HOST_FIELDS.map(({ field, id, alias, others, en, zh }) =>
    podCheck(
      {
        id,
        category: 'security',
        severity: 'error',
        aliases: [`polaris/${alias}`, ...others],
        message: { en: `The pod shares the ${en} of its node.`, 'zh-CN': `Pod 与节点共享${zh}。` },
      },
      ({ spec, path }) => (spec[field] === true ? { path: [...path, field], fix: [{ path: [...path, field], value: undefined }] } : undefined),
    ),
  ),
  podCheck(
    {
      id: 'host-path',
      category: 'security',
      severity: 'warning',
      aliases: ['polaris/hostPathSet', 'kubescape/C-0048', 'kubescape/alert-any-hostpath', 'cis/5.2.12'],
      message: { en: 'The pod mounts a folder or file of its node.', 'zh-CN': 'Pod 挂载了节点上的目录或文件。' },
    },
    ({ spec, path, containers }) =>
      listAt(spec, 'volumes').flatMap((volume, i) =>
        at(volume, 'hostPath') === undefined
          ? []
          : [
              {
                path: [...path, 'volumes', i, 'hostPath'],
                what: `${at(volume, 'name')}: ${at(volume, 'hostPath', 'path')}`,
                fix: withoutVolume({ spec, path, containers }, i),
              },
            ],
      ),
  ),
  podCheck(
    {
      id: 'service-account-token-mounted',
      category: 'security',
      severity: 'warning',
      aliases: ['polaris/automountServiceAccountToken', 'kubescape/C-0034', 'kubescape/automount-service-account', 'popeye/POP-301', 'cis/5.1.6'],
      message: { en: 'The pod is given a token for the API server; few pods need one.', 'zh-CN': 'Pod 会被挂载 API 服务器令牌，而多数 Pod 并不需要。' },
    },
    ({ spec, path, namespace }, inventory) => {
      const field = [...path, 'automountServiceAccountToken']
      const fault = { path: field, fix: [{ path: field, value: false }] }
      if (typeof spec.automountServiceAccountToken === 'boolean') return spec.automountServiceAccountToken ? fault : undefined
      const name = spec.serviceAccountName ?? spec.serviceAccount ?? 'default'
      const account = ofKindIn(inventory, 'ServiceAccount', namespace).find((item) => nameOf(item) === name && namespaceOf(item) === namespace)
      return account?.object.automountServiceAccountToken === false ? undefined : fault
    },
  ),
  podCheck(
    {
      id: 'priority-class-missing',
      category: 'stability',
      severity: 'advice',
      aliases: ['polaris/priorityClassNotSet', 'kube-linter/priority-class-name'],
      message: { en: 'No priority class says whose pods go first when a node is full.', 'zh-CN': '未设置优先级类，节点资源不足时无法确定驱逐顺序。' },
    },
    ({ spec, path }) => (typeof spec.priorityClassName === 'string' && spec.priorityClassName !== '' ? undefined : { path: [...path, 'priorityClassName'] }),
  ),
]
