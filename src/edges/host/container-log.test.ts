import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endOfWholeLines, joinPieces } from './container-log.ts'

const T = '2026-01-02T03:04:05.678901234Z'
const cri = (...lines: [stream: string, tag: string, text: string][]) =>
  Buffer.from(lines.map(([stream, tag, text]) => `${T} ${stream} ${tag} ${text}\n`).join(''))
const docker = (...lines: [stream: string, text: string][]) =>
  Buffer.from(lines.map(([stream, log]) => `${JSON.stringify({ log, stream, time: T })}\n`).join(''))

describe('lines that the runtime cut', () => {
  it.each([
    ['whole lines', cri(['stdout', 'F', 'a'], ['stderr', 'F', 'b']), 2],
    ['the words " P " in a text', cri(['stdout', 'F', 'x P y'], ['stderr', 'F', 'b']), 2],
    ['the rest of a line has not come', cri(['stdout', 'F', 'a'], ['stdout', 'P', 'b']), 1],
    ['another stream has an open line', cri(['stdout', 'P', 'a'], ['stderr', 'F', 'b']), 0],
    ['both are whole again', cri(['stdout', 'P', 'a'], ['stderr', 'F', 'b'], ['stdout', 'F', 'c'], ['stdout', 'P', 'd']), 3],
    ['docker: no line end in the text', docker(['stdout', 'a\n'], ['stdout', 'b']), 1],
    ['docker: a text that looks like a line end', docker(['stdout', 'a\n'], ['stdout', 'b\\n']), 1],
    ['docker: a text that looks like the end of the object', docker(['stdout', 'a","stream":"stderr'], ['stdout', '\\\n']), 2],
    ['something else', Buffer.from('10.0.0.1 - - [x] "GET / HTTP/1.1" 200\n'), 1],
  ])('%s', (_, bytes, lines) => {
    const ends = [0]
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) ends.push(at + 1)
    expect(endOfWholeLines(bytes)).toBe(ends[lines])
    // What has no line break yet never counts.
    expect(endOfWholeLines(Buffer.concat([bytes, Buffer.from('half')]))).toBe(ends[lines])
  })

  it('are put together, with the time of the first piece', () => {
    const bytes = cri(['stdout', 'P', 'one '], ['stderr', 'F', 'other'], ['stdout', 'P:x', 'two '], ['stdout', 'F', 'three'], ['stdout', 'F', 'next'])
    expect(`${joinPieces(bytes)}`).toBe(`${cri(['stderr', 'F', 'other'], ['stdout', 'F', 'one two three'], ['stdout', 'F', 'next'])}`)
    expect(`${joinPieces(bytes, 'stdout')}`).toBe(`${cri(['stdout', 'F', 'one two three'], ['stdout', 'F', 'next'])}`)
    expect(`${joinPieces(docker(['stdout', 'say "'], ['stderr', 'x\n'], ['stdout', 'hi"\n']))}`).toBe(`${docker(['stderr', 'x\n'], ['stdout', 'say "hi"\n'])}`)
    expect(`${joinPieces(docker(['stderr', 'x\n'], ['stdout', 'y\n']), 'stdout')}`).toBe(`${docker(['stdout', 'y\n'])}`)
  })

  it('are left as they are when their end does not come', () => {
    const bytes = cri(['stdout', 'P', 'a'], ['stderr', 'F', 'b'])
    expect(`${joinPieces(bytes)}`).toBe(`${cri(['stderr', 'F', 'b'], ['stdout', 'P', 'a'])}`)
  })

  it('come out whole however they were cut and mixed, and wherever chunks end', () => {
    const stream = fc.constantFrom('stdout', 'stderr')
    const line = fc.record({
      stream,
      pieces: fc.array(
        fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, '·')),
        { minLength: 1, maxLength: 4 },
      ),
    })
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.boolean(), fc.array(fc.boolean(), { maxLength: 60 }), (lines, asDocker, turns) => {
        // Each stream keeps its order; the two are mixed piece by piece.
        const queues = ['stdout', 'stderr'].map((name) =>
          lines.filter((one) => one.stream === name).flatMap(({ pieces }) => pieces.map((text, i) => ({ name, text, last: i === pieces.length - 1 }))),
        )
        const rows: Buffer[] = []
        for (let i = 0; queues.some((queue) => queue.length > 0); i++) {
          const queue = queues[turns[i] ? 1 : 0]!.length > 0 ? queues[turns[i] ? 1 : 0]! : queues[turns[i] ? 0 : 1]!
          const { name, text, last } = queue.shift()!
          rows.push(asDocker ? docker([name, last ? `${text}\n` : text]) : cri([name, last ? 'F' : 'P', text]))
        }
        const seen: Record<string, string[]> = { stdout: [], stderr: [] }
        let waiting = Buffer.alloc(0)
        for (const row of rows) {
          waiting = Buffer.concat([waiting, row])
          const end = endOfWholeLines(waiting)
          for (const out of joinPieces(waiting.subarray(0, end)).toString().split('\n').slice(0, -1)) {
            if (asDocker) {
              const { log, stream: name } = JSON.parse(out) as { log: string; stream: string }
              seen[name]!.push(log)
            } else {
              const [, name, text] = /^\S+ (stdout|stderr) F (.*)$/su.exec(out)!
              seen[name!]!.push(text!)
            }
          }
          waiting = waiting.subarray(end)
        }
        for (const name of ['stdout', 'stderr']) {
          const want = lines.filter((one) => one.stream === name).map(({ pieces }) => pieces.join('') + (asDocker ? '\n' : ''))
          expect(seen[name]).toEqual(want)
        }
        expect(waiting.length).toBe(0)
      }),
      { numRuns: 300 },
    )
  })
})
