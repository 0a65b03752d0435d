import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openAuth } from '#kits/server-kit/auth.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { serveConsole } from './console.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-console-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function server() {
  const clock = fakeClock()
  const http = await createHttp({ log: pino({ level: 'silent' }), clock, auth: await openAuth(folder, clock), version: '1' })
  http.get('/api/v1/thing', async () => ({}))
  await serveConsole(http, join(folder, 'console'))
  return http
}
const html = { accept: 'text/html', host: 'localhost' }

it('serves the page for every path of its router, assets for ever, and compressed when asked', async () => {
  await mkdir(join(folder, 'console/assets'), { recursive: true })
  await writeFile(join(folder, 'console/index.html'), '<title>page</title>')
  await writeFile(join(folder, 'console/icon.svg'), '<svg/>')
  await writeFile(join(folder, 'console/assets/main-abc123.js'), 'plain')
  await writeFile(join(folder, 'console/assets/main-abc123.js.br'), 'brotli')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  const http = await server()
  for (const url of ['/', '/ingress?from=1', '/login', '/settings/notifications']) {
    const page = await http.inject({ url, headers: html })
    expect([page.statusCode, page.body]).toEqual([200, '<title>page</title>'])
    expect(page.headers['cache-control']).toMatch(/max-age=0/)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
  }
  const asset = await http.inject({ url: '/assets/main-abc123.js', headers: { ...html, 'accept-encoding': 'br, gzip' } })
  expect([asset.body, asset.headers['content-encoding'], asset.headers['cache-control']]).toEqual(['brotli', 'br', 'public, max-age=31536000, immutable'])
  expect((await http.inject({ url: '/assets/main-abc123.js', headers: html })).body).toBe('plain')
  expect((await http.inject({ url: '/icon.svg', headers: html })).headers['content-type']).toBe('image/svg+xml')
  // What is no page stays an error, and nothing outside the folder is served.
  for (const url of ['/api/v1/none', '/assets/none.js', '/metrics/x', '/loki/x']) expect((await http.inject({ url, headers: html })).statusCode).toBe(404)
  expect((await http.inject({ url: '/api/v1/thing', headers: html })).statusCode).toBe(401)
  expect((await http.inject({ url: '/data.json', headers: { host: 'localhost', accept: 'application/json' } })).statusCode).toBe(404)
  expect((await http.inject({ method: 'POST', url: '/ingress', headers: html })).statusCode).toBe(404)
  for (const url of ['/assets/../../secret.txt', '/assets/%2e%2e/%2e%2e/secret.txt', '/..%2fsecret.txt'])
    expect((await http.inject({ url, headers: html })).body).not.toBe('secret')
  await http.close()
})

it('says that the console is not built', async () => {
  const http = await server()
  expect((await http.inject({ url: '/', headers: html })).json().error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('console') })
  await http.close()
})
