import { describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { runCommand } from '#test/fakes/command.ts'
import type { CanaryDetail, CanaryList, CanaryRow } from '../domain/api.ts'
import { createJudge } from '../domain/judge/judge.ts'
import { DEFAULT_CONFIG } from '../domain/judge/limits.ts'
import { reportOf } from '../domain/judge/report.ts'
import { COMMANDS } from '../resources/canary.ts'
import { addRelease } from './release.ts'

const row: CanaryRow = {
  namespace: 'shop',
  name: 'cart',
  status: {
    phase: 'Progressing',
    step: 2,
    weight: 30,
    verdict: 'inconclusive',
    requests: 4200,
    message: 'Step 2 of 3: 30 % of the traffic. The canary is still warming up.',
    decisions: [{ at: Date.UTC(2026, 0, 5, 12), run: 1, what: 'Step 2', why: 'No harm was found.' }],
  },
}
const detail: CanaryDetail = { ...row, spec: null, problems: [], report: reportOf(createJudge(DEFAULT_CONFIG), undefined), mayAct: true }

/** The server knows one release; `asked` is what it was asked, in order. */
function server({
  installed = true,
  more = false,
  canaries = [row],
  one = detail as CanaryDetail,
}: {
  installed?: boolean
  more?: boolean
  canaries?: CanaryRow[]
  one?: CanaryDetail
} = {}) {
  const asked: unknown[] = []
  const get = async (path: string, query?: object) => {
    asked.push(['GET', path, ...(query ? [query] : [])])
    if (path.endsWith('/canaries')) return { canaries, installed, more } satisfies CanaryList
    if (path.endsWith('/shop/cart')) return one
    throw new CodedError('NOT_FOUND', { what: path })
  }
  const send = async (...request: unknown[]) => {
    asked.push(request)
    return row
  }
  const run = (args: readonly string[], language: 'en' | 'zh-CN' = 'en') =>
    runCommand(addRelease, args, { language, api: { get, send } as unknown as CliContext['api'] })
  return { asked, run }
}

describe('canary status', () => {
  it('shows where each release is, of a namespace or of all', async () => {
    const { asked, run } = server()
    const { text } = await run(['status', '-n', 'shop'])
    expect(text).toMatch(/NAME +PHASE +STEP +WEIGHT +VERDICT +REQUESTS +WHY/)
    expect(text).toMatch(/cart +Progressing +2 +30 % +inconclusive +4200 +Step 2 of 3/)
    await run(['status', '-A', '--cluster', 'a/b'])
    expect(asked).toEqual([
      ['GET', '/clusters/local/canaries', { namespace: 'shop' }],
      ['GET', '/clusters/a%2Fb/canaries', {}],
    ])
    expect(JSON.parse((await run(['status', 'cart', '-n', 'shop', '-o', 'json'])).text)).toEqual([row])
  })

  it('speaks the language of the reader', async () => {
    const { text } = await server().run(['status', '-n', 'shop'], 'zh-CN')
    expect(text).toContain('第 2 步（共 3 步）：30 % 的流量。金丝雀仍在预热。')
  })

  it('tells a release that is not there from a kind that is not installed', async () => {
    await expect(server().run(['status', 'other', '-n', 'shop'])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await server({ installed: false, canaries: [] }).run(['status'])).notes.join()).toContain('install deploy/crds')
    const cut = await server({ more: true }).run(['status', '-A'])
    expect([cut.exit, cut.notes]).toEqual([6, ['Only the first 1 releases are listed; name a namespace with -n.']])
  })
})

describe('canary report', () => {
  it('shows each measure and each decision', async () => {
    const { text, notes } = await server().run(['report', 'cart', '-n', 'shop'])
    expect(text).toMatch(/MEASURE +STABLE +CANARY +FINDING +MORE-REQUESTS/)
    for (const { measure } of detail.report!.evidence) expect(text).toContain(measure)
    expect(text).toMatch(/2026-01-05.*1 +Step 2 +No harm was found\./)
    expect(notes).toEqual([detail.report!.reason])
  })

  it('says that there is no evidence yet, and fails when there is no such release', async () => {
    expect((await server({ one: { ...detail, report: null } }).run(['report', 'cart', '-n', 'shop'])).notes).toContain('There is no evidence yet.')
    await expect(server().run(['report', 'other', '-n', 'shop'])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

it.each(COMMANDS)('canary %s asks the server once, and says how the release is', async (command) => {
  const { asked, run } = server()
  const { notes } = await run([command, 'cart', '-n', 'shop'])
  expect(asked).toEqual([['POST', '/clusters/local/canaries/shop/cart/command', { command }]])
  expect(notes).toEqual([`Asked to ${command}; it is Progressing now.`])
})
