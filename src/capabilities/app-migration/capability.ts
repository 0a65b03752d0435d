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
  rbac: [],
  resources: [],
  tables: [],
  pages: [],
}
