import { describe, expect, it } from 'vitest'
import { readManifests } from '#core/kube/manifests.ts'
import { createEngine } from './engine.ts'
import { type AuditEvent, emptyEvent } from './event.ts'
import { createLists, type ListsInput } from './lists.ts'
import { userRules } from './user-rules.ts'

const rule = (spec: string, name = 'mine') =>
  `apiVersion: sallyport.io/v1alpha1\nkind: AuditRule\nmetadata: { name: ${name} }\nspec:\n  title: Mine\n${spec.replace(/^/gm, '  ')}\n`
const event = (more: Partial<AuditEvent>): AuditEvent => ({
  ...emptyEvent('kubernetes'),
  id: 'a',
  stage: 'ResponseComplete',
  level: 'Request',
  at: Date.UTC(2026, 10, 24, 23),
  user: 'lee',
  groups: ['dev'],
  verb: 'create',
  resource: 'pods',
  namespace: 'shop',
  name: 'cart',
  code: 201,
  ip: '10.1.2.3',
  request: { spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
  ...more,
})
function judge(text: string, one: AuditEvent, lists: ListsInput = {}) {
  const unjudged: string[] = []
  const manifests = readManifests(text)
  if (!manifests.ok) throw new Error(JSON.stringify(manifests.error))
  const rules = userRules(manifests.value, (_, reason) => void unjudged.push(reason))
  if (!rules.ok) return { problems: rules.error }
  const engine = createEngine(createLists(lists, { activity: false, allowedUsers: ['*'] }), rules.value)
  return {
    hits: engine
      .judge(one)
      .filter((hit) => hit.rule.id.startsWith('user/'))
      .map((hit) => `${hit.rule.id} ${hit.severity} ${hit.alarm}`),
    unjudged,
  }
}

describe('rules of users', () => {
  it.each([
    ['request.spec.containers[0].image.startsWith("nginx")', {}, true],
    ['request.spec.containers[0].image.startsWith("nginx")', { request: { spec: { containers: [{ image: 'redis' }] } } }, false],
    ['user in lists.breakGlass && "dev" in groups', {}, true],
    ['user in lists.breakGlass', { user: 'kim' }, false],
    ['impersonated && authenticated == "lee" && user == "admin"', { impersonated: 'admin' }, true],
    ['impersonated', {}, false],
    ['at.getHours("Asia/Shanghai") == 7 && kind == "person"', {}, true],
    ['code == 201 && allowed && ip.startsWith("10.")', {}, true],
    ['has(request.metadata) && request.metadata.name == "x"', {}, false],
  ])('%s over %j: %s', (condition, more, hits) => {
    const text = rule(`condition: '${condition}'`)
    expect(judge(text, event(more), { named: { breakGlass: ['lee'] } })).toEqual({ hits: hits ? ['user/mine warning true'] : [], unjudged: [] })
  })

  it('look only at what they ask for, know ordinary work, and fire once for a connection', () => {
    const text = rule('resources: [pods/exec]\nverbs: [get, create]\nseverity: error\ncondition: "true"\nroutine: user == "bot"')
    expect(judge(text, event({}))).toMatchObject({ hits: [] })
    const exec = { subresource: 'exec', stage: 'ResponseStarted' as const, code: 101 }
    expect(judge(text, event(exec))).toMatchObject({ hits: ['user/mine error true'] })
    expect(judge(text, event({ ...exec, user: 'bot' }))).toMatchObject({ hits: ['user/mine error false'] })
  })

  it('say that they could not judge, instead of no', () => {
    expect(judge(rule('condition: request.nothing.deep == 1'), event({}))).toMatchObject({ hits: [], unjudged: [expect.stringContaining('nothing')] })
  })

  it('are refused with all problems, each with its line', () => {
    const text = [
      rule('condition: nobody == 1', 'a'),
      rule('severity: bad\ncondtion: x', 'b'),
      'apiVersion: v1\nkind: Pod\n',
      rule('condition: "true"', 'A_'),
    ].join('---\n')
    const { problems = [] } = judge(text, event({}))
    expect(problems.map(({ path, line }) => `${line} ${path}`)).toEqual([
      '1 spec.condition',
      '8 spec.severity',
      '8 spec.condition',
      '8 spec.condtion',
      '16 kind',
      '19 metadata.name',
    ])
  })
})
