import { type Logger, pino } from 'pino'
import { CodedError } from '#core/kernel/errors.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

const SECRET = ['token', 'password', 'secret', 'authorization', 'cookie']

/** JSON lines on stderr, written at once: the last words of a process that dies are not lost. */
export function createLog(level: (typeof LOG_LEVELS)[number]): Logger {
  const paths = SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  const redact = { paths, censor: '[removed]' }
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact, serializers: { err: errorInLog } },
    pino.destination({ fd: 2, sync: true }),
  )
}

/** An error that has a code says all in its text; where in the program it was made helps nobody who reads the log. */
export const errorInLog = (error: unknown): unknown =>
  error instanceof CodedError ? { code: error.code, message: error.message } : pino.stdSerializers.err(error as Error)
