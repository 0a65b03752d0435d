/** `AuditRule` objects as rules: CEL over the one record, checked when they are read. */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { createCel } from '#core/rules/cel.ts'
import { RESOURCE_API, readResource } from '#core/shapes/custom-resource.ts'
import { auditRule } from '../resources/audit-rule.ts'
import { type AuditEvent, actorKind, effectiveGroups, effectiveUser, NO_JSON } from './event.ts'
import type { Lists } from './lists.ts'
import type { AuditRule } from './rules/rule.ts'
import { instant } from './time.ts'

/** What a condition can speak of (`namespace` is a reserved word of CEL). `user` and `groups` are those the request was carried out as; `authenticated` is who sent it. */
const VARIABLES = {
  plane: 'string',
  stage: 'string',
  level: 'string',
  id: 'string',
  at: 'google.protobuf.Timestamp',
  user: 'string',
  kind: 'string',
  groups: 'list<string>',
  authenticated: 'string',
  impersonated: 'bool',
  ip: 'string',
  userAgent: 'string',
  verb: 'string',
  apiGroup: 'string',
  resource: 'string',
  subresource: 'string',
  ns: 'string',
  name: 'string',
  uri: 'string',
  code: 'int',
  allowed: 'bool',
  annotations: 'dyn',
  request: 'dyn',
  response: 'dyn',
  detail: 'dyn',
  lists: 'map<string, list<string>>',
} as const

const cel = createCel(VARIABLES)

const variablesOf = (event: AuditEvent, lists: Lists): Record<keyof typeof VARIABLES, unknown> => ({
  plane: event.plane,
  stage: event.stage,
  level: event.level,
  id: event.id,
  at: instant(event.at),
  user: effectiveUser(event),
  kind: actorKind(effectiveUser(event)),
  groups: effectiveGroups(event),
  authenticated: event.user,
  impersonated: event.impersonated !== '',
  ip: event.ip,
  userAgent: event.userAgent,
  verb: event.verb,
  apiGroup: event.apiGroup,
  resource: event.resource,
  subresource: event.subresource,
  ns: event.namespace,
  name: event.name,
  uri: event.uri,
  code: BigInt(event.code),
  allowed: event.decision !== 'forbid' && event.code < 400,
  annotations: event.annotations,
  request: event.request ?? NO_JSON,
  response: event.response ?? NO_JSON,
  detail: event.detail,
  lists: lists.named,
})

/** A rule that could not judge an event; unknown is not "no". */
export type OnUnjudged = (rule: string, reason: string) => void

/** An object as a rule, or all that is wrong with it. */
export function userRule(object: KubeObject, onUnjudged: OnUnjudged): Result<AuditRule, readonly Problem[]> {
  const name = z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$/)
    .safeParse(object.metadata?.name)
  const read = readResource(auditRule, object)
  const problems: Problem[] = []
  if (!name.success) problems.push({ path: 'metadata.name', message: 'must be lower case letters, digits, - and .' })
  if (!read.ok) return err([...problems, ...read.error])
  const { title, severity, aliases = [], planes, resources, verbs, condition, routine } = read.value.spec
  const id = `user/${name.data}`

  const compile = (field: 'condition' | 'routine', source: string): AuditRule['test'] => {
    const compiled = cel.compile(source)
    if (!compiled.ok) {
      problems.push({ path: `spec.${field}`, message: compiled.error })
      return () => false
    }
    return (event, lists) => {
      const answer = compiled.value(variablesOf(event, lists))
      if (!answer.ok) onUnjudged(id, answer.error)
      return answer.ok && answer.value
    }
  }
  const rule: AuditRule = {
    id,
    aliases,
    severity,
    title: { en: title, 'zh-CN': title },
    planes,
    resources,
    ...(verbs === undefined ? {} : { verbs }),
    needs: /\bresponse\b/.test(condition) ? 'RequestResponse' : /\brequest\b/.test(condition) ? 'Request' : 'Metadata',
    started: resources.some((resource) => resource.includes('/')),
    test: compile('condition', condition),
    ...(routine === undefined ? {} : { routine: compile('routine', routine) }),
  }
  return problems.length > 0 ? err(problems) : ok(rule)
}

/** Every `AuditRule` among the objects; other kinds are a problem too, because whoever names the file means rules. */
export function userRules(objects: readonly { object: KubeObject; line: number }[], onUnjudged: OnUnjudged): Result<readonly AuditRule[], readonly Problem[]> {
  const rules: AuditRule[] = []
  const problems: Problem[] = []
  for (const { object, line } of objects) {
    const isOurs = object.apiVersion === RESOURCE_API && object.kind === auditRule.kind
    const read = isOurs ? userRule(object, onUnjudged) : err([{ path: 'kind', message: `must be ${auditRule.kind} of ${RESOURCE_API}` }])
    if (!read.ok) problems.push(...read.error.map((problem) => ({ ...problem, line })))
    else if (rules.some(({ id }) => id === read.value.id)) problems.push({ path: 'metadata.name', line, message: 'is the name of two rules' })
    else rules.push(read.value)
  }
  return problems.length > 0 ? err(problems) : ok(rules)
}
