/** Logs of pods over the API: asked of the process in which the pod runs. */
import type { ServerResponse } from 'node:http'
import type { PodRuntime } from '../api/pod-runtime.ts'
import { badRequest } from '../api/status.ts'
import type { FromNode, LogLine, ToNode } from './node.ts'

type Logs = Extract<FromNode, { type: 'logs' }>

export interface PodLogs extends Pick<PodRuntime, 'log'> {
  receive(message: Logs): void
  /** The newest lines of a pod; with `follow` the new ones too, until `stop`. */
  read(uid: string, node: string, follow?: (lines: readonly LogLine[]) => void): Promise<{ first: readonly LogLine[]; stop(): void }>
}

export function podLogs(nodeOf: (uid: string) => string | undefined, send: (node: string, message: ToNode) => boolean): PodLogs {
  const open = new Map<number, (lines: readonly LogLine[]) => void>()
  let last = 0
  const read: PodLogs['read'] = async (uid, node, follow) => {
    const id = ++last
    const first = await new Promise<readonly LogLine[]>((resolve) => {
      const late = setTimeout(() => resolve([]), 5_000)
      open.set(id, (lines) => {
        clearTimeout(late)
        resolve(lines)
      })
      if (!send(node, { type: 'logs', id, uid, follow: follow !== undefined })) resolve([])
    })
    if (follow === undefined) open.delete(id)
    else open.set(id, follow)
    return {
      first,
      stop() {
        open.delete(id)
        send(node, { type: 'unfollow', id })
      },
    }
  }
  return {
    receive: ({ id, lines }) => open.get(id)?.(lines),
    read,
    async log(pod, query, outgoing: ServerResponse) {
      const { name, uid } = pod.metadata
      const container = query.get('container')
      const known: string[] = pod.spec.containers.map((one: { name: string }) => one.name)
      if (container && !known.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`)
      const whole = (key: string): number | undefined => {
        const text = query.get(key)
        if (text === null || text === '') return undefined
        if (!/^\d{1,9}$/.test(text)) throw badRequest(`${key} is a whole number`)
        return Number(text)
      }
      const [tail, seconds, limit] = [whole('tailLines'), whole('sinceSeconds'), whole('limitBytes')]
      const node = nodeOf(uid!)
      if (node === undefined) throw badRequest(`container "${known[0]}" in pod "${name}" is waiting to start`)
      if (query.get('previous') === 'true') throw badRequest(`previous terminated container "${known[0]}" in pod "${name}" not found`)
      const follow = query.get('follow') === 'true'
      let sent = 0
      const write = (lines: readonly LogLine[]) => {
        for (const { at, text } of lines) {
          let bytes = Buffer.from(`${query.get('timestamps') === 'true' ? `${new Date(at).toISOString().replace('Z', '000000Z')} ` : ''}${text}\n`)
          if (limit !== undefined) bytes = bytes.subarray(0, Math.max(0, limit - sent))
          sent += bytes.length
          outgoing.write(bytes)
        }
      }
      const { first, stop } = await read(uid!, node, follow ? write : undefined)
      outgoing.writeHead(200, { 'content-type': 'text/plain' })
      const since = seconds === undefined ? first : first.filter(({ at }) => at >= Date.now() - seconds * 1000)
      write(tail === undefined ? since : tail === 0 ? [] : since.slice(-tail))
      if (follow) outgoing.once('close', stop)
      else outgoing.end()
    },
  }
}
