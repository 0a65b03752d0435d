import type { Capability } from '#core/shapes/capability.ts'

export const collection: Capability = {
  id: 'collection',
  stage: 'alpha',
  title: { en: 'Metrics collection', 'zh-CN': '指标采集' },
  summary: {
    en: 'Finds and scrapes what exposes Prometheus metrics, and sends it here or to any other server, at a fraction of the usual cost.',
    'zh-CN': '发现并抓取暴露 Prometheus 指标的目标，并以远低于常见方案的开销发送到本服务器或任意其他服务器。',
  },
  rows: ['H10'],
  rbac: [],
  resources: [],
  tables: [],
  pages: [],
}
