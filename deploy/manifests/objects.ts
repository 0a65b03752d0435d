/** What an installation consists of. Texts in `value(…)` become expressions of the chart; see `render.ts` for those that there are. */
import { COLLECTOR_PATHS, COLLECTOR_RULES, MONITOR_ACCESS_RULES } from '#capabilities/collection/domain/rights.ts'
import { CUSTOM_METRIC_RESOURCES, INGRESS_METRICS } from '#capabilities/elasticity/domain/ingress-metrics.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Capability } from '#core/shapes/capability.ts'

type Rule = Omit<Capability['rbac'][number], 'why'>

/** Stands for `{{ toJson .Values.… }}` as a whole value. */
export const value = (path: string): string => `@@.Values.${path}@@`
export const NAMESPACE = '{{ .Release.Namespace }}'

export const SERVER_PORT = 7070
export const CLUSTER_PORT = 7443
const AGENT_SECRET = 'sallyport-agent'
/** A user that no image has. */
const USER = 65_532

const labels = (component: string) => ({ 'app.kubernetes.io/name': 'sallyport', 'app.kubernetes.io/component': component })
const meta = (name: string, component: string) => ({ name, namespace: NAMESPACE, labels: labels(component) })
const RBAC = 'rbac.authorization.k8s.io/v1'
const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** One rule for each set of verbs, so that the same right is not listed twice. Names of resources in order. */
export function joined(rules: readonly Rule[]): Rule[] {
  const verbs = new Map<string, Set<string>>()
  for (const rule of rules)
    for (const group of rule.apiGroups)
      for (const resource of rule.resources) {
        const key = `${group}/${resource}`
        const known = verbs.get(key) ?? new Set()
        for (const verb of rule.verbs) known.add(verb)
        verbs.set(key, known)
      }
  const byGroup = new Map<string, Rule & { resources: string[] }>()
  for (const [key, of] of [...verbs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [group, resource] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]
    const sorted = [...of].sort()
    const id = `${group} ${sorted.join()}`
    const rule = byGroup.get(id) ?? { apiGroups: [group], resources: [], verbs: sorted }
    rule.resources.push(resource)
    byGroup.set(id, rule)
  }
  return [...byGroup.values()]
}

/** Of the server itself, whatever capabilities there are. Everything that people do, they do with their own rights. */
const OWN_RULES: readonly Rule[] = [
  // who somebody is that sends a token of the cluster
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  // who asks an aggregated API, and whether they may
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  { apiGroups: ['apiregistration.k8s.io'], resources: ['apiservices'], verbs: ['create', 'get', 'patch'] },
  // the namespaces that rights may be for
  { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] },
]

/** How the cluster's front proxy shows who it is, to aggregated APIs. */
const FRONT_PROXY_RULE = { apiGroups: [''], resources: ['configmaps'], resourceNames: ['extension-apiserver-authentication'], verbs: ['get'] }

/** Horizontal Pod Autoscalers may ask for the metrics that this server answers with. */
const METRICS = [...INGRESS_METRICS.keys()]
const METRICS_RULES = [
  { apiGroups: ['external.metrics.k8s.io'], resources: METRICS, verbs: ['list'] },
  { apiGroups: ['custom.metrics.k8s.io'], resources: CUSTOM_METRIC_RESOURCES.flatMap((of) => METRICS.map((name) => `${of}/${name}`)), verbs: ['get'] },
]
const metricsReaders = (): KubeObject[] => {
  const name = `${NAMESPACE}-sallyport-metrics`
  const metadata = { name, labels: labels('server') }
  const subjects = [{ kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' }]
  return [
    { apiVersion: RBAC, kind: 'ClusterRole', metadata, rules: METRICS_RULES },
    { apiVersion: RBAC, kind: 'ClusterRoleBinding', metadata, subjects, roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name } },
  ]
}

/** Rights in the installation's own namespace. */
const LOCAL_RULES = [
  // which server acts, when there are several
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  { apiGroups: [''], resources: ['secrets'], resourceNames: [AGENT_SECRET], verbs: ['get', 'patch'] },
]

const role = (kind: 'Role' | 'ClusterRole', name: string, component: string, rules: readonly object[]): KubeObject[] => {
  // ClusterRoles have no namespace, so the name says whose they are.
  const cluster = kind === 'ClusterRole'
  const full = cluster ? `${NAMESPACE}-${name}` : name
  const metadata = { name: full, labels: labels(component), ...(cluster ? {} : { namespace: NAMESPACE }) }
  const subjects = [{ kind: 'ServiceAccount', name: `sallyport-${component}`, namespace: NAMESPACE }]
  return [
    { apiVersion: RBAC, kind, metadata, rules },
    { apiVersion: RBAC, kind: `${kind}Binding`, metadata, subjects, roleRef: { apiGroup: RBAC_GROUP, kind, name: full } },
  ]
}
const account = (component: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: meta(`sallyport-${component}`, component),
  automountServiceAccountToken: false,
})
/** The token is mounted only where it is used, and is one that is renewed. */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
const accountVolume = {
  name: 'account',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
  },
}
const accountMount = { name: 'account', mountPath: ACCOUNT_FOLDER, readOnly: true }
const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } })
const locked = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
const service = (name: string, port: number, target: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta(name, 'server'),
  // The protocol is part of the key by which ports are applied, and Kubernetes 1.20 fills it in too late.
  spec: { selector: labels('server'), ports: [{ name: target, port, protocol: 'TCP', targetPort: target }] },
})

export function serverObjects(): KubeObject[] {
  const names = ['sallyport', 'sallyport-ingest'].flatMap((name) => [
    `${name}.${NAMESPACE}`,
    `${name}.${NAMESPACE}.svc`,
    `${name}.${NAMESPACE}.svc.cluster.local`,
  ])
  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, periodSeconds: 10, timeoutSeconds: 5 })
  return [
    service('sallyport', SERVER_PORT, 'http'),
    service('sallyport-ingest', 443, 'clusters'),
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: meta('sallyport', 'server'),
      spec: {
        // The store is one folder that one process writes.
        replicas: 1,
        serviceName: 'sallyport',
        selector: { matchLabels: labels('server') },
        template: {
          metadata: { labels: labels('server') },
          spec: {
            serviceAccountName: 'sallyport-server',
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            imagePullSecrets: value('imagePullSecrets'),
            nodeSelector: value('server.nodeSelector'),
            tolerations: value('server.tolerations'),
            terminationGracePeriodSeconds: 30,
            securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'server',
                image: value('image'),
                imagePullPolicy: value('imagePullPolicy'),
                args: ['server', ...names.flatMap((name) => ['--host', name])],
                env: [
                  fromField('POD_NAMESPACE', 'metadata.namespace'),
                  { name: 'SALLYPORT_DATA', value: '/data' },
                  { name: 'SALLYPORT_LISTEN', value: '0.0.0.0' },
                  { name: 'SALLYPORT_PORT', value: String(SERVER_PORT) },
                  { name: 'SALLYPORT_CLUSTER_LISTEN', value: `0.0.0.0:${CLUSTER_PORT}` },
                  { name: 'SALLYPORT_AGENT_SECRET', value: AGENT_SECRET },
                  { name: 'SALLYPORT_EXTERNAL_URL', value: value('server.externalUrl') },
                  { name: 'SALLYPORT_LOG_LEVEL', value: value('server.logLevel') },
                ],
                ports: [
                  { name: 'http', containerPort: SERVER_PORT, protocol: 'TCP' },
                  { name: 'clusters', containerPort: CLUSTER_PORT, protocol: 'TCP' },
                ],
                // Batches that were not yet stored are read first, which takes a while after a crash.
                startupProbe: { ...probe('/readyz'), failureThreshold: 30 },
                readinessProbe: probe('/readyz'),
                livenessProbe: { ...probe('/healthz'), failureThreshold: 6 },
                resources: value('server.resources'),
                securityContext: locked,
                volumeMounts: [{ name: 'data', mountPath: '/data' }, { name: 'tmp', mountPath: '/tmp' }, accountMount],
              },
            ],
            volumes: [{ name: 'tmp', emptyDir: {} }, accountVolume],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data', labels: labels('server') },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: value('server.storageClassName'),
              resources: { requests: { storage: value('server.storage') } },
            },
          },
        ],
      },
    },
  ]
}

const hostFolder = (name: string, path: string, type: string) => ({ name, hostPath: { path, type } })

export function agentObjects(): KubeObject[] {
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: meta('sallyport-agent', 'agent'),
      spec: {
        selector: { matchLabels: labels('agent') },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: {
          metadata: { labels: labels('agent') },
          spec: {
            serviceAccountName: 'sallyport-agent',
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            imagePullSecrets: value('imagePullSecrets'),
            nodeSelector: value('agent.nodeSelector'),
            tolerations: value('agent.tolerations'),
            // The kubelet's log files belong to root; nothing else of root is kept.
            securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'agent',
                image: value('image'),
                imagePullPolicy: value('imagePullPolicy'),
                // Nothing is compiled: it costs no time where the work is reading and sending, and 10 MB less are resident.
                command: ['/app/node_modules/.bin/node', '--lite-mode', '/app/dist/agent.js', '--logs', '--token-file', '/etc/sallyport/token'],
                env: [
                  fromField('NODE_NAME', 'spec.nodeName'),
                  { name: 'SALLYPORT_SERVER', value: `https://sallyport-ingest.${NAMESPACE}.svc` },
                  { name: 'SALLYPORT_CA_FILE', value: '/etc/sallyport/ca.crt' },
                  // Compression and files need one thread beside the first; each has memory of its own.
                  { name: 'UV_THREADPOOL_SIZE', value: '1' },
                  { name: 'MALLOC_ARENA_MAX', value: '1' },
                ],
                resources: value('agent.resources'),
                securityContext: locked,
                volumeMounts: [
                  { name: 'state', mountPath: '/var/lib/sallyport' },
                  { name: 'pods', mountPath: '/var/log/pods', readOnly: true },
                  { name: 'docker', mountPath: '/var/lib/docker/containers', readOnly: true },
                  { name: 'access', mountPath: '/etc/sallyport', readOnly: true },
                  accountMount,
                ],
              },
            ],
            volumes: [
              hostFolder('state', '/var/lib/sallyport', 'DirectoryOrCreate'),
              hostFolder('pods', '/var/log/pods', 'DirectoryOrCreate'),
              // Where Docker is the runtime, the kubelet's files are links into it.
              hostFolder('docker', '/var/lib/docker/containers', ''),
              // Written by the server when it has started; until then the pod waits.
              { name: 'access', secret: { secretName: AGENT_SECRET, defaultMode: 0o400 } },
              accountVolume,
            ],
          },
        },
      },
    },
  ]
}

const COLLECTOR_PORT = 9465

/** Scrapes the cluster. Each replica has a share of the targets, by its ordinal, and a queue of its own that outlives its pod. */
export function collectorObjects(): KubeObject[] {
  const probe = { httpGet: { path: '/healthz', port: 'metrics' }, periodSeconds: 10, timeoutSeconds: 5 }
  const args = ['--token-file', '/etc/sallyport/token', '--data', '/data', '--listen', `0.0.0.0:${COLLECTOR_PORT}`]
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: meta('sallyport-collect', 'collect'),
      spec: {
        replicas: value('collector.replicas'),
        serviceName: 'sallyport-collect',
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: labels('collect') },
        template: {
          metadata: { labels: labels('collect'), annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(COLLECTOR_PORT) } },
          spec: {
            serviceAccountName: 'sallyport-collect',
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            imagePullSecrets: value('imagePullSecrets'),
            nodeSelector: value('collector.nodeSelector'),
            tolerations: value('collector.tolerations'),
            securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'collect',
                image: value('image'),
                imagePullPolicy: value('imagePullPolicy'),
                command: ['/app/node_modules/.bin/node', '/app/dist/collect.js', ...args, '--shard', '$(POD_NAME)/{{ .Values.collector.replicas }}'],
                env: [
                  fromField('POD_NAME', 'metadata.name'),
                  { name: 'SALLYPORT_SERVER', value: `https://sallyport-ingest.${NAMESPACE}.svc` },
                  { name: 'SALLYPORT_CA_FILE', value: '/etc/sallyport/ca.crt' },
                  { name: 'SALLYPORT_COLLECT_CONFIG', value: value('collector.config') },
                  { name: 'MALLOC_ARENA_MAX', value: '1' },
                  // Buffers that were let go go back to the node.
                  { name: 'MALLOC_MMAP_THRESHOLD_', value: '131072' },
                ],
                ports: [{ name: 'metrics', containerPort: COLLECTOR_PORT }],
                readinessProbe: probe,
                livenessProbe: { ...probe, failureThreshold: 6 },
                resources: value('collector.resources'),
                securityContext: locked,
                volumeMounts: [{ name: 'data', mountPath: '/data' }, { name: 'access', mountPath: '/etc/sallyport', readOnly: true }, accountMount],
              },
            ],
            volumes: [
              // Of the group that the collector runs with, so that it may read it.
              { name: 'access', secret: { secretName: AGENT_SECRET, defaultMode: 0o440 } },
              accountVolume,
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data', labels: labels('collect') },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: value('collector.storageClassName'),
              resources: { requests: { storage: value('collector.storage') } },
            },
          },
        ],
      },
    },
    account('collect'),
    ...role('ClusterRole', 'sallyport-collect', 'collect', [...joined(COLLECTOR_RULES), { nonResourceURLs: COLLECTOR_PATHS, verbs: ['get'] }]),
    networkPolicy('collect', [{ from: [{ podSelector: { matchLabels: labels('collect') } }], ports: [{ protocol: 'TCP', port: 'metrics' }] }]),
  ]
}

/** Credentials that monitors name, in every namespace: only for those who use monitors that have some. */
export const monitorAccessObjects = (): KubeObject[] => role('ClusterRole', 'sallyport-monitor-access', 'collect', MONITOR_ACCESS_RULES)

export const rightsOf = (capabilities: readonly Pick<Capability, 'rbac'>[]): KubeObject[] => [
  account('server'),
  account('agent'),
  ...role('ClusterRole', 'sallyport-server', 'server', [...joined([...OWN_RULES, ...capabilities.flatMap(({ rbac }) => rbac)]), FRONT_PROXY_RULE]),
  ...metricsReaders(),
  ...role('Role', 'sallyport-server', 'server', LOCAL_RULES),
  ...role('ClusterRole', 'sallyport-agent', 'agent', [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }]),
]

/** Acting as people whom only an identity provider knows. */
export const impersonationObjects = (): KubeObject[] =>
  role('ClusterRole', 'sallyport-impersonation', 'server', [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }])

function networkPolicy(component: string, ingress: readonly object[]): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: meta(`sallyport-${component}`, component),
    spec: { podSelector: { matchLabels: labels(component) }, policyTypes: ['Ingress'], ingress },
  }
}

export function networkObjects(): KubeObject[] {
  const tcp = (port: string) => ({ protocol: 'TCP', port })
  return [networkPolicy('server', [{ ports: [tcp('http'), tcp('clusters')] }]), networkPolicy('agent', [])]
}
