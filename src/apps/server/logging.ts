import { type Logger, pino } from 'pino'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

const SECRET = ['token', 'password', 'secret', 'authorization', 'cookie']

/** JSON lines on stderr, written at once: the last words of a process that dies are not lost. */
export function createLog(level: (typeof LOG_LEVELS)[number]): Logger {
  const paths = SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths, censor: '[removed]' } }, pino.destination({ fd: 2, sync: true }))
}
