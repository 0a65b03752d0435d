/** Audit events as kube-apiserver writes them, seeded: what a cluster's day consists of, with some sensitive deeds among it. */
import { seededRandom } from '#core/kernel/random.ts'

export interface AuditEventOptions {
  seed: number
  /** ms since the epoch of the first event. */
  startsAt: number
  eventsPerSecond: number
  people?: number
}

const hex = (random: () => number, length: number) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')
const RESOURCES = ['pods', 'configmaps', 'services', 'endpoints', 'leases', 'events', 'nodes', 'deployments', 'replicasets'] as const
const POD_SPEC = {
  containers: [
    {
      name: 'app',
      image: 'registry.example.com/shop/cart:1.4.2',
      env: [
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'REGION', value: 'eu-1' },
      ],
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
      securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false },
      volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
    },
  ],
  volumes: [{ name: 'config', configMap: { name: 'cart' } }],
  serviceAccountName: 'cart',
}

/** One line each. About half are reads of controllers, a quarter writes with a body, the rest people's work. */
export function* auditEventLines(count: number, options: AuditEventOptions): Generator<string> {
  const random = seededRandom(options.seed)
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!
  const people = options.people ?? 40
  for (let i = 0; i < count; i++) {
    const at = options.startsAt + (i * 1000) / options.eventsPerSecond
    const kind = random()
    const person = kind > 0.75
    const writes = kind > 0.5 && kind < 0.85
    const resource = writes ? pick(['pods', 'configmaps', 'deployments'] as const) : pick(RESOURCES)
    const exec = person && random() < 0.02
    const namespace = `team-${Math.floor(random() * 30)}`
    const name = `${resource}-${Math.floor(random() * 500)}`
    const verb = exec ? 'create' : writes ? pick(['create', 'update', 'patch']) : pick(['get', 'list', 'watch'])
    const user = person
      ? `user-${Math.floor(random() * people)}`
      : pick(['system:kube-controller-manager', 'system:node:node-1', 'system:serviceaccount:kube-system:replicaset-controller'])
    const refused = person && random() < 0.01
    const received = new Date(at).toISOString().replace('Z', '123Z')
    const target = exec ? 'pods' : resource
    const uri = `/api/v1/namespaces/${namespace}/${target}/${name}${exec ? '/exec?command=sh&container=app&stdin=true&stdout=true&tty=true' : ''}`
    yield JSON.stringify({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: writes ? 'Request' : 'Metadata',
      auditID: `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`,
      stage: 'ResponseComplete',
      requestURI: uri,
      verb,
      user: { username: user, groups: person ? ['dev', 'system:authenticated'] : ['system:authenticated'] },
      sourceIPs: [person ? `10.1.${Math.floor(random() * 4)}.${Math.floor(random() * 200)}` : '10.0.0.2'],
      userAgent: person ? 'kubectl/v1.30.2 (linux/amd64) kubernetes/39683505' : 'kube-controller-manager/v1.30.2 (linux/amd64) kubernetes/39683505',
      objectRef: { resource: target, namespace, name, apiVersion: 'v1', ...(exec ? { subresource: 'exec' } : {}) },
      responseStatus: { metadata: {}, code: refused ? 403 : exec ? 101 : verb === 'create' ? 201 : 200 },
      requestReceivedTimestamp: received,
      stageTimestamp: received,
      annotations: { 'authorization.k8s.io/decision': refused ? 'forbid' : 'allow', 'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "dev"' },
      ...(writes && !exec
        ? {
            requestObject:
              resource === 'configmaps'
                ? { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace }, data: { 'app.properties': 'color=blue\nretries=3\ntimeout=10s\n' } }
                : {
                    kind: 'Pod',
                    apiVersion: 'v1',
                    metadata: { name, namespace, labels: { app: 'cart' } },
                    spec: resource === 'pods' ? POD_SPEC : { replicas: 3, template: { spec: POD_SPEC } },
                  },
          }
        : {}),
    })
  }
}
