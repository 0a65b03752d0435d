/** The chart by Helm itself: what it renders is what the plain manifests are, and it installs, changes and removes it, on the sandbox and a real API server. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import type { KubeObject } from '#core/kube/objects.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from '#sandbox/api/pod-runtime.ts'
import { startSandboxApi } from '#sandbox/api/start.ts'
import { describeReal, program, realKubeconfig } from '#test/real.ts'
import { render } from '../../deploy/manifests/render.ts'
import { chartTemplates, defaultValues, plainManifests } from '../../deploy/manifests/write.ts'

const CHART = join(import.meta.dirname, '../../deploy/chart')
const folder = mkdtempSync(join(tmpdir(), 'sallyport-helm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describeReal('the chart by Helm', ['helm'], () => {
  const helm = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(program('helm')!, args, { env: { ...process.env, HOME: folder }, timeout: 60_000 })
    return stdout
  }
  const inOrder = (objects: readonly KubeObject[]) => objects.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const idOf = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`
  const objectsIn = (text: string) => parseAllDocuments(text).flatMap((one) => (one.toJS() as KubeObject | null) ?? [])

  it('has nothing to warn of, and is not for clusters before 1.20', async () => {
    expect(await helm('lint', '--strict', CHART)).toContain('0 chart(s) failed')
    await expect(helm('template', 'x', CHART, '--kube-version', '1.19.16')).rejects.toThrow(/incompatible with Kubernetes/)
  })

  it('renders what the plain manifests are', async () => {
    const plain = objectsIn(plainManifests(await chartTemplates())).filter(({ kind }) => kind !== 'Namespace')
    expect(inOrder(objectsIn(await helm('template', 'sallyport', CHART, '--namespace', 'sallyport')))).toEqual(inOrder(plain))
  })

  it('puts in what the user says, whatever it is, as our own rendering does', async () => {
    const own = {
      image: 'r.example:5000/"odd"\\name: #1 <&>',
      imagePullSecrets: [{ name: 'pull' }],
      server: { storageClassName: 'fast', externalUrl: 'https://sallyport.example/?a={{ .Values.b }}', tolerations: [{ key: 'a: b', operator: 'Exists' }] },
      oidcImpersonation: true,
    }
    const file = join(folder, 'values.yaml')
    writeFileSync(file, stringify(own))
    const defaults = defaultValues() as { server: object }
    const values = { ...defaults, ...own, server: { ...defaults.server, ...own.server } }
    const ours = Object.values(await chartTemplates()).flatMap((text) => objectsIn(render(text, { namespace: 'elsewhere', values })))
    expect(inOrder(objectsIn(await helm('template', 'odd', CHART, '--namespace', 'elsewhere', '-f', file)))).toEqual(inOrder(ours))
  })

  const onCluster = (title: string, kubeconfigOf: () => Promise<{ file: string; close(): Promise<void> }>) =>
    it(`installs it on ${title}, changes it, and leaves nothing but the namespace`, async () => {
      const { file, close } = await kubeconfigOf()
      const { cluster, close: disconnect } = openCluster({
        name: 'c',
        access: await parseKubeconfig(await readKubeconfigFile(file)).select(),
        clock: systemClock,
      })
      const namespace = `helm-${randomBytes(4).toString('hex')}`
      const common = ['--namespace', namespace, '--kubeconfig', file]
      const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: `${namespace}-sallyport-impersonation` }
      const image = async () => {
        const { spec } = await cluster.get({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace, name: 'sallyport-agent' })
        return (spec as { template: { spec: { containers: { image: string }[] } } }).template.spec.containers[0]!.image
      }
      try {
        await helm('install', 'sallyport', CHART, '--create-namespace', ...common)
        expect(await image()).toBe('sallyport:0.1.0')
        await expect(cluster.get(role)).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
        await helm('upgrade', 'sallyport', CHART, '--set', 'image=r.example/sallyport:2', '--set', 'oidcImpersonation=true', ...common)
        expect(await image()).toBe('r.example/sallyport:2')
        expect((await cluster.get(role)).metadata.name).toBe(role.name)
        await helm('rollback', 'sallyport', '1', ...common)
        expect(await image()).toBe('sallyport:0.1.0')
        await expect(cluster.get(role)).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
        expect(JSON.parse(await helm('list', '-o', 'json', ...common))).toMatchObject([{ name: 'sallyport', revision: '3', status: 'deployed' }])
        await helm('uninstall', 'sallyport', ...common)
        const left = await Promise.all(
          ['ClusterRole', 'ClusterRoleBinding'].map((kind) => cluster.list({ apiVersion: 'rbac.authorization.k8s.io/v1', kind }, { limit: 500 })),
        )
        expect(left.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)).filter((name) => name.startsWith(namespace))).toEqual([])
      } finally {
        await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace }).catch(() => {})
        await disconnect()
        await close()
      }
    }, 120_000)

  onCluster('the sandbox', async () => {
    const api = await startSandboxApi({ folder: join(folder, 'sandbox'), clock: systemClock, runtime: noPods })
    return { file: api.kubeconfig, close: () => api.close() }
  })
  const real = realKubeconfig()
  if (real === undefined) it.skip('installs it on a real API server (needs E2E_KUBECONFIG)', () => {})
  else onCluster('a real API server', async () => ({ file: real, close: async () => {} }))
})
