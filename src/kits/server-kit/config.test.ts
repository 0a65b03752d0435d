import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import { resolveConfig } from './config.ts'

const schema = z.object({
  port: z.coerce.number().int().min(0).max(65535).default(7070),
  logLevel: z.enum(['debug', 'info']).default('info'),
  data: z.string().optional(),
})
const problems = (flags: Record<string, unknown>, env: Record<string, string>) => {
  try {
    resolveConfig(schema, flags, env)
  } catch (error) {
    if (error instanceof CodedError) return error.problems.map(({ path, suggestion }) => [path, suggestion])
  }
  return []
}

describe('resolveConfig', () => {
  it('takes the flag before the environment before the default', () => {
    expect(resolveConfig(schema, {}, {})).toEqual({ port: 7070, logLevel: 'info' })
    expect(resolveConfig(schema, { port: '1' }, { SALLYPORT_PORT: '2', SALLYPORT_LOG_LEVEL: 'debug', SALLYPORT_DATA: '' })).toEqual({
      port: 1,
      logLevel: 'debug',
    })
  })

  it('tells all problems at once, by the name under which each value came', () => {
    expect(problems({ port: 'x', prot: 1 }, { SALLYPORT_LOG_LEVEL: 'debgu', SALLYPORT_DTA: '/x' })).toEqual([
      ['--port', undefined],
      ['SALLYPORT_LOG_LEVEL', 'debug'],
      ['--prot', 'port'],
      ['SALLYPORT_DTA', 'SALLYPORT_DATA'],
    ])
  })

  it('leaves variables of other programs alone', () => {
    expect(problems({}, { SALLYPORT_SOMETHING_ELSE: '1', SALLYPORT_CASES: '/x', SALLYPORT_FAILED_STEPS: '0', PATH: '/bin' })).toEqual([])
  })
})
