/** What runs in a cluster, and the secrets with which it is pulled. */
import { CodedError, isError } from '#core/kernel/errors.ts'
import type { KindRef, KubeObject } from '#core/kube/objects.ts'
import { describeRef } from '#core/kube/objects.ts'
import { type ImageField, imagesIn } from '#core/oci/images-in.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { CredentialEntry } from '../domain/credentials.ts'
import { readPullSecret } from '../domain/docker-config.ts'
import type { UsedImage } from '../domain/spec/from-images.ts'

const WORKLOADS: readonly KindRef[] = [
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'batch/v1', kind: 'CronJob' },
  { apiVersion: 'v1', kind: 'PodTemplate' },
]
/** Before Kubernetes 1.21. */
const OLDER: Readonly<Record<string, KindRef>> = { CronJob: { apiVersion: 'batch/v1beta1', kind: 'CronJob' } }
const PAGE = 500

export interface InCluster {
  images: readonly UsedImage[]
  credentials: readonly CredentialEntry[]
  /** What could not be looked at; the answer is incomplete then. */
  unknown: readonly string[]
}

/** Images of pods and of all that makes pods (also what is scaled to nothing now), each with the first object that uses it. */
export async function imagesInCluster(
  cluster: Cluster,
  options: { namespaces?: readonly string[]; fields?: readonly ImageField[]; kinds?: readonly KindRef[] } = {},
): Promise<InCluster> {
  const images = new Map<string, UsedImage>()
  const secrets = new Set<string>()
  const unknown: string[] = []
  const look = (object: KubeObject) => {
    for (const { image } of imagesIn(object, options.fields))
      if (!images.has(image))
        images.set(image, { image, origin: { file: `cluster ${cluster.name}`, line: 1, path: describeRef({ ...object, ...object.metadata }) } })
    const spec = podSpecOf(object)
    for (const name of pullSecrets(spec?.imagePullSecrets)) secrets.add(`${object.metadata.namespace}/${name}`)
  }
  const each = async (kind: KindRef, visit: (object: KubeObject) => void): Promise<void> => {
    for (const namespace of options.namespaces ?? [undefined]) {
      let from: string | undefined
      do {
        const page = await cluster.list(kind, {
          limit: PAGE,
          ...(namespace === undefined ? {} : { namespace }),
          ...(from === undefined ? {} : { continue: from }),
        })
        page.items.forEach(visit)
        from = page.continue
      } while (from !== undefined)
    }
  }
  const attempt = async (what: string, work: () => Promise<void>) => {
    await work().catch((error: unknown) => {
      if (!(error instanceof CodedError)) throw error
      unknown.push(`${what}: ${error.message}`)
    })
  }
  for (const kind of [...WORKLOADS, ...(options.kinds ?? [])]) {
    await attempt(kind.kind, async () => {
      // A kind that is not served has no objects: nothing is unknown then.
      for (const served of [kind, OLDER[kind.kind]]) {
        if (served === undefined) return
        try {
          return await each(served, look)
        } catch (error) {
          if (!isError(error, 'KIND_UNKNOWN')) throw error
        }
      }
    })
  }
  await attempt('ServiceAccount', () =>
    each({ apiVersion: 'v1', kind: 'ServiceAccount' }, (account) => {
      for (const name of pullSecrets(account.imagePullSecrets)) secrets.add(`${account.metadata.namespace}/${name}`)
    }),
  )
  const credentials: CredentialEntry[] = []
  for (const secret of [...secrets].sort()) {
    const [namespace = '', name = ''] = secret.split('/')
    await attempt(`Secret ${secret}`, async () => {
      const read = readPullSecret((await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name })) as KubeObject & { type?: unknown; data?: unknown })
      if (read.ok) credentials.push(...read.value)
      else unknown.push(...read.error.map(({ path, message }) => `${path} ${message}`))
    })
  }
  return { images: [...images.values()], credentials, unknown }
}

type Plain = Record<string, unknown>
const plain = (value: unknown): Plain | undefined => (typeof value === 'object' && value !== null ? (value as Plain) : undefined)

function podSpecOf(object: KubeObject): Plain | undefined {
  const spec = plain(object.spec)
  const template = plain(object.template) ?? plain(spec?.template) ?? plain(plain(plain(spec?.jobTemplate)?.spec)?.template)
  return plain(template?.spec) ?? spec
}

const pullSecrets = (value: unknown): string[] =>
  Array.isArray(value) ? value.flatMap((each) => (typeof plain(each)?.name === 'string' && plain(each)!.name !== '' ? [String(plain(each)!.name)] : [])) : []
