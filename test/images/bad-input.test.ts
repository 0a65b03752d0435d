/** What registries must not do and do: each image fails by itself, with side, code and cause, and the rest goes on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OCI_INDEX, OCI_MANIFEST, sha256 } from '#test/builders/images.ts'
import { runImages } from '#test/builders/run-images.ts'

type Twist = (request: IncomingMessage, answer: ServerResponse) => boolean

/** A registry in memory that keeps what it is given, also under wrong names. */
async function memoryRegistry(twist: Twist = () => false) {
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, { type: string; bytes: Buffer }>()
  const server = createServer(async (request, answer) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    if (twist(request, answer)) return
    const url = new URL(request.url!, 'http://x')
    const end = (status: number, headers: Record<string, string> = {}, bytes?: Buffer) => {
      answer.writeHead(status, { ...headers, ...(bytes ? { 'content-length': String(bytes.length) } : {}) })
      answer.end(request.method === 'HEAD' ? undefined : bytes)
    }
    const [, repository, kind, name] = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags|referrers)\/(.*)$/.exec(url.pathname) ?? []
    if (kind === 'blobs/uploads' && request.method === 'POST') return end(202, { location: `/v2/${repository}/blobs/uploads/1` })
    if (kind === 'blobs/uploads' && request.method !== 'PUT') return end(204)
    if (kind === 'blobs/uploads') {
      blobs.set(url.searchParams.get('digest')!, body)
      return end(201)
    }
    if (kind === 'blobs') return blobs.has(name!) ? end(200, {}, blobs.get(name!)) : end(404)
    if (kind === 'tags') return end(200, { 'content-type': 'application/json' }, Buffer.from('{"tags":[]}'))
    if (kind === 'manifests' && request.method === 'PUT') {
      manifests.set(`${repository}/${name}`, { type: request.headers['content-type']!, bytes: body })
      manifests.set(`${repository}/${sha256(body)}`, { type: request.headers['content-type']!, bytes: body })
      return end(201)
    }
    const found = kind === 'manifests' ? manifests.get(`${repository}/${name}`) : undefined
    return found ? end(200, { 'content-type': found.type, 'docker-content-digest': name!.includes(':') ? name! : sha256(found.bytes) }, found.bytes) : end(404)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    manifests,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
type Memory = Awaited<ReturnType<typeof memoryRegistry>>

let source: Memory
let target: Memory
let data: string

const refuse = (answer: ServerResponse, status: number, code: string, message: string): true => {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ code, message }] }))
  return true
}
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sallyport-bad-'))
  source = await memoryRegistry(({ url }, answer) => url!.includes('/secret/') && refuse(answer, 403, 'DENIED', 'not for you'))
  target = await memoryRegistry(({ url, method }, answer) => {
    if (url!.includes('/closed/') && method !== 'GET' && method !== 'HEAD') return refuse(answer, 403, 'DENIED', 'no pushing here')
    if (url!.includes('/picky/manifests/') && method === 'PUT') return refuse(answer, 415, 'MANIFEST_INVALID', 'media type is not supported')
    if (url!.includes('/full/blobs/uploads/1') && method === 'PUT') return refuse(answer, 500, 'UNKNOWN', 'write /var/lib/x: no space left on device')
    return false
  })
})
afterAll(() => {
  source?.close()
  target?.close()
  rmSync(data, { recursive: true, force: true })
})

const blob = (text: string, size?: number) => {
  const bytes = Buffer.from(text)
  source.blobs.set(sha256(bytes), bytes)
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: sha256(bytes), size: size ?? bytes.length }
}
function put(repository: string, tag: string, document: object | string, type = OCI_MANIFEST) {
  const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))
  for (const name of [tag, sha256(bytes)]) source.manifests.set(`${repository}/${name}`, { type, bytes })
  return { mediaType: type, digest: sha256(bytes), size: bytes.length }
}
const image = (...layers: object[]) => ({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob('{}'), layers })
const index = (...manifests: object[]) => ({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })

it('names side, code and cause of each, copies the rest, keeps nothing wrong and exits with 6', { timeout: 60_000 }, async () => {
  const good = image(blob('good'))
  put('a/good', 'v', good)
  put('a/long', 'v', image(blob('longer than it says', 3)))
  put('a/short', 'v', image(blob('shorter than it says', 3000)))
  const forged = blob('what was signed')
  source.blobs.set(forged.digest, Buffer.from('what was forged'))
  put('a/forged', 'v', image(forged))
  put('a/child', 'v', index({ ...put('a/child', 'x', good), size: 7 }), OCI_INDEX)
  let deep: object = put('a/deep', 'x', good)
  for (let i = 0; i < 10; i++) deep = put('a/deep', 'v', index(deep), OCI_INDEX)
  // No index can hold its own digest, but a registry can pretend so.
  const loop = `sha256:${'1'.repeat(64)}`
  const looping = Buffer.from(JSON.stringify(index({ mediaType: OCI_INDEX, digest: loop, size: 1 })))
  source.manifests.set(`a/loop/${loop}`, { type: OCI_INDEX, bytes: looping })
  put('a/loop', 'v', index({ mediaType: OCI_INDEX, digest: loop, size: looping.length }), OCI_INDEX)
  put('a/text', 'v', 'no manifest at all')
  put('secret/x', 'v', good)
  for (const repository of ['a/closed', 'a/picky', 'a/full']) put(repository, 'v', image(blob(`layer of ${repository}`)))

  const names = ['good', 'long', 'short', 'forged', 'child', 'deep', 'loop', 'text', 'picky', 'full', 'gone']
  const rules = [
    ...names.map((name) => ({ from: `${source.host}/a/${name}:v`, to: `${target.host}/m/${name}:v` })),
    { from: `${source.host}/secret/x:v`, to: `${target.host}/m/secret:v` },
    { from: `${source.host}/a/closed:v`, to: `${target.host}/m/closed/x:v` },
  ]
  const spec = join(data, 'rules.yaml')
  writeFileSync(spec, JSON.stringify({ copy: rules }))
  const { exit, report } = await runImages(['copy', '--spec', spec, '--retries', '2', '-o', 'json'], data)
  expect(exit).toBe(6)
  expect(report.items).toHaveLength(rules.length)
  const of = (name: string) => report.items.find(({ source: from }) => from.includes(`/${name}`))!
  expect(of('a/good')).toMatchObject({ outcome: 'copied' })
  const expected: Record<string, [side: string, code: string]> = {
    'a/long': ['source', 'SIZE_MISMATCH'],
    'a/short': ['source', 'SIZE_MISMATCH'],
    'a/forged': ['source', 'DIGEST_MISMATCH'],
    'a/child': ['source', 'SIZE_MISMATCH'],
    'a/deep': ['source', 'IMAGE_TOO_DEEP'],
    'a/loop': ['source', 'DIGEST_MISMATCH'],
    'a/text': ['source', 'MANIFEST_INVALID'],
    'a/gone': ['source', 'NOT_FOUND'],
    'secret/x': ['source', 'REGISTRY_UNAUTHORIZED'],
    'a/closed': ['target', 'REGISTRY_UNAUTHORIZED'],
    'a/picky': ['target', 'MANIFEST_REFUSED'],
    'a/full': ['target', 'TARGET_FULL'],
  }
  const failures = Object.fromEntries(Object.keys(expected).map((name) => [name, [of(name).failure?.side, of(name).failure?.code]]))
  expect(failures).toEqual(expected)
  expect(of('a/picky').failure!.message).toContain(OCI_MANIFEST)
  expect(of('a/full').failure!.message).toContain('no space left')
  expect(report.totals).toMatchObject({ copied: 1, failed: 12 })
  for (const [digest, bytes] of target.blobs) expect(sha256(bytes)).toBe(digest)
  expect([...target.manifests.keys()].filter((key) => key.endsWith('/v'))).toEqual(['m/good/v'])
})

it('refuses rules that write one target twice and keys that it does not know, all at once, and copies nothing', async () => {
  const spec = join(data, 'bad.yaml')
  writeFileSync(
    spec,
    `copy:\n  - form: ${source.host}/a/good:v\n    to: ${target.host}/n/a:v\n  - from: ${source.host}/a/good\n    to: ${target.host}/n/b\n    tagz: [v]\n`,
  )
  const unknown = await runImages(['copy', '--spec', spec], data)
  expect(unknown.exit).toBe(2)
  expect(unknown.stderr).toMatch(/form.*from/s)
  expect(unknown.stderr).toMatch(/tagz.*tags/s)
  const twice = ['good', 'long'].map((name) => ({ from: `${source.host}/a/${name}:v`, to: `${target.host}/n/same:v` }))
  writeFileSync(spec, JSON.stringify({ copy: twice }))
  const overlapping = await runImages(['copy', '--spec', spec], data)
  expect(overlapping.exit).toBe(2)
  expect(overlapping.stderr).toContain('n/same')
  expect([...target.manifests.keys()].some((key) => key.startsWith('n/'))).toBe(false)
})
