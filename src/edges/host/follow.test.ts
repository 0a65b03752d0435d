import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { LineFollow } from '#core/shapes/ports/host.ts'
import { describeReal } from '#test/real.ts'
import { followLog } from './follow.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-follow-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const as = (path: string) => path
/** Lines until there are so many. */
async function lines(follow: LineFollow, count: number): Promise<string[]> {
  const all: string[] = []
  await vi.waitFor(
    () => {
      all.push(...follow.poll().lines)
      if (all.length < count) throw new Error(`${all.length} of ${count} lines`)
    },
    { timeout: 15_000, interval: 50 },
  )
  return all
}

describe('a file', () => {
  it('is followed from its end on, through a rotation, and said to be missing', async () => {
    const path = join(folder, 'messages')
    const follow = followLog({ file: path }, as)
    expect(follow.poll()).toMatchObject({ lines: [], why: 'there is no such file' })
    writeFileSync(path, 'first\n')
    expect(await lines(follow, 1)).toEqual(['first'])
    expect(follow.poll()).toEqual({ lines: [], lost: 0 })
    appendFileSync(path, 'second\nthird without')
    expect(await lines(follow, 1)).toEqual(['second'])
    appendFileSync(path, ' an end\n')
    expect(await lines(follow, 1)).toEqual(['third without an end'])
    renameSync(path, `${path}.1`)
    writeFileSync(path, 'after\n')
    expect(await lines(follow, 1)).toEqual(['after'])
    follow.close()
    const late = followLog({ file: path }, as)
    late.poll()
    appendFileSync(path, 'new\n')
    expect(await lines(late, 1)).toEqual(['new'])
    late.close()
  })
})

describe('a file that was followed before', () => {
  it('is read from there on, also what was rotated away meanwhile; a place that is nonsense is none', async () => {
    const path = join(folder, 'kept')
    writeFileSync(path, 'old\n')
    const before = followLog({ file: path }, as)
    before.poll()
    appendFileSync(path, 'one\n')
    expect(await lines(before, 1)).toEqual(['one'])
    const after = before.place()
    before.close()
    appendFileSync(path, 'two\n')
    renameSync(path, `${path}.1`)
    writeFileSync(path, 'three\n')
    const again = followLog({ file: path }, as, { after })
    expect((await lines(again, 2)).sort()).toEqual(['three', 'two'])
    again.close()
    const lost = followLog({ file: path }, as, { after: '{"not": "ours"' })
    expect(lost.poll()).toEqual({ lines: [], lost: 0 })
    lost.close()
  })
  it('or whose past is asked for gives that first, and every line once', async () => {
    const path = join(folder, 'past')
    writeFileSync(path, 'one\ntwo\nhalf')
    const follow = followLog({ file: path }, as, { lookbackMs: 60_000 })
    expect(follow.poll().lines).toEqual(['one', 'two'])
    appendFileSync(path, ' whole\nthree\n')
    expect(await lines(follow, 2)).toEqual(['half whole', 'three'])
    follow.close()
  })
})

const JOURNALD = '/usr/lib/systemd/systemd-journald'
describeReal("systemd's journal", ['journalctl', 'systemd-cat', 'unshare', 'nsenter'], () => {
  it.skipIf(process.getuid?.() !== 0)('is followed from now on, one program of it, as JSON (root)', { timeout: 40_000 }, async () => {
    const run = join(folder, 'run')
    mkdirSync(run)
    // a journald of our own: it owns /run in a namespace of its own, and we read its files
    const script = `mount --bind ${run} /run && mkdir -p /run/systemd/journal /run/log/journal/$(cat /etc/machine-id) && ${JOURNALD} & sleep 1; cat | while read -r who what; do echo "$what" | nsenter -t $$ -m systemd-cat -t "$who"; done; kill $!`
    const journald = spawn('unshare', ['-m', 'sh', '-c', script], { stdio: ['pipe', 'ignore', 'ignore'] })
    try {
      const journal = join(run, 'log/journal')
      await vi.waitFor(() => expect(readdirSync(journal, { recursive: true }).join()).toContain('system.journal'), { timeout: 10_000 })
      const follow = followLog({ journal, identifier: 'shopd' }, as)
      follow.poll()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      journald.stdin.write('otherd not for us\nshopd the disk is gone\n')
      const [line, ...more] = await lines(follow, 1)
      expect(more).toEqual([])
      expect(JSON.parse(line!)).toMatchObject({ MESSAGE: 'the disk is gone', SYSLOG_IDENTIFIER: 'shopd' })
      const after = follow.place()
      follow.close()
      // what was said while nobody listened, from the place on that was kept, and from a time on
      journald.stdin.write('shopd the disk is back\n')
      const again = followLog({ journal, identifier: 'shopd' }, as, { after })
      expect((await lines(again, 1)).map((text) => JSON.parse(text).MESSAGE)).toEqual(['the disk is back'])
      again.close()
      const past = followLog({ journal, identifier: 'shopd' }, as, { lookbackMs: 60_000 })
      expect((await lines(past, 2)).map((text) => JSON.parse(text).MESSAGE)).toEqual(['the disk is gone', 'the disk is back'])
      past.close()
    } finally {
      journald.stdin.end()
      await new Promise((resolve) => journald.once('exit', resolve))
    }
  })
})
it('says why the journal cannot be followed', async () => {
  const follow = followLog({ journal: folder, identifier: 'shopd' }, as)
  const path = process.env.PATH
  process.env.PATH = folder
  follow.poll()
  process.env.PATH = path
  await vi.waitFor(() => expect(follow.poll().why).toBe('journalctl is not installed'), { timeout: 5000, interval: 20 })
  follow.close()
})
