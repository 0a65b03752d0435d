// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as manifests have them
import { describe, expect, it } from 'vitest'
import { formatReference, parseReference } from '#core/oci/reference.ts'
import type { ImageMap } from '#core/oci/rewrite.ts'
import { rulesFromImages } from './from-images.ts'
import { mapByRules, mapPrefixes, mapTo } from './image-map.ts'
import { readSpec } from './read-spec.ts'

const through = (map: ImageMap, text: string) => {
  const image = parseReference(text)
  if (!image.ok) throw new Error(image.error)
  const mapped = map(image.value)
  return mapped && formatReference(mapped)
}
const value = <T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

it('mapTo keeps paths, and the registry when asked', () => {
  const map = value(mapTo('r.example:5000/mirror/'))
  expect(through(map, 'nginx:1')).toBe('r.example:5000/mirror/library/nginx:1')
  expect(through(map, 'r.example:5000/mirror/x')).toBeUndefined()
  expect(through(value(mapTo('r.example', true)), 'localhost:5000/a/b')).toBe('r.example/localhost-5000/a/b')
  expect(mapTo('a b').ok).toBe(false)
})

it('mapPrefixes: the longest wins, by whole parts', () => {
  const map = value(mapPrefixes(['quay.io=r.example/q', 'quay.io/coreos=r.example/c', 'docker.io/library/nginx=r.example/web']))
  expect(through(map, 'quay.io/coreos/etcd:v3')).toBe('r.example/c/etcd:v3')
  expect(through(map, 'quay.io/coreos2/etcd')).toBe('r.example/q/coreos2/etcd')
  expect(through(map, 'nginx:1')).toBe('r.example/web:1')
  expect(through(map, 'nginx2')).toBeUndefined()
  expect(mapPrefixes(['x']).ok).toBe(false)
})

describe('mapByRules', () => {
  const digest = `sha256:${'b'.repeat(64)}`
  const map = mapByRules(
    value(
      readSpec(
        {
          file: 's.yaml',
          text: `copy:
- {from: nginx, to: r.example/nginx, tags: {match: '1\\..*', newest: 2}}
- {from: "redis:7", to: "r.example/cache:seven"}
- {from: "quay.io/*", to: r.example/quay, repositories: {exclude: 'old/.*'}}
- {from: "ghcr.io/a/b@${digest}", to: r.example/b}
`,
        },
        { env: {}, readFile: () => undefined },
      ),
    ).rules,
  )
  it.each([
    ['nginx:1.27', 'r.example/nginx:1.27'],
    ['nginx:2', undefined],
    ['nginx', undefined],
    ['redis:7', 'r.example/cache:seven'],
    ['quay.io/a/b', 'r.example/quay/a/b'],
    ['quay.io/old/b', undefined],
    [`ghcr.io/a/b:x@${digest}`, `r.example/b:x@${digest}`],
    ['ghcr.io/a/b:x', undefined],
    ['other.example/x', undefined],
  ])('%s', (from, to) => expect(through(map, from)).toBe(to))
})

it('rulesFromImages: each image once, what is there already left out, what is no image said', () => {
  const origin = { file: 'f', line: 1, path: '' }
  const digest = `sha256:${'c'.repeat(64)}`
  const made = rulesFromImages(
    ['nginx', 'docker.io/library/nginx:latest', `quay.io/a/b:1@${digest}`, 'r.example/m/x:1', '${X}'].map((image) => ({ image, origin })),
    'r.example/m',
  )
  if (typeof made === 'string') throw new Error(made)
  expect(made.rules.map(({ source, target, select, digests, rename }) => [source, target, select, digests, rename])).toEqual([
    [
      { kind: 'repository', registry: 'docker.io', repository: 'library/nginx' },
      { kind: 'repository', registry: 'r.example', repository: 'm/library/nginx' },
      [{ names: ['latest'] }],
      [],
      {},
    ],
    [
      { kind: 'repository', registry: 'quay.io', repository: 'a/b' },
      { kind: 'repository', registry: 'r.example', repository: 'm/a/b' },
      [],
      [digest],
      { [digest]: '1' },
    ],
  ])
  expect(made).toMatchObject({ atTarget: 1, unreadable: [{ image: '${X}' }] })
  expect(rulesFromImages([], 'oci:x')).toMatch(/./)
})
