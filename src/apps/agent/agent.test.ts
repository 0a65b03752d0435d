import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CodedError, type Problem } from '#core/kernel/errors.ts'
import { lockFolder } from '#edges/host/folder-lock.ts'
import { agentConfig } from './config.ts'
import { createSender } from './send.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-agent-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const problemsOf = async (promise: Promise<unknown>): Promise<readonly Problem[]> => {
  try {
    await promise
  } catch (error) {
    return (error as CodedError).problems
  }
  return []
}

describe('configuration', () => {
  it('lays flags over the file', async () => {
    writeFileSync(join(folder, 'token'), ' secret\n')
    writeFileSync(join(folder, 'agent.yaml'), 'server: https://a.example\nsources:\n  - path: /var/log/a.log\n    labels: { team: shop }\n')
    const config = await agentConfig(
      { config: join(folder, 'agent.yaml'), tokenFile: join(folder, 'token'), data: folder, file: ['/var/log/b:c.log', '/var/log/d.log:combined'] },
      {},
    )
    expect(config.server).toBe('https://a.example')
    expect(config.token()).toBe('secret')
    expect(config.sources.map(({ path, format, labels }) => ({ path, format, labels }))).toEqual([
      { path: '/var/log/a.log', format: undefined, labels: { team: 'shop' } },
      { path: '/var/log/b', format: 'c.log', labels: {} },
      { path: '/var/log/d.log', format: 'combined', labels: {} },
    ])
  })

  it('names every problem at once, with its line', async () => {
    writeFileSync(
      join(folder, 'agent.yaml'),
      'server: ftp://x\nlisten: 0.0.0.0:80\nsources:\n  - path: /a\n    formt: json\n  - path: /b\n    labels:\n      cluster: other\n    from: middle\n',
    )
    const problems = await problemsOf(agentConfig({ config: join(folder, 'agent.yaml'), data: folder }, {}))
    expect(problems.map(({ path, line, suggestion }) => [path, line, suggestion])).toEqual(
      expect.arrayContaining([
        ['server', 1, undefined],
        ['listen', 2, undefined],
        ['sources[0].formt', 5, 'format'],
        ['sources[1].labels', 7, undefined],
        ['sources[1].from', 9, undefined],
        ['tokenFile', undefined, undefined],
      ]),
    )
  })

  it('wants a file to follow', async () => {
    const named = join(folder, 'named.yaml')
    writeFileSync(named, `data: ${folder}/own\nsources: [{path: /a}]\n`)
    expect(await agentConfig({ config: named, defaultData: '/nowhere' }, { SALLYPORT_TOKEN: 'x' })).toMatchObject({ data: `${folder}/own` })
    expect((await problemsOf(agentConfig({ data: folder }, { SALLYPORT_TOKEN: 'x' }))).map(({ path }) => path)).toEqual(['sources'])
  })
})

describe('sending', () => {
  let server: Server
  let answer: (request: IncomingMessage, body: Buffer) => { status: number; headers?: Record<string, string>; body?: string }
  let url: URL
  beforeEach(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const { status, headers, body } = answer(request, Buffer.concat(chunks))
        response.writeHead(status, headers).end(body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(() => server.close())
  const send = () =>
    createSender({ server: url, token: () => 't', timeoutMs: 1000 })(
      { id: 'i', source: '/a b', format: 'json', labels: { x: 'ü,=' }, bytes: Buffer.from('one\n') },
      new AbortController().signal,
    )

  it('says who, what and which', async () => {
    let seen: unknown
    answer = ({ url: path, headers }, body) => {
      seen = [
        path,
        headers.authorization,
        headers['sallyport-batch'],
        headers['sallyport-source'],
        headers['sallyport-format'],
        headers['sallyport-labels'],
        `${body}`,
      ]
      return { status: 200 }
    }
    expect(await send()).toEqual({ outcome: 'taken' })
    expect(seen).toEqual(['/api/v1/ingest/lines', 'Bearer t', 'i', '%2Fa%20b', 'json', 'x=%C3%BC%2C%3D', 'one\n'])
  })

  it.each([
    [400, { outcome: 'refused', reason: '400 INVALID_INPUT' }],
    [413, { outcome: 'refused', reason: '413 INVALID_INPUT' }],
    [401, { outcome: 'later', reason: '401 INVALID_INPUT' }],
    [422, { outcome: 'later', reason: '422 INVALID_INPUT' }],
    [429, { outcome: 'later', reason: '429 INVALID_INPUT', afterMs: 7000 }],
    [507, { outcome: 'later', reason: '507 INVALID_INPUT', afterMs: 7000 }],
  ])('%s', async (status, outcome) => {
    answer = () => ({ status, headers: status === 429 || status === 507 ? { 'retry-after': '7' } : undefined, body: '{"error":{"code":"INVALID_INPUT"}}' })
    expect(await send()).toEqual(outcome)
  })

  it('tries again later when nobody answers', async () => {
    await new Promise((resolve) => server.close(resolve))
    expect(await send()).toMatchObject({ outcome: 'later', reason: 'ECONNREFUSED' })
  })
})

describe('the process', () => {
  it('ends when its parent goes away, and keeps its folder to itself while it runs', async () => {
    writeFileSync(join(folder, 'token'), 'x')
    writeFileSync(join(folder, 'a.log'), '')
    const args = [
      join(import.meta.dirname, 'main.ts'),
      '--server',
      'http://127.0.0.1:1',
      '--token-file',
      join(folder, 'token'),
      '--data',
      folder,
      '--file',
      join(folder, 'a.log'),
    ]
    const child = spawn(process.execPath, [...args, '--parent-watch'], { stdio: ['pipe', 'ignore', 'pipe'] })
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    await new Promise((resolve) => child.stderr.once('data', resolve))
    expect(() => lockFolder(join(folder, 'agent'))).toThrow(CodedError)
    child.stdin.end()
    expect(await ended).toBe(0)
    lockFolder(join(folder, 'agent'))()
  })
})
