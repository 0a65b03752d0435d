/** The objects of the sandbox in a file, so that a second start keeps them. */

import { readFile, rename, writeFile } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { keyOf, type Obj, type Store } from './store.ts'

const VERSION = 1
/** Changes are written at most this often, ms. */
const PAUSE = 3_000
/** Revisions that a start skips, so that none is given twice when the last snapshot was not the last state. */
const SKIPPED = 100_000

interface Snapshot {
  version: number
  revision: number
  collections: Record<string, Obj[]>
}

export async function readSnapshot(file: string): Promise<Snapshot | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch {
    return undefined
  }
  try {
    const snapshot = JSON.parse(gunzipSync(bytes).toString()) as Snapshot
    if (snapshot.version === VERSION) return snapshot
    process.stderr.write(`sandbox: ${file} is of version ${snapshot.version}, not ${VERSION}: the cluster begins anew\n`)
  } catch (error) {
    process.stderr.write(`sandbox: ${file} cannot be read (${(error as Error).message}): the cluster begins anew\n`)
  }
  await rename(file, `${file}.unread`)
  return undefined
}

export const revisionAfter = (snapshot: Snapshot | undefined): number => (snapshot === undefined ? 1 : snapshot.revision + SKIPPED)

export function restore(store: Store, snapshot: Snapshot): void {
  for (const [name, objects] of Object.entries(snapshot.collections))
    for (const object of objects) store.collection(name).put(keyOf(object.metadata.namespace, object.metadata.name), () => object)
  for (const name of store.names()) store.collection(name).compact()
}

/** Writes after changes; `close` writes what is left. */
export function keepSnapshot(store: Store, file: string): { close(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  const write = () => {
    timer = undefined
    writing = writing.then(async () => {
      const collections = Object.fromEntries(
        store
          .names()
          .map(
            (name) =>
              [
                name,
                store
                  .collection(name)
                  .entries()
                  .map((entry) => entry.object),
              ] as const,
          )
          .filter(([, objects]) => objects.length > 0),
      )
      const bytes = gzipSync(JSON.stringify({ version: VERSION, revision: store.revision(), collections } satisfies Snapshot), { level: 1 })
      const beside = `${file}.tmp`
      await writeFile(beside, bytes, { mode: 0o600 })
      await rename(beside, file)
    })
    writing = writing.catch((error: Error) => void process.stderr.write(`sandbox: the cluster's objects cannot be written: ${error.message}\n`))
  }
  // A heartbeat alone is not worth a write.
  const unfollow = store.onChange((name) => {
    if (name !== 'leases.coordination.k8s.io') timer ??= setTimeout(write, PAUSE).unref()
  })
  return {
    async close() {
      unfollow()
      clearTimeout(timer)
      write()
      await writing
    },
  }
}
