import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatReference, parseReference } from './reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

describe('parseReference', () => {
  it.each([
    ['nginx', { registry: 'docker.io', repository: 'library/nginx' }],
    ['nginx:1.27', { registry: 'docker.io', repository: 'library/nginx', tag: '1.27' }],
    ['bitnami/redis', { registry: 'docker.io', repository: 'bitnami/redis' }],
    ['index.docker.io/nginx', { registry: 'docker.io', repository: 'library/nginx' }],
    ['localhost/x', { registry: 'localhost', repository: 'x' }],
    ['127.0.0.1:5000/library/nginx:v1', { registry: '127.0.0.1:5000', repository: 'library/nginx', tag: 'v1' }],
    ['[::1]:5000/a', { registry: '[::1]:5000', repository: 'a' }],
    [`quay.io/a/b/c:x@${digest}`, { registry: 'quay.io', repository: 'a/b/c', tag: 'x', digest }],
  ])('%s', (text, expected) => expect(parseReference(text)).toEqual({ ok: true, value: expected }))

  it.each(['', 'NGINX', 'a//b', 'a/b:', 'a:b/c', 'quay.io/a@sha256:abc', 'x/-a', `a:${'t'.repeat(129)}`, 'https://quay.io/a/b', 'a b'])('refuses %j', (text) =>
    expect(parseReference(text).ok).toBe(false),
  )

  it('what is formatted is read back', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/)
    const reference = fc.record(
      {
        registry: fc.oneof(fc.constant('docker.io'), fc.stringMatching(/^[a-z]{1,8}\.[a-z]{2,4}(:[1-9][0-9]{1,3})?$/)),
        repository: fc.array(part, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/')),
        tag: fc.stringMatching(/^\w[\w.-]{0,20}$/),
        digest: fc.constant(digest),
      },
      { requiredKeys: ['registry', 'repository'] },
    )
    fc.assert(fc.property(reference, (value) => void expect(parseReference(formatReference(value))).toEqual({ ok: true, value: { ...value } })))
  })
})
