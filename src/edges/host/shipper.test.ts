import { appendFileSync, copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { Clock } from '#core/kernel/clock.ts'
import { createTail, TAIL_LIMITS, type TailEvent } from './file-tail.ts'
import { openJournal } from './journal.ts'
import { type Delivery, type ShipEvent, ship } from './shipper.ts'

const root = mkdtempSync(join(tmpdir(), 'sallyport-ship-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const LIMITS = { ...TAIL_LIMITS, chunkBytes: 256, cutBytes: 64 }
/** Longer than this, with its line break, a line is cut. */
const LONGEST = LIMITS.chunkBytes

/** Time that only waiting moves: a pause of any length takes a turn of the event loop. */
function quickClock(): Clock & { jump(ms: number): void } {
  let now = 1_700_000_000_000
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          now += ms
          resolve()
        }, 1)
        signal?.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
      }),
    jump: (ms) => {
      now += ms
    },
  }
}

/** A server that stores each batch once and holds the agent to its word: the same id, the same bytes. */
function createServer() {
  const stored = new Map<string, Buffer>()
  /** What happens to the next deliveries. */
  const troubles: ('down' | 'answer lost' | 'full')[] = []
  return {
    stored,
    troubles,
    take(id: string, bytes: Buffer): Delivery {
      const trouble = troubles.shift()
      if (trouble === 'down') return { outcome: 'later', reason: 'ECONNREFUSED' }
      if (trouble === 'full') return { outcome: 'later', reason: '429', afterMs: 1000 }
      const earlier = stored.get(id)
      if (earlier) expect(bytes.toString()).toBe(earlier.toString())
      else stored.set(id, Buffer.from(bytes))
      return trouble === 'answer lost' ? { outcome: 'later', reason: 'ECONNRESET' } : { outcome: 'taken' }
    },
    text: () => [...stored.values()].map(String),
  }
}

/** An agent that can be killed at any moment: from then on it writes and sends nothing. */
async function startAgent(folder: string, pattern: string, server: ReturnType<typeof createServer>, clock: Clock, more: { from?: 'start' | 'end' } = {}) {
  const journal = await openJournal(folder)
  const events: (TailEvent | ShipEvent)[] = []
  const report = (event: TailEvent | ShipEvent) => void events.push(event)
  const tail = createTail([{ pattern, ...more }], journal.states, report, LIMITS)
  let polls = 0
  const stop = new AbortController()
  let dead = false
  const never = new Promise<never>(() => {})
  const running = ship(
    {
      tail: {
        ...tail,
        poll(now) {
          polls++
          tail.poll(now)
        },
      },
      journal: { ...journal, write: (...args) => (dead ? never : journal.write(...args)) },
      clock,
      chunkBytes: LIMITS.chunkBytes,
      slots: 2,
      newId: () => crypto.randomUUID(),
      random: Math.random,
      report,
      send: async ({ id, bytes }) => {
        await new Promise(setImmediate)
        return dead ? never : server.take(id, bytes)
      },
    },
    stop.signal,
  )
  return {
    events,
    polls: () => polls,
    state: () => JSON.stringify(tail.files().map(({ source: _, ...file }) => file)),
    idle: () => tail.ready().length === 0 && tail.files().every((file) => !file.busy),
    async kill() {
      dead = true
      stop.abort()
      await new Promise(setImmediate)
      tail.close()
      await journal.close().catch(() => {})
    },
    async stop() {
      stop.abort()
      await running
      tail.close()
      await journal.close()
    },
  }
}
type Agent = Awaited<ReturnType<typeof startAgent>>

const turn = (ms = 4) => new Promise((resolve) => setTimeout(resolve, ms))
/** Until everything that is there was delivered. */
async function settle(agent: Agent) {
  for (let quietSince = agent.polls(), turns = 0; agent.polls() < quietSince + 4; turns++) {
    if (turns > 2000) throw new Error(`does not settle: ${agent.state()}`)
    await turn(2)
    if (!agent.idle()) quietSince = agent.polls()
  }
}

const line = (id: number, length: number) => `${id}:${'x'.repeat(Math.max(0, length - 2 * String(id).length - 3))}:${id}\n`

type Step =
  | { do: 'append'; lengths: number[] }
  | { do: 'late'; lengths: number[] }
  | { do: 'begin'; length: number }
  | { do: 'trouble'; what: ('down' | 'answer lost' | 'full')[] }
  | { do: 'rename' | 'renameAndCreate' | 'copyTruncate' | 'truncate' | 'delete' | 'kill' | 'restart' | 'wait' | 'settle' | 'linger' }

const lengths = fc.array(fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 8, max: 120 }) }, { weight: 1, arbitrary: fc.integer({ min: 200, max: 900 }) }), {
  minLength: 1,
  maxLength: 12,
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), lengths }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('late' as const), lengths }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('begin' as const), length: fc.integer({ min: 8, max: 300 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('trouble' as const),
      what: fc.array(fc.constantFrom('down' as const, 'answer lost' as const, 'full' as const), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'rename' as const,
        'renameAndCreate' as const,
        'copyTruncate' as const,
        'truncate' as const,
        'delete' as const,
        'kill' as const,
        'kill' as const,
        'restart' as const,
        'wait' as const,
        'wait' as const,
        'settle' as const,
        'linger' as const,
      ),
    }),
  },
)

/** Runs the steps against a file, its writer's memory and an agent; `careful` settles before anything is destroyed, so that nothing may be lost. */
async function play(steps: readonly Step[], careful: boolean) {
  const folder = mkdtempSync(join(root, 'run-'))
  const path = join(folder, 'access.log')
  const clock = quickClock()
  const server = createServer()
  const start = () => startAgent(folder, path, server, clock)
  let agent: Agent | undefined
  const alive = async () => {
    agent ??= await start()
    return agent
  }
  const losses: TailEvent[] = []
  let nextId = 1
  let rotated: string | undefined
  const written = new Map<number, number>() // id → length of complete lines
  const open = new Map<number, number>() // begun, never finished: may be delivered as it is, once, when its file is over
  let unfinished: { id: number; length: number } | undefined
  let current: number[] = []
  const mayBeLost = new Set<number>()
  const collect = () => {
    for (const event of agent?.events.splice(0) ?? []) if (event.kind === 'lost') losses.push(event)
  }
  const end = () => {
    if (!unfinished) return ''
    const { id, length } = unfinished
    unfinished = undefined
    open.delete(id)
    written.set(id, length)
    current.push(id)
    return line(id, length).slice(1 + Math.floor(length / 2))
  }
  const fresh = (list: readonly number[]) =>
    list
      .map((length) => {
        const id = nextId++
        written.set(id, line(id, length).length)
        current.push(id)
        return line(id, length)
      })
      .join('')
  const leave = () => {
    // The rest of a line that was begun never comes.
    unfinished = undefined
    current = []
  }
  const beforeDestroying = async () => {
    if (careful) await settle(await alive())
    else for (const id of current) mayBeLost.add(id)
  }

  for (const item of steps) {
    const absent = !existsSync(path)
    if (item.do === 'append') appendFileSync(path, end() + fresh(item.lengths))
    else if (item.do === 'begin' && !unfinished) {
      unfinished = { id: nextId++, length: item.length }
      open.set(unfinished.id, item.length)
      appendFileSync(path, line(unfinished.id, item.length).slice(0, 1 + Math.floor(item.length / 2)))
    } else if (item.do === 'late' && rotated && existsSync(rotated)) {
      // A writer that has not reopened yet; only whole lines, after a line break.
      const kept = current
      current = []
      const text = fresh(item.lengths)
      appendFileSync(rotated, `\n${text}`)
      current = kept
    } else if (item.do === 'rename' || item.do === 'renameAndCreate') {
      if (existsSync(path)) {
        rotated = join(folder, `access.log.${nextId++}`)
        renameSync(path, rotated)
        leave()
      }
      if (item.do === 'renameAndCreate') writeFileSync(path, '')
      await turn(10) // the kernel's clock for creation times has steps of 4 ms
    } else if ((item.do === 'copyTruncate' || item.do === 'truncate') && existsSync(path)) {
      await beforeDestroying()
      if (item.do === 'copyTruncate') copyFileSync(path, join(folder, 'copy'))
      truncateSync(path)
      leave()
    } else if (item.do === 'delete' && existsSync(path)) {
      await beforeDestroying()
      rmSync(path)
      leave()
    } else if (item.do === 'kill') {
      collect()
      await agent?.kill()
      agent = undefined // until it is needed: what happens meanwhile happens without an agent
    } else if (item.do === 'restart') {
      await (await alive()).stop()
      collect()
      agent = undefined
    } else if (item.do === 'trouble') server.troubles.push(...item.what)
    else if (item.do === 'wait') {
      await alive()
      await turn()
    } else if (item.do === 'settle') await settle(await alive())
    else if (item.do === 'linger') {
      await settle(await alive())
      clock.jump(LIMITS.lingerMs + 1000)
      await settle(await alive())
      rotated = undefined
    }
    // A file that came where there was none and went before anybody looked is nothing that can be known.
    if (absent && existsSync(path)) await settle(await alive())
  }
  appendFileSync(path, end())
  server.troubles.length = 0
  await settle(await alive())
  await agent?.stop()
  collect()

  const seen = new Map<number, number>()
  for (const batch of server.text()) {
    for (const piece of batch.split('\n')) {
      if (piece === '') continue
      const whole = /^(\d+):x*:(\d+)$/.exec(piece)
      const id = Number(whole?.[1] ?? /^(\d+)(?::x*(?::\d*)?)?$/.exec(piece)?.[1])
      seen.set(id, (seen.get(id) ?? 0) + 1)
      if (whole) expect(whole[2]).toBe(whole[1])
      else expect(open.has(id) || written.get(id)! > LONGEST || piece.length < 8, `a broken line: ${piece}`).toBe(true)
    }
  }
  for (const [id, times] of seen) if (written.has(id)) expect(times, `line ${id} came ${times} times`).toBe(1)
  const missing = [...written.keys()].filter((id) => !seen.has(id))
  for (const id of missing) expect(mayBeLost.has(id), `line ${id} is missing and nothing was destroyed`).toBe(true)
  rmSync(folder, { recursive: true, force: true })
  return { missing, losses }
}

/** The second file gets the inode of the first, of which nothing was read, and is renamed while no agent runs. */
const REUSED_INODE: Step[] = [
  { do: 'renameAndCreate' },
  { do: 'delete' },
  { do: 'begin', length: 8 },
  { do: 'kill' },
  { do: 'append', lengths: [8] },
  { do: 'rename' },
  { do: 'append', lengths: [8] },
]

describe('following and shipping', () => {
  it('delivers every line once, however files are rotated and whenever the agent is killed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
        const { missing } = await play(steps, true)
        expect(missing).toEqual([])
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  it('loses only what was destroyed before it was read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
        await play(steps, false)
      }),
      { numRuns: 60, examples: [[REUSED_INODE]] },
    )
  }, 120_000)
})
