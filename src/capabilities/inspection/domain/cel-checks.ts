/** Checks that users write in CEL: the same in files, in a cluster and at admission. As in ValidatingAdmissionPolicy, the expression says what must be true. */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { createCel } from '#core/rules/cel.ts'
import { CATEGORIES } from '#core/shapes/check.ts'
import { SEVERITIES } from '#core/shapes/severity.ts'
import type { InspectionCheck } from './check.ts'
import { type Container, type Item, namespaceOf, ofKind } from './inventory.ts'

export const celCheck = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,62}$/)
    .describe('Lower-case letters, digits and `-`. It is `user/ID` in findings.'),
  title: z.string().min(1).max(300).describe('What is wrong, for people.'),
  category: z.enum(CATEGORIES).default('stability'),
  severity: z.enum(SEVERITIES).default('warning'),
  kinds: z.array(z.string().min(1).max(63)).min(1).max(50).describe('Kinds of objects, such as Deployment; * is all.'),
  each: z.enum(['object', 'pod', 'container']).default('object').describe('What it looks at: the object, its pod template, or each container in it.'),
  expression: z
    .string()
    .min(1)
    .max(10_000)
    .describe('CEL that must be true. Variables: object, namespaceObject (null when not known), and with each: pod or container.'),
  when: z.string().min(1).max(10_000).optional().describe('CEL: only where this is true.'),
})
export type CelCheck = z.output<typeof celCheck>

export const celCheckFile = z.strictObject({ checks: z.array(celCheck).max(500) })

const VARIABLES = { object: 'dyn', namespaceObject: 'dyn', pod: 'dyn', container: 'dyn' }
/** A check that fails on everything says so once for each reason, not once for each object. */
const MOST_TOLD = 20

/**
 * The checks, ready to run, or all that is wrong with them. What cannot be answered for an object (a field that is not there) is no finding:
 * `onUnknown` is told, and the run is not complete.
 */
export function compileCelChecks(checks: readonly CelCheck[], onUnknown: (problem: Problem) => void): Result<readonly InspectionCheck[], readonly Problem[]> {
  const cel = createCel(VARIABLES)
  const problems: Problem[] = []
  const ready: InspectionCheck[] = []
  const seen = new Set<string>()
  for (const [i, { id, title, category, severity, kinds, each, expression, when }] of checks.entries()) {
    if (seen.has(id)) problems.push({ path: `checks[${i}].id`, message: `${id} is there twice` })
    seen.add(id)
    const condition = cel.compile(expression)
    const filter = when === undefined ? undefined : cel.compile(when)
    if (!condition.ok) problems.push({ path: `checks[${i}].expression`, message: condition.error })
    if (filter?.ok === false) problems.push({ path: `checks[${i}].when`, message: filter.error })
    if (!condition.ok || filter?.ok === false) continue
    const looksAround = /\bnamespaceObject\b/.test(`${expression} ${when ?? ''}`)
    let told = 0
    /** Undefined: not known. */
    const holds = (item: Item, values: Readonly<Record<string, unknown>>): boolean | undefined => {
      const applies = filter?.ok ? filter.value(values) : ok(true)
      if (applies.ok && !applies.value) return true
      const answer = applies.ok ? condition.value(values) : applies
      if (answer.ok) return answer.value
      if (told++ < MOST_TOLD) onUnknown({ path: `user/${id} ${item.object.kind} ${namespaceOf(item)}/${item.object.metadata.name}`, message: answer.error })
      return undefined
    }
    ready.push({
      id: `user/${id}`,
      category,
      severity,
      aliases: [],
      message: { en: title, 'zh-CN': title },
      *find(inventory) {
        told = 0
        const isMeant = ({ object }: Item) => kinds.includes('*') || kinds.includes(object.kind)
        const base = (item: Item) => ({
          object: item.object,
          // Looked up only where it counts: at admission a check that needs more than the object waits for the next look.
          namespaceObject: looksAround
            ? (ofKind(inventory, 'Namespace').find(({ object }) => object.metadata.name === namespaceOf(item))?.object ?? null)
            : null,
          pod: null as unknown,
          container: null as unknown,
        })
        if (each === 'object') {
          for (const item of inventory.items) if (isMeant(item) && holds(item, base(item)) === false) yield { item, path: [] }
          return
        }
        for (const pod of inventory.pods) {
          if (!isMeant(pod.item)) continue
          const values = { ...base(pod.item), pod: { metadata: { labels: pod.labels, annotations: pod.annotations }, spec: pod.spec } }
          if (each === 'pod') {
            if (holds(pod.item, values) === false) yield { item: pod.item, path: pod.path }
            continue
          }
          for (const container of pod.containers as readonly Container[])
            if (holds(pod.item, { ...values, container: container.spec }) === false) yield { item: pod.item, path: container.path, what: container.name }
        }
      },
    })
  }
  return problems.length > 0 ? err(problems) : ok(ready)
}
