import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadApiFacts, type ValueType } from './facts.ts'

const facts = await loadApiFacts()
const kind = (apiVersion: string, name: string) => facts.kind({ apiVersion, kind: name })
const field = (type: string, name: string) => facts.type(type)?.fields.get(name)

describe('API facts', () => {
  it('stay small', () => {
    expect(statSync(new URL('data.generated.ts', import.meta.url)).size).toBeLessThan(256 * 1024)
  })

  it('know names, verbs and subresources', () => {
    expect(kind('apps/v1', 'Deployment')).toMatchObject({
      plural: 'deployments',
      singular: 'deployment',
      namespaced: true,
      shortNames: ['deploy'],
      categories: ['all'],
      subresources: { scale: { kind: { apiVersion: 'autoscaling/v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] }, status: {} },
    })
    expect(kind('v1', 'Namespace')).toMatchObject({ plural: 'namespaces', namespaced: false })
    expect(kind('v1', 'Pod')?.subresources.eviction?.kind).toEqual({ apiVersion: 'policy/v1', kind: 'Eviction' })
    expect(kind('v1', 'ComponentStatus')?.verbs).toEqual(['get', 'list'])
    expect(kind('authorization.k8s.io/v1', 'LocalSubjectAccessReview')).toMatchObject({ namespaced: true, verbs: ['create'] })
    expect(kind('apps/v1', 'Deploymint')).toBeUndefined()
  })

  it.each([
    ['extensions/v1beta1', 'Deployment', 15, 'apps/v1'],
    ['extensions/v1beta1', 'Ingress', 21, 'networking.k8s.io/v1'],
    ['networking.k8s.io/v1beta1', 'IngressClass', 21, 'networking.k8s.io/v1'],
    ['batch/v1beta1', 'CronJob', 24, 'batch/v1'],
    ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', 25, 'autoscaling/v2'],
    ['flowcontrol.apiserver.k8s.io/v1beta3', 'FlowSchema', 31, 'flowcontrol.apiserver.k8s.io/v1'],
    ['policy/v1beta1', 'PodSecurityPolicy', 24, undefined],
  ])('know until when %s %s was served', (apiVersion, name, until, replacement) => {
    expect(kind(apiVersion, name)).toMatchObject({ until })
    expect(kind(apiVersion, name)?.replacedBy?.apiVersion).toBe(replacement)
  })

  it('say what a minor serves', () => {
    const versions = (minor: number, name: string) =>
      facts
        .served(minor)
        .filter((served) => served.kind === name)
        .map((served) => served.apiVersion)
    expect(versions(20, 'HorizontalPodAutoscaler')).toEqual(['autoscaling/v1', 'autoscaling/v2beta2', 'autoscaling/v2beta1'])
    expect(versions(36, 'HorizontalPodAutoscaler')).toEqual(['autoscaling/v2', 'autoscaling/v1'])
    expect(versions(18, 'Ingress')).toEqual(['extensions/v1beta1', 'networking.k8s.io/v1beta1'])
    expect(versions(36, 'Ingress')).toEqual(['networking.k8s.io/v1'])
    expect(versions(36, 'PodSecurityPolicy')).toEqual([])
  })

  it('know list types, merge keys and defaults', () => {
    expect(field('V1PodSpec', 'containers')).toMatchObject({ required: true, list: { kind: 'map', keys: ['name'] }, patch: { merge: true, key: 'name' } })
    expect(field('V1PodSpec', 'volumes')?.patch).toEqual({ merge: true, key: 'name', retainKeys: true })
    expect(field('V1ServiceSpec', 'ports')?.list).toEqual({ kind: 'map', keys: ['port', 'protocol'] })
    expect(field('V1ObjectMeta', 'finalizers')?.list).toEqual({ kind: 'set' })
    expect(field('V1Container', 'args')).toMatchObject({ value: { is: 'list', of: { is: 'string' } } })
    expect(field('V1Container', 'args')?.list).toBeUndefined()
    expect(field('V1DeploymentSpec', 'selector')?.atomic).toBe(true)
    expect(field('V1ContainerPort', 'protocol')).toMatchObject({ default: 'TCP', values: ['TCP', 'UDP', 'SCTP'] })
    expect(field('V1ResourceRequirements', 'limits')?.value).toEqual({ is: 'map', of: { is: 'string', format: 'quantity' } })
  })

  it('have a type for every object that a field names, and a kind for every replacement', () => {
    const seen = new Set<string>()
    const walk = (value: ValueType): void => {
      if (value.is === 'list' || value.is === 'map') walk(value.of)
      if (value.is !== 'object' || seen.has(value.type)) return
      seen.add(value.type)
      const type = facts.type(value.type)
      expect(type, value.type).toBeDefined()
      for (const { value: inner } of type!.fields.values()) walk(inner)
    }
    for (const { schema, replacedBy, since, until = 99 } of facts.kinds) {
      walk({ is: 'object', type: schema })
      expect(since).toBeLessThanOrEqual(until)
      if (replacedBy) expect(facts.kind(replacedBy), replacedBy.apiVersion).toBeDefined()
    }
    expect(seen.size).toBeGreaterThan(900)
  })
})
