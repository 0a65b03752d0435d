import { isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type CodedError, describeError } from '#core/kernel/errors.ts'
import { clusterName } from '#kits/server-kit/clusters.ts'
import type { Settings } from '#kits/server-kit/door.ts'
import { type RunningSyslog, type SyslogDeps, startSyslog } from './syslog.ts'

const listener = z.object({
  protocol: z.enum(['udp', 'tcp']).default('udp'),
  address: z
    .string()
    .max(64)
    .default('127.0.0.1')
    .refine((text) => isIP(text) !== 0, 'an IP address of this machine'),
  port: z.number().int().min(1).max(65_535),
  cluster: clusterName.default('local'),
  source: z.string().min(1).max(200).default('syslog'),
  format: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'the name of a line format')
    .optional(),
})
const schema = z.object({ listeners: z.array(listener).max(32) })
type Listener = z.output<typeof listener>

const placeOf = ({ protocol, address, port }: Listener) => `${protocol} ${address}:${port}`

/** Section `syslog` of the settings: which ports are listened to, none at first. Syslog has no password: whoever reaches the port can write. */
export function syslogBySettings(deps: SyslogDeps & { settings: Settings; http: FastifyInstance }) {
  const section = deps.settings.section('syslog', {
    schema,
    initial: { listeners: [] },
    check: ({ listeners }) =>
      listeners.flatMap((item, i) =>
        listeners.findIndex((other) => placeOf(other) === placeOf(item)) < i
          ? [{ path: `listeners[${i}].port`, message: `${placeOf(item)} is named twice` }]
          : [],
      ),
  })
  const running = new Map<string, RunningSyslog>()
  /** Why a wanted listener does not listen, by listener. */
  const failed = new Map<string, CodedError>()
  let changing: Promise<void> = Promise.resolve()

  async function follow(listeners: readonly Listener[]): Promise<void> {
    const wanted = new Map(listeners.map((item) => [JSON.stringify(item), item]))
    for (const [key, syslog] of running) {
      if (wanted.has(key)) continue
      running.delete(key)
      await syslog.stop()
    }
    failed.clear()
    for (const [key, item] of wanted) {
      if (running.has(key)) continue
      try {
        running.set(key, await startSyslog(item, deps))
        deps.log.info({ listener: placeOf(item), cluster: item.cluster }, 'listening for syslog')
      } catch (error) {
        failed.set(key, error as CodedError)
        deps.log.error({ err: error, listener: placeOf(item) }, 'cannot listen for syslog')
      }
    }
  }
  const change = (listeners: readonly Listener[]) => {
    changing = changing.then(() => follow(listeners))
    return changing
  }

  deps.http.get('/api/v1/syslog', { schema: { summary: 'The syslog listeners of the settings, and why one does not listen' } }, async (request) => ({
    listeners: section.read().listeners.map((item) => {
      const key = JSON.stringify(item)
      const error = failed.get(key)
      return { ...item, listening: running.has(key), ...(error === undefined ? {} : { error: describeError(error, request.language) }) }
    }),
  }))

  return {
    start() {
      section.onChange((value) => void change(value.listeners))
      return change(section.read().listeners)
    },
    stop: () => change([]),
  }
}
