/** Dashboards of Grafana (JSON model): https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
import { z } from 'zod'
import type { Dashboard, DashboardPanel, DashboardVariable, PanelKind, PanelUnit } from './dashboard.ts'

const KINDS: Readonly<Record<string, PanelKind>> = {
  timeseries: 'timeseries',
  graph: 'timeseries',
  stat: 'stat',
  singlestat: 'stat',
  gauge: 'gauge',
  table: 'table',
  'table-old': 'table',
  barchart: 'bar',
  bargauge: 'bar',
}
const UNITS: Readonly<Record<string, PanelUnit>> = {
  bytes: 'bytes',
  decbytes: 'bytes',
  Bps: 'byteRate',
  binBps: 'byteRate',
  percentunit: 'share',
  s: 'seconds',
  dtdurations: 'seconds',
  reqps: 'rate',
  ops: 'rate',
  cps: 'rate',
}
const MOST = 1_000

const text = z.string().max(100_000)
const panel = z.object({
  type: text.default(''),
  title: text.default(''),
  targets: z
    .array(
      z.object({ expr: text.default(''), legendFormat: text.default(''), hide: z.boolean().default(false) }).catch({ expr: '', legendFormat: '', hide: false }),
    )
    .max(100)
    .default([]),
  fieldConfig: z
    .object({
      defaults: z.object({ unit: text.optional(), custom: z.object({ stacking: z.object({ mode: text.optional() }).optional() }).optional() }).optional(),
    })
    .optional(),
  yaxes: z.array(z.object({ format: text.optional() })).optional(),
  stack: z.boolean().optional(),
  panels: z.array(z.unknown()).max(MOST).optional(),
})
const model = z.object({
  title: text.min(1),
  panels: z.array(z.unknown()).max(MOST).optional(),
  rows: z
    .array(z.object({ panels: z.array(z.unknown()).max(MOST) }))
    .max(MOST)
    .optional(),
  templating: z.object({ list: z.array(z.unknown()).max(100).default([]) }).default({ list: [] }),
})
const variable = z.object({
  name: z.string().regex(/^\w+$/),
  label: z.string().nullish(),
  type: z.string(),
  query: z.union([z.string(), z.object({ query: z.string() }).transform(({ query }) => query)]).optional(),
})

export interface Imported {
  dashboard: Dashboard
  /** What is not drawn, and why. */
  left: { title: string; type: string; why: 'kind' | 'queries' | 'malformed' }[]
}

/** Throws a ZodError for what is no dashboard of Grafana. @param id of the dashboard here */
export function fromGrafana(json: unknown, id: string): Imported {
  // What the share dialog and the API give has the model inside.
  const inner = typeof json === 'object' && json !== null && 'dashboard' in json ? json.dashboard : json
  const read = model.parse(inner)
  const left: Imported['left'] = []
  const panels: DashboardPanel[] = []
  const visit = (one: unknown): void => {
    const parsed = panel.safeParse(one)
    if (!parsed.success) return void left.push({ title: '', type: '', why: 'malformed' })
    const { type, title, targets, fieldConfig, yaxes, stack, panels: within } = parsed.data
    if (type === 'row') {
      for (const inner of within ?? []) visit(inner)
      return
    }
    const kind = KINDS[type]
    if (!kind) return void left.push({ title, type, why: 'kind' })
    const queries = targets
      .filter(({ expr, hide }) => expr !== '' && !hide)
      .map(({ expr, legendFormat }) => ({ expr, legend: legendFormat === '__auto' ? '' : legendFormat }))
    if (queries.length === 0) return void left.push({ title, type, why: 'queries' })
    const unit = UNITS[fieldConfig?.defaults?.unit ?? yaxes?.[0]?.format ?? ''] ?? 'number'
    const mode = fieldConfig?.defaults?.custom?.stacking?.mode
    const stacked = stack === true || (mode !== undefined && mode !== 'none')
    panels.push({ title, kind, unit, queries, ...(stacked && { stacked }) })
  }
  for (const one of [...(read.panels ?? []), ...(read.rows ?? []).flatMap((row) => row.panels)]) visit(one)
  return { dashboard: { id, title: read.title, variables: read.templating.list.flatMap(variableOf), panels }, left }
}

/** `label_values(metric, label)` and `label_values(label)`; others stand for everything. */
function variableOf(one: unknown): DashboardVariable[] {
  const parsed = variable.safeParse(one)
  if (!parsed.success || parsed.data.type === 'datasource') return []
  const { name, label, query = '' } = parsed.data
  const called = /^label_values\(\s*(?:(.*),)?\s*([a-zA-Z_]\w*)\s*\)$/s.exec(query)
  const metric = /^[a-zA-Z_:][\w:]*/.exec(called?.[1]?.trim() ?? '')?.[0] ?? ''
  return [{ name, title: label || name, label: called?.[2] ?? '', metric }]
}
