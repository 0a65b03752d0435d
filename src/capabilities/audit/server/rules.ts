/** `AuditRule` objects of each cluster: read, compiled, and told whether they judge. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject, ObjectRef } from '#core/kube/objects.ts'
import { RESOURCE_API } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import type { AuditRule } from '../domain/rules/rule.ts'
import { type OnUnjudged, userRule } from '../domain/user-rules.ts'
import { auditRule } from '../resources/audit-rule.ts'

/** Rules of a cluster that judge; what is beyond is refused, so that no event costs without bound. */
const MOST_RULES = 200
const MANAGER = 'sallyport-audit'

interface Facts {
  name: string
  /** Undefined: it is gone. */
  object?: KubeObject
}

export interface RuleBook {
  of(cluster: string): readonly AuditRule[]
  reconciler: Reconciler<Facts, Cluster>
}

export function createRuleBook(onChange: (cluster: string) => void, onUnjudged: OnUnjudged): RuleBook {
  const books = new Map<string, Map<string, AuditRule>>()
  const refOf = (name: string): ObjectRef => ({ apiVersion: RESOURCE_API, kind: auditRule.kind, name })

  return {
    of: (cluster) => [...(books.get(cluster)?.values() ?? [])],
    reconciler: {
      name: 'audit-rules',
      watches: [{ apiVersion: RESOURCE_API, kind: auditRule.kind }],
      keysOf: ({ metadata }) => [metadata.name],
      async gather(name, cluster) {
        try {
          return { name, object: await cluster.get(refOf(name)) }
        } catch (error) {
          if (error instanceof CodedError && error.code === 'NOT_FOUND') return { name }
          throw error
        }
      },
      // what a rule is told of itself changes nothing in the world
      decide: ({ name }, now) => ({ id: name, by: 'audit-rules', cluster: '', subject: `${auditRule.kind} ${name}`, decidedAt: now, steps: [], idle: 'read' }),
      async apply(_plan, { name, object }, cluster) {
        const book = books.get(cluster.name) ?? new Map<string, AuditRule>()
        books.set(cluster.name, book)
        if (object === undefined) {
          if (book.delete(name)) onChange(cluster.name)
          return undefined
        }
        const read = userRule(object, onUnjudged)
        const problems = read.ok ? [] : read.error.map(({ path, message }) => `${path}: ${message}`.slice(0, 500)).slice(0, 20)
        const isBeyond = read.ok && !book.has(name) && book.size >= MOST_RULES
        if (isBeyond) problems.push(`there are ${MOST_RULES} rules already`)
        if (read.ok && !isBeyond) book.set(name, read.value)
        else book.delete(name)
        onChange(cluster.name)
        const status = { observedGeneration: object.metadata.generation, state: problems.length === 0 ? 'Active' : 'Refused', problems }
        if (JSON.stringify(status) !== JSON.stringify(statusOf(object)))
          await cluster.patch(refOf(name), 'merge', { status }, { subresource: 'status', fieldManager: MANAGER })
        return undefined
      },
    },
  }
}

function statusOf({ status }: KubeObject): unknown {
  const { observedGeneration, state, problems = [] } = (status ?? {}) as { observedGeneration?: number; state?: string; problems?: string[] }
  return { observedGeneration, state, problems }
}
