import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { readResource } from '#core/shapes/custom-resource.ts'
import { judgeConfig } from '../domain/judge/limits.ts'
import { canaryResource } from './canary.ts'

const folder = join(import.meta.dirname, '../../../../examples/canary')

it.each(readdirSync(folder))('example %s is valid', (file) => {
  const object = parse(readFileSync(join(folder, file), 'utf8'))
  if (object.kind === undefined) expect(judgeConfig.safeParse(object).error).toBeUndefined()
  else expect(readResource(canaryResource, object)).toMatchObject({ ok: true })
})
