/**
 * A registry that keeps what it received of a request that broke, as distribution-spec 1.1 has it ("Pushing a blob in chunks": an upload that was interrupted
 * is asked for its Range and goes on from there). docker-registry 2.8 does not. A process of its own, so that it can be killed.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RegistryProcess } from './docker-registry.ts'

export async function startKeepingRegistry(under = tmpdir()): Promise<RegistryProcess> {
  const root = mkdtempSync(join(under, 'sallyport-keeping-'))
  let port = '0'
  const start = async () => {
    const child = spawn(process.execPath, [import.meta.filename, root, port], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(child.stdout!, 'data')) as [Buffer]
    port = said.toString().trim()
    return child
  }
  let child = await start()
  const stop = async (signal: NodeJS.Signals) => {
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    host: `127.0.0.1:${port}`,
    root,
    async restart(signal = 'SIGTERM') {
      await stop(signal)
      child = await start()
    },
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

if (import.meta.main) {
  const [root, port] = process.argv.slice(2) as [string, string]
  for (const folder of ['blobs', 'uploads', 'manifests']) mkdirSync(join(root, folder), { recursive: true })
  const nameOf = (...parts: string[]) => parts.map(encodeURIComponent).join('@')
  /** Who writes to a session; the newest wins. */
  const writers = new Map<string, IncomingMessage>()
  let sessions = Date.now()

  const sizeOf = (path: string) => (existsSync(path) ? statSync(path).size : 0)
  const stand = (answer: ServerResponse, status: number, repository: string, session: string) => {
    const size = sizeOf(join(root, 'uploads', session))
    answer.writeHead(status, { location: `/v2/${repository}/blobs/uploads/${session}`, range: `0-${Math.max(0, size - 1)}` }).end()
  }
  async function receive(request: IncomingMessage, session: string): Promise<void> {
    writers.get(session)?.socket.destroy()
    writers.set(session, request)
    for await (const part of request as AsyncIterable<Uint8Array>) {
      if (writers.get(session) !== request) throw new Error('another one writes')
      appendFileSync(join(root, 'uploads', session), part)
    }
    // It has ended: its connection may carry the next request of this session.
    writers.delete(session)
  }
  async function handle(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://registry')
    const [, repository = '', kind, rest = ''] = /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs|tags)\/(.*)$/.exec(url.pathname) ?? []
    const { method } = request
    if (kind === 'blobs/uploads') {
      if (method === 'POST') {
        const session = `s${++sessions}`
        writeFileSync(join(root, 'uploads', session), '')
        return stand(answer, 202, repository, session)
      }
      const file = join(root, 'uploads', rest)
      if (!existsSync(file)) return void answer.writeHead(404).end()
      if (method === 'GET') return stand(answer, 204, repository, rest)
      const from = /^(\d+)-/.exec(String(request.headers['content-range'] ?? ''))?.[1]
      if (from !== undefined && Number(from) !== sizeOf(file)) return void answer.writeHead(416).end()
      await receive(request, rest)
      if (method === 'PATCH') return stand(answer, 202, repository, rest)
      const running = createHash('sha256')
      for await (const part of createReadStream(file)) running.update(part as Uint8Array)
      const digest = `sha256:${running.digest('hex')}`
      if (digest !== url.searchParams.get('digest')) return void answer.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}')
      renameSync(file, join(root, 'blobs', nameOf(digest)))
      return void answer.writeHead(201).end()
    }
    const file = join(root, kind === 'manifests' ? join('manifests', nameOf(repository, rest)) : join('blobs', nameOf(rest)))
    if (kind === 'manifests' && method === 'PUT') {
      const parts: Uint8Array[] = []
      for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part)
      const bytes = Buffer.concat(parts)
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      for (const reference of [rest, digest]) writeFileSync(join(root, 'manifests', nameOf(repository, reference)), bytes)
      return void answer.writeHead(201, { 'docker-content-digest': digest }).end()
    }
    if (kind === undefined || kind === 'tags' || !existsSync(file)) return void answer.writeHead(404).end()
    const headers: Record<string, string> = { 'content-length': String(statSync(file).size) }
    if (kind === 'manifests') {
      const bytes = readFileSync(file)
      headers['docker-content-digest'] = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      headers['content-type'] = (JSON.parse(bytes.toString()) as { mediaType: string }).mediaType
    }
    answer.writeHead(200, headers)
    if (method === 'HEAD') answer.end()
    else createReadStream(file).pipe(answer)
  }
  const server = createServer((request, answer) => {
    handle(request, answer).catch(() => request.socket.destroy())
  })
  server.listen(Number(port), '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
}
