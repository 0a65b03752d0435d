import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endOfRecords, type Lines, readRecords } from './records.ts'

const encoder = new TextEncoder()
const RECEIVED = Date.parse('2026-05-06T12:00:00Z')
const read = (text: string, more: Partial<Lines> = {}) => {
  const records = readRecords({ bytes: encoder.encode(text), receivedAt: RECEIVED, earliest: 0, latest: RECEIVED + 3_600_000, ...more })
  const rows: { ns: string; stream: number; severity: number; body: string }[] = []
  let at = 0
  for (let row = 0; row < records.rows; row++) {
    let length = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = records.bodies[at++]!
      length += (byte & 127) * scale
      if (byte < 128) break
    }
    rows.push({
      ns: String(records.ts[row]),
      stream: records.stream[row]!,
      severity: records.severity[row]!,
      body: new TextDecoder().decode(records.bodies.subarray(at, at + length)),
    })
    at += length
  }
  expect(at).toBe(records.bodies.length)
  return { rows, accepted: records.accepted, rejected: records.rejected }
}
const bodies = (text: string, more?: Partial<Lines>) => read(text, more).rows.map(({ body }) => body)
const at = (second: number, text: string, stream = 'stdout') => `2026-05-06T11:00:${String(second).padStart(2, '0')}.000000001Z ${stream} F ${text}\n`

describe('lines of CRI', () => {
  it('have a time to the nanosecond in any zone, a stream and a text', () => {
    const { rows } = read('2026-05-06T11:00:00.123456789Z stdout F one two\n2026-05-06T13:00:01.5+02:00 stderr F {"a":1}\n2026-02-28T23:59:59Z stdout F x')
    expect(rows).toEqual([
      { ns: `${BigInt(Date.parse('2026-05-06T11:00:00Z')) * 1_000_000n + 123_456_789n}`, stream: 1, body: 'one two', severity: 0 },
      { ns: `${BigInt(Date.parse('2026-02-28T23:59:59Z')) * 1_000_000n}`, stream: 1, body: 'x', severity: 0 },
      { ns: `${BigInt(Date.parse('2026-05-06T11:00:01.500Z')) * 1_000_000n}`, stream: 2, body: '{"a":1}', severity: 0 },
    ])
  })

  it('agree with the calendar for any moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_799 }), (second) => {
        const text = new Date(second * 1000).toISOString().replace('.000Z', 'Z')
        expect(read(`${text} stdout F a\n`, { latest: Number.POSITIVE_INFINITY }).rows[0]!.ns).toBe(`${BigInt(second) * 1_000_000_000n}`)
      }),
    )
  })

  it('are all accounted for, and what cannot be kept is counted', () => {
    const { rows, accepted, rejected } = read(`${at(1, 'a')}${at(2, '')}${at(3, 'b')}2027-05-06T11:00:00Z stdout F future\n`)
    expect(rows.map(({ body }) => body)).toEqual(['a', 'b'])
    expect({ accepted, rejected }).toEqual({ accepted: 2, rejected: { clock: 1, empty: 1 } })
  })
})

describe('other lines', () => {
  it('of Docker are read too', () => {
    expect(read('{"log":"say \\"hi\\"\\u00e9\\n","stream":"stderr","time":"2026-05-06T11:00:00.5Z"}\n').rows).toEqual([
      { ns: `${BigInt(Date.parse('2026-05-06T11:00:00.500Z')) * 1_000_000n}`, stream: 2, body: 'say "hi"é', severity: 0 },
    ])
  })

  it('keep the time that came with them, and their order within it', () => {
    const times = new Float64Array([RECEIVED - 1000, RECEIVED - 1000, Number.NaN])
    expect(read('one\ntwo\nthree', { times }).rows.map(({ ns }) => ns)).toEqual([`${RECEIVED - 1000}000000`, `${RECEIVED - 1000}000001`, `${RECEIVED}000000`])
  })
})

describe('records of several lines', () => {
  const java = ['2026 ERROR pay failed', 'java.lang.IllegalStateException: no card', '\tat a.B.c(B.java:1)', 'Caused by: x.Y: z', '\t... 3 more']
  const python = ['Traceback (most recent call last):', '  File "a.py", line 1, in f', 'ValueError: bad']
  const go = ['panic: boom', '', 'goroutine 1 [running]:', 'main.main()', '\t/src/main.go:5 +0x1d', 'exit status 2']

  it.each([
    ['Java', java],
    ['Python', python],
    ['Python after its message', ['ERROR:root:oops', ...python]],
    ['Python while another was handled', [...python, '', 'During handling of the above exception, another exception occurred:', '', ...python]],
    ['Go', go],
    ['JavaScript', ['Error: x', '    at f (a.js:1:2)', '    at g (a.js:3:4)']],
  ])('of %s are one, and the next line is another', (_, lines) => {
    expect(bodies([...lines, 'next line'].map((line) => at(5, line)).join(''))).toEqual([lines.join('\n'), 'next line'])
  })

  it('are told apart by stream, though their lines alternate', () => {
    const text = java.map((line, i) => at(5, line, 'stderr') + at(5, `info ${i}`)).join('')
    expect(bodies(text).toSorted()).toEqual([...java.map((_, i) => `info ${i}`), java.join('\n')].toSorted())
  })

  it('are not made of lines of other moments, of empty lines or of what only looks alike', () => {
    expect(bodies(at(1, 'a') + at(9, '  indented later'))).toEqual(['a', '  indented later'])
    expect(bodies(at(1, 'INFO ok') + at(1, 'java.lang.String: not thrown') + at(1, '}'))).toEqual(['INFO ok', 'java.lang.String: not thrown', '}'])
  })

  it('end somewhere', () => {
    const endless = `begin\n${'\tat x\n'.repeat(2000)}`
    expect(bodies(endless).length).toBeGreaterThan(2)
    expect(bodies(endless).join('\n')).toBe(endless.slice(0, -1))
  })

  it('are not cut where a full chunk ends', () => {
    const lines = [at(1, 'before'), ...java.map((line) => at(2, line))].join('')
    expect(lines.slice(endOfRecords(encoder.encode(lines)))).toBe(
      java
        .slice(1)
        .map((line) => at(2, line))
        .join(''),
    )
    expect(endOfRecords(encoder.encode(at(1, 'only')))).toBe(at(1, 'only').length)
  })
})

it('never throws, and accounts for every line', () => {
  const piece = fc.constantFrom(
    '2026-05-06T11:00:00Z stdout F ',
    '{"log":"',
    '\t',
    'ERROR ',
    'Traceback (most recent call last):',
    'panic: ',
    ')',
    '"',
    '}',
    '\r',
    'x',
    'é',
    '\u0000',
  )
  fc.assert(
    fc.property(
      fc.array(
        fc.array(piece, { maxLength: 5 }).map((parts) => parts.join('')),
        { maxLength: 12 },
      ),
      (lines) => {
        const { accepted, rejected } = read(lines.map((line) => `${line}\n`).join(''))
        expect(accepted + rejected.clock + rejected.empty).toBe(lines.length)
      },
    ),
  )
})
