/** Kinds that are questions: SubjectAccessReview, TokenReview and the like. Nothing of them is stored. */

import { isJsonObject } from '#core/kube/json.ts'
import { grantsOf, type RbacRequest } from '#core/kube/rbac.ts'
import { mayDo, rbacObjects } from './rbac.ts'
import { badRequest, noSuchPath } from './status.ts'
import type { Obj } from './store.ts'
import type { User, World } from './world.ts'

export interface Tokens {
  userOf(token: string): User | undefined
}

function requestOf(spec: Obj): RbacRequest {
  const { resourceAttributes: r, nonResourceAttributes: n } = spec
  if ((r === undefined) === (n === undefined)) throw badRequest('spec: exactly one of resourceAttributes and nonResourceAttributes must be given')
  if (n !== undefined) return { verb: String(n.verb ?? ''), path: String(n.path ?? '') }
  return {
    verb: String(r.verb ?? ''),
    group: String(r.group ?? ''),
    resource: `${r.resource ?? ''}${r.subresource ? `/${r.subresource}` : ''}`,
    namespace: r.namespace || undefined,
    name: r.name || undefined,
  }
}

const describeUser = (user: User) => ({
  username: user.name,
  ...(user.uid === undefined ? {} : { uid: user.uid }),
  groups: user.groups,
  ...(user.extra === undefined ? {} : { extra: user.extra }),
})

export function review(world: World, tokens: Tokens, kind: string, body: unknown, asker: User, namespace: string | undefined): Obj {
  if (!isJsonObject(body) || !(body.spec === undefined || isJsonObject(body.spec))) throw badRequest('the object provided has no spec')
  const spec = (body.spec ?? {}) as unknown as Obj
  const answer = (status: object): Obj => ({
    ...(body as unknown as Obj),
    metadata: { ...(body.metadata as object), creationTimestamp: null } as unknown as Obj['metadata'],
    status,
  })
  switch (kind) {
    case 'SelfSubjectAccessReview': {
      const { allowed, reason } = mayDo(world, asker, requestOf(spec))
      return answer({ allowed, ...(reason === '' ? {} : { reason }) })
    }
    case 'LocalSubjectAccessReview':
    case 'SubjectAccessReview': {
      if (!spec.user && !spec.groups?.length) throw badRequest('spec.user: at least one of user or group must be specified')
      if (kind === 'LocalSubjectAccessReview' && spec.resourceAttributes?.namespace !== namespace)
        throw badRequest('spec.resourceAttributes.namespace must match metadata.namespace')
      const { allowed, reason } = mayDo(world, { name: String(spec.user ?? ''), groups: spec.groups ?? [] }, requestOf(spec))
      return answer({ allowed, ...(reason === '' ? {} : { reason }) })
    }
    case 'SelfSubjectRulesReview': {
      const wanted = String(spec.namespace ?? '')
      if (wanted === '') throw badRequest('no namespace on request')
      const rules = asker.groups.includes('system:masters')
        ? [
            { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
            { verbs: ['*'], nonResourceURLs: ['*'] },
          ]
        : [...grantsOf(rbacObjects(world), asker, wanted)].flatMap((grant) => grant.rules)
      return answer({
        resourceRules: rules.filter((rule) => 'resources' in rule && rule.resources !== undefined),
        nonResourceRules: rules.filter((rule) => 'nonResourceURLs' in rule && rule.nonResourceURLs !== undefined),
        incomplete: false,
      })
    }
    case 'TokenReview': {
      const user = tokens.userOf(String(spec.token ?? ''))
      return answer(user === undefined ? { user: {}, error: 'the token is not known' } : { authenticated: true, user: describeUser(user) })
    }
    case 'SelfSubjectReview':
      return answer({ userInfo: describeUser(asker) })
    default:
      throw noSuchPath()
  }
}
