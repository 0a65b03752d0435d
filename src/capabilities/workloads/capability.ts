import type { Capability } from '#core/shapes/capability.ts'

export const workloads: Capability = {
  id: 'workloads',
  stage: 'alpha',
  title: { en: 'Workloads', 'zh-CN': '工作负载' },
  summary: {
    en: 'Apps, their pods and objects of any kind: state with its reason, logs, events, terminal, and changes that are previewed.',
    'zh-CN': '应用、Pod 与任意类型的对象：状态与原因、日志、事件、终端，以及可预览的变更。',
  },
  rows: ['G4'],
  // People act with their own rights; the server needs none of its own for these pages.
  rbac: [],
  resources: [],
  tables: [],
  pages: [
    { id: 'apps', group: 'workloads', path: '/workloads', title: { en: 'Apps', 'zh-CN': '应用' } },
    { id: 'objects', group: 'workloads', path: '/objects', title: { en: 'Objects', 'zh-CN': '对象' } },
  ],
}
