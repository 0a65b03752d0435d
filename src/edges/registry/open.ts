/** Opens places of images. */
import type { Clock } from '#core/kernel/clock.ts'
import { createThrottle } from '#core/oci/pace.ts'
import { formatPlace } from '#core/oci/place.ts'
import type { OpenRegistries, Place, Registry, Traffic } from '#core/shapes/ports/registry.ts'
import { openArchive } from './files/archive.ts'
import { createDirectory } from './files/directory.ts'
import { createLayout } from './files/layout.ts'
import { type Client, createClient } from './http/client.ts'
import { createHttpRegistry } from './http/registry.ts'

export const registriesWith =
  (clock: Clock): OpenRegistries =>
  (options = {}) => {
    const opened = new Map<string, Promise<Registry>>()
    const clients = new Map<string, Client>()
    const { signal, credentials, settings, fallback, retries = 6, bytesPerSecond } = options
    const wait = bytesPerSecond ? createThrottle(clock, bytesPerSecond) : undefined

    async function openPlace({ transport, at }: Place): Promise<Registry> {
      if (transport === 'registry') {
        const client = createClient({ host: at, clock, settings: { ...fallback, ...settings?.[at] }, credentials, retries, signal })
        clients.set(at, client)
        return createHttpRegistry(client, wait)
      }
      const name = formatPlace({ transport, at })
      if (transport === 'oci') return createLayout(at, name)
      return transport === 'dir' ? createDirectory(at, name) : openArchive(at, name)
    }
    return {
      open(place) {
        const key = formatPlace(place)
        let found = opened.get(key)
        if (!found) {
          found = openPlace(place)
          opened.set(key, found)
        }
        return found
      },
      traffic: () => Object.fromEntries([...clients].map(([host, { traffic }]): [string, Traffic] => [host, { ...traffic }])),
      async close() {
        for (const registry of opened.values()) await (await registry).close()
      },
    }
  }
