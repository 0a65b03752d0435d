import type { Capability } from '#core/shapes/capability.ts'

export const appMigration: Capability = {
  id: 'app-migration',
  stage: 'alpha',
  title: { en: 'Application migration', 'zh-CN': '应用迁移' },
  summary: {
    en: 'Moves applications between clusters and versions: convert, export, transform, plan.',
    'zh-CN': '在集群与版本之间迁移应用：转换、导出、改写、规划。',
  },
  rows: ['G2', 'G4'],
  rbac: [
    { apiGroups: ['sallyport.io'], resources: ['migrations'], verbs: ['get', 'list', 'watch'], why: 'carry out Migrations' },
    { apiGroups: ['sallyport.io'], resources: ['migrations/status'], verbs: ['patch'], why: 'say how they stand' },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'], why: 'read the kubeconfigs that a Migration names, if they are labeled for it' },
  ],
  resources: ['migrations'],
  tables: [],
  pages: [{ id: 'app-moves', group: 'move-in', path: '/app-moves', title: { en: 'Applications', 'zh-CN': '应用' } }],
}
