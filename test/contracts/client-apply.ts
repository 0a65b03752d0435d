/** Client-side apply of kinds with merge keys, on an API server that has schemas; that of ConfigMaps is in the contract of `Cluster`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'

export function clientApplyContract(title: string, make: () => Promise<{ cluster: Cluster; namespace: string } & AsyncDisposable>): void {
  describe(`Client-side apply: ${title}`, () => {
    let cluster: Cluster
    let namespace: string
    let harness: AsyncDisposable | undefined
    beforeAll(async () => {
      const made = await make()
      harness = made
      ;({ cluster, namespace } = made)
    })
    afterAll(() => harness?.[Symbol.asyncDispose]())
    const by = { fieldManager: 'test', by: 'client' } as const

    it('a Deployment: containers and variables of others stay, a changed source of a volume replaces the other, what the server filled in is no change', async () => {
      const web = (env: object[], volume: object, image = 'r.example/web:1'): KubeObject => {
        const template = {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image, env, volumeMounts: [{ name: 'v', mountPath: '/v' }] }], volumes: [{ name: 'v', ...volume }] },
        }
        return {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web', namespace },
          spec: { replicas: 0, selector: { matchLabels: { app: 'web' } }, template },
        }
      }
      const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' }
      const first = web(
        [
          { name: 'A', value: '1' },
          { name: 'B', value: '1' },
        ],
        { emptyDir: {} },
      )
      await cluster.apply(first, by)
      const mesh = {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'web', env: [{ name: 'C', value: 'theirs' }] },
                { name: 'mesh', image: 'r.example/mesh:1' },
              ],
            },
          },
        },
      }
      const injected = await cluster.patch(ref, 'strategic', mesh)
      const again = await cluster.apply(first, by)
      expect(again.metadata.generation).toBe(injected.metadata.generation)
      const { spec } = await cluster.apply(web([{ name: 'A', value: '2' }], { configMap: { name: 'c' } }, 'r.example/web:2'), by)
      const { containers, volumes } = (spec as { template: { spec: { containers: { name: string; image: string; env?: object[] }[]; volumes: object[] } } })
        .template.spec
      const byName = Object.fromEntries(containers.map((one) => [one.name, one]))
      expect(Object.keys(byName).sort()).toEqual(['mesh', 'web'])
      expect(byName.web).toMatchObject({
        image: 'r.example/web:2',
        env: expect.arrayContaining([
          { name: 'A', value: '2' },
          { name: 'C', value: 'theirs' },
        ]),
      })
      expect(byName.web!.env).toHaveLength(2)
      expect(volumes).toEqual([{ name: 'v', configMap: expect.objectContaining({ name: 'c' }) }])
    })

    it('a Service whose ports share a number; what is refused is refused', async () => {
      const dns = (...ports: object[]): KubeObject => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'dns', namespace },
        spec: { selector: { app: 'dns' }, ports },
      })
      const [tcp, udp] = [
        { name: 'tcp', port: 53, protocol: 'TCP' },
        { name: 'udp', port: 53, protocol: 'UDP' },
      ]
      await cluster.apply(dns(tcp), by)
      const { spec } = await cluster.apply(dns(tcp, udp), by)
      expect((spec as { ports: object[] }).ports).toMatchObject([tcp, udp])
      await expect(cluster.apply(dns({ ...tcp, port: 'http' }), by)).rejects.toMatchObject({ code: 'OBJECT_REJECTED' })
    })
  })
}
