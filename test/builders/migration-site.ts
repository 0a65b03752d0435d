/** Two API servers from memory, called `old` and `new`, and what tests of Migrations ask of them. The Migrations stand in `old`, in the namespace `moves`. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIGRATION, migrationResource } from '#capabilities/app-migration/resources/migration.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, portableKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from '#sandbox/api/pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from '#sandbox/api/start.ts'

export type MigrationState = Record<string, unknown> & { phase?: string; observedGeneration?: number; message?: string }
type Side = 'old' | 'new'

export async function startMigrationSite() {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-app-migrations-'))
  const apis: SandboxApi[] = []
  const open = {} as Record<Side, OpenCluster>
  /** Kubeconfigs that carry everything themselves. */
  const files = {} as Record<Side, string>
  for (const name of ['old', 'new'] as const) {
    const api = await startSandboxApi({ folder: join(folder, name), clock: systemClock, runtime: noPods })
    apis.push(api)
    const access = { ...(await parseKubeconfig(await readKubeconfigFile(api.kubeconfig)).select()), context: name }
    files[name] = join(folder, `${name}.yaml`)
    await writeFile(files[name], portableKubeconfig(access))
    open[name] = openCluster({ name, access, clock: systemClock })
  }
  const { cluster } = open.old
  await cluster.create(definitionOf(migrationResource))
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'moves' } })
  const refOf = (name: string) => ({ ...MIGRATION, namespace: 'moves', name })
  const secret = (name: string, text: string, labels: Record<string, string> = { 'sallyport.io/use': 'migration' }) =>
    cluster.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'moves', labels },
      data: { kubeconfig: Buffer.from(text).toString('base64') },
    } as KubeObject)
  for (const name of ['old', 'new'] as const) await secret(name, await readFile(files[name], 'utf8'))
  return {
    folder,
    open,
    files,
    secret,
    /** From `old` to `new`. */
    migrate: (name: string, spec: object) =>
      cluster.create({
        ...MIGRATION,
        metadata: { name, namespace: 'moves' },
        spec: { source: { secret: 'old' }, target: { secret: 'new' }, checkImages: false, ...spec },
      } as KubeObject),
    change: (name: string, spec: object) => cluster.patch(refOf(name), 'merge', { spec }),
    /** Resolves when it stands so for its spec of now; rejects when it stands otherwise at its end. */
    async until(name: string, phase: string): Promise<MigrationState> {
      for (;;) {
        const { metadata, status = {} } = (await cluster.get(refOf(name))) as KubeObject & { status?: MigrationState }
        if (status.observedGeneration === metadata.generation) {
          if (status.phase === phase) return status
          if (['Failed', 'Blocked', 'Invalid', 'Differs'].includes(status.phase ?? ''))
            throw new Error(`${name} is ${status.phase}: ${JSON.stringify([status.message, status.obstacles, status.failing])}`)
        }
        await systemClock.sleep(50)
      }
    },
    async close() {
      for (const one of Object.values(open)) await one.close()
      for (const api of apis) await api.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type MigrationSite = Awaited<ReturnType<typeof startMigrationSite>>
