import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { imagesInCluster } from '#capabilities/image-migration/sources/cluster.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from '#sandbox/api/pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from '#sandbox/api/start.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-images-'))
let api: SandboxApi
let open: OpenCluster

beforeAll(async () => {
  api = await startSandboxApi({ folder, clock: systemClock, runtime: noPods })
  const access = await parseKubeconfig(await readKubeconfigFile(api.kubeconfig)).select()
  open = openCluster({ name: access.context, access, clock: systemClock })
  const template = (image: string, more: object = {}) => ({ metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image }], ...more } })
  const auth = Buffer.from(JSON.stringify({ auths: { 'r.example': { username: 'u', password: 'p' } } })).toString('base64')
  const objects: KubeObject[] = [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pull', namespace: 'default' },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': auth },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'off', namespace: 'default' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'x' } },
        template: template('r.example/shop/off:1', {
          initContainers: [{ name: 'i', image: 'busybox' }],
          imagePullSecrets: [{ name: 'pull' }, { name: 'none' }],
        }),
      },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly', namespace: 'default' },
      spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: template('r.example/shop/nightly:2', { restartPolicy: 'Never' }) } } },
    },
  ]
  for (const object of objects) await open.cluster.create(object)
})
afterAll(async () => {
  await open?.close()
  await api?.close()
  rmSync(folder, { recursive: true, force: true })
})

it('finds what a cluster uses, also what is scaled to nothing, and how it is pulled', async () => {
  const found = await imagesInCluster(open.cluster)
  const images = Object.fromEntries(found.images.map(({ image, origin }) => [image, `${origin.file}: ${origin.path}`]))
  expect(images).toMatchObject({
    'r.example/shop/off:1': 'cluster demo: Deployment default/off',
    'r.example/shop/nightly:2': 'cluster demo: CronJob default/nightly',
    busybox: 'cluster demo: Deployment default/off',
  })
  expect(found.credentials).toEqual([{ key: 'r.example', from: 'Secret default/pull', use: { username: 'u', password: 'p' } }])
  // A secret that is not there is no reason to be silent about it.
  expect(found.unknown).toEqual([expect.stringContaining('Secret default/none')])
})

it('says what it may not look at', async () => {
  const access = await parseKubeconfig(await readKubeconfigFile(api.kubeconfig)).select()
  const nobody = openCluster({ name: 'nobody', access: { ...access, credentials: { kind: 'token', token: 'no-such-token' } }, clock: systemClock })
  const found = await imagesInCluster(nobody.cluster)
  expect(found.images).toEqual([])
  expect(found.unknown.length).toBeGreaterThan(0)
  await nobody.close()
})
