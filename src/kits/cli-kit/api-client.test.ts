import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CodedError, describeError, invalidInput } from '#core/kernel/errors.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { createApiClient } from './api-client.ts'

async function serve(handle: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ method: request.method, url: request.url, headers: request.headers, body })
    handle(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const abort = new AbortController()
  const clock = fakeClock()
  const client = (timeoutMs?: number) =>
    createApiClient({ address: () => ({ url, token: 'secret', from: { url: '' } }), language: 'zh-CN', clock, signal: abort.signal, timeoutMs })
  return {
    url,
    seen,
    abort,
    clock,
    client,
    async [Symbol.asyncDispose]() {
      abort.abort()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
const thrownBy = async (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('ApiClient', () => {
  it('asks as the user, in the language of the user', async () => {
    await using server = await serve((_, response) => json(response, 200, { a: 1 }))
    expect(await server.client().get('/x', { filter: ['a:eq:1', 'b:eq:2 &'], from: 5, none: undefined })).toEqual({ a: 1 })
    expect(server.seen[0]).toMatchObject({
      method: 'GET',
      url: '/api/v1/x?filter=a%3Aeq%3A1&filter=b%3Aeq%3A2+%26&from=5',
      headers: { authorization: 'Bearer secret', 'accept-language': 'zh-CN' },
    })
  })
  it('sends JSON and takes an empty answer', async () => {
    await using server = await serve((_, response) => void response.writeHead(204).end())
    expect(await server.client().send('PUT', '/x', { b: [2] })).toBeUndefined()
    expect(server.seen[0]).toMatchObject({ method: 'PUT', body: '{"b":[2]}', headers: { 'content-type': 'application/json' } })
  })
  it("throws the server's own errors with their details and problems", async () => {
    const errors = [new CodedError('PORT_IN_USE', { port: 7070, host: 'h' }), invalidInput([{ path: 'a', message: 'b', suggestion: 'c' }])]
    let next = 0
    await using server = await serve((_, response) => json(response, 400, { error: { ...describeError(errors[next++]!, 'en'), request: 'r' } }))
    for (const error of errors)
      expect(await thrownBy(server.client().get('/x'))).toMatchObject({ code: error.code, details: error.details, problems: error.problems })
  })
  it.each([
    [502, '<html>', 'UNREACHABLE'],
    [401, '', 'UNAUTHENTICATED'],
    [404, '{"error":{"code":"NEW_CODE"}}', 'UNREACHABLE'],
    [200, '{"cut', 'UNREACHABLE'],
    [302, '', 'UNREACHABLE'],
  ])('an answer %s %s that is not ours is %s', async (status, body, code) => {
    await using server = await serve((_, response) => void response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(body))
    expect(await thrownBy(server.client().get('/x'))).toMatchObject({ code })
    expect(server.seen.length).toBe(1)
  })
  it('says when nobody listens, and when nobody answers', async () => {
    const gone = await serve(() => {})
    await gone[Symbol.asyncDispose]()
    expect(
      await thrownBy(
        createApiClient({
          address: () => ({ url: gone.url, from: { url: '' } }),
          language: 'en',
          clock: fakeClock(),
          signal: new AbortController().signal,
        }).get('/x'),
      ),
    ).toMatchObject({
      code: 'UNREACHABLE',
      details: { what: gone.url, reason: 'ECONNREFUSED' },
    })
    await using silent = await serve(() => {})
    expect(await thrownBy(silent.client(50).get('/x'))).toMatchObject({ code: 'TIMED_OUT' })
  })
})

const next = (events: AsyncIterable<unknown>) => events[Symbol.asyncIterator]().next()

describe('server-sent events', () => {
  const events = async (pieces: (string | Buffer)[]) => {
    await using server = await serve(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const piece of pieces) {
        response.write(piece)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      response.write('event: end\ndata: 0\n\n')
    })
    const got: unknown[] = []
    for await (const message of server.client().events('/live')) {
      if (message.event === 'end') break
      got.push(message)
    }
    return got
  }
  it('reads them however they are cut', async () => {
    const text = Buffer.from(': open\r\n\r\nevent: tick\r\ndata: {"名":\r\ndata: "值"}\r\nid: 7\r\n\r\ndata:[1]\n\nevent: empty\n\n')
    const expected = [
      { event: 'tick', data: { 名: '值' } },
      { event: 'message', data: [1] },
    ]
    expect(await events([text])).toMatchObject(expected)
    expect(await events([...text].map((byte) => Buffer.from([byte])))).toMatchObject(expected)
  })
  it('connects again with the id of the last event, and stops when asked to', async () => {
    let connection = 0
    await using server = await serve((_, response) => {
      connection++
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`id: ${connection}\ndata: ${connection}\n\n`)
    })
    const got: number[] = []
    const reading = (async () => {
      for await (const { data } of server.client().events<number>('/live')) {
        got.push(data)
        if (data === 3) server.abort.abort()
      }
    })()
    while (got.length < 3) {
      await server.clock.advance(10_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await reading
    expect(got).toEqual([1, 2, 3])
    expect(server.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '2'])
  })
  it('gives up where the server refuses, and when it was never there', async () => {
    await using server = await serve((_, response) =>
      json(response, 403, { error: describeError(new CodedError('FORBIDDEN', { verb: 'get', resource: 'x' }), 'en') }),
    )
    expect(await thrownBy(next(server.client().events('/live')))).toMatchObject({ code: 'FORBIDDEN' })
    await using broken = await serve((_, response) => void response.writeHead(503).end())
    expect(await thrownBy(next(broken.client().events('/live')))).toMatchObject({ code: 'UNREACHABLE' })
  })
})
