import { describe, expect, it } from 'vitest'
import { createCel } from './cel.ts'

const cel = createCel({ object: 'dyn', user: 'string', groups: 'list<string>', code: 'int' })
const values = { object: { spec: { replicas: 3, containers: [{ name: 'a', image: 'nginx:1' }] } }, user: 'lee', groups: ['dev', 'ops'], code: 201n }
const run = (source: string, more: object = {}) => {
  const compiled = cel.compile(source)
  return compiled.ok ? compiled.value({ ...values, ...more }) : compiled
}

describe('cel', () => {
  it.each([
    'user == "lee" && code == 201 && "ops" in groups',
    'object.spec.replicas >= 3',
    'object.spec.containers.exists(c, c.image.startsWith("nginx"))',
    '!has(object.spec.paused)',
    'user.matches("^l[e]+$") && !"matches(x".matches("nothing")',
    'object.spec.?paused.orValue(false) == false',
    'object.missing.deep == 1 || user == "lee"',
  ])('%s is true', (source) => expect(run(source)).toEqual({ ok: true, value: true }))

  it.each([
    ['user ==', /EOF/],
    ['nobody == 1', /nobody/],
    ['user + "x"', /string/],
    ['user > 3', /string/],
    ['"x"'.repeat(5_000), /longer/],
    ['groups.all(a, groups.all(b, groups.all(c, groups.all(d, a == d))))', /three/],
    [`${'('.repeat(200)}true${')'.repeat(200)}`, /maxDepth/],
  ])('%s is refused when it is read', (source, why) => {
    const compiled = cel.compile(source)
    expect(compiled).toMatchObject({ ok: false, error: expect.stringMatching(why) })
  })

  it('says why there is no answer, and names matches as people wrote it', () => {
    expect(run('object.missing == 1')).toMatchObject({ ok: false, error: expect.stringContaining('missing') })
    expect(run('user.matches("(")')).toMatchObject({ ok: false })
    expect(cel.compile('code.matches("1")')).toMatchObject({ ok: false, error: expect.stringContaining('matches') })
  })

  it('is done soon, whatever the pattern and however long the lists', () => {
    const bad = `${'a'.repeat(30_000)}!`
    expect(run('user.matches("^(a+)+$")', { user: bad })).toEqual({ ok: true, value: false })
    const many = Array.from({ length: 5_000 }, (_, i) => `g${i}`)
    expect(run('groups.exists(a, groups.exists(b, a == b + "x"))', { groups: many })).toMatchObject({ ok: false, error: expect.stringContaining('steps') })
  })
})
