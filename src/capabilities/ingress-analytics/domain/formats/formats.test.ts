import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBlockBuilder } from '../rows/columns.ts'
import { createLineReader } from '../rows/read-lines.ts'
import { createRejects } from '../rows/rejects.ts'
import { createVocabulary } from '../rows/vocabulary.ts'
import { FORMATS, findFormat } from './catalog.ts'
import { detectFormat } from './detect.ts'
import type { LineFormat } from './line.ts'

const cases = join(import.meta.dirname, '../../../../../test/cases/access-logs')
const encode = (text: string) => new TextEncoder().encode(text)

/** All rows in order of the lines, as the API would show them. */
function rowsOf(bytes: Uint8Array, format: LineFormat | undefined = detectFormat(bytes)) {
  const plain = new Uint8Array(bytes)
  const run = { format, earliest: 0, latest: Number.POSITIVE_INFINITY, rejects: createRejects(), accepted: 0 }
  const builder = createBlockBuilder()
  builder.begin({ cluster: 'c', source: 'file', receivedAt: 0, vocabulary: createVocabulary({ country: (client) => (client.startsWith('192.') ? 'NL' : '') }) })
  createLineReader().read(run, plain, new DataView(plain.buffer), 0, plain.length, builder)
  return { rows: builder.finish().latest.reverse(), rejects: run.rejects, format: format?.name }
}
const rowsOfCase = (name: string) => rowsOf(readFileSync(join(cases, name)))
const at = (iso: string) => Date.parse(iso)

describe('formats', () => {
  it('reads upstreaminfo with retries, escapes, garbage and IPv6', () => {
    const { rows, rejects, format } = rowsOfCase('upstreaminfo.log')
    expect(format).toBe('upstreaminfo')
    expect(rejects.total).toBe(0)
    expect(rows[0]).toMatchObject({
      ts: at('2026-11-23T10:00:00Z'),
      client: '192.0.2.10',
      country: 'NL',
      method: 'GET',
      path: '/catalog/items/42',
      path_pattern: '/catalog/items/{id}',
      protocol: 'HTTP/2.0',
      status: 200,
      bytes_in: 431,
      bytes_out: 1534,
      referer: 'https://shop.example.com/',
      ua_family: 'Firefox',
      namespace: 'shop',
      service: 'catalog',
      route: 'shop/catalog',
      upstream_addr: '10.1.2.3:8080',
      upstream_status: 200,
      trace_id: '0123456789abcdef0123456789abcdef',
    })
    expect(rows[0]!.request_time).toBeCloseTo(0.012, 6)
    expect(rows[1]).toMatchObject({
      ts: at('2026-11-23T10:00:01Z'),
      client: '2001:db8::7',
      namespace: 'kube-system',
      service: 'order-api',
      upstream_addr: '10.1.2.5:8080',
      upstream_status: 502,
    })
    expect(rows[1]!.upstream_time).toBeCloseTo(1.5, 5) // all tries added
    expect(rows[2]).toMatchObject({
      method: '',
      path: '\\x16\\x03\\x01\\x02',
      path_pattern: '{invalid}',
      upstream_time: null,
      upstream_status: 0,
      upstream_addr: '',
      user_agent: '',
      route: 'file',
      trace_id: '',
    })
    expect(rows[3]).toMatchObject({ path: '/search/café', user_agent: 'say "hi" \\', status: 499, upstream_status: 0 })
  })

  it('reads combined and common', () => {
    const combined = rowsOfCase('combined.log')
    expect(combined.format).toBe('combined')
    expect(combined.rows[0]).toMatchObject({
      ts: at('2026-10-10T20:55:36Z'),
      referer: 'http://www.example.com/start.html',
      bytes_out: 2326,
      request_time: null,
      route: 'file',
    })
    expect(combined.rows[1]!.ua_family).toBe('Googlebot')
    const common = rowsOfCase('common.log')
    expect(common.format).toBe('common')
    expect(common.rows[1]).toMatchObject({ method: 'HEAD', bytes_out: 0, status: 301 })
  })

  it('reads JSON of nginx with escapes, nesting and other key names', () => {
    const { rows, format, rejects } = rowsOfCase('nginx.json.log')
    expect(format).toBe('json')
    expect(rejects.total).toBe(0)
    expect(rows[0]).toMatchObject({
      host: 'shop.example.com',
      route: 'prod/shop',
      ingress: 'shop',
      namespace: 'prod',
      path: '/a',
      user_agent: 'say "hi" café 😀',
      upstream_status: 200,
      trace_id: '0af7651916cd43dd8448eb211c80319c',
    })
    expect(rows[0]!.upstream_time).toBeCloseTo(0.12, 6)
    expect(rows[1]).toMatchObject({
      ts: at('2026-11-23T10:00:01.250Z'),
      method: 'POST',
      path: '/b',
      status: 201,
      bytes_out: 7,
      request_time: 0.5,
      user_agent: '',
      route: 'b.example.com',
    })
  })

  it('reads Envoy, whose times are ms and begin the request', () => {
    const text = rowsOfCase('envoy.log')
    expect(text.format).toBe('envoy')
    expect(text.rows[0]).toMatchObject({
      ts: at('2026-11-23T10:00:00.536Z'),
      client: '192.0.2.77',
      host: 'locations.example.com',
      bytes_in: 154,
      bytes_out: 7,
      trace_id: 'cc21d9b0cf5c432b8c7e98aeb7988cd2',
    })
    expect(text.rows[0]!.request_time).toBeCloseTo(0.226, 6)
    expect(text.rows[0]!.upstream_time).toBeCloseTo(0.1, 6)
    expect(text.rows[1]).toMatchObject({ status: 503, upstream_time: null, client: '', upstream_addr: '' })
    const json = rowsOfCase('envoy.json.log')
    expect(json.format).toBe('envoy-json')
    expect(json.rows[0]).toMatchObject({
      ts: at('2026-11-23T10:00:00.750Z'),
      client: '2001:db8::5',
      route: 'shop/catalog',
      ingress: 'catalog',
      namespace: 'shop',
      path_pattern: '/v1/items/{id}',
      bytes_out: 512,
    })
    expect(json.rows[0]!.request_time).toBeCloseTo(0.25, 6)
  })

  it('reads Traefik: ms in text, ns in JSON', () => {
    const text = rowsOfCase('traefik.log')
    expect(text.format).toBe('traefik')
    expect(text.rows[0]).toMatchObject({ ts: at('2026-11-23T10:00:02.500Z'), request_time: 2.5, path: '/cart' })
    const json = rowsOfCase('traefik.json.log')
    expect(json.format).toBe('traefik-json')
    expect(json.rows[0]).toMatchObject({
      ts: at('2026-11-23T10:00:02Z'),
      request_time: 1.5,
      client: '192.0.2.3',
      namespace: 'shop',
      service: 'cart',
      tls: 'TLSv1.3',
      upstream_addr: '10.0.4.7:8080',
      bytes_out: 312,
    })
  })

  it('takes lines out of what container runtimes put around them', () => {
    const cri = rowsOfCase('cri.log')
    expect(cri.rows.map((row) => row.path)).toEqual(['/a'])
    expect(cri.rejects.reasons).toEqual({ format: 1, partial: 1 })
    expect(rowsOfCase('docker.json.log').rows[0]!.path).toBe('/a"b')
  })

  it('compiles patterns, also a pasted directive, and names all that is missing', () => {
    const directive = `log_format shop escape=json '{"t":"$msec","s":$status,'\n '"u":"$request_uri","ms":"\${request_time_ms}","h":"$host"}';`
    const compiled = findFormat(directive)
    if (!compiled.ok) throw compiled.error
    const { rows } = rowsOf(encode('{"t":"1795428000.250","s":200,"u":"/x\\"y?z","ms":"12.5","h":"A.example"}\n'), compiled.value)
    expect(rows[0]).toMatchObject({ ts: 1795428000250, path: '/x"y', host: 'a.example', route: 'a.example' })
    expect(rows[0]!.request_time).toBeCloseTo(0.0125, 7)

    const broken = findFormat('$remote_addr$tme_local $sttus "$request"')
    expect(broken.ok).toBe(false)
    if (broken.ok) return
    expect(broken.error.problems).toHaveLength(3)
    expect(broken.error.problems.map((p) => p.suggestion)).toContain('status')
    const misspelt = findFormat('upstreminfo')
    expect(!misspelt.ok && misspelt.error.problems[0]!.suggestion).toBe('upstreaminfo')
  })

  it('compiles regular expressions with named groups, and names all that is missing', () => {
    const expression =
      '^(?P<time_iso8601>\\S+) (?:(?P<remote_addr>[0-9.]+)|v6 (?P<client>[0-9a-f:]+)) (?P<request_method>[A-Z]+) (?P<request_uri>\\S+) (?P<status>\\d{3})(?: (?P<request_time_ms>[0-9.]+)ms)?$'
    const compiled = findFormat(expression)
    if (!compiled.ok) throw compiled.error
    const text =
      '2026-11-23T10:00:00Z 192.0.2.1 GET /caf\u00e9?x=1 200 12.5ms\n2026-11-23T10:00:01Z v6 2001:db8::1 PUT /b\\x22 404\n2026-11-23T10:00:02Z 192.0.2.1 GET /c 20\n'
    const { rows, rejects } = rowsOf(encode(text), compiled.value)
    expect(rows).toMatchObject([
      { ts: at('2026-11-23T10:00:00Z'), client: '192.0.2.1', method: 'GET', path: '/caf\u00e9', status: 200 },
      { client: '2001:db8::1', method: 'PUT', path: '/b"', status: 404, request_time: null },
    ])
    expect(rows[0]!.request_time).toBeCloseTo(0.0125, 7)
    expect(rejects.reasons).toEqual({ format: 1 })

    const broken = findFormat('(?P<sttus>\\d+) (?P<tme_local>.*)')
    expect(!broken.ok && broken.error.problems.map((p) => p.suggestion ?? p.message)).toEqual([
      'time_local',
      'status',
      '(?P<request>\u2026) or (?P<request_uri>\u2026) is needed',
    ])
    for (const refused of ['(?P<status>\\d+', '(?P<status>(?:[a-z]{1,900}){1})(?:\\w{500}|\\d{800})']) expect(findFormat(refused).ok).toBe(false)
  })

  it('keeps an expression made to be slow within bounds', () => {
    const compiled = findFormat('(?P<request>(?:a?){80}(?:a*)*)b(?P<status>\\d+)')
    if (!compiled.ok) throw compiled.error
    const bytes = encode(`${`${'a'.repeat(60_000)}\n`.repeat(8)}aaab200\n`)
    const { rejects } = rowsOf(bytes, compiled.value)
    expect(rejects.reasons).toEqual({ format: 8, time: 1 })
  }, 20_000)

  it('detects nothing in what is no access log', () => {
    expect(detectFormat(encode('hello\nworld\n'))).toBeUndefined()
    expect(detectFormat(encode('{"level":"info","msg":"started"}\n'))).toBeUndefined()
    expect(detectFormat(new Uint8Array(0))).toBeUndefined()
  })

  it('names each format once', () => {
    expect(new Set(FORMATS.map((format) => format.name)).size).toBe(FORMATS.length)
  })
})
