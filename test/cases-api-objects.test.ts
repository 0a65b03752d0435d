/** Fully populated objects of the built-in kinds in every version: each converts to every other version of its kind, and back to what it was. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { convertObject, versionsOf } from '#core/kube/convert/convert.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { validateObject } from '#core/kube/validate.ts'

const CASES = join(process.env.SALLYPORT_CASES ?? join(import.meta.dirname, '../../shared/cases'), 'api-objects')
const title = 'public API objects (needs SALLYPORT_CASES)'

if (!existsSync(CASES)) describe.skip(title, () => {})
else
  describe(title, async () => {
    const facts = await loadApiFacts()
    const objects = readdirSync(CASES).map((file) => parse(readFileSync(join(CASES, file), 'utf8')) as KubeObject)
    const versioned = objects.filter((object) => versionsOf(object).length > 1)
    const others = (object: KubeObject) => versionsOf(object).filter((apiVersion) => apiVersion !== object.apiVersion)
    /** Fields that came after the newest minor whose models are published in full; they are kept as they are. */
    const structural = (object: KubeObject) =>
      validateObject(object, facts)?.filter(({ path, message }) => message !== 'unknown field' && !path.includes('nodeAllocatableResourceClaimStatuses'))

    it.each(objects.map((object) => [`${object.apiVersion} ${object.kind}`, object] as const))('%s fits its schema', (_, object) => {
      expect(structural(object) ?? []).toEqual([])
    })

    it.each(versioned.map((object) => [`${object.apiVersion} ${object.kind}`, object] as const))('%s converts to the newest version', (_, object) => {
      const [hub = ''] = versionsOf(object)
      const converted = convertObject(object, hub)
      expect(converted?.object.apiVersion).toBe(hub)
      expect(structural(converted!.object) ?? []).toEqual([])
    })

    it.each(versioned.flatMap((object) => others(object).map((version) => [`${object.apiVersion} ${object.kind}`, version, object] as const)))(
      '%s comes back from %s as it was, but for what is named',
      (_, version, object) => {
        const [hub = ''] = versionsOf(object)
        const there = convertObject(object, version)!
        const back = convertObject(there.object, object.apiVersion)!
        const named = [...there.notes, ...back.notes].map(({ path }) => path)
        const found = differences(convertObject(object, hub)!.object, convertObject(back.object, hub)!.object, '')
        expect(found.filter((path) => !named.some((known) => path.startsWith(known)))).toEqual([])
        if (there.notes.every(({ kind }) => kind !== 'lost') && object.apiVersion === hub) expect(back.object).toEqual(object)
      },
    )

    it('are versions of many kinds', () => {
      expect(new Set(versioned.map(({ kind }) => kind)).size).toBeGreaterThan(25)
    })
  })

function differences(a: unknown, b: unknown, path: string): string[] {
  if (Object.is(a, b)) return []
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return [path]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].flatMap((key) =>
    differences(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      Array.isArray(a) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
    ),
  )
}
