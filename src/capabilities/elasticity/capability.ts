import type { Capability } from '#core/shapes/capability.ts'

export const elasticity: Capability = {
  id: 'elasticity',
  stage: 'alpha',
  title: { en: 'Elasticity', 'zh-CN': '弹性伸缩' },
  summary: {
    en: "Scales on time and on traffic, with one sentence for each decision: policies, schedules with a ledger, and numbers of the ingress for the cluster's own HPA.",
    'zh-CN': '按时间与流量伸缩，每次决策都有一句话解释：伸缩策略、带台账的定时任务，以及供集群自身 HPA 使用的入口指标。',
  },
  rows: ['A3', 'A4', 'A5', 'A9'],
  rbac: [
    {
      apiGroups: ['sallyport.io'],
      resources: ['scalepolicies', 'scalepolicies/status'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'to follow policies and say how they are',
    },
    {
      apiGroups: ['autoscaling.alibabacloud.com'],
      resources: ['cronhorizontalpodautoscalers', 'cronhorizontalpodautoscalers/status'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'to run schedules and say which ran',
    },
    {
      apiGroups: ['apps'],
      resources: ['deployments', 'statefulsets'],
      verbs: ['get', 'list', 'watch'],
      why: 'to know how many pods there are, and who sets their number',
    },
    { apiGroups: ['apps'], resources: ['deployments/scale', 'statefulsets/scale'], verbs: ['patch'], why: 'to scale' },
    {
      apiGroups: ['autoscaling'],
      resources: ['horizontalpodautoscalers'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'to leave their targets alone, and to set the bounds that schedules name',
    },
    { apiGroups: [''], resources: ['resourcequotas'], verbs: ['list', 'watch'], why: 'to ask for no more than a namespace may have' },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations'],
      verbs: ['get', 'create', 'patch'],
      why: 'to say what is wrong with a policy or a schedule when it is written',
    },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'], why: 'to tell each change' },
    { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get'], why: 'to know the services behind an Ingress whose metrics are asked' },
  ],
  resources: ['scalepolicies'],
  tables: [],
  pages: [{ id: 'scale', group: 'scale', path: '/scale', title: { en: 'Elasticity', 'zh-CN': '弹性伸缩' } }],
}
