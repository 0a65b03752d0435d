/** A part of `npm run soak -- image-kill`. */
import { expect, it } from 'vitest'
import { startDockerRegistry } from '#test/builders/docker-registry.ts'
import { startKeepingRegistry } from '#test/builders/keeping-registry.ts'
import { describeReal } from '#test/real.ts'
import { brokenSession, killCopies } from '#test/soak/image-kill.ts'

describeReal('images copy, killed', ['docker-registry'], () => {
  it('loses at most a piece when all its processes and the target are killed at once', { timeout: 60_000 }, async () => {
    const { kills, twice, allowed, right } = await killCopies('all', 3, 1, 60, () => {})
    expect(right).toBe(true)
    expect(kills).toBeGreaterThan(0)
    expect(twice).toBeLessThanOrEqual(allowed)
  })

  it('is up to the registry: docker-registry 2.8 gives up a session of which a request broke', async () => {
    await using docker = await startDockerRegistry()
    await using keeping = await startKeepingRegistry()
    expect(await brokenSession(docker)).toEqual({ before: '204 0-999999', after: expect.stringMatching(/^40[04]/) })
    expect(await brokenSession(keeping)).toEqual({ before: '204 0-999999', after: '204 0-1499999' })
  })
})
