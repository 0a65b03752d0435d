/** The report's own words. It is one file that must stand alone, so they are not in the console's catalogs. */
import type { Language } from '#core/kernel/errors.ts'
import type { TableName } from './report.ts'

export interface ReportWords {
  title: string
  lines: string
  requests: string
  visitors: string
  visitorsHint: string
  bytes: string
  bytesIn: string
  success: string
  range: string
  sources: string
  noFormat: string
  latency: string
  upstream: string
  mean: string
  max: string
  missing: string
  share: string
  key: string
  none: string
  approximate: (error: string) => string
  shown: (rows: string, total: string) => string
  rejected: string
  reason: string
  sample: string
  made: (ms: string) => string
  tables: Record<TableName, string>
}

export const WORDS: Record<Language, ReportWords> = {
  en: {
    title: 'Ingress report',
    lines: 'Lines',
    requests: 'Requests',
    visitors: 'Visitors',
    visitorsHint: 'Different client and user agent per day (UTC), 4xx left out.',
    bytes: 'Sent',
    bytesIn: 'Received',
    success: 'Success rate',
    range: 'Period (UTC)',
    sources: 'Files',
    noFormat: 'not recognized',
    latency: 'Request time',
    upstream: 'Upstream time',
    mean: 'Mean',
    max: 'Max',
    missing: 'not enough',
    share: 'Share',
    key: 'Name',
    none: '(none)',
    approximate: (error) => `Too many to keep all: a row may lack up to ${error} requests.`,
    shown: (rows, total) => `${rows} of ${total}`,
    rejected: 'Lines not read',
    reason: 'Reason',
    sample: 'Example',
    made: (ms) => `Made by Sallyport in ${ms} ms.`,
    tables: {
      hosts: 'Hosts',
      paths: 'Paths',
      path_patterns: 'Path patterns',
      clients: 'Clients',
      countries: 'Countries',
      user_agents: 'User agents',
      ua_families: 'Browsers, tools and bots',
      referers: 'Referers',
      methods: 'Methods',
      statuses: 'Statuses',
      hours: 'Hours (UTC)',
    },
  },
  'zh-CN': {
    title: '入口流量报告',
    lines: '行数',
    requests: '请求数',
    visitors: '访客数',
    visitorsHint: '按天（UTC）统计不同的客户端与用户代理组合，不含 4xx。',
    bytes: '发送流量',
    bytesIn: '接收流量',
    success: '成功率',
    range: '时间范围（UTC）',
    sources: '文件',
    noFormat: '无法识别',
    latency: '请求耗时',
    upstream: '上游耗时',
    mean: '平均',
    max: '最大',
    missing: '样本不足',
    share: '占比',
    key: '名称',
    none: '（无）',
    approximate: (error) => `条目过多，未能全部保留：每行最多可能少计 ${error} 个请求。`,
    shown: (rows, total) => `${total} 项中的 ${rows} 项`,
    rejected: '未能读取的行',
    reason: '原因',
    sample: '示例',
    made: (ms) => `由 Sallyport 生成，用时 ${ms} 毫秒。`,
    tables: {
      hosts: '域名',
      paths: '路径',
      path_patterns: '路径模式',
      clients: '客户端',
      countries: '国家和地区',
      user_agents: '用户代理',
      ua_families: '浏览器、工具与爬虫',
      referers: '来源页',
      methods: '方法',
      statuses: '状态码',
      hours: '小时（UTC）',
    },
  },
}
