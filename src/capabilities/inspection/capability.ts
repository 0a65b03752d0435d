import type { Capability } from '#core/shapes/capability.ts'
import { INSPECTED } from './domain/kinds.ts'

export const inspection: Capability = {
  id: 'inspection',
  stage: 'alpha',
  title: { en: 'Inspection', 'zh-CN': '巡检' },
  summary: {
    en: 'Checks the configuration of workloads and permissions, says what is wrong, where, and how to put it right.',
    'zh-CN': '检查工作负载与权限的配置，指出问题所在、位置及修正方法。',
  },
  rows: ['H4', 'H5'],
  rbac: [
    {
      apiGroups: ['sallyport.io'],
      resources: ['inspections', 'inspections/status'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'run Inspections and say how they stand',
    },
    ...Object.entries(INSPECTED).map(([group, resources]) => ({
      apiGroups: [group],
      resources: [...resources],
      verbs: ['get', 'list', 'watch'],
      why: 'inspect them',
    })),
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations'],
      verbs: ['create', 'patch', 'delete'],
      why: 'keep the one that asks this server about what is written, when an Inspection wants that',
    },
    { apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'], why: 'read the settings that kubelets run with (/configz)' },
  ],
  resources: ['inspections'],
  tables: [],
  pages: [{ id: 'inspections', group: 'govern', path: '/inspections', title: { en: 'Inspection', 'zh-CN': '巡检' } }],
}
