/** How registries are reached, from what files say. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileUnreadable } from '#core/kernel/errors.ts'
import type { RegistrySettings as EdgeSettings } from '#core/shapes/ports/registry.ts'
import type { RegistrySettings } from '../domain/spec/rule.ts'

/** By host, for the edge; of several entries about parts of one host the first that says something about a field counts. Rejects with FILE_UNREADABLE. */
export async function hostSettings(registries: readonly RegistrySettings[]): Promise<Record<string, EdgeSettings>> {
  const hosts: Record<string, EdgeSettings> = {}
  for (const { prefix, insecure, ca, cert, key, certDir, requestsPerSecond } of registries) {
    const found: EdgeSettings = {
      ...(insecure ? { tls: 'skip' } : {}),
      ...(certDir === undefined ? {} : await certificates(certDir)),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    }
    const host = prefix.split('/')[0]!
    if (Object.keys(found).length > 0) hosts[host] = { ...found, ...hosts[host] }
  }
  return hosts
}

/** A folder as docker's `certs.d`: `*.crt` are authorities, `*.cert` with `*.key` is ours. */
async function certificates(folder: string): Promise<EdgeSettings> {
  try {
    const names = (await readdir(folder)).sort().slice(0, 200)
    const read = (name: string) => readFile(join(folder, name), 'utf8')
    const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read))
    const own = names.find((name) => name.endsWith('.cert') && names.includes(`${name.slice(0, -5)}.key`))
    return {
      ...(authorities.length > 0 ? { ca: authorities.join('\n') } : {}),
      ...(own === undefined ? {} : { cert: await read(own), key: await read(`${own.slice(0, -5)}.key`) }),
    }
  } catch (error) {
    throw fileUnreadable(folder, error)
  }
}
