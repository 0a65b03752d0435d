/** Secrets that a Canary names. */
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { maybe } from './gather.ts'

/** Whoever may write a Canary may not for that read Secrets: only those that say so are used. */
const USE_LABEL = 'sallyport.io/use'

export async function readSecret(cluster: Cluster, namespace: string, { name, key }: { name: string; key: string }): Promise<Result<string, string>> {
  const secret = await maybe(cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }))
  if (secret === undefined) return err(`Secret ${name} is not there`)
  if (secret.metadata.labels?.[USE_LABEL] !== 'canary') return err(`Secret ${name} has no label ${USE_LABEL}: canary`)
  const value = (secret as unknown as { data?: Record<string, string> }).data?.[key]
  return value === undefined ? err(`Secret ${name} has no key ${key}`) : ok(Buffer.from(value, 'base64').toString('utf8'))
}
