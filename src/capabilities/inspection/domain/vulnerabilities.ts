/** Known vulnerabilities of what runs a cluster, by version. Facts of the Kubernetes CVE feed, of containerd's and the projects' advisories. */
import { z } from 'zod'
import { SEVERITIES } from '#core/shapes/severity.ts'

export const COMPONENTS = [
  'kube-apiserver',
  'kubelet',
  'containerd',
  'linux',
  'ingress-nginx',
  'etcd',
  'coredns',
  'argocd',
  'grafana',
  'kyverno',
  'mongodb',
] as const
export type Component = (typeof COMPONENTS)[number]

const version = z.string().regex(/^\d{1,4}\.\d{1,4}(\.\d{1,6})?$/, 'a version such as 1.30.2')

export const vulnerability = z.strictObject({
  id: z.string().regex(/^(CVE|GHSA)-[\w-]{4,40}$/i, 'an id such as CVE-2025-1974'),
  component: z.enum(COMPONENTS),
  severity: z.enum(SEVERITIES),
  affected: z
    .array(z.array(version).length(2).readonly())
    .max(200)
    .readonly()
    .describe('From (with it) to (without it: the version with the fix). None: nothing is affected.'),
  control: z.string().max(40).optional().describe('Of Kubescape.'),
  windows: z.literal(true).optional().describe('Only nodes with Windows.'),
  en: z.string().min(1).max(300),
  zh: z.string().min(1).max(300),
})
export type Vulnerability = z.output<typeof vulnerability>

/** A file of them takes the place of the built-in entries with the same ids, and adds to the others. */
export const vulnerabilityFile = z.strictObject({
  vulnerabilities: z
    .array(vulnerability)
    .min(1)
    .max(5000)
    .refine((all) => new Set(all.map(({ id }) => id.toLowerCase())).size === all.length, 'an id stands twice'),
})

export const VULNERABILITIES: readonly Vulnerability[] = [
  {
    id: 'CVE-2022-3172',
    control: 'C-0089',
    component: 'kube-apiserver',
    severity: 'warning',
    affected: [
      ['0.0', '1.21.15'],
      ['1.22.0', '1.22.14'],
      ['1.23.0', '1.23.11'],
      ['1.24.0', '1.24.5'],
      ['1.25.0', '1.25.1'],
    ],
    en: 'an aggregated API server can redirect clients anywhere',
    zh: '聚合 API 服务器可将客户端重定向到任意地址',
  },
  {
    id: 'CVE-2022-3294',
    component: 'kube-apiserver',
    severity: 'warning',
    affected: [
      ['0.0', '1.22.16'],
      ['1.23.0', '1.23.14'],
      ['1.24.0', '1.24.8'],
      ['1.25.0', '1.25.4'],
    ],
    en: 'who may change nodes reaches the network of the control plane',
    zh: '可修改节点者能访问控制平面网络',
  },
  {
    id: 'CVE-2023-2728',
    component: 'kube-apiserver',
    severity: 'warning',
    affected: [
      ['0.0', '1.24.15'],
      ['1.25.0', '1.25.11'],
      ['1.26.0', '1.26.6'],
      ['1.27.0', '1.27.3'],
    ],
    en: 'ephemeral containers get around the policy of mountable Secrets',
    zh: '临时容器可绕过可挂载 Secret 策略',
  },
  {
    id: 'CVE-2024-3177',
    component: 'kube-apiserver',
    severity: 'advice',
    affected: [
      ['0.0', '1.27.13'],
      ['1.28.0', '1.28.9'],
      ['1.29.0', '1.29.4'],
    ],
    en: 'envFrom gets around the policy of mountable Secrets',
    zh: 'envFrom 可绕过可挂载 Secret 策略',
  },
  {
    id: 'CVE-2024-10220',
    component: 'kubelet',
    severity: 'error',
    affected: [
      ['0.0', '1.28.12'],
      ['1.29.0', '1.29.7'],
      ['1.30.0', '1.30.3'],
    ],
    en: 'a gitRepo volume runs commands on the node',
    zh: 'gitRepo 卷可在节点上执行命令',
  },
  {
    id: 'CVE-2025-0426',
    component: 'kubelet',
    severity: 'warning',
    affected: [
      ['1.25.0', '1.29.14'],
      ['1.30.0', '1.30.10'],
      ['1.31.0', '1.31.6'],
      ['1.32.0', '1.32.2'],
    ],
    en: 'checkpoint requests to the read-only port fill the disk of the node',
    zh: '对只读端口的检查点请求可写满节点磁盘',
  },
  ...(['CVE-2023-3676', 'CVE-2023-3955'] as const).map(
    (id): Vulnerability => ({
      id,
      component: 'kubelet',
      windows: true,
      severity: 'error',
      affected: [
        ['0.0', '1.24.17'],
        ['1.25.0', '1.25.13'],
        ['1.26.0', '1.26.8'],
        ['1.27.0', '1.27.5'],
        ['1.28.0', '1.28.1'],
      ],
      en: 'who may create pods becomes administrator of Windows nodes',
      zh: '能创建 Pod 者可成为 Windows 节点管理员',
    }),
  ),
  {
    id: 'CVE-2023-5528',
    component: 'kubelet',
    windows: true,
    severity: 'error',
    affected: [
      ['0.0', '1.25.16'],
      ['1.26.0', '1.26.11'],
      ['1.27.0', '1.27.8'],
      ['1.28.0', '1.28.4'],
    ],
    en: 'local volumes make pods administrators of Windows nodes',
    zh: '本地卷可使 Pod 成为 Windows 节点管理员',
  },
  {
    id: 'CVE-2022-23648',
    control: 'C-0087',
    component: 'containerd',
    severity: 'error',
    affected: [
      ['0.0', '1.4.13'],
      ['1.5.0', '1.5.10'],
      ['1.6.0', '1.6.1'],
    ],
    en: 'images can read files of the node',
    zh: '镜像可读取节点文件',
  },
  {
    id: 'CVE-2024-40635',
    component: 'containerd',
    severity: 'warning',
    affected: [
      ['0.0', '1.6.38'],
      ['1.7.0', '1.7.27'],
      ['2.0.0', '2.0.4'],
    ],
    en: 'a large user id makes a container run as root',
    zh: '过大的用户 ID 会使容器以 root 运行',
  },
  {
    id: 'CVE-2022-0185',
    control: 'C-0079',
    component: 'linux',
    severity: 'error',
    affected: [['5.1.0', '5.16.2']],
    en: 'a container with user namespaces or CAP_SYS_ADMIN can leave it; distributions have fixed it in versions of their own',
    zh: '具备用户命名空间或 CAP_SYS_ADMIN 的容器可逃逸；发行版可能已自行修复',
  },
  {
    id: 'CVE-2025-1974',
    component: 'ingress-nginx',
    severity: 'critical',
    affected: [
      ['0.0', '1.11.5'],
      ['1.12.0', '1.12.1'],
    ],
    en: 'whoever reaches its webhook runs code in it and reads all Secrets',
    zh: '能访问其 Webhook 者可执行代码并读取全部 Secret',
  },
  {
    id: 'CVE-2023-5044',
    component: 'ingress-nginx',
    severity: 'error',
    affected: [['0.0', '1.9.0']],
    en: 'an annotation of an Ingress runs code in it',
    zh: 'Ingress 注解可在其中执行代码',
  },
  {
    id: 'CVE-2023-32082',
    component: 'etcd',
    severity: 'advice',
    affected: [
      ['0.0', '3.4.26'],
      ['3.5.0', '3.5.9'],
    ],
    en: 'key names can be read through leases',
    zh: '可通过租约读取键名',
  },
  {
    id: 'CVE-2025-47950',
    component: 'coredns',
    severity: 'warning',
    affected: [['0.0', '1.12.2']],
    en: 'DNS over QUIC lets a client use up its memory',
    zh: '通过 DNS over QUIC 可耗尽其内存',
  },
  {
    id: 'CVE-2022-24348',
    control: 'C-0081',
    component: 'argocd',
    severity: 'error',
    affected: [
      ['0.0', '2.1.9'],
      ['2.2.0', '2.2.4'],
    ],
    en: 'a chart can read files of other applications',
    zh: 'Chart 可读取其他应用的文件',
  },
  {
    id: 'CVE-2022-39328',
    control: 'C-0090',
    component: 'grafana',
    severity: 'critical',
    affected: [['9.2.0', '9.2.4']],
    en: 'a race lets anybody act as somebody who is logged in',
    zh: '竞态可使任何人冒充已登录用户',
  },
  {
    id: 'CVE-2022-47633',
    control: 'C-0091',
    component: 'kyverno',
    severity: 'error',
    affected: [['1.8.3', '1.8.5']],
    en: 'image signatures can be got around',
    zh: '可绕过镜像签名校验',
  },
  {
    id: 'CVE-2025-14847',
    component: 'mongodb',
    severity: 'critical',
    affected: [
      ['3.6.0', '4.4.30'],
      ['5.0.0', '5.0.32'],
      ['6.0.0', '6.0.27'],
      ['7.0.0', '7.0.28'],
      ['8.0.0', '8.0.17'],
      ['8.2.0', '8.2.3'],
    ],
    en: 'anybody who reaches it reads its memory through compressed messages',
    zh: '能连接者可通过压缩消息读取其内存',
  },
]
