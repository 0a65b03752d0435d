import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { ExitCode } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { fakeStream } from '../../../../test/fakes/terminal.ts'
import { door } from './index.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-convert-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const file = (name: string, text: string) => {
  mkdirSync(join(dir, name, '..'), { recursive: true })
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

async function run(...args: string[]) {
  const out = fakeStream()
  const notes: string[] = []
  let exit: ExitCode = 0
  const context = {
    language: 'en',
    out,
    note: (line: string) => void notes.push(line),
    exit: (code: ExitCode) => {
      exit = code
    },
    signal: new AbortController().signal,
  } as unknown as CliContext
  const program = new Command().exitOverride()
  door(program, context)
  await program.parseAsync(['apps', 'convert', ...args], { from: 'user' })
  return { text: out.text(), notes, exit }
}

const CRON =
  'apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: nightly, namespace: shop}\nspec: {schedule: "0 1 * * *", jobTemplate: {spec: {template: {spec: {containers: []}}}}}\n'
const INGRESS = `apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  rules:
  - http: {paths: [{path: /, backend: {serviceName: cart, servicePort: 80}}]}
`
const PSP = 'apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: p}\n'

describe('apps convert', () => {
  it('writes the newest version of each kind, a document an object', async () => {
    const { text, notes, exit } = await run('-f', file('a/cron.yaml', CRON), '-f', file('a/ingress.json', JSON.stringify(parse(INGRESS))))
    expect(parseAllDocuments(text).map((document) => (document.toJS() as { apiVersion: string }).apiVersion)).toEqual(['batch/v1', 'networking.k8s.io/v1'])
    expect(notes).toEqual([
      'CronJob shop/nightly: batch/v1beta1 → batch/v1',
      'Ingress shop/shop: extensions/v1beta1 → networking.k8s.io/v1',
      '  written down spec.rules[0].http.paths[0].pathType: networking.k8s.io/v1 has no default',
    ])
    expect(exit).toBe(0)
  })

  it('reads folders and lists, writes JSON, and goes down for an old target', async () => {
    file(
      'b/deep/list.yaml',
      `apiVersion: v1\nkind: List\nitems:\n- apiVersion: batch/v1\n  kind: CronJob\n  metadata: {name: c}\n  spec: {schedule: "@daily", jobTemplate: {}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {mode: "0644", on: "yes"}}\n`,
    )
    file('b/readme.txt', 'no manifest')
    const { text } = await run('-f', join(dir, 'b'), '--target-version', 'v1.20.2', '-o', 'json')
    expect(JSON.parse(text)).toMatchObject({ kind: 'List', items: [{ apiVersion: 'batch/v1beta1' }, { apiVersion: 'v1', data: { mode: '0644', on: 'yes' } }] })
  })

  it('takes one version for all that have it, and leaves the others', async () => {
    const both = file('both.yaml', `${CRON}---\n${INGRESS}`)
    const { text, exit, notes } = await run('-f', both, '--to', 'batch/v1')
    expect(parseAllDocuments(text).map((document) => (document.toJS() as { apiVersion: string }).apiVersion)).toEqual(['batch/v1', 'extensions/v1beta1'])
    expect(notes.at(-1)).toContain('no conversion is known')
    expect(exit).toBe(0)
    await expect(run('-f', file('ingress.yaml', INGRESS), '--to', 'batch/v1')).rejects.toMatchObject({
      code: 'NO_CONVERSION',
      details: { known: 'networking.k8s.io/v1, networking.k8s.io/v1beta1, extensions/v1beta1' },
    })
  })

  it('moves what an autoscaler scales to a version that is served', async () => {
    const hpa = `apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {maxReplicas: 3, scaleTargetRef: {apiVersion: extensions/v1beta1, kind: Deployment, name: cart}}\n`
    const { text } = await run('-f', file('hpa.yaml', hpa), '--target-version', '1.36')
    expect(parse(text)).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { scaleTargetRef: { apiVersion: 'apps/v1' } } })
  })

  it('is no success when the target has no such kind, or strictly, when something is lost', async () => {
    expect(await run('-f', file('psp.yaml', PSP), '--target-version', '1.36')).toMatchObject({
      exit: 6,
      notes: ['PodSecurityPolicy p (policy/v1beta1): the target serves no version of this kind'],
    })
    expect(await run('-f', file('psp.yaml', PSP), '--target-version', '1.24')).toMatchObject({ exit: 0 })
    const webhook = file(
      'w.yaml',
      'apiVersion: admissionregistration.k8s.io/v1beta1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: a.b.c, clientConfig: {url: "https://x"}}]\n',
    )
    expect(await run('-f', webhook)).toMatchObject({ exit: 0 })
    expect(await run('-f', webhook, '--strict')).toMatchObject({ exit: 6 })
  })

  it('tells everything that is wrong with its input', async () => {
    const bad = file('bad.yaml', 'a: [1\n---\nkind: Pod\n---\n- 1\n')
    await expect(run('-f', bad)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(run('-f', file('bad2.yaml', 'kind: Pod\n---\n- 1\n---\napiVersion: 3\n'))).rejects.toMatchObject({
      problems: [
        { path: `${join(dir, 'bad2.yaml')}: apiVersion`, line: 1, message: 'must be a non-empty string' },
        { path: join(dir, 'bad2.yaml'), line: 3, message: 'must be an object' },
        { path: `${join(dir, 'bad2.yaml')}: apiVersion`, line: 5 },
        { path: `${join(dir, 'bad2.yaml')}: kind`, line: 5 },
      ],
    })
    await expect(run('-f', join(dir, 'none.yaml'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(run('-f', file('empty.yaml', '# nothing\n'))).rejects.toMatchObject({ code: 'NO_OBJECTS' })
    await expect(run('-f', bad, '--to', 'v1', '--target-version', '1.3')).rejects.toMatchObject({ code: 'USAGE' })
    await expect(run('-f', bad, '--target-version', '1.99')).rejects.toMatchObject({ code: 'USAGE' })
    await expect(run('-f', bad, '--to', 'apps')).rejects.toMatchObject({ code: 'USAGE' })
    await expect(
      run('-f', file('bomb.yaml', `a: &a [x]\nb: &b [${'*a,'.repeat(99)}*a]\nc: &c [${'*b,'.repeat(99)}*b]\nd: [${'*c,'.repeat(99)}*c]\n`)),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
