import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openIngestTokens } from '#kits/server-kit/ingest-tokens.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import { writeAgentSecret } from './agent-secret.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-secret-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const SECRET = { ...FAKE_KINDS[0]!, kind: 'Secret', plural: 'secrets', singular: 'secret', namespaced: true, shortNames: [] }

it('gives agents a token once, and anew only when it is no longer good', async () => {
  const cluster = fakeCluster({ kinds: [...FAKE_KINDS, SECRET] })
  const tokens = await openIngestTokens(folder, fakeClock())
  let ca = 'first'
  const write = () => writeAgentSecret({ cluster, namespace: 'n', name: 'agents', tokens, bundle: () => ca, log: pino({ level: 'silent' }) })
  /** As an API server stores it. */
  const read = async () => {
    const object = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace: 'n', name: 'agents' })
    const { stringData, ...rest } = object as typeof object & { stringData?: Record<string, string> }
    if (stringData)
      await cluster.update({
        ...rest,
        data: Object.fromEntries(Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
      })
    return stringData!
  }
  expect(await write()).toBe(true)
  const first = await read()
  expect(tokens.verify(first.token!)).toMatchObject({ cluster: 'local', signals: ['access', 'logs', 'metrics', 'findings'] })
  expect(first['ca.crt']).toBe('first')
  expect(await write()).toBe(false)

  ca = 'second'
  expect(await write()).toBe(true)
  expect(await read()).toEqual({ token: first.token, 'ca.crt': 'second' })

  await tokens.revoke(tokens.verify(first.token!)!.id)
  expect(await write()).toBe(true)
  const third = await read()
  expect(third.token).not.toBe(first.token)
  expect(tokens.verify(third.token!)).toBeDefined()
  expect(tokens.list()).toHaveLength(1)
})

it('leaves the token as it is when the cluster does not answer', async () => {
  const cluster = fakeCluster()
  const tokens = await openIngestTokens(folder, fakeClock())
  await expect(writeAgentSecret({ cluster, namespace: 'n', name: 'agents', tokens, bundle: () => '', log: pino({ level: 'silent' }) })).rejects.toMatchObject({
    code: 'KIND_UNKNOWN',
  })
  expect(tokens.list()).toEqual([])
})
