/** Users of the demo site: open-loop, so that a slow site does not make its own load smaller. Bounded in rate and in what may be under way. */
import { Agent, request } from 'node:http'
import { PRODUCTS } from './pods.ts'
import { drawVisit, rateAt } from './traffic-shape.ts'

const MAX_UNDER_WAY = 256
const TICK_MS = 50

/** On the ConfigMap `kube-system/sandbox`. */
export const BURST_ANNOTATION = 'sandbox.sallyport.io/burst'

export interface TrafficSettings {
  /** Mean requests per second over a day; 0 pauses. */
  base: number
  /** Multiplies the rate until `burstUntil` (ms since the epoch). */
  burst: number
  burstUntil: number
}

export function startTraffic(ingress: { host: string; port: number }, settings: TrafficSettings, random: () => number) {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_UNDER_WAY })
  const counts = { sent: 0, failed: 0, skipped: 0 }
  let underWay = 0
  let owed = 0
  let last = Date.now()

  const send = () => {
    if (underWay >= MAX_UNDER_WAY) {
      counts.skipped++
      return
    }
    const visit = drawVisit(random, PRODUCTS + 40) // a few ids that do not exist: users' links grow old
    underWay++
    counts.sent++
    const outgoing = request(
      {
        ...ingress,
        agent,
        method: visit.method,
        path: visit.path,
        timeout: 10_000,
        headers: { host: visit.host, 'user-agent': visit.userAgent, 'x-forwarded-for': visit.client, ...(visit.referer ? { referer: visit.referer } : {}) },
      },
      (answer) => answer.on('error', () => {}).resume(),
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
    outgoing.on('error', () => counts.failed++)
    outgoing.once('close', () => underWay--)
    if (random() < 0.002) setTimeout(() => outgoing.destroy(new Error('gave up')), 5 + random() * 10) // an impatient user: a 499 in the log
    outgoing.end()
  }

  const timer = setInterval(() => {
    const now = Date.now()
    const elapsed = Math.min(1, (now - last) / 1000)
    last = now
    owed += rateAt(now, settings.base) * (now < settings.burstUntil ? settings.burst : 1) * elapsed
    for (; owed >= 1; owed--) send()
  }, TICK_MS)
  return {
    counts,
    stop: () => {
      clearInterval(timer)
      agent.destroy()
    },
  }
}
