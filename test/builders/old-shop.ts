/** A small shop as it stands on an old cluster (1.20): several services, every kind of reference, API versions that are gone today. */
import type { KubeObject } from '#core/kube/objects.ts'

/** Runs on clusters of `kube-cluster`: a busybox. */
export const OLD_IMAGE = 'docker.io/local/pause:1'
const SERVICES = ['gateway', 'catalog', 'cart'] as const

const workload = (namespace: string, name: string): KubeObject[] => {
  const labels = { app: name }
  const container = {
    name: 'web',
    image: OLD_IMAGE,
    command: ['/bin/sh', '-c', 'echo $CATALOG > /tmp/index.html; exec busybox httpd -f -p 8080 -h /tmp'],
    ports: [{ name: 'http', containerPort: 8080 }],
    env: [
      { name: 'CATALOG', value: `http://catalog.${namespace}.svc.cluster.local/v1?from=${name}` },
      { name: 'CART', value: `cart.${namespace}:80` },
      { name: 'TENANT', value: namespace },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
    ],
    envFrom: [{ configMapRef: { name: 'settings' } }],
    resources: { requests: { cpu: '5m', memory: '8Mi' } },
  }
  const at = (kind: string, apiVersion: string, spec: object): KubeObject => ({ apiVersion, kind, metadata: { name, namespace, labels }, spec })
  return [
    at('Deployment', 'apps/v1', {
      replicas: name === 'cart' ? 2 : 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { serviceAccountName: 'shop', priorityClassName: `${namespace}-high`, terminationGracePeriodSeconds: 1, containers: [container] },
      },
    }),
    at('Service', 'v1', { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }),
    at('HorizontalPodAutoscaler', 'autoscaling/v2beta2', {
      minReplicas: name === 'cart' ? 2 : 1,
      maxReplicas: 4,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
    }),
    at('PodDisruptionBudget', 'policy/v1beta1', { maxUnavailable: 1, selector: { matchLabels: labels } }),
  ]
}

/** All objects, in an order in which they can be created one by one. `namespace` also names what belongs to no namespace. */
export function oldShop(namespace: string): KubeObject[] {
  const within = (apiVersion: string, kind: string, name: string, rest: object): KubeObject => ({ apiVersion, kind, metadata: { name, namespace }, ...rest })
  const crd = `orders.${namespace}.example.com`
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { team: 'shop' } } },
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: `${namespace}-high` }, value: 1000 },
    {
      apiVersion: 'apiextensions.k8s.io/v1beta1',
      kind: 'CustomResourceDefinition',
      metadata: { name: crd },
      spec: {
        group: `${namespace}.example.com`,
        scope: 'Namespaced',
        names: { plural: 'orders', singular: 'order', kind: 'Order', listKind: 'OrderList' },
        preserveUnknownFields: false,
        version: 'v1',
        versions: [{ name: 'v1', served: true, storage: true }],
        validation: {
          openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { from: { type: 'string' }, count: { type: 'integer' } } } } },
        },
      },
    },
    within('v1', 'ServiceAccount', 'shop', {}),
    within('v1', 'ConfigMap', 'settings', {
      data: { MODE: '0644', CATALOG_HOST: `catalog.${namespace}.svc`, 'notes.txt': `deployed to ${namespace} by hand\n` },
    }),
    within('v1', 'Secret', 'db', { type: 'Opaque', data: { password: Buffer.from('correct horse').toString('base64') } }),
    within('rbac.authorization.k8s.io/v1', 'Role', 'reader', { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }] }),
    within('rbac.authorization.k8s.io/v1', 'RoleBinding', 'reader', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [
        { kind: 'ServiceAccount', name: 'shop', namespace },
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `system:serviceaccounts:${namespace}` },
      ],
    }),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `${namespace}-view` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'shop', namespace }],
    },
    ...SERVICES.flatMap((name) => workload(namespace, name)),
    within('networking.k8s.io/v1', 'NetworkPolicy', 'inside', {
      spec: {
        podSelector: { matchLabels: { app: 'cart' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }] }],
      },
    }),
    within('networking.k8s.io/v1beta1', 'Ingress', 'shop', {
      metadata: { name: 'shop', namespace, annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
      spec: { rules: [{ host: 'shop.example.com', http: { paths: [{ path: '/', backend: { serviceName: 'gateway', servicePort: 'http' } }] } }] },
    }),
    within('batch/v1beta1', 'CronJob', 'nightly', {
      spec: {
        schedule: '0 3 * * *',
        suspend: true,
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'job', image: OLD_IMAGE, args: [`--tenant=${namespace}`] }] } } },
        },
      },
    }),
    within(`${namespace}.example.com/v1`, 'Order', 'first', { spec: { from: 'a', count: 3 } }),
  ]
}
