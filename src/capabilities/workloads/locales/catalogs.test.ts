import { expect, test } from 'vitest'
import { ACTS } from '../domain/acts.ts'
import { columnsOf } from '../domain/columns.ts'
import { OWN_REASONS, STATUS_WORDS } from '../domain/object-status.ts'
import { RELATIONS } from '../domain/relations.ts'
import en from './en.json' with { type: 'json' }
import zh from './zh-CN.json' with { type: 'json' }

const keysOf = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([key, inner]) => (typeof inner === 'object' && inner !== null ? keysOf(inner, `${path}${key}.`) : [`${path}${key}`]))

test('both catalogs have the same keys, with the same holes to fill', () => {
  expect(keysOf(zh).sort()).toEqual(keysOf(en).sort())
  const holes = (value: object, key: string): unknown => {
    const text = String(key.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], value))
    return [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()
  }
  for (const key of keysOf(en)) expect([key, holes(zh, key)]).toEqual([key, holes(en, key)])
})

test('reasons read in English as the API says them', () => {
  expect(en.reason).toEqual({ join: ': ', ...OWN_REASONS })
})

test('every word that is made of data has a text', () => {
  const words = keysOf(en)
  const needed = [
    ...STATUS_WORDS.filter((word) => word !== 'none').map((word) => `status.${word}`),
    ...ACTS.map((act) => `act.${act}`),
    ...RELATIONS.map((relation) => `relations.${relation}`),
    ...[
      '/Pod',
      '/Node',
      '/Event',
      '/Service',
      '/Secret',
      '/PersistentVolume',
      '/PersistentVolumeClaim',
      'apps/Deployment',
      'apps/DaemonSet',
      'batch/Job',
      'batch/CronJob',
      'networking.k8s.io/Ingress',
    ]
      .map((kind) => kind.split('/') as [string, string])
      .flatMap(([group, kind]) => (columnsOf(group, kind) ?? []).map(({ id }) => `column.${id}`)),
  ]
  expect(needed.filter((key) => !words.includes(key))).toEqual([])
})
