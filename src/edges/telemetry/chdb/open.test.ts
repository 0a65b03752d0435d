import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { family } from '#bench/processes.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { accessBatch, accessRow } from '#test/builders/access-rows.ts'
import { telemetryContract } from '#test/contracts/telemetry.ts'
import { bootstrap } from '../ddl.ts'
import { openTelemetry } from './open.ts'

const clock = { now: () => Date.UTC(2026, 10, 23, 12), sleep: (ms: number, signal?: AbortSignal) => pause(ms, undefined, { signal }) }

telemetryContract('chdb', (dir, options) => openTelemetry({ dir, clock, ...options }))

describe('the engine in its process', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sallyport-engine-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))
  const engineOf = () => family(process.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(dir, 'engine')))!
  const count = async (store: Telemetry) =>
    (await store.query({ sql: 'SELECT count(), (SELECT sum(requests) FROM access_1m) FROM access', scope: 'all' })).rows[0]

  it('is started again when it dies: batches are still taken, queries are told, and all is there afterwards', async () => {
    const store = await openTelemetry({ dir, clock })
    try {
      process.kill(engineOf(), 'SIGKILL')
      await expect.poll(async () => (await store.status()).engine.state, { timeout: 10_000, interval: 5 }).toBe('restarting')
      await expect(count(store)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
      await store.append(accessBatch([accessRow({ ts: clock.now() })]))
      await expect.poll(async () => (await store.status()).engine, { timeout: 20_000 }).toMatchObject({ state: 'ready', restarts: 1 })
      await expect.poll(() => count(store), { timeout: 10_000 }).toEqual([1, 1])
    } finally {
      await store.close()
    }
  })

  it('lets one server have a folder, names the other, and takes the folder of a dead one', async () => {
    const store = await openTelemetry({ dir, clock })
    await expect(openTelemetry({ dir, clock })).rejects.toMatchObject({ code: 'DATA_IN_USE', details: { pid: String(process.pid) } })
    await store.close()
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    for (const left of [`${pid} 1\n`, `${process.pid} 1\n`, 'garbage', '']) {
      await writeFile(join(dir, 'lock'), left)
      await (await openTelemetry({ dir, clock })).close()
    }
  })

  it('keeps hours and partitions of UTC in every zone', async () => {
    const zone = process.env.TZ
    process.env.TZ = 'Asia/Kolkata'
    const store = await openTelemetry({ dir, clock }).finally(() => {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    })
    try {
      await store.append(accessBatch([accessRow({ ts: Date.UTC(2026, 10, 23, 11, 45) })]))
      const sql = 'SELECT (SELECT toUnixTimestamp(max(ts)) FROM access_1h), (SELECT max(_partition_id) FROM access)'
      await expect
        .poll(async () => (await store.query({ sql, scope: 'all' })).rows[0], { timeout: 10_000 })
        .toEqual([Date.UTC(2026, 10, 23, 11) / 1000, String(Date.UTC(2026, 10, 23, 8) / 1000)])
    } finally {
      await store.close()
    }
  })

  it('refuses a store that a newer version wrote, and leaves it as it is', async () => {
    await (await openTelemetry({ dir, clock })).close()
    const sql = `${bootstrap[0]}; INSERT INTO sallyport.schema_versions (owner, version) VALUES ('ingress-analytics', 99)`
    const script = `const { Session } = require('chdb'); const s = new Session(process.argv[1]); for (const q of process.argv[2].split('; ')) s.query(q); s.close()`
    expect(spawnSync(process.execPath, ['-e', script, join(dir, 'engine'), sql]).status).toBe(0)
    for (let i = 0; i < 2; i++)
      await expect(openTelemetry({ dir, clock })).rejects.toMatchObject({ code: 'STORE_NEWER', details: { owner: 'ingress-analytics', found: 99 } })
  })

  it('drops rows past their retention by the clock it is given', async () => {
    const days = (n: number) => clock.now() - n * 86_400_000
    const store = await openTelemetry({ dir, clock })
    try {
      await store.append(accessBatch([accessRow({ ts: days(1) }), accessRow({ ts: days(20) })]))
      await expect.poll(() => count(store), { timeout: 10_000 }).toEqual([2, 2])
      await store.configure('access', { retentionDays: 10 })
      expect(await count(store)).toEqual([1, 2])
    } finally {
      await store.close()
    }
  })
})
