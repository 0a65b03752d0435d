/** Real audit events with the Falco rules that must or must not fire on them; the cases are not in the repository. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createDocumentReader } from '#capabilities/audit/domain/documents.ts'
import { createEngine } from '#capabilities/audit/domain/engine.ts'
import { createLists, type ListsInput } from '#capabilities/audit/domain/lists.ts'
import { userRules } from '#capabilities/audit/domain/user-rules.ts'

const CASES = join(process.env.SALLYPORT_CASES ?? join(import.meta.dirname, '../../shared/cases'), 'audit')

interface Case {
  case: string
  trace: string
  detect: boolean
  expect: string[]
  user_lists: string[]
}

/** What the names of the lists say, in our words. */
const LISTS: Record<string, ListsInput> = {
  'allow_only_apache_container.yaml': { allowedImages: ['httpd', 'apache'] },
  'allow_nginx_container.yaml': { allowedImages: ['nginx'] },
  'trust_nginx_container.yaml': { trustedImages: ['nginx'] },
  'disallow_kactivity.yaml': { activity: false },
}

/** Rules of users, which stand in the cases by name only; their conditions are ours. */
const OWN_RULES: Record<string, string> = { json_pointer_example: 'request.spec.containers[0].image.matches("^nginx")' }

const ownRule = (name: string) => ({
  apiVersion: 'sallyport.io/v1alpha1',
  kind: 'AuditRule',
  metadata: { name: name.replaceAll('_', '-') },
  spec: { title: name, aliases: [`falco/${name}`], resources: ['pods'], verbs: ['create'], condition: OWN_RULES[name] },
})

const body = () => {
  const cases: Case[] = existsSync(CASES) ? JSON.parse(readFileSync(join(CASES, 'falco-cases.json'), 'utf8')) : []
  it.each(cases)('$case', (one) => {
    for (const list of one.user_lists) expect(Object.keys(LISTS), 'a list that the test does not know').toContain(list)
    const own = one.expect.filter((rule) => Object.hasOwn(OWN_RULES, rule)).map((rule) => ({ line: 1, object: ownRule(rule) }))
    const rules = userRules(own, (_, reason) => expect.fail(reason))
    const engine = createEngine(createLists(...one.user_lists.map((list) => LISTS[list]!)), rules.ok ? rules.value : [])
    const fired = new Set<string>()
    const reader = createDocumentReader({
      event: (event) => {
        for (const hit of engine.judge(event)) for (const alias of hit.rule.aliases) fired.add(alias)
      },
      reject: (reason) => expect.fail(reason),
    })
    reader.push(readFileSync(join(CASES, 'traces', one.trace), 'utf8'))
    reader.end()
    if (one.detect) for (const rule of one.expect) expect([...fired]).toContain(`falco/${rule}`)
    else expect([...fired]).toEqual([])
  })
}

if (existsSync(CASES)) describe('cases of audit', body)
else describe.skip('cases of audit (needs SALLYPORT_CASES)', body)
