import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Clock } from '#core/kernel/clock.ts'
import { clientApplyContract } from '#test/contracts/client-apply.ts'
import { clusterContract } from '#test/contracts/cluster.ts'
import { describeCluster } from '#test/real.ts'
import { openCluster } from './client.ts'
import { parseKubeconfig, readKubeconfigFile } from './kubeconfig.ts'

const clock: Clock = { now: Date.now, sleep: (ms, signal) => import('node:timers/promises').then(({ setTimeout }) => setTimeout(ms, undefined, { signal })) }

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' }

describeCluster('a real cluster', (kubeconfig) => {
  const open = async () => openCluster({ name: 'real', access: await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select(), clock })

  const harness = async () => {
    const { cluster, close } = await open()
    const namespace = `contract-${randomBytes(4).toString('hex')}`
    await cluster.create({ ...NAMESPACE, metadata: { name: namespace } })
    return {
      cluster,
      stranger: cluster.as({ kind: 'impersonated', user: '陌生人', groups: ['nobodies', 'strangers'] }),
      namespace,
      [Symbol.asyncDispose]: async () => {
        await cluster.delete({ ...NAMESPACE, name: namespace })
        await close()
      },
    }
  }
  clusterContract('kube-apiserver', harness)
  clientApplyContract('kube-apiserver', harness)

  it('acts as the owner of a token, and says when a token is not known', async () => {
    const { cluster, close } = await open()
    await expect(cluster.as({ kind: 'token', token: 'wrong' }).list(NAMESPACE)).rejects.toMatchObject({ code: 'CLUSTER_UNAUTHORIZED' })
    expect(cluster.health().state).not.toBe('failing')
    await close()
    await expect(cluster.list(NAMESPACE)).rejects.toMatchObject({ code: 'CLUSTER_REMOVED' })
  })
})
