import type { Capability } from '#core/shapes/capability.ts'

export const logs: Capability = {
  id: 'logs',
  stage: 'alpha',
  title: { en: 'Container logs', 'zh-CN': '容器日志' },
  summary: {
    en: 'The lines of every container: searched, counted, followed, grouped by pattern, within a budget of bytes.',
    'zh-CN': '每个容器的日志：搜索、统计、实时跟随、按模式聚类，并受字节预算约束。',
  },
  rows: ['H7', 'H10'],
  rbac: [],
  resources: [],
  tables: ['logs'],
  pages: [{ id: 'logs', group: 'observe', path: '/logs', title: { en: 'Logs', 'zh-CN': '日志' } }],
}
