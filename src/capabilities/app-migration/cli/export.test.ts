import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExitCode } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { fakeClock } from '../../../../test/fakes/clock.ts'
import { FAKE_KINDS, fakeCluster } from '../../../../test/fakes/cluster.ts'
import { fakeStream } from '../../../../test/fakes/terminal.ts'
import { door } from './index.ts'

let dir = ''
let recipient = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-export-'))
  writeFileSync(join(dir, 'app.yaml'), APP)
  const key = await generateX25519Identity()
  recipient = await identityToRecipient(key)
  writeFileSync(join(dir, 'key'), `# of the test\n${key}\n`)
  writeFileSync(join(dir, 'wrong'), `${await generateX25519Identity()}\n`)
  writeFileSync(join(dir, 'map.yaml'), 'namespaces: {shop: store}\n')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const APP = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop, uid: u}
data: {a: b}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {pw: hunter2}
`

async function run(args: string[], cluster?: Cluster) {
  const out = fakeStream()
  const notes: string[] = []
  let exit: ExitCode = 0
  const context = {
    language: 'en',
    out,
    tty: false,
    columns: 80,
    clock: fakeClock(),
    note: (line: string) => void notes.push(line),
    exit: (code: ExitCode) => {
      exit = code
    },
    progress: () => ({ update: () => {}, [Symbol.dispose]: () => {} }),
    cluster: async () => cluster!,
    signal: new AbortController().signal,
  } as unknown as CliContext
  const program = new Command().exitOverride()
  door(program, context)
  await program.parseAsync(['apps', ...args], { from: 'user' })
  return { text: out.text(), notes, exit }
}

describe('apps export', () => {
  it('prints no Secret, and says so', async () => {
    const { text, notes, exit } = await run(['export', '-f', join(dir, 'app.yaml')])
    expect(text).toContain('name: settings')
    expect(`${text}${notes.join()}`).not.toContain('hunter2')
    expect(notes[0]).toContain('1 Secrets are not printed')
    expect(exit).toBe(6)
  })

  it('locks Secrets at rest, and another cluster takes the folder with the key only', async () => {
    const folder = join(dir, 'out')
    const source = ['-f', join(dir, 'app.yaml'), '--mapping', join(dir, 'map.yaml')]
    await expect(run(['export', ...source, '--out', folder])).rejects.toMatchObject({ code: 'USAGE' })
    await run(['export', ...source, '--out', folder, '--layout', 'kustomize', '--age-recipient', recipient])
    expect(readdirSync(folder).sort()).toEqual(['kustomization.yaml', 'secrets.age', 'store'])
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (file.isFile()) expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toContain('hunter2')
    await expect(run(['export', '-f', folder])).rejects.toMatchObject({ code: 'SECRETS_LOCKED' })
    await expect(run(['export', '-f', folder, '--age-identity-file', join(dir, 'wrong')])).rejects.toMatchObject({ code: 'SECRETS_LOCKED' })
    await expect(run(['export', ...source, '--out', folder, '--age-recipient', recipient])).rejects.toMatchObject({ code: 'USAGE' })

    const kinds = ['ConfigMap', 'Service', 'Secret'].map((kind) => ({
      apiVersion: 'v1',
      kind,
      group: '',
      version: 'v1',
      plural: `${kind.toLowerCase()}s`,
      singular: kind.toLowerCase(),
      namespaced: true,
      verbs: ['get', 'list', 'create', 'patch', 'update', 'delete'],
      shortNames: [],
      categories: [],
      subresources: {},
      preferred: true,
    }))
    const cluster = fakeCluster({
      kinds: [...FAKE_KINDS, ...kinds.filter(({ kind }) => kind === 'Secret')],
      objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'store' } }],
    })
    const target = ['-f', folder, '--age-identity-file', join(dir, 'key'), '--to-context', 'x']
    const journal = join(dir, 'journal')
    expect((await run(['apply', ...target, '--no-check-images', '--journal', journal], cluster)).notes.at(-1)).toBe(
      'created 3, updated 0, skipped 0, done before 0',
    )
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace: 'store', name: 'db' })).toMatchObject({ stringData: { pw: 'hunter2' } })
    expect(await run(['verify', ...target], cluster)).toMatchObject({ exit: 0 })
    await expect(run(['apply', ...target, '--no-check-images', '--journal', join(dir, 'other')], cluster)).rejects.toMatchObject({ code: 'PLAN_BLOCKED' })
    expect((await run(['apply', ...target, '--no-check-images', '--journal', journal], cluster)).notes.at(-1)).toContain('done before 3')
    await run(['rollback', '--to-context', 'x', '--journal', journal], cluster)
    expect((await cluster.list({ apiVersion: 'v1', kind: 'Secret' })).items).toEqual([])
  })
})
