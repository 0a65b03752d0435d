import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { outbound } from './send.ts'

const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url} ${request.headers['x-mark'] ?? ''}`)
  if (request.url === '/slow') return
  if (request.url === '/away') return void response.writeHead(302, { location: '/secret' }).end()
  response.end('x'.repeat(10_000))
})
let port = 0
const allowed: string[] = []
const edge = outbound(() => allowed)
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as { port: number }).port
})
afterAll(async () => {
  await edge.close()
  server.closeAllConnections()
  server.close()
})
const get = (url: string, timeoutMs = 5_000) => edge.send({ method: 'GET', url, timeoutMs, maxBytes: 100 })

describe('outbound', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '2130706433',
    '0.0.0.0',
    '0x7f.1',
    '169.254.169.254',
    '[fe80::1]',
  ])('refuses %s, whatever it is called', async (host) => {
    const before = asked.length
    expect(await get(`http://${host}:${port}/`)).toMatchObject({ ok: false, error: expect.stringContaining('of the server itself') })
    expect(asked.length).toBe(before)
  })

  it('reaches what the settings allow, on that port only, reads so much and follows no redirect', async () => {
    allowed.push(`127.0.0.1:${port}`)
    expect(await get(`http://127.0.0.1:${port}/a`)).toEqual({ ok: true, value: { status: 200, body: 'x'.repeat(100) } })
    expect(await get(`http://127.0.0.1:${port}/away`)).toMatchObject({ ok: true, value: { status: 302 } })
    expect(asked.some((line) => line.includes('/secret'))).toBe(false)
    expect(await get(`http://127.0.0.1:${port + 1}/`)).toMatchObject({ ok: false, error: expect.stringContaining('of the server itself') })
    expect(await get(`http://localhost:${port}/`)).toMatchObject({ ok: false })
    expect(await get(`http://127.0.0.1:${port}/slow`, 200)).toEqual({ ok: false, error: 'no answer within 0.2 s' })
    expect(await get('file:///etc/passwd')).toMatchObject({ ok: false })
  })
})
