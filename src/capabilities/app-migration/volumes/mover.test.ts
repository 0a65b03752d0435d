import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { receiver } from './receive.ts'
import { sendTree } from './send.ts'

let dir = ''
let server: Awaited<ReturnType<typeof receiver>>
const key = randomBytes(32)
const from = (...path: string[]) => join(dir, 'from', ...path)
const to = (...path: string[]) => join(dir, 'to', ...path)
const address = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
const send = (checksum = true) => sendTree(from(), address(), key, checksum)

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-mover-'))
  for (const path of [from(), to(), from('deep/er')]) mkdirSync(path, { recursive: true })
  server = await receiver(to(), key, 0, '127.0.0.1')
})
afterEach(() => {
  server.close()
  rmSync(dir, { recursive: true, force: true })
})

it('moves all of a volume, then only what changed, and proves it', async () => {
  const big = randomBytes(3_000_001)
  writeFileSync(from('big'), big)
  writeFileSync(from('deep/er/empty'), '')
  writeFileSync(from('deep/er/名前 with space'), 'x')
  chmodSync(from('deep/er/empty'), 0o4711)
  symlinkSync('../../outside', from('deep/link'))
  mkdirSync(from(`${'long'.repeat(40)}`))
  const first = await send()
  expect(first).toMatchObject({ bytes: big.length + 1, sentBytes: big.length + 1, removed: 0, changing: [] })
  expect(first.checksum!.source).toBe(first.checksum!.target)
  expect(readFileSync(to('big')).equals(big)).toBe(true)
  expect([lstatSync(to('deep/er/empty')).mode & 0o7777, readlinkSync(to('deep/link'))]).toEqual([0o4711, '../../outside'])

  expect(await send(false)).toMatchObject({ sentEntries: 0, sentBytes: 0 })
  appendFileSync(from('deep/er/empty'), 'more')
  rmSync(from('big'))
  mkdirSync(from('big'))
  rmSync(from('deep/link'))
  const second = await send()
  expect(second).toMatchObject({ sentBytes: 4, removed: 2 })
  expect(second.checksum!.source).toBe(second.checksum!.target)
})

it('finds by the checksum what size and time do not show', async () => {
  writeFileSync(from('a'), 'one')
  await send()
  const { mtime } = lstatSync(to('a'))
  writeFileSync(to('a'), 'two')
  const { utimesSync } = await import('node:fs')
  utimesSync(to('a'), mtime, lstatSync(from('a')).mtime)
  const { checksum } = await send()
  expect(checksum!.source).not.toBe(checksum!.target)
})

it('says when a file shrinks while it is read, and stays whole', async () => {
  writeFileSync(from('a'), randomBytes(40_000_000))
  writeFileSync(from('b'), 'b')
  const sending = send(false)
  truncateSync(from('a'), 10)
  const { changing } = await sending
  if (changing.length > 0) expect(changing).toEqual(['a'])
  expect(await send()).toMatchObject({ changing: [] })
  expect(lstatSync(to('a')).size).toBe(10)
})

it('is refused without the key, and writes nothing outside', async () => {
  await expect(sendTree(from(), address(), randomBytes(32), false)).rejects.toMatchObject({ code: 'UNREACHABLE' })
  mkdirSync(join(dir, 'victim'))
  symlinkSync(join(dir, 'victim'), to('deep'))
  writeFileSync(from('deep/er/x'), 'x')
  const { checksum } = await send()
  expect(checksum!.source).toBe(checksum!.target)
  expect(lstatSync(to('deep')).isDirectory()).toBe(true)
  expect(() => lstatSync(join(dir, 'victim/er'))).toThrow()
})
