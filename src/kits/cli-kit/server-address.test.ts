import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataFolderOf, findServer } from './server-address.ts'

function folder(files: Record<string, string> = {}) {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}
const LOCAL = { 'server.json': '{"url":"http://127.0.0.1:7070"}', 'cli-token': 'local\n' }

describe('findServer', () => {
  it('finds the server of this machine and its token', () => {
    using data = folder(LOCAL)
    expect(findServer({ dataFolder: data.path }, {})).toMatchObject({ url: 'http://127.0.0.1:7070', token: 'local' })
  })
  it('never sends the token of this machine to another server', () => {
    using data = folder(LOCAL)
    expect(findServer({ dataFolder: data.path, server: 'https://evil.example/' }, {}).token).toBeUndefined()
    expect(findServer({ dataFolder: data.path, server: 'http://127.0.0.1:7070/' }, {}).token).toBe('local')
  })
  it('flags come before the environment, and that before the folder', () => {
    using data = folder({ ...LOCAL, file: 'from-file' })
    const env = { SALLYPORT_SERVER: 'https://env.example/base/', SALLYPORT_TOKEN: 'env' }
    expect(findServer({ dataFolder: data.path }, env)).toEqual({
      url: 'https://env.example/base',
      token: 'env',
      from: { url: 'SALLYPORT_SERVER', token: 'SALLYPORT_TOKEN' },
    })
    expect(findServer({ dataFolder: data.path, server: 'http://flag.example', tokenFile: join(data.path, 'file') }, env)).toMatchObject({
      url: 'http://flag.example',
      token: 'from-file',
    })
  })
  it.each([
    ['NO_SERVER', {}, {}],
    ['FILE_UNREADABLE', { 'server.json': '{}' }, {}],
    ['FILE_UNREADABLE', { 'server.json': LOCAL['server.json'] }, {}],
    ['USAGE', {}, { SALLYPORT_SERVER: 'ftp://x' }],
    ['USAGE', {}, { SALLYPORT_SERVER: 'nonsense' }],
  ])('says %s', (code, files, env) => {
    using data = folder(files as Record<string, string>)
    expect(() => findServer({ dataFolder: data.path }, env)).toThrow(expect.objectContaining({ code }))
  })
})

describe('dataFolderOf', () => {
  it('is where the option, the environment or the XDG rules say', () => {
    expect(dataFolderOf('/a/../b', { SALLYPORT_DATA: '/c' })).toBe('/b')
    expect(dataFolderOf(undefined, { SALLYPORT_DATA: '/c', XDG_DATA_HOME: '/x' })).toBe('/c')
    expect(dataFolderOf(undefined, { XDG_DATA_HOME: '/x', HOME: '/h' })).toBe('/x/sallyport')
    expect(dataFolderOf(undefined, { HOME: '/h' })).toBe('/h/.local/share/sallyport')
  })
})
