import { describe, expect, it } from 'vitest'
import type { Problem } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { celCheck, compileCelChecks } from './cel-checks.ts'
import { inspect } from './inspect.ts'

const item = (object: object) => ({ object: object as KubeObject, file: 'a.yaml', line: 1 })
const deployment = (name: string, image: string, labels?: object) =>
  item({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', ...(labels ? { labels } : {}) },
    spec: { template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } } },
  })
const run = (check: object, ...items: ReturnType<typeof item>[]) => {
  const unknown: Problem[] = []
  const compiled = compileCelChecks([celCheck.parse({ id: 'mine', title: 'no', kinds: ['Deployment'], ...check })], (problem) => void unknown.push(problem))
  if (!compiled.ok) throw new Error(compiled.error.map(({ message }) => message).join())
  return { found: inspect(items, compiled.value).findings.map(({ check: id, object, path, what }) => ({ id, object, path, what })), unknown }
}

describe('checks in CEL', () => {
  it('find what is not as they say, by object, pod and container', () => {
    const [bad, good] = [deployment('a', 'docker.io/x'), deployment('b', 'registry.example/x', { owner: 'me' })]
    expect(run({ expression: 'has(object.metadata.labels)' }, bad, good).found).toEqual([
      { id: 'user/mine', object: 'Deployment shop/a', path: '', what: undefined },
    ])
    expect(run({ each: 'container', expression: "container.image.startsWith('registry.example/')" }, bad, good).found).toEqual([
      { id: 'user/mine', object: 'Deployment shop/a', path: 'spec.template.spec.containers[0]', what: 'main' },
    ])
    expect(run({ each: 'pod', expression: "pod.metadata.labels['app'] == 'b'" }, bad, good).found).toHaveLength(1)
    expect(run({ when: "object.metadata.name == 'b'", expression: 'false' }, bad, good).found.map(({ object }) => object)).toEqual(['Deployment shop/b'])
    expect(run({ kinds: ['Service'], expression: 'false' }, bad, good).found).toEqual([])
  })

  it('know the namespace, or that it is not known', () => {
    const namespace = item({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { tier: 'gold' } } })
    const expression = "namespaceObject == null || namespaceObject.metadata.labels['tier'] != 'gold'"
    expect(run({ expression }, deployment('a', 'x'), namespace).found).toHaveLength(1)
    expect(run({ expression }, deployment('a', 'x')).found).toHaveLength(0)
  })

  it('say what they cannot answer, which is no finding and not fine either', () => {
    const { found, unknown } = run({ expression: "object.metadata.labels['team'] == 'x'" }, deployment('a', 'x'))
    expect(found).toEqual([])
    expect(unknown).toMatchObject([{ path: 'user/mine Deployment shop/a' }])
  })

  it('are refused with all that is wrong', () => {
    const one = (id: string, expression: string) => celCheck.parse({ id, title: 't', kinds: ['Pod'], expression })
    const compiled = compileCelChecks([one('one', 'object.'), one('one', '1 + 1'), one('two', 'nobody.knows')], () => {})
    expect(compiled.ok ? [] : compiled.error.map(({ path }) => path)).toEqual([
      'checks[0].expression',
      'checks[1].id',
      'checks[1].expression',
      'checks[2].expression',
    ])
  })
})
