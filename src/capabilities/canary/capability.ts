import type { Capability } from '#core/shapes/capability.ts'

export const canary: Capability = {
  id: 'canary',
  stage: 'alpha',
  title: { en: 'Canary', 'zh-CN': '金丝雀发布' },
  summary: {
    en: 'Judges a new version by the requests it answers, with a known error rate.',
    'zh-CN': '依据新版本实际处理的请求进行裁决，误判率已知。',
  },
  rows: ['H1', 'H2'],
  rbac: [],
  resources: [],
  tables: [],
  pages: [],
}
