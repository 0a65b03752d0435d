import { describe, expect, it } from 'vitest'
import { fakeStream } from '#test/fakes/terminal.ts'
import { FORMATS, type Format } from './door.ts'
import { type Column, printData } from './printers.ts'
import { truncate, widthOf } from './terminal.ts'

interface Row {
  path: string
  requests: number
  p99?: number
  state: 'ok' | 'error'
}
const columns: Column<Row>[] = [
  { header: 'PATH', value: (row) => row.path, flexible: true },
  { header: 'REQUESTS', value: (row) => row.requests, align: 'right' },
  { header: 'P99', value: (row) => row.p99, align: 'right', wide: true },
  { header: 'STATE', value: (row) => row.state, tone: (row) => row.state },
]
const rows: Row[] = [
  { path: '/api/商品/很长的路径/详情', requests: 12345, p99: 0.25, state: 'ok' },
  { path: '/cart\u001b[31m\nx', requests: 7, state: 'error' },
]

async function print(
  output: Format,
  terminal: { columns?: number; color?: boolean; headers?: boolean; language?: 'en' | 'zh-CN'; rows?: Row[]; unicode?: boolean } = {},
) {
  const out = fakeStream(terminal.columns)
  const notes: string[] = []
  const context = {
    out,
    note: (line: string) => void notes.push(line),
    tty: out.isTTY,
    color: terminal.color ?? false,
    columns: terminal.columns ?? 80,
    unicode: terminal.unicode ?? true,
    language: terminal.language ?? 'en',
  } as const
  await printData(context, { output, headers: terminal.headers }, { rows: terminal.rows ?? rows }, { rows: (value) => value.rows, columns })
  return { text: out.text(), notes }
}

describe('printData', () => {
  it.each(FORMATS)('%s to a pipe: whole, without color', async (format) => {
    expect((await print(format)).text).toMatchSnapshot()
  })
  it('a narrow terminal cuts what is flexible, in columns and not in letters', async () => {
    const { text } = await print('table', { columns: 36 })
    expect(text).toMatchSnapshot()
    for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(36)
  })
  it('says what is cut in ASCII where there is nothing else', async () => {
    expect(
      (await print('table', { columns: 36, unicode: false, rows: [{ path: '/a-path-that-is-too-long-for-this', requests: 1, state: 'ok' }] })).text,
    ).toMatchSnapshot()
  })
  it('colors a terminal with its own 16 colors', async () => {
    expect((await print('table', { columns: 80, color: true })).text).toMatchSnapshot()
  })
  it('leaves out headers', async () => {
    expect((await print('table', { headers: false })).text).toMatchSnapshot()
  })
  it.each(['en', 'zh-CN'] as const)('says in %s on stderr that nothing was found, and nothing on stdout', async (language) => {
    const { text, notes } = await print('table', { rows: [], language })
    expect(text).toBe('')
    expect(notes).toEqual([language === 'en' ? 'Nothing found.' : '没有结果。'])
  })
  it('prints what machines read even when there is nothing', async () => {
    expect(JSON.parse((await print('json', { rows: [] })).text)).toEqual({ rows: [] })
    expect((await print('ndjson', { rows: [] })).text).toBe('')
  })
})

describe('truncate', () => {
  it('never splits a letter that is made of several', () => {
    expect(truncate('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 5)).toBe('👩‍👩‍👧‍👦👩‍👩‍👧‍👦…')
    expect(truncate('中文字', 4)).toBe('中…')
    expect(truncate('abc', 3)).toBe('abc')
  })
})
