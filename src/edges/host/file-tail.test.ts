import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTail, TAIL_LIMITS, type Tail, type TailEvent, type TailSource } from './file-tail.ts'
import { createGlob } from './glob.ts'
import type { FileState } from './journal.ts'

const LIMITS = { ...TAIL_LIMITS, chunkBytes: 1024, cutBytes: 100, openFiles: 4 }
let folder: string
let now: number
let events: TailEvent[]
let tails: Tail[]
const at = (name: string) => join(folder, name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-tail-'))
  now = Date.now()
  events = []
  tails = []
})
afterEach(() => {
  for (const tail of tails) tail.close()
  rmSync(folder, { recursive: true, force: true })
})

const follow = (sources: TailSource[], states: readonly FileState[] = []) => {
  const tail = createTail(sources, states, (event) => events.push(event), LIMITS)
  tails.push(tail)
  return tail
}
/** Looks once and takes all there is, as `path name: text`. */
function take(tail: Tail, ms = 1000): string[] {
  now += ms
  tail.poll(now)
  const texts: string[] = []
  for (let file = tail.ready()[0]; file; file = tail.ready()[0]) {
    const chunk = tail.read(file, Buffer.alloc(LIMITS.chunkBytes))
    if (!chunk) break
    texts.push(chunk.bytes.toString())
    tail.done(chunk)
  }
  return texts
}
const losses = () => events.filter((event) => event.kind === 'lost').map(({ reason, bytes }) => ({ reason, bytes }))

describe('following a file', () => {
  it('waits for the end of a line', () => {
    writeFileSync(at('a.log'), 'one\ntw')
    const tail = follow([{ pattern: at('a.log') }])
    expect(take(tail)).toEqual(['one\n'])
    expect(take(tail)).toEqual([])
    appendFileSync(at('a.log'), 'o\n')
    expect(take(tail)).toEqual(['two\n'])
  })

  it('begins at the end of what is there when asked to, and at the start of what comes', () => {
    writeFileSync(at('a.log'), 'old\n')
    const tail = follow([{ pattern: at('*.log'), from: 'end' }])
    expect(take(tail)).toEqual([])
    appendFileSync(at('a.log'), 'new\n')
    writeFileSync(at('b.log'), 'first\n')
    expect(take(tail).sort()).toEqual(['first\n', 'new\n'])
  })

  it('follows links to where they lead, also when they are turned', () => {
    mkdirSync(at('pods'))
    writeFileSync(at('pods/0.log'), 'a\n')
    symlinkSync(at('pods/0.log'), at('link.log'))
    const tail = follow([{ pattern: at('link.log') }])
    expect(take(tail)).toEqual(['a\n'])
    renameSync(at('pods/0.log'), at('pods/0.log.20260101-000000'))
    appendFileSync(at('pods/0.log.20260101-000000'), 'late\n')
    writeFileSync(at('pods/0.log'), 'b\n')
    expect(take(tail).sort()).toEqual(['b\n', 'late\n'])
    expect(losses()).toEqual([])
  })

  it('delivers the beginning of a line that is too long, counts the rest, and goes on', () => {
    writeFileSync(at('a.log'), `short\n${'x'.repeat(5000)}`)
    const tail = follow([{ pattern: at('a.log') }])
    expect(take(tail)).toEqual(['short\n', 'x'.repeat(100)])
    appendFileSync(at('a.log'), `${'x'.repeat(3000)}\nnext\n`)
    expect(take(tail)).toEqual(['next\n'])
    expect(losses().reduce((sum, { bytes }) => sum + bytes, 0)).toBe(7901)
    expect(new Set(losses().map(({ reason }) => reason))).toEqual(new Set(['cut']))
  })

  it('counts what was truncated before it was read', () => {
    writeFileSync(at('a.log'), 'one\n')
    const tail = follow([{ pattern: at('a.log') }])
    expect(take(tail)).toEqual(['one\n'])
    appendFileSync(at('a.log'), 'unread\n')
    tail.poll(now + 200)
    truncateSync(at('a.log'))
    expect(take(tail)).toEqual([])
    expect(losses()).toEqual([{ reason: 'truncated', bytes: 7 }])
    appendFileSync(at('a.log'), 'two\n')
    expect(take(tail)).toEqual(['two\n'])
  })

  it('sees that a file began anew although it is longer than before', () => {
    writeFileSync(at('a.log'), 'one\n')
    const tail = follow([{ pattern: at('a.log') }])
    take(tail)
    truncateSync(at('a.log'))
    appendFileSync(at('a.log'), 'another beginning\n')
    expect([...take(tail), ...take(tail)]).toEqual(['another beginning\n'])
  })

  it('reads a deleted file to its end and lets go of it', () => {
    writeFileSync(at('a.log'), 'one\n')
    const tail = follow([{ pattern: at('a.log') }])
    take(tail)
    appendFileSync(at('a.log'), 'last')
    rmSync(at('a.log'))
    expect(take(tail)).toEqual([])
    // Nobody ends the line any more.
    expect(take(tail, LIMITS.lingerMs + 1)).toEqual(['last'])
    take(tail, LIMITS.lingerMs + 1)
    expect(tail.files()).toEqual([])
    expect(losses()).toEqual([])
  })

  it('says what was lost when a file is gone after a restart', () => {
    writeFileSync(at('a.log'), 'one\ntwo\n')
    const first = follow([{ pattern: at('a.log') }])
    now += 1000
    first.poll(now)
    const [state] = first.changes().states
    rmSync(at('a.log'))
    const second = follow([{ pattern: at('a.log') }], [state!])
    expect(take(second)).toEqual([])
    expect(losses()).toEqual([{ reason: 'deleted', bytes: 8 }])
    expect(second.changes().gone).toEqual([state!.key])
  })

  it('promises the same bytes after a crash', () => {
    writeFileSync(at('a.log'), 'one\ntwo\n')
    const first = follow([{ pattern: at('a.log') }])
    first.poll(now)
    const chunk = first.read(first.ready()[0]!, Buffer.alloc(LIMITS.chunkBytes))!
    chunk.file.batch = { id: 'promised', from: chunk.from, to: chunk.to, cut: chunk.cut }
    const { states } = first.changes()
    appendFileSync(at('a.log'), 'three\n')
    const second = follow([{ pattern: at('a.log') }], states)
    second.poll(now)
    const again = second.read(second.ready()[0]!, Buffer.alloc(LIMITS.chunkBytes))!
    expect([again.id, again.bytes.toString()]).toEqual(['promised', 'one\ntwo\n'])
    second.done(again)
    expect(take(second)).toEqual(['three\n'])
  })

  it('takes another file with the same inode for another file', () => {
    writeFileSync(at('a.log'), 'one, with some length\n')
    const first = follow([{ pattern: at('a.log') }])
    take(first)
    const [state] = first.changes().states
    // The same inode, another beginning: as after deleting, reusing and growing while no agent ran.
    truncateSync(at('a.log'))
    appendFileSync(at('a.log'), 'a different file altogether, which is longer\n')
    const second = follow([{ pattern: at('a.log') }], [{ ...state!, born: '1' }])
    expect([...take(second), ...take(second)]).toEqual(['a different file altogether, which is longer\n'])
  })

  it('takes no stranger with a reused inode for a file of which nothing was read', () => {
    writeFileSync(at('a.log'), '')
    const first = follow([{ pattern: at('a.log') }])
    take(first)
    const [state] = first.changes().states
    renameSync(at('a.log'), at('stranger'))
    writeFileSync(at('stranger'), 'not a log\n')
    const second = follow([{ pattern: at('a.log') }], [{ ...state!, born: '1' }])
    expect(take(second)).toEqual([])
    expect(second.files()).toEqual([])
  })

  it('keeps few files open and still reads all', () => {
    for (let i = 0; i < 20; i++) writeFileSync(at(`${i}.log`), `${i}\n`)
    const tail = follow([{ pattern: at('*.log') }])
    expect(take(tail).length).toBe(20)
    take(tail)
    expect(tail.files().filter((file) => file.fd !== undefined).length).toBe(LIMITS.openFiles)
    renameSync(at('0.log'), at('0.log.1'))
    for (let i = 1; i < 20; i++) appendFileSync(at(`${i}.log`), `more ${i}\n`)
    appendFileSync(at('0.log.1'), 'more 0\n')
    expect(take(tail).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `more ${i}\n`).sort())
  })

  it('says once that a file cannot be read', () => {
    mkdirSync(at('loop'))
    symlinkSync(at('loop/b'), at('loop/a'))
    symlinkSync(at('loop/a'), at('loop/b'))
    const tail = follow([{ pattern: at('loop/a') }])
    take(tail)
    take(tail)
    expect(events).toEqual([{ kind: 'unreadable', path: at('loop/a'), reason: 'ELOOP' }])
  })
})

describe('patterns', () => {
  it('match names as a shell does, and leave out what is compressed', () => {
    for (const name of ['a.log', 'b.log', 'b.log.1', 'b.log.2.gz', '.hidden.log', 'c.txt', 'x[1].log']) writeFileSync(at(name), '')
    mkdirSync(at('deep/er'), { recursive: true })
    writeFileSync(at('deep/er/d.log'), '')
    const match = (pattern: string) =>
      createGlob(at(pattern))
        .paths(now)
        .map((path) => path.slice(folder.length + 1))
    expect(match('*.log')).toEqual(['a.log', 'b.log', 'x[1].log'])
    expect(match('b.log*')).toEqual(['b.log', 'b.log.1'])
    expect(match('[ab].log')).toEqual(['a.log', 'b.log'])
    expect(match('{a,c}.*')).toEqual(['a.log', 'c.txt'])
    expect(match('?.log')).toEqual(['a.log', 'b.log'])
    expect(match('**/*.log')).toEqual(['a.log', 'b.log', 'deep/er/d.log', 'x[1].log'])
    expect(match('*/er/*.log')).toEqual(['deep/er/d.log'])
    expect(match('none/*.log')).toEqual([])
  })

  it('see files that appear in a folder that was old', () => {
    const old = new Date(now - 60_000)
    utimesSync(folder, old, old)
    const glob = createGlob(at('*.log'))
    expect(glob.paths(now)).toEqual([])
    writeFileSync(at('new.log'), '')
    expect(glob.paths(now + 1000)).toEqual([at('new.log')])
  })
})
