import { describe, expect, it } from 'vitest'
import { RULES } from './engine.ts'
import { BLIND_ON_PURPOSE, type Policy, RECOMMENDED_POLICY, readPolicy, sightOf } from './policy.ts'

const policy = (...rules: Policy['rules']): Policy => ({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules })
const seen = (of: Policy, id: string) => sightOf(of, RULES).find(({ rule }) => rule.id === id)

describe('audit policies', () => {
  it('recommended: no rule is blind but those that must be', () => {
    const blind = sightOf(RECOMMENDED_POLICY, RULES).filter(({ sees }) => sees !== 'yes')
    expect(blind.map(({ rule, sees, because }) => [rule.id, sees, because])).toEqual([...BLIND_ON_PURPOSE].map((id) => [id, 'no', [6]]))
  })

  it('of metadata only make rules blind that need bodies', () => {
    const metadata = policy({ level: 'Metadata' })
    expect(seen(metadata, 'pod-exec')).toMatchObject({ sees: 'yes' })
    expect(seen(metadata, 'pod-privileged')).toMatchObject({ sees: 'no', because: [1], has: 'Metadata', needs: 'Request' })
  })

  it('tell by which rules a session is seen only when it is over', () => {
    expect(seen(policy({ level: 'Metadata', omitStages: ['ResponseStarted'] }), 'pod-exec')).toMatchObject({ sees: 'yes', late: [1] })
    expect(seen(policy({ level: 'Metadata' }), 'pod-exec')).toMatchObject({ late: [] })
    expect(sightOf(RECOMMENDED_POLICY, RULES).flatMap(({ late }) => late)).toEqual([])
  })

  it('tell what some are not seen doing', () => {
    const some = policy(
      { level: 'None', users: ['alice'] },
      { level: 'None', verbs: ['get'], resources: [{ group: '', resources: ['pods/*'] }] },
      { level: 'RequestResponse' },
    )
    expect(seen(some, 'pod-exec')).toMatchObject({ sees: 'partly', because: [1, 2] })
    expect(seen(some, 'cluster-admin-granted')).toMatchObject({ sees: 'partly', because: [1] })
    expect(seen(policy({ level: 'None', users: ['system:kube-proxy'] }, { level: 'Request' }), 'pod-privileged')).toMatchObject({ sees: 'yes' })
  })

  it('match resources as the API server does', () => {
    const only = (...resources: string[]) => policy({ level: 'Request', resources: [{ group: '', resources }] })
    expect(seen(only('pods'), 'pod-exec')).toMatchObject({ sees: 'no', because: [0] })
    for (const name of ['pods/exec', 'pods/*', '*/exec', '*']) expect(seen(only(name), 'pod-exec'), name).toMatchObject({ sees: 'yes' })
    expect(seen(policy({ level: 'Request', resources: [{ group: 'apps' }] }), 'deployment-created')).toMatchObject({ sees: 'yes' })
  })

  it('without the stage at which a rule looks are blind', () => {
    expect(seen({ ...policy({ level: 'Request' }), omitStages: ['ResponseComplete'] }, 'pod-exec')).toMatchObject({ sees: 'yes' })
    expect(seen({ ...policy({ level: 'Request' }), omitStages: ['ResponseComplete'] }, 'secret-read')).toMatchObject({ sees: 'no' })
  })

  it('are told all that is wrong with them', () => {
    expect(readPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadatta', verb: ['get'] }] })).toMatchObject({
      ok: false,
      error: [
        { path: 'rules[0].level', suggestion: 'Metadata' },
        { path: 'rules[0].verb', suggestion: 'verbs' },
      ],
    })
  })
})
