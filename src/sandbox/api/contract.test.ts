import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { clientApplyContract } from '#test/contracts/client-apply.ts'
import { clusterContract } from '#test/contracts/cluster.ts'
import { kubeApiContract } from '#test/contracts/kube-api/index.ts'
import { describeCluster } from '#test/real.ts'
import { noPods } from './pod-runtime.ts'
import { startSandboxApi } from './start.ts'

kubeApiContract('the sandbox', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-contract-'))
  const api = await startSandboxApi({ folder, clock: systemClock, runtime: noPods })
  return {
    url: api.url,
    ca: api.ca,
    token: api.tokens.admin!,
    minor: Number(api.version.split('.')[1]),
    async compact() {
      for (const name of api.world.store.names()) api.world.store.collection(name).compact()
    },
    async [Symbol.asyncDispose]() {
      await api.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})

const asCluster = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-contract-'))
  const api = await startSandboxApi({ folder, clock: systemClock, runtime: noPods })
  const access = await parseKubeconfig(await readKubeconfigFile(api.kubeconfig)).select()
  const { cluster, close } = openCluster({ name: 'sandbox', access, clock: systemClock })
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'contract' } })
  return {
    cluster,
    stranger: cluster.as({ kind: 'impersonated', user: '陌生人', groups: ['nobodies'] }),
    namespace: 'contract',
    async [Symbol.asyncDispose]() {
      await close()
      await api.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
clusterContract('the sandbox', asCluster)
clientApplyContract('the sandbox', asCluster)

describeCluster('the Kubernetes API contract on a real cluster', (kubeconfig) => {
  kubeApiContract('kube-apiserver', async () => {
    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'))
    const { server, ...trust } = clusters[0].cluster
    const ca = trust['certificate-authority-data']
      ? Buffer.from(trust['certificate-authority-data'], 'base64').toString()
      : readFileSync(trust['certificate-authority'], 'utf8')
    // The disposable cluster of this name has its etcd in a network namespace of the same name.
    const space = `/run/netns/${clusters[0].name}`
    return {
      url: server,
      ca,
      token: users[0].user.token,
      minor: 20,
      async compact(revision) {
        await promisify(execFile)('nsenter', [
          `--net=${space}`,
          'curl',
          '-sf',
          'http://127.0.0.1:2379/v3/kv/compaction',
          '-d',
          JSON.stringify({ revision: String(revision), physical: true }),
        ])
      },
      async [Symbol.asyncDispose]() {},
    }
  })
})
