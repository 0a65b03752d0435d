/** `sallyport inspect -f` as people and pipelines run it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DOORS } from '#apps/cli/doors.ts'
import { runCli } from '#apps/cli/program.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeStream } from '#test/fakes/terminal.ts'

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: shop
spec:
  hostPID: true # why?
  containers:
    - name: c
      image: nginx:1
`
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-inspect-'))
  writeFileSync(join(folder, 'pod.yaml'), POD)
})
afterEach(() => rmSync(folder, { recursive: true }))

async function run(...words: string[]) {
  const [stdout, stderr] = [fakeStream(200), fakeStream(200)]
  const none = () => Promise.reject(new Error('none is needed here'))
  const signal = new AbortController().signal
  const exit = await runCli(
    ['inspect', ...words],
    { env: { HOME: '/nowhere' }, stdout, stderr, clock: fakeClock(), signal, registries: none, cluster: none, host: none },
    DOORS,
  )
  return { exit, out: stdout.text(), err: stderr.text() }
}
const file = (name: string, text?: string): string => {
  if (text !== undefined) writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('inspect -f', () => {
  it('prints one finding a line, and exits with 3 by --fail-on', async () => {
    const { exit, out } = await run('-f', folder, '--check', 'polaris/hostPIDSet', '-o', 'ndjson', '--fail-on', 'error')
    expect(exit).toBe(3)
    expect(JSON.parse(out)).toMatchObject({ object: 'Pod shop/p', check: 'host-pid', path: 'spec.hostPID', fix: [{ path: 'spec.hostPID' }] })
  })

  it.each(['json', 'yaml', 'sarif', 'junit', 'markdown', 'html'])('as %s', async (format) => {
    const { exit, out } = await run('-f', folder, '-o', format)
    expect(exit).toBe(0)
    expect(out).toContain('host-pid')
    expect(out).toContain('Pod shop/p')
  })

  it('goes on beside a broken file, says where it is broken, and is incomplete in every format', async () => {
    file('broken.yaml', 'a: [1\nb: 2\n')
    const { exit, out, err } = await run('-f', folder, '-o', 'json')
    expect(exit).toBe(6)
    expect(err).toMatch(/broken\.yaml:2/)
    expect(JSON.parse(out)).toMatchObject({ complete: false, objects: 1 })
    expect((await run('-f', folder, '-o', 'sarif')).out).toContain('"executionSuccessful": false')
    expect((await run('-f', folder, '-o', 'junit')).out).toContain('errors="1"')
  })

  it('looks at the sound documents of a broken file, and leaves the file as it is', async () => {
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: q}\nspec: {hostPID: true}\n---\na: {b\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: r}\nspec: {hostPID: true}\n'
    const path = file('half.yaml', text)
    const { exit, out, err } = await run('-f', path, '--check', 'host-pid', '-o', 'ndjson')
    expect(exit).toBe(6)
    expect(err).toMatch(/half\.yaml:\d/)
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ object, line }) => [object, line]),
    ).toEqual([
      ['Pod q', 1],
      ['Pod r', 8],
    ])
    expect((await run('-f', path, '--check', 'host-pid', '--fix')).err).toContain('is left as it is')
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('says what to do about charts, takes lists apart, and passes over kinds it does not know', async () => {
    file('chart.yaml', 'kind: {{ .Values.kind }}\n')
    file(
      'list.yaml',
      'apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Pod, metadata: {name: q}, spec: {hostPID: true}}\n  - {apiVersion: x.example/v1, kind: Thing, metadata: {name: t}}\n',
    )
    const { exit, out, err } = await run('-f', folder, '--check', 'host-pid', '-o', 'json')
    expect(exit).toBe(6)
    expect(err).toMatch(/chart\.yaml: .*helm template/)
    expect(JSON.parse(out).objects).toBe(3)
    expect(JSON.parse(out).findings).toHaveLength(2)
  })

  it('is never green when there was nothing to look at', async () => {
    expect((await run('-f', file('empty.yaml', '# nothing\n'))).exit).toBe(6)
  })

  it('refuses names that no check has, with the nearest', async () => {
    const { exit, err } = await run('-f', folder, '--check', 'host-pod', '--check', 'host-pid')
    expect(exit).toBe(2)
    expect(err).toContain('host-p')
  })

  it('takes lists of words in the form of Kubescape, and refuses what is none', async () => {
    const settings = file('settings.json', JSON.stringify({ settings: { postureControlInputs: { untrustedRegistries: ['docker.io'] } } }))
    expect((await run('-f', file('pod.yaml'), '--settings', settings, '--check', 'kubescape/C-0001', '-o', 'ndjson')).out).toContain('nginx:1')
    expect((await run('-f', file('pod.yaml'), '--settings', file('wrong.json', '{"a": {"b": 1}}'))).exit).toBe(2)
  })
})

describe('inspect --fix', () => {
  it('shows, writes, and takes back', async () => {
    const undo = file('undo.json')
    const dry = await run('-f', file('pod.yaml'), '--check', 'host-pid', '--fix', '--dry-run')
    expect(dry.out).toContain('-  hostPID: true # why?')
    expect(readFileSync(file('pod.yaml'), 'utf8')).toBe(POD)
    const done = await run('-f', file('pod.yaml'), '--check', 'host-pid', '--fix', '--undo-file', undo, '--fail-on', 'advice')
    expect(done.exit).toBe(0)
    expect(readFileSync(file('pod.yaml'), 'utf8')).toBe(POD.replace('  hostPID: true # why?\n', ''))
    expect((await run('--undo', undo)).exit).toBe(0)
    expect(readFileSync(file('pod.yaml'), 'utf8')).toBe(POD)
  })

  it('leaves a file alone that somebody changed since', async () => {
    const undo = file('undo.json')
    await run('-f', file('pod.yaml'), '--check', 'host-pid', '--fix', '--undo-file', undo)
    file('pod.yaml', '# mine\n')
    expect((await run('--undo', undo)).exit).toBe(6)
    expect(readFileSync(file('pod.yaml'), 'utf8')).toBe('# mine\n')
    expect((await run('--undo', file('no.json', '{}'))).exit).toBe(2)
  })
})

describe('findings to live with', () => {
  it('need a reason and an end; after it they are back', async () => {
    const entry = (until: string) =>
      file('known.yaml', `suppressions:\n  - {check: polaris/hostPIDSet, object: "Pod shop/*", reason: it watches processes, until: ${until}}\n`)
    const base = ['-f', file('pod.yaml'), '--check', 'host-pid', '-o', 'json', '--fail-on', 'advice', '--suppressions']
    const now = await run(...base, entry('2999-01-01'))
    expect(now.exit).toBe(0)
    expect(JSON.parse(now.out)).toMatchObject({ findings: [], suppressed: [{ check: 'host-pid', reason: 'it watches processes' }] })
    const later = await run(...base, entry('2000-01-01'))
    expect(later.exit).toBe(3)
    expect(later.err).toContain('ended on 2000-01-01')
    expect((await run(...base, file('known.yaml', 'suppressions:\n  - {check: nothing-like-it, reason: because}\n'))).exit).toBe(2)
  })

  it('may stand on the object', async () => {
    file('pod.yaml', POD.replace('  namespace: shop', '  namespace: shop\n  annotations: {inspection.sallyport.io/host-pid: "until 2999-01-01: it watches"}'))
    expect((await run('-f', file('pod.yaml'), '--check', 'host-pid', '--fail-on', 'advice')).exit).toBe(0)
    file('pod.yaml', POD.replace('  namespace: shop', '  namespace: shop\n  annotations: {inspection.sallyport.io/host-pid: "yes"}'))
    const { exit, err } = await run('-f', file('pod.yaml'), '--check', 'host-pid', '--fail-on', 'advice')
    expect(exit).toBe(3)
    expect(err).toContain('until YYYY-MM-DD: reason')
  })

  it('are told against a baseline only when they are new', async () => {
    const baseline = file('baseline.json')
    await run('-f', file('pod.yaml'), '--check', 'host-pid', '--write-baseline', baseline)
    const same = await run('-f', file('pod.yaml'), '--check', 'host-pid', '--baseline', baseline, '--fail-on', 'advice', '-o', 'json')
    expect([same.exit, JSON.parse(same.out).known]).toEqual([0, 1])
    file('more.yaml', POD.replace('name: p', 'name: q'))
    expect((await run('-f', file('pod.yaml'), '-f', file('more.yaml'), '--check', 'host-pid', '--baseline', baseline, '--fail-on', 'advice')).exit).toBe(3)
  })
})
