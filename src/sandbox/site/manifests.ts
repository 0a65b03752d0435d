/** The objects that the demo begins with: nodes aside, all of the shop. Pure. */

import type { Obj } from '../api/store.ts'
import { NAMESPACE, RULES, type Rule, SERVICES, type ServiceName, serviceNames } from './shop.ts'

const PORT = 8080
const VERSION = '1.4.2'
const CANARY_VERSION = '1.5.0'

const labelsOf = (service: ServiceName, arm: string) => ({ 'app.kubernetes.io/name': service, 'app.kubernetes.io/part-of': 'shop', arm })

function deployment(service: ServiceName, arm: 'primary' | 'canary', replicas: number): Obj {
  const labels = labelsOf(service, arm)
  const image = `registry.example.com/shop/${service}:${arm === 'canary' ? CANARY_VERSION : VERSION}`
  const container = {
    name: service,
    image,
    ports: [{ name: 'http', containerPort: PORT }],
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: arm === 'canary' ? `${service}-canary` : service,
      namespace: NAMESPACE,
      labels: { ...labels, 'app.kubernetes.io/version': arm === 'canary' ? CANARY_VERSION : VERSION },
    },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  }
}

const service = (name: ServiceName, arm: 'primary' | 'canary'): Obj => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: arm === 'canary' ? `${name}-canary` : name, namespace: NAMESPACE, labels: labelsOf(name, arm) },
  spec: { selector: labelsOf(name, arm), ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
})

function ingress(name: string, rules: readonly Rule[], suffix = '', annotations?: Record<string, string>): Obj {
  const hosts = [...new Set(rules.map((rule) => rule.host))]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: NAMESPACE, annotations },
    spec: {
      ingressClassName: 'nginx',
      rules: hosts.map((host) => ({
        host,
        http: {
          paths: rules
            .filter((rule) => rule.host === host)
            .map((rule) => ({ path: rule.prefix, pathType: 'Prefix', backend: { service: { name: `${rule.service}${suffix}`, port: { name: 'http' } } } })),
        },
      })),
    },
  }
}

const binding = (namespace: string | undefined, group: string, role: string): Obj => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  metadata: { name: `${group}-${role}`, namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
})

export function shopObjects(): Obj[] {
  const names = [...new Set(RULES.map((rule) => rule.ingress))]
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'nginx' }, spec: { controller: 'k8s.io/ingress-nginx' } },
    scalePolicy(),
    ...serviceNames.flatMap((name) => [deployment(name, 'primary', SERVICES[name].replicas), service(name, 'primary')]),
    deployment('catalog', 'canary', 1),
    service('catalog', 'canary'),
    ...names.map((name) =>
      ingress(
        name,
        RULES.filter((rule) => rule.ingress === name),
      ),
    ),
    ingress(
      'shop-api-canary',
      RULES.filter((rule) => rule.service === 'catalog'),
      '-canary',
      { 'nginx.ingress.kubernetes.io/canary': 'true', 'nginx.ingress.kubernetes.io/canary-weight': '10' },
    ),
    {
      apiVersion: 'sallyport.io/v1alpha1',
      kind: 'Canary',
      metadata: { name: 'catalog', namespace: NAMESPACE },
      spec: {
        stable: { deployment: 'catalog', service: 'catalog' },
        canary: { deployment: 'catalog-canary', service: 'catalog-canary' },
        routes: [{ name: 'shop-api' }],
        // It has one pod, and few requests: a person decides here, or weeks of evidence.
        minPods: 1,
        deadline: '30d',
        steps: [
          { weight: 10, hold: '2m', pause: true },
          { weight: 30, hold: '5m' },
          { weight: 50, hold: '10m' },
        ],
      },
    },
    // Two people to try permissions with: their kubeconfigs are beside the administrator's.
    binding(NAMESPACE, 'dev', 'edit'),
    binding(undefined, 'ops', 'view'),
  ]
}

/** A node as it registers itself. */
export const nodeObject = (name: string, cpus: number): Obj => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'node.kubernetes.io/instance-type': 'sandbox-process',
    },
  },
  status: {
    capacity: { cpu: String(cpus), memory: '8Gi', pods: '110' },
    allocatable: { cpu: String(cpus), memory: '8Gi', pods: '110' },
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    conditions: [],
  },
})

/** All tiers with the traffic of the entry. A request at the gateway costs the others about one call each. */
function scalePolicy(): Obj {
  const target = (name: string) => ({ kind: 'Deployment', name })
  const behind = serviceNames
    .filter((name) => name !== 'gateway')
    .map((name) => ({ target: target(name), min: SERVICES[name].replicas, max: 12, loadPerPod: 10 }))
  const spec = {
    target: target('gateway'),
    mode: 'active',
    min: SERVICES.gateway.replicas,
    max: 12,
    loadPerPod: 10,
    podStart: '5s',
    keep: '1m',
    services: behind,
  }
  return { apiVersion: 'sallyport.io/v1alpha1', kind: 'ScalePolicy', metadata: { name: 'shop', namespace: NAMESPACE }, spec } as unknown as Obj
}
