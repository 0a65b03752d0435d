import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openJournal } from './journal-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-journal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('knows a run that did not come to its end, also when nothing big was under way', () => {
  const path = join(folder, 'a.journal')
  expect(openJournal(path).begin()).toBe(false)
  // It was killed here.
  const second = openJournal(path)
  expect(second.begin()).toBe(true)
  // Some of it failed.
  second.close()
  const third = openJournal(path)
  expect(third.begin()).toBe(true)
  third.end()
  third.close()
  expect(existsSync(path)).toBe(false)
})

it('is not made by who only reads', () => {
  const path = join(folder, 'b.journal')
  openJournal(path).close()
  expect(existsSync(path)).toBe(false)
})
