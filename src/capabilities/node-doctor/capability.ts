import type { Capability } from '#core/shapes/capability.ts'

export const nodeDoctor: Capability = {
  id: 'node-doctor',
  stage: 'alpha',
  title: { en: 'Node doctor', 'zh-CN': '节点医生' },
  summary: {
    en: 'Finds what ails a node in its kernel logs and journals.',
    'zh-CN': '从内核日志和 journal 中找出节点的问题。',
  },
  rows: ['H3'],
  rbac: [],
  resources: [],
  tables: [],
  pages: [],
}
