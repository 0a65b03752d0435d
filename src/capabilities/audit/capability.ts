import type { Capability } from '#core/shapes/capability.ts'

export const audit: Capability = {
  id: 'audit',
  stage: 'alpha',
  title: { en: 'Audit', 'zh-CN': '审计' },
  summary: {
    en: 'One timeline of who did what, with rules that tell what is sensitive.',
    'zh-CN': '谁做了什么的统一时间线，并以规则指出敏感操作。',
  },
  rows: ['H6'],
  rbac: [
    { apiGroups: ['sallyport.io'], resources: ['auditrules', 'auditrules/status'], verbs: ['get', 'list', 'watch', 'patch'], why: 'rules that users write' },
  ],
  resources: ['auditrules'],
  tables: ['audit'],
  pages: [{ id: 'audit', group: 'govern', path: '/audit', title: { en: 'Audit', 'zh-CN': '审计' } }],
}
