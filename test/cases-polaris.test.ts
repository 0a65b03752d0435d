/** Polaris' own cases, by its names: what must pass passes, what must fail fails, and our fix of what fails passes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checksNamed } from '#capabilities/inspection/domain/catalog.ts'
import { inspect } from '#capabilities/inspection/domain/inspect.ts'
import { readManifests } from '#core/kube/manifests.ts'

const folder = resolve(process.env.SALLYPORT_CASES ?? join(import.meta.dirname, '../../shared/cases'), 'polaris')
const there = existsSync(folder)
/** Folders with a check of their own show how users write checks; those are no built-in ones. */
const checks = there ? readdirSync(folder).filter((check) => !existsSync(join(folder, check, 'check.yaml'))) : []

function findings(check: string, file: string) {
  const named = checksNamed([`polaris/${check}`])
  if (!named.ok) throw new Error(`no check is polaris/${check}`)
  const read = readManifests(readFileSync(join(folder, check, file), 'utf8'))
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return inspect(
    read.value.map(({ object, line }) => ({ object, file, line })),
    named.value,
  ).findings
}

;(there ? describe : describe.skip)(`cases of Polaris${there ? '' : `: ${folder} is not there`}`, () => {
  for (const check of checks)
    for (const file of readdirSync(join(folder, check))) {
      if (/^(success|mutated)/.test(file)) it(`${check}/${file} passes`, () => expect(findings(check, file)).toEqual([]))
      else if (file.startsWith('failure')) it(`${check}/${file} fails`, () => expect(findings(check, file)).not.toEqual([]))
    }
})
