import type { Capability } from '#core/shapes/capability.ts'

export const canary: Capability = {
  id: 'canary',
  stage: 'alpha',
  title: { en: 'Canary', 'zh-CN': '金丝雀发布' },
  summary: {
    en: 'Gives a new version traffic step by step, and promotes or rolls back by the requests it answers, with a known error rate.',
    'zh-CN': '逐步把流量交给新版本，并依据其实际处理的请求晋级或回滚，误判率已知。',
  },
  rows: ['H1', 'H2'],
  rbac: [
    {
      apiGroups: ['sallyport.io'],
      resources: ['canaries', 'canaries/status'],
      verbs: ['get', 'list', 'watch', 'patch', 'update'],
      why: 'to follow releases and say how they are',
    },
    {
      apiGroups: ['apps'],
      resources: ['deployments'],
      verbs: ['get', 'list', 'create', 'patch', 'delete'],
      why: 'to clone a Deployment, hold its changes and give it the promoted template',
    },
    { apiGroups: [''], resources: ['services'], verbs: ['get', 'create', 'patch', 'delete'], why: 'to give the clone a Service' },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'], why: 'to know which pod belongs to which version' },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'], why: 'to sign hooks and to ask metric sources, with Secrets labeled sallyport.io/use: canary' },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'], why: 'to tell each step' },
    {
      apiGroups: ['networking.k8s.io', 'extensions'],
      resources: ['ingresses'],
      verbs: ['get', 'list', 'create', 'patch', 'delete'],
      why: 'to split traffic by a canary Ingress',
    },
    { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: ['get', 'patch'], why: 'to split traffic by weights' },
    { apiGroups: ['networking.istio.io'], resources: ['virtualservices'], verbs: ['get', 'patch'], why: 'to split traffic by weights' },
    {
      apiGroups: ['traefik.io', 'traefik.containo.us'],
      resources: ['ingressroutes', 'traefikservices'],
      verbs: ['get', 'patch'],
      why: 'to split traffic by weights',
    },
  ],
  resources: ['canaries'],
  tables: [],
  pages: [{ id: 'releases', group: 'release', path: '/releases', title: { en: 'Releases', 'zh-CN': '发布' } }],
}
