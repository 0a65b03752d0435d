/** What the API asks of running pods: logs and programs. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { PodRuntime } from '../api/pod-runtime.ts'
import { badRequest, StatusError } from '../api/status.ts'
import type { Obj } from '../api/store.ts'
import { type Place, POD_PORT } from './kubelet.ts'
import type { PodLogs } from './logs.ts'
import { createShell } from './shell.ts'
import { runInShell } from './shell-session.ts'
import { type Endpoints, NAMESPACE, serviceOfImage } from './shop.ts'

const GET_MS = 5_000
const MOST_BODY = 1024 * 1024

export function podRuntime(logs: PodLogs, placeOf: (uid: string) => Place | undefined, endpoints: () => Endpoints): PodRuntime {
  const mustRun = (pod: Obj): Place => {
    const place = placeOf(pod.metadata.uid!)
    if (place === undefined)
      throw badRequest(`pod ${pod.metadata.name} does not run: unable to upgrade connection: container not found ("${pod.spec.containers[0].name}")`)
    return place
  }
  /** Only the shop's own services can be reached from its pods. */
  const get = (own: Place) => async (text: string) => {
    const url = URL.parse(text)
    if (url?.protocol !== 'http:') throw new Error(`wget: bad address '${text}'`)
    const [name, namespace = NAMESPACE] = url.hostname.split('.')
    const address = /^(localhost|127\.0\.0\.1)$/.test(url.hostname) ? `${own.address}:${own.port}` : endpoints()[`${namespace}/${name}`]?.primary[0]
    if (address === undefined) throw new Error(`wget: bad address '${url.hostname}'`)
    const answer = await fetch(`http://${address}${url.pathname}${url.search}`, { redirect: 'manual', signal: AbortSignal.timeout(GET_MS) })
    return { status: answer.status, body: (await answer.text()).slice(0, MOST_BODY) }
  }

  return {
    log: logs.log,
    async connect(pod, port) {
      const place = mustRun(pod)
      // Its own port only: at its address others of this machine may listen, who are none of the sandbox's business.
      if (port !== POD_PORT) throw new Error(`dial tcp4 127.0.0.1:${port}: connect: connection refused (pods of the sandbox listen on ${POD_PORT} only)`)
      const socket = connect(place.port, place.address)
      await once(socket, 'connect')
      return socket
    },
    async run(pod, command, streams) {
      const place = mustRun(pod)
      const { name, namespace, uid, labels = {} } = pod.metadata
      if (command === undefined) {
        const { stop } = await logs.read(uid!, place.node, (lines) => streams.out(lines.map(({ text }) => `${text}\n`).join('')))
        await new Promise<void>((resolve) => streams.signal.addEventListener('abort', () => resolve(), { once: true }))
        stop()
        return 0
      }
      const [container] = pod.spec.containers
      const shell = createShell(
        {
          name,
          namespace: namespace!,
          labels,
          address: place.address,
          node: place.node,
          service: serviceOfImage(String(container.image)) ?? '',
        },
        {
          now: Date.now,
          log: async () => (await logs.read(uid!, place.node)).first.map(({ text }) => text),
          get: get(place),
          sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        },
      )
      if (!shell.knows(command[0]!))
        throw new StatusError(
          500,
          'InternalError',
          `error executing command in container: exec: "${command[0]}": executable file not found in $PATH (the sandbox's pods have a small shell of their own: "sh", then "help")`,
        )
      return runInShell(shell, command, streams)
    },
  }
}
