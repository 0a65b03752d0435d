// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as files write them
import { describe, expect, it } from 'vitest'
import { readSpec } from './read-spec.ts'
import type { Spec, SpecOptions } from './rule.ts'
import { selectTags } from './tags.ts'

const options: SpecOptions = { to: 'localhost:5000/mirror', env: { NAME: 'me', WORD: 'secret' }, readFile: () => undefined }
const good = (text: string, more: Partial<SpecOptions> = {}): Spec => {
  const spec = readSpec({ file: 'spec.yaml', text }, { ...options, ...more })
  if (!spec.ok) throw new Error(JSON.stringify(spec.error, undefined, 1))
  return spec.value
}

describe('scalars are what their field makes of them', () => {
  it('tags that look like numbers stay as they are written', () => {
    expect(good('quay.io:\n  images:\n    a/b: [1.10, 3, 007, 1_0, 0x10, true, latest]\n').rules[0]!.select).toEqual([
      { names: ['1.10', '3', '007', '1_0', '0x10', 'true', 'latest'] },
    ])
    expect(good('copy:\n  - { from: a/b, to: localhost:5000/b, tags: [1.10, 1.20] }\n').rules[0]!.select).toEqual([{ names: ['1.10', '1.20'] }])
    const { rules } = good('copy:\n  - { from: a/b, to: localhost:5000/b, tags: { names: [1.10] }, rename: { 1.10: 1.0 } }\n')
    expect(rules[0]).toMatchObject({ select: [{ names: ['1.10'] }], rename: { '1.10': '1.0' } })
    const patterns = 'x-a: &one 1.10\nsync:\n  - { source: alpine, target: localhost:5000/alpine, type: repository, tags: { allow: [3, *one], deny: [1.0] } }\n'
    expect(good(patterns).rules[0]!.select).toEqual([{ match: ['^(?:3)$', '^(?:1.10)$'], exclude: ['^(?:1.0)$'] }])
  })
  it('so do passwords', () => {
    expect(good('quay.io:\n  images: { a/b: [] }\n  credentials: { username: 12, password: 0123 }\n').registries[0]).toMatchObject({
      username: '12',
      password: '0123',
    })
    const auth = { file: 'auth.yaml', text: 'quay.io:\n  username: 1e3\n  password: no\n' }
    expect(good('quay.io/a/b: localhost:5000/b', { auth }).registries[0]).toMatchObject({ username: '1e3', password: 'no' })
  })
  it('yes and no are booleans where one is asked for, and nothing else is', () => {
    expect(good('quay.io:\n  images: { a/b: [] }\n  tls-verify: no\n').registries[0]!.insecure).toBe(true)
    expect(good('quay.io:\n  images: { a/b: [] }\n  tls-verify: On\n').registries).toEqual([])
    expect(readSpec({ file: 'f', text: 'quay.io:\n  images: { a/b: [] }\n  tls-verify: maybe\n' }, options).ok).toBe(false)
    expect(readSpec({ file: 'f', text: 'quay.io:\n  images: { a/b: [] }\n  tls-verify: [no]\n' }, options).ok).toBe(false)
  })
  it('a field without a value is not there', () => {
    const { rules } = good('quay.io:\n  images:\n  credentials:\n  images-by-tag-regex:\n    a/b: ^1\n')
    expect(rules).toHaveLength(1)
    expect(good('creds:\nsync:\n  - { source: a, target: localhost:5000/a, type: repository, interval: , tags: }\n').rules).toHaveLength(1)
    expect(readSpec({ file: 'f', text: 'sync:\n  - { source: , target: localhost:5000/a, type: repository }\n' }, options).ok).toBe(false)
  })
})

describe('credentials of image-syncer', () => {
  const filled = (fields: string) => good('quay.io/a/b: localhost:5000/b', { auth: { file: 'auth.yaml', text: `quay.io:\n  ${fields}\n` } }).registries[0]
  it('variables anywhere in a text; a $ that names none stays', () => {
    expect(filled('{ username: "robot+${NAME}", password: "$WORD" }')).toMatchObject({ username: 'robot+me', password: 'secret' })
    expect(filled('{ username: $NAME-x, password: "p$5$other${one}" }')).toMatchObject({ username: 'me-x', password: 'p$5$other${one}' })
    expect(() => filled('{ username: a, password: "${MISSING}" }')).toThrow('no variable MISSING')
  })
  it('identity tokens', () => {
    expect(filled('{ identityToken: abc }')).toMatchObject({ identityToken: 'abc' })
    expect(filled('{ username: a, password: b, identityToken: "" }')!.identityToken).toBeUndefined()
  })
})

describe('pre-releases in ranges', () => {
  const tags = ['1.9.0-rc.1', '2.0.0-alpine', '2.1.0', '2.1.0-rc.1', '3.0.0-beta', '3.0.0']
  it('are left out unless the range has one itself, then those of every version count', () => {
    expect(selectTags([{ semver: ['>=2.0 <3'] }], tags)).toEqual(['2.1.0'])
    expect(selectTags([{ semver: ['>=2.0.0-0 <3'] }], tags)).toEqual(['2.0.0-alpine', '2.1.0', '2.1.0-rc.1'])
    expect(selectTags([{ semver: ['^3 || >=1.9.0-0 <2.0.0'] }], tags)).toEqual(['1.9.0-rc.1', '2.0.0-alpine', '3.0.0'])
  })
})
