import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Place } from '#core/oci/place.ts'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { registryContract } from '#test/contracts/registry.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { describeReal } from '#test/real.ts'
import { registriesWith } from './open.ts'

const open = registriesWith({ ...fakeClock(), now: Date.now, sleep: (ms) => new Promise((go) => setTimeout(go, Math.min(ms, 50))) })

for (const transport of ['oci', 'dir', 'docker-archive'] as const) {
  registryContract(transport, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-place-'))
    const place: Place = { transport, at: join(folder, 'images') }
    const registries = open()
    return {
      registry: await registries.open(place),
      repository: '',
      tags: transport !== 'dir',
      removes: transport === 'oci',
      reopen: async () => {
        await registries.close()
        return open().open(place)
      },
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    }
  })
}

describeReal('docker-registry', ['docker-registry'], () => {
  registryContract('docker-registry', async () => {
    const process: RegistryProcess = await startDockerRegistry({ deletes: true })
    const registries = open()
    const place: Place = { transport: 'registry', at: process.host }
    return {
      registry: await registries.open(place),
      repository: 'some/where',
      tags: true,
      // 2.8 removes by digest only.
      removes: false,
      reopen: () => open().open(place),
      [Symbol.asyncDispose]: async () => {
        await registries.close()
        await process[Symbol.asyncDispose]()
      },
    }
  })
})

describe('files that are no images', () => {
  it('names what is wrong with an archive', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-place-'))
    const at = join(folder, 'x.tar')
    for (const [bytes, reason] of [
      [readFileSync(import.meta.filename), 'no tar archive'],
      [Buffer.alloc(1024), 'neither index.json nor manifest.json'],
      [Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(600)]), 'compressed'],
    ] as const) {
      writeFileSync(at, bytes)
      await expect(open().open({ transport: 'docker-archive', at })).rejects.toThrow(reason)
    }
    rmSync(folder, { recursive: true, force: true })
  })
})
