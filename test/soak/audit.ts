/**
 * Events by the webhook at half of the bar of 20,000 a second, and what must hold meanwhile: nothing dropped, a bounded queue, every answer a success, and soon.
 *   node test/soak/audit.ts [SECONDS] [EVENTS_PER_SECOND]
 */
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { startServer } from '#apps/server/main.ts'
import { auditEventLines } from '#test/builders/audit-events.ts'

/** As many as kube-apiserver puts into a batch. */
const BATCH = 400
const seconds = Number(process.argv[2] ?? 600)
const rate = Number(process.argv[3] ?? 10_000)
if (process.env.SOAK_URL === undefined) await watch()
else await send(process.env.SOAK_URL, process.env.SOAK_TOKEN!)

interface Sent {
  events: number
  refused: number
  p99: number
  most: number
  late: number
  retried: number
}

interface Status {
  accepted: number
  dropped: number
  rejected: Record<string, number>
  waiting: { batches: number; bytes: number }
}

/** Several posts at a time, as the API server does; each begins when it is due, so that a slow answer makes no pause. */
async function send(url: string, token: string): Promise<void> {
  const lines = [...auditEventLines(BATCH * 50, { seed: 1, startsAt: Date.now(), eventsPerSecond: rate })]
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const began = performance.now()
  const took: number[] = []
  const under = new Set<Promise<void>>()
  let [events, refused, late, retried] = [0, 0, 0, 0]
  /** A connection that is reset (an idle one that both sides give up at once, say) is tried again, as the API server does. */
  const asClientGo = async (post: () => Promise<Response>): Promise<Response> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await post()
      } catch (error) {
        const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code
        if (attempt === 5 || (code !== 'ECONNRESET' && code !== 'UND_ERR_SOCKET')) throw error
        retried++
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt))
      }
    }
  }
  for (let i = 0; performance.now() - began < seconds * 1000; i++) {
    const wait = began + (i * BATCH * 1000) / rate - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    else late = Math.max(late, -wait)
    const now = new Date().toISOString().replace('Z', '000Z')
    const id = i.toString(16).padStart(8, '0')
    const items = lines
      .slice((i % 50) * BATCH, ((i % 50) + 1) * BATCH)
      .map((line) => line.replace(/"auditID":"[^-]*/, `"auditID":"${id}`).replace(/"(requestReceived|stage)Timestamp":"[^"]*"/g, `"$1Timestamp":"${now}"`))
    const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${items.join(',')}]}`
    const at = performance.now()
    const post: Promise<void> = asClientGo(() => fetch(`${url}/api/v1/audit/webhook`, { method: 'POST', headers, body })).then(async (response) => {
      await response.arrayBuffer()
      if (!response.ok) refused++
      took.push(performance.now() - at)
      under.delete(post)
    })
    under.add(post)
    events += BATCH
  }
  await Promise.all(under)
  took.sort((a, b) => a - b)
  process.send!({ events, refused, late, retried, p99: took[Math.floor(took.length * 0.99)]!, most: took.at(-1)! } satisfies Sent)
}

async function watch(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-soak-'))
  const server = await startServer({ data, listen: '127.0.0.1', port: 0, host: [], log: pino({ level: 'warn' }) })
  const { token } = await server.tokens.issue({ name: 'soak', cluster: 'local', signals: ['audit'] }, { replace: true })
  const authorization = `Bearer ${readFileSync(join(data, 'cli-token'), 'utf8').trim()}`
  const ask = async (path: string) => (await (await fetch(`${server.url}/api/v1${path}`, { headers: { authorization } })).json()) as never
  const status = () => ask('/clusters/local/audit/status') as Promise<Status>
  const child = fork(import.meta.filename, process.argv.slice(2), { env: { ...process.env, SOAK_URL: server.url, SOAK_TOKEN: token } })
  let sent: Sent | undefined
  child.on('message', (message) => {
    sent = message as Sent
  })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  let most = 0
  let mostWaiting = 0
  let memory = 0
  const before = process.cpuUsage()
  const timer = setInterval(async () => {
    const { queue } = await (ask('/store') as Promise<{ queue: { batches: number } }>)
    most = Math.max(most, queue.batches)
    mostWaiting = Math.max(mostWaiting, (await status()).waiting.bytes)
    memory = Math.max(memory, process.memoryUsage.rss())
  }, 2_000)
  await ended
  clearInterval(timer)
  const ends = performance.now()
  while ((await status()).waiting.batches > 0) await new Promise((resolve) => setTimeout(resolve, 200))
  const behind = (performance.now() - ends) / 1000
  const used = process.cpuUsage(before)
  const { accepted, dropped, rejected } = await status()
  const verified: { faults: unknown[] } = await ask('/clusters/local/audit/verify')
  await server.close()
  rmSync(data, { recursive: true, force: true })
  console.log(
    JSON.stringify({
      seconds,
      rate,
      ...sent,
      accepted,
      dropped,
      rejected,
      mostBatchesInQueue: most,
      mostMbWaiting: mostWaiting >> 20,
      secondsBehind: behind,
      memoryMb: memory >> 20,
      cpuSeconds: (used.user + used.system) / 1e6,
    }),
  )
  const failures = [
    sent === undefined ? 'the sender failed' : '',
    sent && accepted < sent.events ? `${sent.events - accepted} events are missing` : '',
    dropped > 0 ? `${dropped} dropped` : '',
    sent && sent.refused > 0 ? `${sent.refused} posts refused` : '',
    verified.faults.length > 0 ? `${verified.faults.length} faults in the chain` : '',
  ].filter(Boolean)
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length > 0 ? 1 : 0
}
