/** What every telemetry store must do. Called with how to open one on a folder of its own; opening the same folder again is a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Query, Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { type AccessRow, accessBatch, accessRow, seededAccessRows } from '#test/builders/access-rows.ts'

export type OpenStore = (dir: string, options?: { queueBytes?: number }) => Promise<Telemetry & { close(): Promise<void> }>

const START = Date.UTC(2026, 10, 20, 23, 58)

/** Asks until the answer is `expected`; append promises to be seen within 3 s, here with room for a busy machine. */
async function eventually(ask: () => Promise<unknown>, expected: unknown): Promise<void> {
  for (const deadline = performance.now() + 20_000; ; await pause(50)) {
    const answer = await ask()
    if (isDeepStrictEqual(answer, expected)) return
    if (performance.now() > deadline) return expect(answer).toEqual(expected)
  }
}

export function telemetryContract(name: string, open: OpenStore): void {
  describe(`telemetry: ${name}`, () => {
    let dir: string
    let store: Awaited<ReturnType<OpenStore>>
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'sallyport-contract-'))
      store = await open(dir)
    })
    afterAll(async () => {
      await store.close()
      await rm(dir, { recursive: true, force: true })
    })
    const ask = (sql: string, more: Partial<Query> = {}) => store.query({ sql, scope: 'all', ...more })
    const rows = async (sql: string, more: Partial<Query> = {}) => (await ask(sql, more)).rows
    const rowsIn = (cluster: string) => rows('SELECT count() FROM access WHERE cluster = {c:String}', { params: { c: cluster } })
    /** Raw rows may be seen a moment before what is rolled up from them; not after this. */
    const settled = () => eventually(async () => (await store.status()).queue.batches, 0)
    const batch = (cluster: string, count: number, more: Partial<AccessRow> = {}) =>
      accessBatch(Array.from({ length: count }, (_, i) => accessRow({ ts: START + i * 1000, cluster, path: `/${i}`, request_time: i / 1000, ...more })))

    it('shows what was appended, with defaults where columns were left out', async () => {
      await store.append(accessBatch([{ ts: START, cluster: 'few', status: 200 } as AccessRow]))
      await eventually(() => rows("SELECT toUnixTimestamp64Milli(ts), path, status, client FROM access WHERE cluster = 'few'"), [[START, '', 200, '']])
      const answer = await ask("SELECT status AS s FROM access WHERE cluster = 'few'")
      expect(answer.columns).toEqual(['s'])
      expect(answer.rowsRead).toBeGreaterThan(0)
    })

    it('stores a batch once however often it is sent, at once and later', async () => {
      const one = batch('once', 500)
      await Promise.all([store.append(one), store.append(one), store.append(one)])
      await eventually(() => rowsIn('once'), [[500]])
      await store.append(one)
      await store.append(batch('once-after', 1))
      await eventually(() => rowsIn('once-after'), [[1]])
      await settled()
      expect(await rowsIn('once')).toEqual([[500]])
      expect(await rows("SELECT sum(requests) FROM access_1m WHERE cluster = 'once'")).toEqual([[500]])
    })

    it('stores a batch once across restarts, and keeps everything', async () => {
      const one = batch('restart', 300)
      await store.append(one)
      await store.close()
      store = await open(dir)
      expect(await rowsIn('restart')).toEqual([[300]])
      await store.append(one)
      await store.append(batch('restart-after', 1))
      await eventually(() => rowsIn('restart-after'), [[1]])
      expect(await rowsIn('restart')).toEqual([[300]])
    })

    it('rolls up by minute and hour, so that all three tables agree', async () => {
      const all = seededAccessRows(6000, START, START + 3 * 3_600_000, 5).map((row) => ({ ...row, cluster: 'rolled' }))
      for (let i = 0; i < all.length; i += 1500) await store.append(accessBatch(all.slice(i, i + 1500)))
      await settled()
      const [raw] = await rows(`SELECT count(), sum(bytes_in), sum(bytes_out), countIf(status >= 500), countIf(status = 499), countIf(NOT isNaN(request_time)),
        max(if(isNaN(request_time), 0, request_time)), round(sumIf(toFloat64(request_time), NOT isNaN(request_time)), 6), countIf(NOT isNaN(upstream_time)), uniqExact(client)
        FROM access WHERE cluster = 'rolled'`)
      const levels = '0.5, 0.9, 0.95, 0.99'
      for (const table of ['access_1m', 'access_5m', 'access_1h']) {
        const [rolled] =
          await rows(`SELECT sum(requests), sum(bytes_in), sum(bytes_out), sum(s5xx), sum(s499), sum(timed), max(time_max), round(sum(time_sum), 6),
          sum(upstream_timed), uniqCombinedMerge(12)(clients) FROM ${table} WHERE cluster = 'rolled'`)
        expect(rolled!.slice(0, 9)).toEqual(raw!.slice(0, 9))
        expect(Math.abs(Number(rolled![9]) / Number(raw![9]) - 1)).toBeLessThan(0.05)
        const [[exact], [sketch]] = [
          (await rows(`SELECT quantilesExact(${levels})(request_time * 1000000) FROM access WHERE cluster = 'rolled' AND NOT isNaN(request_time)`))[0] as [
            number[],
          ],
          (await rows(`SELECT quantilesDDMerge(0.01, ${levels}, 0.999, 0.9999)(time_q) FROM ${table} WHERE cluster = 'rolled'`))[0] as [number[]],
        ]
        for (const i of [0, 1, 2, 3]) expect(Math.abs(sketch[i]! / exact[i]! - 1)).toBeLessThan(0.015)
      }
    })

    describe('scope', () => {
      const only: Scope = [{ cluster: 'seen' }]
      const shop: Scope = [
        { cluster: 'seen', signals: ['access', 'metrics'], namespaces: ['shop'] },
        { cluster: "it's \\ odd", namespaces: ['shop'] },
        // Rights in one cluster or to one signal say nothing about another.
        { cluster: 'hidden', namespaces: ['elsewhere'] },
        { cluster: 'hidden', signals: ['logs'] },
      ]
      beforeAll(async () => {
        await store.append(batch('seen', 10))
        await store.append(batch('seen', 5, { namespace: 'other' }))
        await store.append(batch('hidden', 7))
        await store.append(batch("it's \\ odd", 3))
        await settled()
      })
      it.each([
        ['a table', 'SELECT count() FROM access'],
        ['a qualified table', 'SELECT count() FROM sallyport.access'],
        ['quoted names', 'SELECT count() FROM `sallyport`.`access`'],
        ['an alias', "SELECT count() FROM access AS a WHERE a.cluster != ''"],
        ['a subquery', 'SELECT count() FROM (SELECT * FROM access)'],
        ['WITH', 'WITH x AS (SELECT * FROM access) SELECT count() FROM x'],
        ['a scalar subquery', 'SELECT (SELECT count() FROM access)'],
        ['a roll-up', 'SELECT sum(requests) FROM access_1m'],
        ['a roll-up of hours', 'SELECT sum(requests) FROM access_1h'],
        ['a view by name', 'SELECT sum(requests) FROM access_1m_view'],
        ['the second view by name', 'SELECT sum(requests) FROM access_1h_view'],
        ['UNION', 'SELECT sum(n) FROM (SELECT count() AS n FROM access UNION ALL SELECT 0)'],
        ['IN', 'SELECT count() FROM access WHERE path IN (SELECT path FROM access)'],
        ['an OR that would widen it', 'SELECT count() FROM access WHERE 1 OR cluster = 1::String'],
      ])('holds through %s', async (_title, sql) => {
        expect(await rows(sql, { scope: only })).toEqual([[15]])
        expect(await rows(sql, { scope: shop })).toEqual([[13]])
        expect(await rows(sql, { scope: [] })).toEqual([[0]])
        expect(await rows(sql, { scope: [{ cluster: 'seen', namespaces: [] }] })).toEqual([[0]])
      })
      it('holds in joins, on both sides', async () => {
        expect(await rows('SELECT uniqExact(a.cluster), uniqExact(b.cluster) FROM access AS a JOIN access AS b ON a.path = b.path', { scope: only })).toEqual([
          [1, 1],
        ])
      })
      it('shows nothing of tables without namespaces to who may see some namespaces', async () => {
        expect(await rows('SELECT count() FROM sample_runs', { scope: shop })).toEqual([[0]])
      })
      it.each([
        ["SELECT count() FROM merge('sallyport', 'access')"],
        ['SELECT count() FROM mergeTreeIndex(sallyport, access)'],
        ['SELECT count() FROM access SETTINGS additional_table_filters = {}'],
        ["SELECT * FROM file('/etc/hostname', 'LineAsString')"],
        ["SELECT * FROM url('http://127.0.0.1/', 'LineAsString')"],
        ["SELECT count() FROM remote('127.0.0.1', sallyport, access)"],
        ['SELECT count() FROM access; SELECT 1'],
        ['INSERT INTO access SELECT * FROM access'],
        ['DROP TABLE access'],
        ["SELECT 1 INTO OUTFILE '/tmp/x'"],
        ['SELECT name FROM system.tables'],
        ['SELECT name FROM `system`.`tables`'],
        ['SELECT name FROM `sys\\x74em`.`tables`'],
        ['SELECT name FROM "system".tables'],
        ["SELECT name -- '\nFROM system.tables -- '"],
        ["SELECT name /* ' */ FROM system.tables /* ' */"],
        ["SELECT name # '\nFROM system.tables # '"],
        ["SELECT $a$ ' $a$, name FROM system.tables WHERE '' != $a$ ' $a$"],
        ['SELECT name AS "a\'b" FROM system.tables WHERE \'\' = "a\'b"'],
      ])('refuses %j', async (sql) => {
        await expect(ask(sql, { scope: only })).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
      })
      it('takes such words as values, and does not keep a scope for the next query', async () => {
        const odd = "x'; DROP TABLE access; -- SETTINGS merge("
        expect(await rows("SELECT {v:String}, 'system.tables; settings'", { scope: only, params: { v: odd } })).toEqual([[odd, 'system.tables; settings']])
        expect(await rowsIn('hidden')).toEqual([[7]])
      })
    })

    describe('values', () => {
      it.each([
        ["it's"],
        ['\\'],
        ["\\'"],
        ['a\tb\nc\rd\0e\bf\fg'],
        ['{x:String}'],
        ['漢字 🚀'],
        [''],
        ["'); DROP TABLE access; --"],
        ['\\N'],
        ['NULL'],
        ['`"'],
      ])('takes %j as it is, alone and in arrays', async (text) => {
        const answer = await rows('SELECT {a:String}, {b:Array(String)}, length({b:Array(String)})', { params: { a: text, b: [text, 'x', text] } })
        expect(answer).toEqual([[text, [text, 'x', text], 3]])
      })
      it('takes numbers, also large and fractional ones', async () => {
        const params = { i: Number.MAX_SAFE_INTEGER, f: 0.1, n: -5, s: '18446744073709551615', l: [1, 2.5] }
        expect(await rows('SELECT {i:Int64}, {f:Float64}, {n:Int32}, {s:UInt64}, {l:Array(Float64)}', { params })).toEqual([
          [Number.MAX_SAFE_INTEGER, 0.1, -5, '18446744073709551615', [1, 2.5]],
        ])
      })
      it('refuses a query whose parameter is not given', async () => {
        await rows('SELECT {left:String}', { params: { left: 'over' } })
        await expect(ask('SELECT {left:String}')).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
      })
      it('gives 64-bit integers exactly, NaN and infinities as null, and no rows as none', async () => {
        expect(
          await rows("SELECT toUInt64('9007199254740991'), toUInt64('9007199254740993'), toInt64('-9223372036854775808'), [toUInt64('18446744073709551615')]"),
        ).toEqual([[Number.MAX_SAFE_INTEGER, '9007199254740993', '-9223372036854775808', ['18446744073709551615']]])
        expect(await rows("SELECT nan, inf, -inf, '9007199254740993', toFloat64(1e17)")).toEqual([[null, null, null, '9007199254740993', 1e17]])
        expect(await ask('SELECT path FROM access WHERE 0')).toMatchObject({ columns: ['path'], rows: [] })
      })
    })

    describe('limits', () => {
      const many = 'SELECT number FROM numbers(1000000)'
      it('ends what is too large, too long or too hungry', async () => {
        await expect(ask(many)).rejects.toMatchObject({ code: 'QUERY_LIMIT' })
        await expect(ask(many, { limits: { rows: 999_999 } })).rejects.toMatchObject({ code: 'QUERY_LIMIT' })
        await expect(ask('SELECT sum(sipHash64(number)) FROM numbers(1000000000000)', { limits: { seconds: 1 } })).rejects.toMatchObject({
          code: 'QUERY_LIMIT',
        })
        await expect(ask('SELECT length(groupArray(number)) FROM numbers(50000000)', { limits: { memoryBytes: 50e6 } })).rejects.toMatchObject({
          code: 'QUERY_LIMIT',
        })
        expect((await rows('SELECT number FROM numbers(3)', { limits: { rows: 3 } })).length).toBe(3)
      })
      it('keeps the lane of rules free of heavy dashboards', async () => {
        const heavy = [1, 2, 3, 4].map(() =>
          ask('SELECT sum(sipHash64(number)) FROM numbers(1000000000000)', { limits: { seconds: 2 } }).catch((error) => error.code),
        )
        const began = performance.now()
        await rows('SELECT 1', { lane: 'rules' })
        const rules = performance.now() - began
        expect(await Promise.all(heavy)).toEqual(Array(4).fill('QUERY_LIMIT'))
        expect(rules).toBeLessThan(performance.now() - began)
      })
      it('says what was wrong with a query', async () => {
        await expect(ask('SELECT nothing FROM nowhere')).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
      })
    })

    it('puts a malformed block aside, counts it, and goes on', async () => {
      const good = batch('malformed', 20)
      const cut = { ...batch('malformed', 20), native: good.native.slice(0, good.native.length - 100) }
      const garbage = { ...batch('malformed', 1), native: new TextEncoder().encode('this is not a block of any kind') }
      const before = (await store.status()).refused.batches
      await Promise.all([store.append(cut), store.append(garbage), store.append(good)])
      await eventually(() => rowsIn('malformed'), [[20]])
      await settled()
      expect((await store.status()).refused).toMatchObject({ batches: before + 2, lastReason: expect.any(String) })
      expect(await rows("SELECT sum(requests) FROM access_1m WHERE cluster = 'malformed'")).toEqual([[20]])
    })

    it('refuses a batch that is none', async () => {
      await expect(store.append({ ...batch('x', 1), id: '../../etc/passwd' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      await expect(store.append({ ...batch('x', 1), table: 'nope' as 'access' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    })

    it('drops the oldest rows when over budget, and keeps the limits over a restart', async () => {
      const status = async () => (await store.status()).signals.find(({ signal }) => signal === 'findings')!
      expect((await status()).budgetBytes).toBeGreaterThan(0)
      await store.configure('access', { budgetBytes: 1e9, retentionDays: 3650 })
      await store.configure('findings', { retentionDays: 12, budgetBytes: 5e6 })
      await expect(store.configure('findings', { retentionDays: -1, budgetBytes: Number.NaN })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'budgetBytes' }, { path: 'retentionDays' }],
      })
      await store.close()
      store = await open(dir)
      expect(await status()).toMatchObject({ retentionDays: 12, budgetBytes: 5e6 })

      const noise = Array.from({ length: 40_000 }, (_, i) => `/${Math.sin(i)}${Math.cos(i)}`)
      for (const day of [3, 2, 1])
        await store.append(accessBatch(noise.map((path) => accessRow({ ts: START - day * 86_400_000, cluster: 'budget', path: `${path}${day}` }))))
      await settled()
      const signal = async () => (await store.status()).signals.find(({ signal }) => signal === 'access')!
      await expect.poll(async () => (await signal()).bytes).toBeGreaterThan(1.5e6)
      await store.configure('access', { budgetBytes: Math.round((await signal()).bytes * 0.7) })
      const left = await rows("SELECT DISTINCT intDiv(toUnixTimestamp(ts), 86400) FROM access WHERE cluster = 'budget' ORDER BY 1")
      expect(left.at(-1)).toEqual([Math.floor((START - 86_400_000) / 86_400_000)])
      expect(left.length).toBeLessThan(3)
      expect((await signal()).bytes).toBeLessThanOrEqual((await signal()).budgetBytes)
      // what is rolled up outlives raw rows
      expect(await rows("SELECT sum(requests) FROM access_1m WHERE cluster = 'budget'")).toEqual([[120_000]])
    })

    it('says how it is', async () => {
      const status = await store.status()
      expect(status).toMatchObject({ engine: { state: 'ready', version: expect.stringMatching(/^\d+\./) }, queue: { batches: 0, bytes: 0 } })
      expect(status.disk.freeBytes).toBeGreaterThan(0)
      const used = status.signals.reduce((sum, { bytes }) => sum + bytes, 0) + status.disk.overheadBytes
      expect(status.disk.usedBytes).toBe(used)
      expect(status.signals.map(({ signal }) => signal).sort()).toEqual(['access', 'audit', 'findings', 'logs', 'metrics', 'spans'])
      expect(status.signals.find(({ signal }) => signal === 'access')!.oldestAt).toBeLessThanOrEqual(START)
    })
  })

  describe(`telemetry: ${name}, queue`, () => {
    it('rejects with QUEUE_FULL what does not fit, and keeps nothing of it', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'sallyport-contract-'))
      const one = accessBatch(Array.from({ length: 1000 }, (_, i) => accessRow({ ts: START, path: `/${i}` })))
      const store = await open(dir, { queueBytes: one.native.length - 1 })
      try {
        await expect(store.append(one)).rejects.toMatchObject({ code: 'QUEUE_FULL' })
        await store.append(accessBatch([accessRow({ ts: START })]))
        await eventually(async () => (await store.query({ sql: 'SELECT count() FROM access', scope: 'all' })).rows, [[1]])
        await eventually(async () => (await store.status()).queue, { batches: 0, bytes: 0 })
      } finally {
        await store.close()
        await rm(dir, { recursive: true, force: true })
      }
    })
  })
}
