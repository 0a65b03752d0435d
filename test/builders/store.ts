import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#core/kernel/clock.ts'
import type { Batch, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'

export interface TestStore extends AsyncDisposable {
  telemetry: Telemetry
  /** Appends, and resolves when the engine has all of it. */
  fill(batches: Iterable<Batch>): Promise<void>
}

/** The real engine on a folder of its own, for tests of what is asked of it. */
export async function openTestStore(clock: Clock): Promise<TestStore> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-store-'))
  const telemetry = await openTelemetry({ dir, clock })
  return {
    telemetry,
    async fill(batches) {
      for (const batch of batches) await telemetry.append(batch)
      while ((await telemetry.status()).queue.batches > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    async [Symbol.asyncDispose]() {
      await telemetry.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
