/** For tests: objects with which checks of workloads, Services, gateways and roles fire, and objects with which they must not. */
import type { Cases, Fields } from './checks.cases.ts'

const named = (kind: string, spec: Fields = {}, more: Fields = {}, metadata: Fields = {}): Fields => ({
  kind,
  metadata: { name: 'x', namespace: 'shop', ...metadata },
  spec,
  ...more,
})
const pod = (container: Fields = {}, spec: Fields = {}): Fields =>
  named('Pod', { containers: [{ name: 'c', image: 'nginx:1', ...container }], ...spec }, {}, { labels: { app: 'x' } })
const deployment = (spec: Fields = {}, podSpec: Fields = {}, kind = 'Deployment'): Fields =>
  named(kind, { ...spec, template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }], ...podSpec } } })
const either = (fires: Fields, silent: Fields): Cases => ({ fires: [[fires]], silent: [[silent]] })
const http = (port: unknown): Fields => ({ httpGet: { path: '/', port } })
const declared = { ports: [{ name: 'web', containerPort: 8080 }] }
const budget = (name: string, spec: Fields = {}): Fields => named('PodDisruptionBudget', { selector: { matchLabels: { app: 'x' } }, ...spec }, {}, { name })
const scaler = (spec: Fields = {}): Fields => named('HorizontalPodAutoscaler', { scaleTargetRef: { kind: 'Deployment', name: 'x' }, ...spec })
const service = (spec: Fields, metadata: Fields = {}): Fields => named('Service', spec, {}, metadata)
const gateway = (listener: Fields, more: Fields = {}): Fields => ({
  ...named('Gateway', { listeners: [{ name: 'l', ...listener }], ...more }, {}, { name: 'g' }),
  apiVersion: 'gateway.networking.k8s.io/v1',
})
const route = (spec: Fields): Fields => named('HTTPRoute', { parentRefs: [{ name: 'g' }], ...spec })
const to = (reference: Fields): Fields => route({ rules: [{ backendRefs: [reference] }] })
const grant = (kind: string, target: string): Fields =>
  named(
    'ReferenceGrant',
    { from: [{ group: 'gateway.networking.k8s.io', kind, namespace: 'shop' }], to: [{ group: '', kind: target }] },
    {},
    { namespace: 'other' },
  )
const role = (rule: Fields, kind = 'ClusterRole', labels: Fields = {}): Fields => ({ kind, metadata: { name: 'r', labels }, rules: [rule] })
const get = { apiGroups: [''], resources: ['pods'], verbs: ['get'] }
const policy = (spec: Fields): Fields => named('NetworkPolicy', { podSelector: {}, ...spec })
const ingress = (backend: Fields): Fields => named('Ingress', { rules: [{ http: { paths: [{ path: '/', backend }] } }] })
const resources = (name: string, request: string, limit: string) => pod({ resources: { requests: { [name]: request }, limits: { [name]: limit } } })
const settled = { securityContext: { readOnlyRootFilesystem: true } }

export const LINTER_CASES: Record<string, Cases> = {
  ...Object.fromEntries(
    ['liveness', 'readiness', 'startup'].map((word) => [
      `${word}-port-undeclared`,
      either(pod({ ...declared, [`${word}Probe`]: http(9090) }), pod({ ...declared, [`${word}Probe`]: http(8080) })),
    ]),
  ),
  ...Object.fromEntries(
    ['cpu', 'memory', 'ephemeral-storage'].map((name) => [`${name}-request-below-limit`, either(resources(name, '1', '2'), resources(name, '1', '1'))]),
  ),
  'probe-names-no-port': either(pod({ ...declared, livenessProbe: http('admin') }), pod({ ...declared, livenessProbe: http('web') })),
  'port-twice': {
    fires: [[pod({ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] })]],
    silent: [[pod({ ports: [{ containerPort: 53 }, { containerPort: 53, protocol: 'UDP' }] })]],
  },
  'startup-probe-missing': either(deployment(), deployment({}, {}, 'Job')),
  'no-probes': either(pod(), pod({ livenessProbe: http(1) })),
  'probes-identical': either(pod({ livenessProbe: http(1), readinessProbe: http(1) }), pod({ livenessProbe: http(1), readinessProbe: http(2) })),
  'probe-port-by-number': either(pod({ livenessProbe: http(1) }), pod({ livenessProbe: http('web') })),
  'port-without-name': either(pod({ ports: [{ containerPort: 80 }] }), pod(declared)),
  'port-below-1024': either(pod({ ports: [{ containerPort: 80 }] }), pod(declared)),
  'ephemeral-storage-missing': either(pod(), resources('ephemeral-storage', '1Gi', '1Gi')),
  'user-or-group-low': either(
    pod({ securityContext: { runAsUser: 1000, runAsGroup: 10_001 } }),
    pod({ securityContext: { runAsUser: 10_001, runAsGroup: 10_001 } }),
  ),
  'init-container-laxer': either(
    pod(settled, { initContainers: [{ name: 'i', image: 'nginx:1' }] }),
    pod({}, { initContainers: [{ name: 'i', image: 'nginx:1' }] }),
  ),
  'default-account-used': either(pod(), pod({}, { serviceAccountName: 'own' })),
  'anti-affinity-missing': {
    fires: [[deployment({ replicas: 2 })]],
    silent: [
      [deployment({ replicas: 1 })],
      [deployment({ replicas: 2 }, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } })],
    ],
  },
  'node-affinity-missing': either(deployment(), deployment({}, { affinity: { nodeAffinity: {} } })),
  'dns-options-missing': either(pod(), pod({}, { dnsConfig: { options: [{ name: 'ndots', value: '2' }] } })),
  'restart-policy-wrong': {
    fires: [[deployment({}, {}, 'Job')], [deployment({}, { restartPolicy: 'Never' })]],
    silent: [[deployment({}, { restartPolicy: 'OnFailure' }, 'Job')], [deployment({}, { restartPolicy: 'Always' })], [pod({}, { restartPolicy: 'Never' })]],
  },
  'token-lives-long': either(
    pod({}, { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 100_000 } }] } }] }),
    pod({}, { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607 } }] } }] }),
  ),
  'pull-secret-missing': {
    fires: [[pod({}, { imagePullSecrets: [{ name: 'gone' }] })]],
    silent: [[pod({}, { imagePullSecrets: [{ name: 'x' }] }), named('Secret')], [pod()]],
  },
  'config-key-missing': {
    fires: [[pod({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'b' } } }] }), named('ConfigMap', {}, { data: { a: '1' } })]],
    silent: [
      [pod({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'a' } } }] }), named('ConfigMap', {}, { data: { a: '1' } })],
      [pod({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'b', optional: true } } }] }), named('ConfigMap', {}, { data: {} })],
    ],
  },
  'budgets-overlap': { fires: [[pod(), budget('a'), budget('b')]], silent: [[pod(), budget('a'), budget('b', { selector: { matchLabels: { app: 'y' } } })]] },
  'budget-says-nothing': either(budget('a'), budget('a', { maxUnavailable: 1 })),
  'budget-keeps-broken-pods': either(budget('a'), budget('a', { unhealthyPodEvictionPolicy: 'AlwaysAllow' })),
  'below-three-replicas': either(deployment({ replicas: 2 }), deployment({ replicas: 3 })),
  'autoscaler-below-three': either(scaler(), scaler({ minReplicas: 3 })),
  'stateful-service-missing': {
    fires: [
      [deployment({ serviceName: 'x' }, {}, 'StatefulSet'), service({ clusterIP: '10.0.0.1' })],
      [deployment({ serviceName: 'gone' }, {}, 'StatefulSet')],
    ],
    silent: [[deployment({ serviceName: 'x' }, {}, 'StatefulSet'), service({ clusterIP: 'None' })]],
  },
  'cron-job-without-deadline': either(named('CronJob'), named('CronJob', { startingDeadlineSeconds: 60 })),
  'job-stays': either(named('Job'), named('Job', { ttlSecondsAfterFinished: 60 })),
  'label-value-invalid': either(named('ConfigMap', {}, {}, { labels: { a: 'not valid' } }), named('ConfigMap', {}, {}, { labels: { a: '', b: 'v1.2_x' } })),
  'owner-label-missing': either(pod(), named('Pod', { containers: [] }, {}, { labels: { owner: 'me' } })),
  'email-annotation-missing': either(pod(), named('Pod', { containers: [] }, {}, { annotations: { email: 'a@b.example' } })),
  'scaled-to-zero': either(deployment({ replicas: 0 }), deployment({ replicas: 1 })),
  'privileged-allowed': either(
    { kind: 'SecurityContextConstraints', metadata: { name: 's' }, allowPrivilegedContainer: true },
    { kind: 'SecurityContextConstraints', metadata: { name: 's' }, allowPrivilegedContainer: false },
  ),
}

export const ROUTE_CASES: Record<string, Cases> = {
  'gateway-without-tls': {
    fires: [[gateway({ protocol: 'HTTPS' })], [gateway({ protocol: 'TLS', tls: { mode: 'Terminate' } })]],
    silent: [
      [gateway({ protocol: 'HTTPS', tls: { certificateRefs: [{ name: 's' }] } })],
      [gateway({ protocol: 'HTTP' })],
      [gateway({ protocol: 'TLS', tls: { mode: 'Passthrough' } })],
    ],
  },
  'gateway-open-to-all-namespaces': either(gateway({ allowedRoutes: { namespaces: { from: 'All' } } }), gateway({})),
  'gateway-takes-any-client': {
    fires: [
      [gateway({}, { tls: { frontend: { default: { validation: { mode: 'AllowInsecureFallback' } } } } })],
      [gateway({}, { tls: { frontend: { perPort: [{ port: 443, tls: { validation: { mode: 'AllowInsecureFallback' } } }] } } })],
    ],
    silent: [[gateway({}, { tls: { frontend: { default: { validation: { mode: 'AllowValidOnly' } } } } })]],
  },
  'gateway-certificate-elsewhere': {
    fires: [[gateway({ tls: { certificateRefs: [{ name: 's', namespace: 'other' }] } })]],
    silent: [
      [gateway({ tls: { certificateRefs: [{ name: 's', namespace: 'other' }] } }), grant('Gateway', 'Secret')],
      [gateway({ tls: { certificateRefs: [{ name: 's' }] } })],
    ],
  },
  'route-for-any-host': { fires: [[route({})], [route({ hostnames: ['*.example'] })]], silent: [[route({ hostnames: ['a.example'] })]] },
  'route-in-the-clear': {
    fires: [[route({}), gateway({ protocol: 'HTTP' })]],
    silent: [
      [route({}), gateway({ protocol: 'HTTPS' })],
      [route({ rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] }] }), gateway({ protocol: 'HTTP' })],
    ],
  },
  'route-backend-elsewhere': {
    fires: [[to({ name: 's', namespace: 'other' })]],
    silent: [[to({ name: 's', namespace: 'other' }), grant('HTTPRoute', 'Service')], [to({ name: 's' })]],
  },
  'route-backend-without-policy': {
    fires: [[to({ name: 'x', port: 443 }), service({ ports: [{ port: 443 }] })]],
    silent: [
      [to({ name: 'x', port: 80 }), service({ ports: [{ port: 80 }] })],
      [to({ name: 'x', port: 443 }), service({ ports: [{ port: 443 }] }), named('BackendTLSPolicy', { targetRefs: [{ kind: 'Service', name: 'x' }] })],
    ],
  },
  'backend-not-verified': either(named('BackendConfigPolicy', { tls: { insecureSkipVerify: true } }), named('BackendConfigPolicy', { tls: {} })),
  'service-node-port': either(service({ type: 'NodePort' }), service({})),
  'service-load-balancer': either(service({ type: 'LoadBalancer' }), service({})),
  'load-balancer-hides-clients': either(service({ type: 'LoadBalancer' }), service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' })),
  'node-port-answers-here-only': either(service({ type: 'NodePort', externalTrafficPolicy: 'Local' }), service({ type: 'NodePort' })),
  'service-points-outside': either(service({ type: 'ExternalName' }), service({})),
  'service-target-by-number': either(service({ ports: [{ port: 80 }] }), service({ ports: [{ port: 80, targetPort: 'web' }] })),
  'service-port-name-invalid': either(
    service({ ports: [{ port: 80, targetPort: 'much-too-long-a-name' }] }),
    service({ ports: [{ port: 80, targetPort: 'web' }] }),
  ),
  'ingress-port-by-number': either(ingress({ service: { name: 'x', port: { number: 80 } } }), ingress({ service: { name: 'x', port: { name: 'web' } } })),
  'ingress-backend-empty': either(ingress({}), ingress({ service: { name: 'x' } })),
  'monitor-selects-nothing': {
    fires: [[named('ServiceMonitor', { selector: { matchLabels: { app: 'x' } } }), service({})]],
    silent: [
      [named('ServiceMonitor', { selector: { matchLabels: { app: 'x' } } }), service({}, { labels: { app: 'x' } })],
      [
        named('ServiceMonitor', { selector: { matchLabels: { app: 'x' } }, namespaceSelector: { any: true } }),
        service({}, { namespace: 'b', labels: { app: 'x' } }),
      ],
    ],
  },
  'policy-peer-matches-nobody': {
    fires: [[policy({ ingress: [{ from: [{ podSelector: { matchLabels: { app: 'gone' } } }] }] }), pod()]],
    silent: [
      [policy({ ingress: [{ from: [{ podSelector: { matchLabels: { app: 'x' } } }] }] }), pod()],
      [policy({ ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] })],
    ],
  },
  'policy-for-all': either(policy({}), policy({ ingress: [{ from: [{ podSelector: {} }] }] })),
  'webhook-ignores-failure': either(
    { kind: 'ValidatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [{ name: 'a', failurePolicy: 'Ignore' }] },
    { kind: 'ValidatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [{ name: 'a', failurePolicy: 'Fail' }] },
  ),
  'role-has-wildcard': either(role({ ...get, verbs: ['*'] }), role(get)),
  'role-allows-everything-on-everything': either(role({ ...get, verbs: ['*'], resources: ['*'] }), role({ ...get, verbs: ['*'] })),
  'role-binds': either(role({ ...get, verbs: ['bind'] }), role(get)),
  'role-escalates': either(role({ ...get, verbs: ['escalate'] }, 'Role'), role(get)),
  'role-deletes-collections': either(role({ ...get, verbs: ['deletecollection'] }), role({ ...get, verbs: ['delete'] })),
  'role-impersonates-anybody': either(role({ ...get, verbs: ['impersonate'] }), role({ ...get, verbs: ['impersonate'], resourceNames: ['a'] })),
  'role-approves-any-signer': either(
    role({ apiGroups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve'] }),
    role({ apiGroups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve'], resourceNames: ['a/b'] }),
  ),
  'role-reads-all-secrets': either(role({ ...get, resources: ['secrets'] }), role({ ...get, resources: ['secrets'] }, 'Role')),
  'role-joins-admin': either(
    role({ ...get, resources: ['secrets'], verbs: ['create'] }, 'ClusterRole', { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }),
    role(get, 'ClusterRole', { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }),
  ),
}
