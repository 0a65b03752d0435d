import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CodedError, type Problem } from '#core/kernel/errors.ts'
import { MASK } from './secrets.ts'
import { openSettings, type SettingsFile } from './settings.ts'

const receivers = {
  schema: z.object({
    receivers: z
      .array(
        z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('webhook'), name: z.string(), url: z.url(), token: z.string().optional() }),
          z.object({ kind: z.literal('mail'), name: z.string(), to: z.string() }),
        ]),
      )
      .max(3),
    password: z.string().default(''),
  }),
  initial: { receivers: [] },
  secrets: ['receivers.*.token', 'password'],
  check: (value: { receivers: { name: string }[] }) =>
    value.receivers.flatMap(({ name }, i) =>
      value.receivers.findIndex((other) => other.name === name) < i ? [{ path: `receivers[${i}].name`, message: 'twice' }] : [],
    ),
}
const retention = { schema: z.object({ days: z.number().int().min(1), level: z.enum(['low', 'high']).default('low') }), initial: { days: 30 } }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-settings-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const file = () => join(folder, 'settings.yaml')
async function open() {
  const settings = await openSettings(folder)
  return { settings, retention: settings.section('retention', retention), receivers: settings.section('receivers', receivers) }
}
async function problemsOf(action: () => unknown): Promise<readonly Problem[]> {
  try {
    await action()
  } catch (error) {
    if (error instanceof CodedError) return error.problems.length > 0 ? error.problems : [{ path: error.code, message: error.message }]
    throw error
  }
  return []
}
const openAndVerify = async () => (await open()).settings.verify()

describe('a file edited by hand', () => {
  it('is read, and its comments outlive a change', async () => {
    await writeFile(
      file(),
      '# ours\nretention:\n  # a month is enough\n  days: 31 # really\nreceivers:\n  receivers:\n    # the pager\n    - kind: webhook\n      name: pager\n      url: https://a.example\n      token: s3cret\n    - { kind: mail, name: ops, to: a@b.example }\n',
      { mode: 0o644 },
    )
    const { settings, retention, receivers } = await open()
    settings.verify()
    expect(retention.read()).toEqual({ days: 31, level: 'low' })
    const seen: unknown[] = []
    retention.onChange((value) => seen.push(value))
    await retention.write({ days: 7 })
    await receivers.write({
      receivers: [
        { kind: 'mail', name: 'ops', to: 'c@d.example' },
        { kind: 'webhook', name: 'pager', url: 'https://b.example' },
      ],
    })
    expect(seen).toEqual([{ days: 7, level: 'low' }])
    const text = await readFile(file(), 'utf8')
    for (const kept of ['# ours', '# a month is enough', 'days: 7 # really', '# the pager', 'token: s3cret', 'https://b.example', 'c@d.example'])
      expect(text).toContain(kept)
    expect((await stat(file())).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['settings.yaml'])
    expect((await open()).retention.read()).toEqual({ days: 7, level: 'low' })
  })

  it('tells all problems of all sections at once, with lines and the nearest name', async () => {
    await writeFile(
      file(),
      'retention:\n  dais: 3\n  level: hgih\nreceiver: {}\nreceivers:\n  receivers:\n    - kind: webhook\n      name: a\n      url: nowhere\n    - {kind: mail, name: b, to: 4}\n',
    )
    expect((await problemsOf(openAndVerify)).map(({ path, line, suggestion }) => [path, line, suggestion])).toEqual([
      ['receiver', 4, 'receivers'],
      ['retention.days', 1, undefined],
      ['retention.level', 3, 'high'],
      ['retention.dais', 2, 'days'],
      ['receivers.receivers[0].url', 9, undefined],
      ['receivers.receivers[1].to', 10, undefined],
    ])
  })

  it('is refused with its lines when it is garbage, too large, no map, or multiplies itself', async () => {
    const problems = async (text: string | Buffer) => {
      await writeFile(file(), text)
      return problemsOf(openAndVerify)
    }
    expect((await problems('retention: [1\nb: "x\n')).every(({ line }) => line !== undefined)).toBe(true)
    expect((await problems(Buffer.from([0, 1, 2, 0xff, 0xfe, 58, 10, 9, 9]))).length).toBeGreaterThan(0)
    expect((await problems('retention: {days: 1}\nretention: {days: 2}\n'))[0]).toMatchObject({ line: 2 })
    expect(await problems('- 1\n')).toMatchObject([{ message: 'must have one key per section', line: 1 }])
    expect(await problems('x'.repeat(10 << 20))).toMatchObject([{ path: 'TOO_LARGE' }])
    const laughs = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
    ].join('\n')
    expect((await problems(laughs)).length).toBeGreaterThan(0)
    expect(await problems('retention: 7\nreceivers: [1]\n')).toHaveLength(2)
    expect(await problems('')).toEqual([])
  })

  it('is taken up while running, or refused as a whole', async () => {
    const { settings, retention, receivers } = await open()
    settings.verify()
    await writeFile(file(), 'retention: { days: 5 }\n')
    await settings.reload()
    expect(retention.read().days).toBe(5)
    await writeFile(file(), 'retention: { days: 6 }\nreceivers: { receivers: 1 }\n')
    expect(await problemsOf(() => settings.reload())).toMatchObject([{ path: 'receivers.receivers', line: 2 }])
    expect(await problemsOf(() => receivers.write({ receivers: [] }))).toHaveLength(1)
    expect(retention.read().days).toBe(5)
    expect(await readFile(file(), 'utf8')).toContain('receivers: 1')
  })

  it('may use anchors; a change that tears them apart loses comments and nothing else', async () => {
    await writeFile(
      file(),
      'retention: &r\n  days: 3\nreceivers:\n  receivers:\n    - &w {kind: webhook, name: a, url: https://a.example}\n    - <<: *w\n      name: b\n',
    )
    const { receivers, retention } = await open()
    await receivers.write({ receivers: [{ kind: 'mail', name: 'c', to: 'x' }] })
    const again = await open()
    again.settings.verify()
    expect(again.receivers.read().receivers).toEqual([{ kind: 'mail', name: 'c', to: 'x' }])
    expect(again.retention.read()).toEqual(retention.read())
  })
})

describe('a write', () => {
  it('is applied whole or not at all', async () => {
    const { receivers } = await open()
    const bad = {
      receivers: [
        { kind: 'webhook', name: 'a', url: 'x', tokn: 'y' },
        { kind: 'mail', name: 'a', to: 1 },
      ],
    }
    expect((await problemsOf(() => receivers.write(bad))).map(({ path }) => path)).toEqual(['receivers[0].url', 'receivers[1].to', 'receivers[0].tokn'])
    const twice = {
      receivers: [
        { kind: 'mail', name: 'a', to: 'x' },
        { kind: 'mail', name: 'a', to: 'y' },
      ],
    }
    expect(await problemsOf(() => receivers.write(twice))).toEqual([{ path: 'receivers[1].name', message: 'twice' }])
    expect(receivers.read().receivers).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  it('survives many at once', async () => {
    const { retention } = await open()
    await Promise.all(Array.from({ length: 20 }, (_, i) => retention.write({ days: i + 1 })))
    expect((await open()).retention.read().days).toBe(20)
  })

  it('keeps secrets by name, never by place, and refuses a mask that stands for nothing', async () => {
    const { receivers } = await open()
    const hook = (name: string, token?: string) => ({ kind: 'webhook', name, url: 'https://a.example', ...(token === undefined ? {} : { token }) })
    await receivers.write({ receivers: [hook('a', 'TOKEN-A'), hook('b', 'TOKEN-B')], password: 'PASS' })
    await receivers.write({ receivers: [hook('b', MASK), hook('c')] })
    expect(receivers.read()).toMatchObject({ receivers: [{ name: 'b', token: 'TOKEN-B' }, { name: 'c' }], password: 'PASS' })
    expect(receivers.read().receivers[1]).not.toHaveProperty('token')
    expect(await problemsOf(() => receivers.write({ receivers: [hook('new', MASK)] }))).toMatchObject([{ path: 'receivers.0.token' }])
    // The same name, another kind: the token does not go along.
    await receivers.write({ receivers: [{ kind: 'mail', name: 'b', to: 'x' }], password: '' })
    expect(receivers.read()).toEqual({ receivers: [{ kind: 'mail', name: 'b', to: 'x' }], password: '' })
  })
})

describe('routes', () => {
  let http: FastifyInstance
  let settings: SettingsFile
  const audited: unknown[] = []
  beforeEach(async () => {
    ;({ settings } = await open())
    http = fastify()
    http.setValidatorCompiler(() => (value) => ({ value }))
    http.decorateRequest('auditDetail', undefined)
    http.addHook('onResponse', async (request) => void audited.push(request.auditDetail))
    settings.routes(http)
  })
  afterEach(() => http.close())

  it('mask secrets in answers and in the audit, and notice a change by someone else', async () => {
    const payload = { receivers: [{ kind: 'webhook', name: 'a', url: 'https://a.example', token: 'TOKEN-A' }], password: 'PASS' }
    const first = await http.inject({ method: 'PUT', url: '/settings/receivers', payload })
    expect(first.statusCode).toBe(200)
    const shown = await http.inject({ url: '/settings/receivers' })
    expect(shown.json()).toMatchObject({ receivers: [{ token: MASK }], password: MASK })
    const back = (etag: unknown) => http.inject({ method: 'PUT', url: '/settings/receivers', headers: { 'if-match': String(etag) }, payload: shown.json() })
    expect((await back(shown.headers.etag)).statusCode).toBe(200)
    expect((await back('"old"')).json().message).toContain('changed by someone else')
    for (const text of [first.body, shown.body, JSON.stringify(audited)]) for (const secret of ['TOKEN-A', 'PASS']) expect(text).not.toContain(secret)
    expect(await readFile(file(), 'utf8')).toContain('TOKEN-A')
    expect((await http.inject({ url: '/settings' })).json()).toEqual({ sections: ['retention', 'receivers'] })
  })
})
