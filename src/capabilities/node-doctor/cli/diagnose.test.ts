import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExitCode } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { fakeStream } from '../../../../test/fakes/terminal.ts'
import { addDiagnose, type FileDiagnosis } from './diagnose.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-diagnose-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function run(...args: string[]) {
  const out = fakeStream()
  const notes: string[] = []
  let exit: ExitCode = 0
  const context = {
    language: 'en',
    out,
    note: (line: string) => void notes.push(line),
    exit: (code: ExitCode) => {
      exit = code
    },
    signal: new AbortController().signal,
  } as unknown as CliContext
  const program = new Command()
  addDiagnose(program, context)
  await program.parseAsync(['diagnose', '-o', 'ndjson', ...args], { from: 'user' })
  const lines = out.text().trim().split('\n')
  return { files: lines.map((line) => JSON.parse(line) as FileDiagnosis), notes, exit }
}
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(dir, name), content)
  return join(dir, name)
}
const QUIET = '[    0.5] usb 1-1: new high-speed USB device\n<6>[    0.6] eth0: link up\n'
const BROKEN = `${QUIET}[    9.1] EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0\n`

describe('node diagnose', () => {
  it('gives no clean bill to what is no kernel log', async () => {
    const { files, notes, exit } = await run(
      file('noise', Buffer.from([0, 255, 10, 13, 10, 127, 10])),
      file('app', '2026-11-23 10:00:00 INFO main: started\nhello\n'),
      file('good', QUIET),
    )
    expect(files.map(({ recognised, problems }) => [recognised, problems.length])).toEqual([
      [0, 0],
      [0, 0],
      [2, 0],
    ])
    expect(notes.map((note) => /none of (\d+) lines was recognized/.exec(note)?.[1])).toEqual(['3', '2'])
    expect(exit).toBe(6)
    expect(await run(file('empty', ''))).toMatchObject({ exit: 6, files: [{ lines: 0, recognised: 0 }] })
    expect(await run(file('good', QUIET))).toMatchObject({ exit: 0, notes: [] })
  })

  it('knows the kernel in syslog and journals, and problems without anything around them', async () => {
    const texts = [
      'Nov 23 10:00:00 node1 kernel: eth0: link up\n',
      '{"MESSAGE":"eth0: link up","SYSLOG_IDENTIFIER":"kernel"}\n',
      BROKEN.replace(/^.*\] /gm, ''),
    ]
    for (const text of texts) expect(await run(file('one', text))).toMatchObject({ exit: 0, files: [{ recognised: 1 }] })
  })

  it('reads gzip, and says where it is broken', async () => {
    const packed = gzipSync(BROKEN)
    const plain = (await run(file('plain', BROKEN))).files[0]!
    expect(plain.problems).toHaveLength(1)
    expect((await run(file('plain', packed))).files[0]).toEqual(plain)
    await expect(run(file('torn.gz', packed.subarray(0, 40)))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })
})
