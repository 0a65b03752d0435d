/** The agent's view of its node, against the API of the sandbox. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { type ClusterAccess, parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { apiServerOf, podsOfNode } from '#edges/cluster/pods-of-node.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from '#sandbox/api/pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from '#sandbox/api/start.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-pods-'))
let api: SandboxApi
let open: OpenCluster
let access: ClusterAccess

beforeAll(async () => {
  mkdirSync(join(folder, 'api'))
  api = await startSandboxApi({ folder: join(folder, 'api'), clock: systemClock, runtime: noPods })
  access = await parseKubeconfig(await readKubeconfigFile(api.kubeconfig)).select()
  open = openCluster({ name: access.context, access, clock: systemClock })
})
afterAll(async () => {
  await open?.close()
  await api?.close()
  rmSync(folder, { recursive: true, force: true })
})

const pod = (name: string, nodeName: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', annotations: { a: 'b' } },
  spec: { nodeName, containers: [{ name: 'c', image: 'traefik:v3' }] },
})

it('waits for rights, then knows the pods of its node and no others, and remembers who went', async () => {
  const account = join(folder, 'account')
  mkdirSync(account)
  writeFileSync(join(account, 'ca.crt'), access.tls.ca!)
  writeFileSync(join(account, 'token'), 'no such token')
  await open.cluster.create(pod('here', 'n1'))
  await open.cluster.create(pod('there', 'n2'))
  const troubles: string[] = []
  const pods = podsOfNode({ server: access.server, folder: account, node: 'n1', clock: systemClock, onTrouble: (reason) => void troubles.push(reason) })
  const stop = new AbortController()
  const running = pods.run(stop.signal)
  await expect.poll(() => troubles[0]).toBe('the API server answers 401')
  expect(pods.get('default', 'here')).toBeUndefined()

  // A token is read for each request, so that one that is renewed is taken up.
  const { token } = access.credentials as { token: string }
  writeFileSync(join(account, 'token'), `${token}\n`)
  await pods.synced
  expect(pods.get('default', 'here')).toMatchObject({ workload: 'here', annotations: { a: 'b' }, containers: [{ name: 'c', image: 'traefik:v3' }] })
  expect(pods.get('default', 'there')).toBeUndefined()

  await open.cluster.create(pod('late', 'n1'))
  await expect.poll(() => pods.get('default', 'late')).toBeDefined()
  await open.cluster.delete({ apiVersion: 'v1', kind: 'Pod', name: 'here', namespace: 'default' }, { gracePeriodSeconds: 0 })
  await open.cluster.create(pod('later', 'n1'))
  await expect.poll(() => pods.get('default', 'later')).toBeDefined()
  expect(pods.get('default', 'here')).toBeDefined()
  stop.abort()
  await running
})

it('does not trust an API server that another authority vouches for', async () => {
  const account = join(folder, 'stranger')
  mkdirSync(account)
  writeFileSync(join(account, 'ca.crt'), '')
  writeFileSync(join(account, 'token'), 'x')
  const troubles: string[] = []
  const pods = podsOfNode({ server: access.server, folder: account, node: 'n1', clock: systemClock, onTrouble: (reason) => void troubles.push(reason) })
  const stop = new AbortController()
  const running = pods.run(stop.signal)
  await expect.poll(() => troubles[0]).toMatch(/^UNABLE_TO_VERIFY|CERT/)
  stop.abort()
  await running
})

it('knows where the API server is', () => {
  expect(apiServerOf({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' })).toBe('https://[fd00::1]:6443')
  expect(() => apiServerOf({})).toThrow(/KUBERNETES_SERVICE_HOST/)
})
