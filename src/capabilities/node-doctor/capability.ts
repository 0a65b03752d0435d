import type { Capability } from '#core/shapes/capability.ts'

export const nodeDoctor: Capability = {
  id: 'node-doctor',
  stage: 'alpha',
  title: { en: 'Node doctor', 'zh-CN': '节点医生' },
  summary: {
    en: 'Finds what ails a node, proves when it is over, and repairs with care.',
    'zh-CN': '发现节点的问题，证明问题已结束，并谨慎修复。',
  },
  rows: ['H3'],
  rbac: [
    { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch', 'patch'], why: 'to repair: taint, cordon, mark' },
    { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'], why: 'conditions of nodes' },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'], why: 'what happened to a node or a pod' },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'], why: 'whose pod ran out of memory; what a drain moves' },
    { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'], why: 'draining within disruption budgets' },
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'], why: 'draining within disruption budgets' },
    {
      apiGroups: ['sallyport.io'],
      resources: ['repairpolicies', 'repairpolicies/status'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'what to do with an ill node',
    },
  ],
  resources: ['repairpolicies'],
  tables: [],
  pages: [{ id: 'nodes', group: 'nodes', path: '/nodes', title: { en: 'Nodes', 'zh-CN': '节点' } }],
}
