import type { Capability } from '#core/shapes/capability.ts'

export const inspection: Capability = {
  id: 'inspection',
  stage: 'alpha',
  title: { en: 'Inspection', 'zh-CN': '巡检' },
  summary: {
    en: 'Checks the configuration of workloads and permissions, says what is wrong, where, and how to put it right.',
    'zh-CN': '检查工作负载与权限的配置，指出问题所在、位置及修正方法。',
  },
  rows: ['H4', 'H5'],
  rbac: [],
  resources: [],
  tables: [],
  pages: [],
}
