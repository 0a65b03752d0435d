import { describe, expect, it } from 'vitest'
import { parse } from '#core/promql/parser.ts'
import { filled } from './dashboard.ts'
import { fromGrafana } from './grafana.ts'
import { READY } from './ready.ts'

const moment = { from: 0, to: 3_600_000, step: 15_000 }

describe('dashboards', () => {
  it('the ready ones read as PromQL, with values chosen and without', () => {
    for (const { variables, panels } of READY) {
      for (const value of ['', 'kube-system', 'a.b"c\\'])
        for (const { queries } of panels)
          for (const { expr } of queries)
            expect(() => parse(filled(expr, Object.fromEntries(variables.map(({ name }) => [name, value])), moment))).not.toThrow()
    }
    expect(new Set(READY.map(({ id }) => id)).size).toBe(READY.length)
  })

  it('values are quoted: as they are where equality is asked for, as a pattern where one is', () => {
    expect(filled('m{a="$x",b=~"$x",c!="$x"}[$__rate_interval]', { x: 'a.b' }, moment)).toBe('m{a="a.b",b=~"a\\\\.b",c!="a.b"}[60s]')
    expect(filled('m{a="$x",b=~"${x:regex}"}[$__range] offset $__interval', { x: '' }, moment)).toBe('m{a=~".*",b=~".*"}[3600s] offset 15s')
    expect(filled('label_replace(m, "a", "$1", "b", "(.*)")', {}, moment)).toBe('label_replace(m, "a", "$1", "b", "(.*)")')
  })

  it('of Grafana: panels of rows too, units, stacks, variables; what is not drawn is named', () => {
    const target = { expr: 'rate(m{job="$job"}[$__rate_interval])', legendFormat: '{{job}}' }
    const { dashboard, left } = fromGrafana(
      {
        dashboard: {
          title: 'Shop',
          templating: {
            list: [
              { type: 'datasource', name: 'ds', query: 'prometheus' },
              { type: 'query', name: 'job', label: 'Job', query: { query: 'label_values(up{x="1"}, job)' } },
            ],
          },
          panels: [
            { type: 'timeseries', title: 'A', targets: [target], fieldConfig: { defaults: { unit: 'Bps', custom: { stacking: { mode: 'normal' } } } } },
            {
              type: 'row',
              panels: [
                {
                  type: 'stat',
                  title: 'B',
                  targets: [
                    { ...target, hide: true },
                    { expr: 'up', legendFormat: '__auto' },
                  ],
                },
              ],
            },
            { type: 'text', title: 'C' },
            { type: 'gauge', title: 'D', targets: [] },
            42,
          ],
        },
      },
      'x',
    )
    expect(dashboard).toEqual({
      id: 'x',
      title: 'Shop',
      variables: [{ name: 'job', title: 'Job', label: 'job', metric: 'up' }],
      panels: [
        { title: 'A', kind: 'timeseries', unit: 'byteRate', stacked: true, queries: [{ expr: target.expr, legend: '{{job}}' }] },
        { title: 'B', kind: 'stat', unit: 'number', queries: [{ expr: 'up', legend: '' }] },
      ],
    })
    expect(left).toEqual([
      { title: 'C', type: 'text', why: 'kind' },
      { title: 'D', type: 'gauge', why: 'queries' },
      { title: '', type: '', why: 'malformed' },
    ])
    expect(() => fromGrafana({ panels: [] }, 'x')).toThrow()
  })
})
