/** Who and what is allowed: data that users keep, as Sallyport's own YAML or JSON, or as list and macro files of Falco. */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { ok, type Result } from '#core/kernel/result.ts'
import { readFalcoLists } from './falco-lists.ts'

const names = z.array(z.string().min(1).max(512)).max(10_000)

/** What is left out keeps what is shipped. An entry may end in `*`. */
export const listsSchema = z.strictObject({
  /** Users besides `system:*` who may ask anything of the API server. */
  allowedUsers: names.optional(),
  /** Namespaces that may be created. */
  allowedNamespaces: names.optional(),
  /** Images of which pods may be made; not set: all. */
  allowedImages: names.optional(),
  /** A pod made of only these may be privileged, use the host's namespaces and mount sensitive folders. */
  trustedImages: names.optional(),
  privilegedImages: names.optional(),
  sensitiveMountImages: names.optional(),
  hostNetworkImages: names.optional(),
  hostPidImages: names.optional(),
  hostIpcImages: names.optional(),
  /** Images that may run in the system's namespaces. */
  systemImages: names.optional(),
  /** ServiceAccounts that may be created in the system's namespaces. */
  systemServiceAccounts: names.optional(),
  /** Services that may be open on a port of every node. */
  nodePortServices: names.optional(),
  /** Nodes that may join; not set: all. */
  allowedNodes: names.optional(),
  /** Names of accounts that may do everything. */
  adminUsers: names.optional(),
  /** Those of them that may be used; not set: all. */
  allowedAdmins: names.optional(),
  /** Who may exec, attach and forward ports. */
  execUsers: names.optional(),
  /** Who reads secrets as a matter of course. */
  secretReaders: names.optional(),
  /** Lists of the user's own, for conditions of rules: `user in lists.breakGlass`. */
  named: z.record(z.string().min(1).max(120), names).optional(),
  /** Report ordinary creations and deletions too. */
  activity: z.boolean().optional(),
  /** Report every event. */
  allEvents: z.boolean().optional(),
})
export type ListsInput = z.output<typeof listsSchema>

type NameList = Exclude<keyof ListsInput, 'activity' | 'allEvents' | 'named'>

/** Images that cannot do their work on a node otherwise. */
const NODE_AGENTS = [
  'falcosecurity/falco',
  'public.ecr.aws/falcosecurity/falco',
  'sysdig/sysdig',
  'calico/node',
  'quay.io/calico/node',
  'gcr.io/projectcalico-org/node',
  'cloudnativelabs/kube-router',
  'docker/ucp-agent',
  'rook/toolbox',
]
const KUBE_PROXY = ['k8s.gcr.io', 'registry.k8s.io', 'gcr.io/google_containers', 'gke.gcr.io', 'mcr.microsoft.com/oss/kubernetes'].map(
  (registry) => `${registry}/kube-proxy`,
)
const GKE_NODE = [
  'gcr.io/google-containers/prometheus-to-sd',
  'gke.gcr.io/gke-metadata-server',
  'gke.gcr.io/kube-proxy',
  'gke.gcr.io/netd-amd64',
  'gke.gcr.io/watcher-daemonset',
]
/** Read what a node has, and do not change it. */
const MONITORS = [
  'prom/node-exporter',
  'quay.io/prometheus/node-exporter',
  'google/cadvisor',
  'netdata/netdata',
  'datadog/agent',
  'amazon/cloudwatch-agent',
  'amazon/amazon-ecs-agent',
  'gliderlabs/logspout',
]

/** What is shipped; the names are those that installers and managed clusters use. */
const SHIPPED: ListsInput = {
  allowedUsers: [
    'admin',
    'aksService',
    'cloud-controller-manager',
    'cluster-autoscaler',
    'eks:*',
    'kops',
    'kube',
    'kube-apiserver-healthcheck',
    'kube-proxy',
    'kubelet',
    'kubernetes-admin',
    'kubernetes-super-admin',
    'masterclient',
    'minikube',
    'minikube-user',
    'nodeclient',
    'vertical-pod-autoscaler-*',
    'vpa-*',
  ],
  allowedNamespaces: ['default', 'kube-node-lease', 'kube-public', 'kube-system'],
  systemImages: [
    'k8s.gcr.io/*',
    'registry.k8s.io/*',
    'gcr.io/google_containers/*',
    'gcr.io/google-containers/*',
    'gke.gcr.io/*',
    'gcr.io/projectcalico-org/node',
    'mcr.microsoft.com/oss/kubernetes/*',
    'quay.io/coreos/flannel',
    'docker.io/flannel/*',
    'docker.io/calico/*',
    'quay.io/calico/*',
    'quay.io/cilium/*',
    'docker.io/library/coredns',
    'coredns/coredns',
  ],
  privilegedImages: [...NODE_AGENTS, ...KUBE_PROXY, ...GKE_NODE, 'quay.io/cilium/*', 'registry.k8s.io/dns/k8s-dns-node-cache'],
  sensitiveMountImages: [...NODE_AGENTS, ...MONITORS, 'gcr.io/google_containers/kube-proxy'],
  hostNetworkImages: [
    'k8s.gcr.io/*',
    'registry.k8s.io/*',
    'calico/node',
    'docker.io/calico/*',
    'quay.io/calico/*',
    'gcr.io/projectcalico-org/*',
    'quay.io/cilium/*',
    'docker.io/flannel/*',
    'quay.io/coreos/flannel',
    ...GKE_NODE,
  ],
  systemServiceAccounts: [
    'coredns',
    'coredns-autoscaler',
    'default',
    'kube-proxy',
    'kube-dns',
    'metrics-server',
    'attachdetach-controller',
    'certificate-controller',
    'clusterrole-aggregation-controller',
    'cronjob-controller',
    'daemon-set-controller',
    'deployment-controller',
    'disruption-controller',
    'endpoint-controller',
    'endpointslice-controller',
    'endpointslicemirroring-controller',
    'ephemeral-volume-controller',
    'expand-controller',
    'generic-garbage-collector',
    'horizontal-pod-autoscaler',
    'job-controller',
    'namespace-controller',
    'node-controller',
    'persistent-volume-binder',
    'pod-garbage-collector',
    'pv-protection-controller',
    'pvc-protection-controller',
    'replicaset-controller',
    'replication-controller',
    'resourcequota-controller',
    'root-ca-cert-publisher',
    'route-controller',
    'service-account-controller',
    'service-controller',
    'statefulset-controller',
    'token-cleaner',
    'ttl-controller',
    'ttl-after-finished-controller',
    'bootstrap-signer',
  ],
  adminUsers: ['admin', 'kubernetes-admin', 'kubernetes-admin@*', 'kubernetes-super-admin', 'minikube-user', 'masterclient'],
}

/** Lists ready to ask. */
export interface Lists {
  /** Undefined: the list is not set. */
  has(list: NameList, name: string): boolean | undefined
  /** Is every one of these images in the list? Tags and digests do not matter. */
  hasImages(list: NameList, images: readonly string[]): boolean | undefined
  /** Did the user set it? */
  isOwn(list: NameList): boolean
  named: Readonly<Record<string, readonly string[]>>
  activity: boolean
  allEvents: boolean
}

interface Matcher {
  exact: ReadonlySet<string>
  prefixes: readonly string[]
}

/** Later inputs win, list by list. */
export function createLists(...inputs: readonly ListsInput[]): Lists {
  const own = Object.assign({}, ...inputs) as ListsInput
  const merged: ListsInput = { ...SHIPPED, ...own }
  const matchers = new Map<string, Matcher>()
  for (const [list, value] of Object.entries(merged)) {
    if (!Array.isArray(value)) continue
    const plain = value.flatMap((entry) => [entry, imageName(entry)])
    matchers.set(list, {
      exact: new Set(plain.filter((entry) => !entry.endsWith('*'))),
      prefixes: plain.filter((entry) => entry.endsWith('*')).map((entry) => entry.slice(0, -1)),
    })
  }
  const has = (list: NameList, name: string) => {
    const matcher = matchers.get(list)
    return matcher && (matcher.exact.has(name) || matcher.prefixes.some((prefix) => name.startsWith(prefix)))
  }
  return {
    has,
    hasImages: (list, images) => (matchers.has(list) ? images.length > 0 && images.every((image) => has(list, imageName(image))) : undefined),
    isOwn: (list) => own[list] !== undefined,
    named: merged.named ?? {},
    activity: merged.activity ?? true,
    allEvents: merged.allEvents ?? false,
  }
}

/** Registry and repository without tag and digest; what Docker leaves out is put back, so that `nginx` is `docker.io/library/nginx`. */
export function imageName(image: string): string {
  const plain = image.split('@', 1)[0]!
  const slash = plain.lastIndexOf('/')
  const colon = plain.indexOf(':', slash + 1)
  const name = colon < 0 ? plain : plain.slice(0, colon)
  const [first = '', ...rest] = name.split('/')
  if (rest.length === 0) return `docker.io/library/${name}`
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`
}

/** Reads a parsed lists file, ours (an object) or Falco's (an array of lists and macros); `before` is what its `append` adds to. All problems at once. */
export function readLists(input: unknown, before: ListsInput = {}): Result<ListsInput, readonly Problem[]> {
  if (input === null || input === undefined) return ok(before)
  const read = Array.isArray(input) ? readFalcoLists(input, { ...SHIPPED, ...before }) : parseInput(listsSchema, input)
  return read.ok ? ok({ ...before, ...read.value }) : read
}
