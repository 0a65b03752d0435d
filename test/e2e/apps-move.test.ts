/** An app moves from a real 1.20 to the sandbox's version under other names, and back, by the command line alone. */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { readManifests } from '#core/kube/manifests.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { validateObject } from '#core/kube/validate.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { oldShop } from '#test/builders/old-shop.ts'
import { describeCluster } from '#test/real.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-apps-'))
const at = (name: string, text?: string) => {
  const path = join(folder, name)
  if (text !== undefined) writeFileSync(path, text)
  return path
}
const MAIN = join(import.meta.dirname, '../../src/apps/cli/main.ts')
const cli = (...words: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) =>
    execFile(
      process.execPath,
      [MAIN, '--data', at('data'), 'apps', ...words],
      { env: { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8' }, maxBuffer: 64e6 },
      (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    ),
  )
const open = async (kubeconfig: string) => {
  const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
  return openCluster({ name: access.context, access, clock: systemClock })
}
const objectsOf = (text: string): KubeObject[] => {
  const read = readManifests(text)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return read.value.map(({ object }) => object)
}
const names = (objects: readonly KubeObject[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()

describeCluster('an app moves', (kubeconfig) => {
  const old = `move-${randomBytes(3).toString('hex')}`
  const [store, back, again] = ['store', 'back', 'again'].map((word) => old.replace('move', word)) as [string, string, string]
  let site: ReturnType<typeof spawn>
  let real: OpenCluster
  let sandbox: OpenCluster
  let sandboxConfig: string
  const passphrase = () => ['--passphrase-file', at('passphrase')]

  beforeAll(async () => {
    at('passphrase', 'a long enough sentence\n')
    site = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/sandbox/site/main.ts', '--data', folder, '--rate', '1', '--seed', '1'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    await new Promise<void>((resolve) => site.stderr!.on('data', (text) => String(text).includes('is up') && resolve()))
    sandboxConfig = join(folder, 'sandbox/cluster/kubeconfig')
    ;[real, sandbox] = await Promise.all([open(kubeconfig), open(sandboxConfig)])
    for (const object of oldShop(old)) {
      await real.cluster.create(object)
      if (object.kind === 'CustomResourceDefinition') await established(real.cluster, object.metadata.name)
    }
    await ready(real.cluster, old)
  }, 200_000)
  afterAll(async () => {
    for (const name of [old, back, again]) {
      await real?.cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name }).catch(() => {})
      await real?.cluster.delete({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', name: `${name}-view` }).catch(() => {})
      await real?.cluster.delete({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', name: `${name}-high` }).catch(() => {})
    }
    await real?.cluster.delete({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: `orders.${old}.example.com` }).catch(() => {})
    await Promise.all([real?.close(), sandbox?.close()])
    site?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  const exported = async (config: string, namespace: string, ...more: string[]) => {
    const { out, err, code } = await cli('export', '--from-kubeconfig', config, '-n', namespace, ...more)
    // 6: Secrets are not printed.
    expect([code, err]).toEqual([6, expect.stringContaining('1 Secret')])
    return objectsOf(out)
  }

  it('from 1.20 to a new version with another namespace and registry, and back, without a difference', { timeout: 240_000 }, async () => {
    const there = at('there.yaml', `namespaces: {${old}: ${store}}\nregistries: {docker.io/local/pause: registry.example.com/shop/gateway}\n`)
    const home = at('home.yaml', `namespaces: {${store}: ${back}}\nregistries: {registry.example.com/shop/gateway: docker.io/local/pause}\n`)

    const source = ['--from-kubeconfig', kubeconfig, '-n', old, '--mapping', there]
    const target = ['--to-kubeconfig', sandboxConfig]
    const plan = await cli('plan', ...source, ...target, '--no-check-images', '-o', 'json')
    expect([plan.code, plan.err]).toEqual([0, expect.stringContaining(`may name the namespace ${old}`)])
    const promised = (JSON.parse(plan.out) as { steps: { kind: string; name: string; action: string }[] }).steps.map(({ kind, name }) => `${kind} ${name}`)

    const applied = await cli('apply', ...source, ...target, '--no-check-images', '--wait', '120', '--journal', at('there.journal'))
    expect([applied.code, applied.err]).toEqual([0, expect.stringContaining(`created ${promised.length}, updated 0`)])
    expect(await cli('verify', ...source, ...target)).toMatchObject({
      code: 0,
      err: expect.stringContaining(`${promised.length} equal, 0 different, 0 not ready`),
    })

    const arrived = await exported(sandboxConfig, store)
    const facts = await loadApiFacts()
    expect(arrived.flatMap((object) => validateObject(object, facts) ?? [])).toEqual([])
    expect([...names(arrived), 'Secret db'].sort()).toEqual(promised.sort())
    // What is left of the old name is what the plan listed: the tenant, a note, an argument, and the names of what belongs to no namespace.
    const left = arrived.filter(({ metadata }) => metadata.namespace === store).flatMap((object) => findText(object, old))
    expect(left.sort()).toEqual(
      [
        'data.notes.txt',
        ...Array(3).fill('spec.template.spec.containers.0.env.2.value'),
        ...Array(3).fill('spec.template.spec.priorityClassName'),
        'spec.jobTemplate.spec.template.spec.containers.0.args.0',
        'apiVersion',
      ].sort(),
    )

    // And home again, by way of a folder with locked Secrets.
    await real.cluster.delete({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', name: `${old}-view` })
    const out = at('export')
    expect(await cli('export', '--from-kubeconfig', sandboxConfig, '-n', store, '--mapping', home, '--out', out, ...passphrase())).toMatchObject({ code: 0 })
    const return_ = ['-f', out, ...passphrase(), '--to-kubeconfig', kubeconfig]
    const returned = await cli('apply', ...return_, '--existing', 'skip', '--no-check-images', '--wait', '120', '--journal', at('home.journal'))
    expect([returned.code, returned.err]).toEqual([0, expect.stringContaining('created')])
    expect(await cli('verify', ...return_)).toMatchObject({ code: 0 })
    const [before, after] = [await exported(kubeconfig, old), await exported(kubeconfig, back)]
    const plain = (objects: readonly KubeObject[], namespace: string) =>
      objects
        .filter((object) => object.metadata.namespace === namespace)
        .map((object) => JSON.parse(JSON.stringify(object).replaceAll(new RegExp(`${old}|${back}`, 'g'), 'NAMESPACE')))
    expect(plain(after, back)).toEqual(plain(before, old))
  })

  it('is killed in the middle, and ends in the same state', { timeout: 240_000 }, async () => {
    const mapping = at('again.yaml', `namespaces: {${old}: ${again}}\n`)
    const words = ['--from-kubeconfig', kubeconfig, '-n', old, '--mapping', mapping, '--to-kubeconfig', kubeconfig]
    const more = ['--existing', 'update', '--parallel', '1', '--no-check-images']
    const journal = at('again.journal')
    for (const kill of [3, 9, 17]) {
      const running = spawn(process.execPath, [MAIN, '--data', at('data'), 'apps', 'apply', ...words, ...more, '--journal', journal], { stdio: 'ignore' })
      const ended = new Promise((resolve) => running.on('exit', resolve))
      while (running.exitCode === null && linesOf(journal) < kill) await systemClock.sleep(5)
      running.kill('SIGKILL')
      await ended
    }
    const done = await cli('apply', ...words, ...more, '--journal', journal)
    expect([done.code, done.err]).toEqual([0, expect.stringMatching(/done before [1-9]/)])
    expect(await cli('verify', ...words)).toMatchObject({ code: 0, err: expect.stringContaining(' 0 different, 0 not ready') })
    const undone = await cli('rollback', '--to-kubeconfig', kubeconfig, '--journal', journal)
    expect([undone.code, undone.err]).toEqual([0, expect.any(String)])
    // What it made goes (the namespace takes its time), what was there stays.
    expect(
      (await real.cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: again }).catch(() => undefined))?.metadata.deletionTimestamp ?? 'gone',
    ).toBeTruthy()
    await real.cluster.get({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', name: `${old}-high` })
  })
})

const linesOf = (path: string): number => {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1
  } catch {
    return 0
  }
}

async function established(cluster: Cluster, name: string): Promise<void> {
  for (;;) {
    const { status } = await cluster.get({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name })
    if ((status as { conditions?: { type: string; status: string }[] }).conditions?.some((one) => one.type === 'Established' && one.status === 'True')) return
    await systemClock.sleep(100)
  }
}
async function ready(cluster: Cluster, namespace: string): Promise<void> {
  for (;;) {
    const { items } = await cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment' }, { namespace })
    if (items.every(({ spec, status }) => (status as { availableReplicas?: number }).availableReplicas === (spec as { replicas: number }).replicas)) return
    await systemClock.sleep(200)
  }
}
/** Paths of all texts that hold a word. */
function findText(value: unknown, word: string, path = ''): string[] {
  if (typeof value === 'string') return value.includes(word) ? [path] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => findText(inner, word, path === '' ? key : `${path}.${key}`))
}
