import { expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import { errorInLog } from './logging.ts'

it('says an error that has a code in one line, and where another came from', () => {
  const error = new CodedError(
    'CLUSTER_UNREACHABLE',
    { cluster: 'prod', server: 'https://k', reason: 'nothing listens there' },
    { cause: new Error('ECONNREFUSED') },
  )
  expect(errorInLog(error)).toEqual({ code: 'CLUSTER_UNREACHABLE', message: error.message })
  expect(error.message).toContain('nothing listens there')
  expect(errorInLog(new Error('x'))).toMatchObject({ type: 'Error', message: 'x', stack: expect.stringContaining('logging.test') })
})
