import { expect, it } from 'vitest'
import { levelOf, severityAt } from './severity.ts'

const encoder = new TextEncoder()
const of = (text: string) => {
  const bytes = encoder.encode(`xx${text}`)
  return levelOf(severityAt(bytes, 2, bytes.length))
}

it.each([
  ['I0506 11:00:00.123456       1 leaderelection.go:260] lock taken', 'info'],
  ['W0506 11:00:00.123456       1 reflector.go:424] ERROR is only text here', 'warn'],
  ['{"ts":"x","level":"error","msg":"info"}', 'error'],
  ['{"severity": "WARNING", "message": "m"}', 'warn'],
  ['{"time":1,"level":50,"msg":"pino"}', 'error'],
  ['{"level":30,"msg":"an error"}', 'info'],
  ['time="2026-05-06" level=warning msg="x"', 'warn'],
  ['ts=1 lvl=dbug level=debug x', 'debug'],
  ['2026-05-06 11:00:00.000 ERROR [main] c.a.Shop - no', 'error'],
  ['2026/05/06 11:00:00 [error] 7#7: *1 open() failed', 'error'],
  ['[2026-05-06T11:00:00] INFO: started', 'info'],
  ['\u001b[31mFATAL\u001b[0m gone', 'fatal'],
  ['error: cannot open', 'error'],
  ['panic: runtime error: index out of range', 'fatal'],
  ['java.lang.NullPointerException: x', 'error'],
  ['ValueError: bad', 'error'],
  ['Traceback (most recent call last):', 'error'],
  ['TRACE enter', 'trace'],
  ['11:00 WARN', 'warn'],
])('%s', (text, level) => expect(of(text)).toBe(level))

it.each([
  'GET /error HTTP/1.1',
  'no error at all',
  '{"msg":"error"}',
  '{"msg":"level","x":"error"}',
  'ERROR_CODE=5',
  'path /var/ERROR/x and no-ERROR',
  'error.go:12 x',
  'information desk is open',
  '',
  'errors: 5',
  'see Terror: film',
])('says nothing: %s', (text) => expect(of(text)).toBeUndefined())
