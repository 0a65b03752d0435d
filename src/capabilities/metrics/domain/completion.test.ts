import { expect, it } from 'vitest'
import { suggestions, wantedAt } from './completion.ts'
import { linesOf, rowsOf, seriesText } from './drawing.ts'

const at = (text: string) => wantedAt(text.replace('|', ''), text.indexOf('|'))

it('tells metrics and functions, labels and values apart', () => {
  expect(at('sum(ra|)')).toEqual({ kind: 'expression', word: 'ra', from: 4 })
  expect(at('up{jo|}')).toEqual({ kind: 'label', word: 'jo', from: 3, metric: 'up' })
  expect(at('up{job="no|"}')).toEqual({ kind: 'value', word: 'no', from: 8, metric: 'up', label: 'job' })
  expect(at('up{job!~"a\\"|')).toMatchObject({ kind: 'value', label: 'job', word: 'a\\"' })
  expect(at('sum by (n|')).toMatchObject({ kind: 'label', word: 'n', metric: '' })
  expect(at('rate(m[5|')).toEqual({ kind: 'nothing' })
  expect(at('label_replace(m, "d|')).toEqual({ kind: 'nothing' })
  expect(suggestions(['up', 'process_start', 'startup', 'start'], 'sta', 3)).toEqual(['startup', 'start', 'process_start'])
})

it('draws gaps where there is nothing, and no number where there is none', () => {
  const answer = {
    data: {
      resultType: 'matrix' as const,
      result: [
        {
          metric: { __name__: 'm', a: '1' },
          values: [
            [10, '1'],
            [30, 'NaN'],
            [40, '2'],
          ] as [number, string][],
        },
      ],
    },
  }
  expect(
    linesOf(
      [
        { answer, legend: '' },
        { answer, legend: '' },
      ],
      10_000,
      40_000,
      10_000,
      2,
    ),
  ).toEqual({
    ts: [10_000, 20_000, 30_000, 40_000],
    total: 2,
    series: [
      { name: 'm{a="1"}', label: 'm{a="1"}', values: [1, null, null, 2] },
      { name: 'm{a="1"} #2', label: 'm{a="1"}', values: [1, null, null, 2] },
    ],
  })
  expect(rowsOf({ data: { resultType: 'vector', result: [{ metric: {}, value: [1, '+Inf'] }] } })).toEqual([
    { key: '{}', metric: {}, value: null, text: '+Inf' },
  ])
  expect(seriesText({ __name__: 'up' })).toBe('up')
})
