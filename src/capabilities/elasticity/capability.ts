import type { Capability } from '#core/shapes/capability.ts'

export const elasticity: Capability = {
  id: 'elasticity',
  stage: 'alpha',
  title: { en: 'Elasticity', 'zh-CN': '弹性伸缩' },
  summary: {
    en: 'Scales on time and on traffic: previews every scheduled run, and replays recorded traffic against policies before they act.',
    'zh-CN': '按时间与流量伸缩：预览每次定时执行，并在生效前用历史流量回放检验策略。',
  },
  rows: ['A3', 'A4'],
  rbac: [],
  resources: [],
  tables: [],
  pages: [],
}
