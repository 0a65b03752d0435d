import { describe, expect, test } from 'vitest'
import { readCollectConfig, type ScrapeJob } from './jobs.ts'
import { compileRelabel } from './relabel.ts'
import { admission, compileRules, judgeTarget } from './targets.ts'

const hash = (text: string) => BigInt(text.length)
const jobOf = (more: object): ScrapeJob => readCollectConfig(JSON.stringify({ scrape_configs: [{ job_name: 'j', ...more }] }), 'x').jobs[0]!
/** The labels after one rule, undefined: dropped. */
const relabeled = (rule: object, labels: Record<string, string>) => {
  const map = new Map(Object.entries(labels))
  return compileRelabel(jobOf({ relabel_configs: [rule] }).relabel_configs, hash)(map) ? Object.fromEntries(map) : undefined
}

describe('relabelling', () => {
  test.each([
    [
      'replace',
      { source_labels: ['a', 'b'], regex: '(.*);(?P<last>.*)', target_label: 'c', replacement: '$1-${last}$$' },
      { a: '1', b: '2' },
      { a: '1', b: '2', c: '1-2$' },
    ],
    ['replace without a match', { source_labels: ['a'], regex: 'x', target_label: 'c' }, { a: 'xx' }, { a: 'xx' }],
    ['replace with nothing removes', { target_label: 'a', replacement: '' }, { a: '1' }, {}],
    ['replace into a name that is made', { source_labels: ['a'], regex: '(.*)', target_label: 'n_$1', replacement: 'v' }, { a: 'x' }, { a: 'x', n_x: 'v' }],
    ['keep', { source_labels: ['a'], regex: '1|2', action: 'keep' }, { a: '2' }, { a: '2' }],
    ['keep drops', { source_labels: ['a'], regex: '1|2', action: 'keep' }, { a: '12' }, undefined],
    ['drop', { source_labels: ['a'], regex: 'x.*', action: 'drop' }, { a: 'xy' }, undefined],
    ['drop keeps', { source_labels: ['a'], regex: 'x.*', action: 'drop' }, { a: 'yx' }, { a: 'yx' }],
    ['keepequal', { source_labels: ['a'], target_label: 'b', action: 'keepequal' }, { a: '1', b: '2' }, undefined],
    ['dropequal', { source_labels: ['a'], target_label: 'b', action: 'dropequal' }, { a: '1', b: '1' }, undefined],
    ['hashmod', { source_labels: ['a'], target_label: 'm', modulus: 3, action: 'hashmod' }, { a: 'four' }, { a: 'four', m: '1' }],
    ['labelmap', { regex: '__meta_(.+)', action: 'labelmap' }, { __meta_x: '1', y: '2' }, { __meta_x: '1', y: '2', x: '1' }],
    ['labeldrop', { regex: 'x|y', action: 'labeldrop' }, { x: '1', xy: '2' }, { xy: '2' }],
    ['labelkeep', { regex: 'x', action: 'labelkeep' }, { x: '1', y: '2' }, { x: '1' }],
    ['lowercase', { source_labels: ['a'], target_label: 'a', action: 'lowercase' }, { a: 'ÄB' }, { a: 'äb' }],
    ['uppercase', { source_labels: ['a'], target_label: 'b', action: 'uppercase' }, { a: 'x' }, { a: 'x', b: 'X' }],
  ])('%s', (_, rule, labels, want) => expect(relabeled(rule, labels)).toEqual(want))

  test('a regex that backtracks elsewhere takes no time', () => {
    expect(relabeled({ source_labels: ['a'], regex: '(a+)+b', action: 'drop' }, { a: 'a'.repeat(5000) })).toBeDefined()
  })
})

describe('series of a target', () => {
  const shared = [
    ['instance', 'i'],
    ['job', 'j'],
  ] as const
  const admitted = (more: object, labels: Record<string, string>) => {
    const job = jobOf(more)
    return admission({ job, labels: shared }, compileRules(job, hash).metric)(new Map(Object.entries({ __name__: 'm', ...labels })))
  }

  test('what the target says of itself is exported, or honored', () => {
    expect(admitted({}, { a: '1' })).toEqual({})
    expect(admitted({}, { job: 'own', exported_job: 'x' })).toEqual({ text: 'm{exported_exported_job="own",exported_job="x"}' })
    expect(admitted({ honor_labels: true }, { job: 'own' })).toEqual({})
  })

  test('metric_relabel_configs may drop, change and take away what all share', () => {
    expect(admitted({ metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'm', action: 'drop' }] }, {})).toBeUndefined()
    expect(admitted({ metric_relabel_configs: [{ regex: 'instance', action: 'labeldrop' }] }, { a: '1' })).toEqual({ text: 'm{a="1",instance=""}' })
    expect(() => admitted({ metric_relabel_configs: [{ regex: '__name__', action: 'labeldrop' }] }, {})).toThrow('took the name')
  })

  test('limits', () => {
    expect(() => admitted({ label_limit: 3 }, { a: '1' })).toThrow('label_limit')
    expect(admitted({ label_limit: 4 }, { a: '1' })).toEqual({})
    expect(() => admitted({ label_value_length_limit: 3 }, { a: '1234' })).toThrow('label a')
  })
})

test('a target says why it is none', () => {
  const job = jobOf({
    relabel_configs: [{ source_labels: ['__meta_x'], regex: 'yes', action: 'keep' }],
    params: { module: ['a', 'b'] },
    metrics_path: '/probe',
  })
  const rules = compileRules(job, hash)
  const judged = (labels: Record<string, string>) => judgeTarget(job, rules, new Map(Object.entries(labels)), { cluster: 'c' }, true)
  expect(judged({ __address__: 'h:1', __meta_x: 'no' }).dropped).toBe('relabel_configs[0]')
  expect(judged({ __address__: 'h/x', __meta_x: 'yes' }).dropped).toContain('no address')
  const { target } = judged({ __address__: 'h:1', __meta_x: 'yes' })
  expect(target!.url.href).toBe('http://h:1/probe?module=b&module=a')
  expect(Object.fromEntries(target!.labels)).toEqual({ cluster: 'c', instance: 'h:1', job: 'j' })
})

test('all problems of a configuration at once, with lines and the nearest name', () => {
  try {
    readCollectConfig(
      'scrape_configs:\n- job_name: a\n  static_config: []\n  relabel_configs:\n  - regex: "("\n    target_label: x\n- job_name: b\n  scrape_intervall: 3s\n',
      'x',
    )
    expect.unreachable()
  } catch (error) {
    const { problems } = error as { problems: { path: string; line: number; suggestion?: string }[] }
    expect(problems.map(({ line, suggestion }) => [line, suggestion])).toEqual(
      expect.arrayContaining([
        [3, 'static_configs'],
        [5, undefined],
        [8, 'scrape_interval'],
      ]),
    )
  }
})
