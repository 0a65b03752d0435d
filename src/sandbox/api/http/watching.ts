/** Sending changes to those who watch: each change is made into bytes once, whoever sees it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { apiVersionOf } from '#core/kube/objects.ts'
import { partial, tableOf } from '../printers.ts'
import { type Selected, textIn, type Watch, type WatchEvent, watch } from '../reads.ts'
import { StatusError } from '../status.ts'
import type { Entry } from '../store.ts'
import type { World } from '../world.ts'
import { inVersion } from '../writes.ts'
import type { Form } from './negotiate.ts'

const BOOKMARK_EVERY = 60_000
/** Bookmarks come this long before a watch ends by itself. */
const BEFORE_END = 2_000
const DEFAULT_TIMEOUT = 40 * 60_000
/** Who reads slower than this much behind is cut off, and lists again. */
const MAX_BEHIND = 32 * 1024 * 1024

const lines = new WeakMap<Entry, Partial<Record<WatchEvent['type'], Buffer>>>()

function lineOf(selected: Selected, { type, entry }: WatchEvent): Buffer {
  if (selected.version.name !== selected.kind.storage) return Buffer.from(`{"type":"${type}","object":${textIn(selected, entry)}}\n`)
  let made = lines.get(entry)
  if (made === undefined) {
    made = {}
    lines.set(entry, made)
  }
  made[type] ??= Buffer.from(`{"type":"${type}","object":${textIn(selected, entry)}}\n`)
  return made[type]
}

export function serveWatch(world: World, selected: Selected, query: URLSearchParams, form: Form, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const seconds = Number(query.get('timeoutSeconds') ?? 0)
  const timeout = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT
  const bookmarks = query.get('allowWatchBookmarks') === 'true'
  const include = query.get('includeObject') ?? 'Metadata'
  let columns = true
  const encode = (event: WatchEvent): Buffer => {
    if (form.as === 'object') return lineOf(selected, event)
    const object = inVersion(selected, event.entry.object)
    const shown =
      form.as === 'Table'
        ? tableOf(selected.kind, selected.version, [object], world.clock.now(), include, { resourceVersion: object.metadata.resourceVersion }, columns)
        : partial(object)
    columns = false
    return Buffer.from(`${JSON.stringify({ type: event.type, object: shown })}\n`)
  }
  const start = () => outgoing.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  let watching: Watch
  try {
    watching = watch(world, selected, query)
  } catch (error) {
    // What is too old is said inside the watch, as kube-apiserver does.
    if (!(error instanceof StatusError) || error.code !== 410) throw error
    start()
    outgoing.end(`${JSON.stringify({ type: 'ERROR', object: error.body() })}\n`)
    return
  }
  start()
  outgoing.flushHeaders()
  incoming.socket.setNoDelay(true)

  const kind = form.as === 'Table' ? 'Table' : form.as === 'object' ? selected.kind.kind : 'PartialObjectMetadata'
  const apiVersion = form.as === 'object' ? apiVersionOf(selected.kind.group, selected.version.name) : 'meta.k8s.io/v1'
  const bookmark = (annotations?: Record<string, string>) => {
    const metadata = { resourceVersion: String(world.store.revision()), creationTimestamp: null, ...(annotations === undefined ? {} : { annotations }) }
    const object = form.as === 'Table' ? { kind, apiVersion, metadata, columnDefinitions: null, rows: [] } : { kind, apiVersion, metadata }
    write(Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`))
  }
  let corked = false
  const write = (bytes: Buffer) => {
    if (outgoing.writableLength > MAX_BEHIND) {
      stop(true)
      return
    }
    if (!corked) {
      corked = true
      outgoing.cork()
      setImmediate(() => {
        corked = false
        outgoing.uncork()
      })
    }
    outgoing.write(bytes)
  }
  const unfollow = watching.follow((event) => write(encode(event)))
  for (const event of watching.initial) write(encode(event))
  if (watching.announceEnd) bookmark({ 'k8s.io/initial-events-end': 'true' })
  const every = bookmarks ? setInterval(() => bookmark(), BOOKMARK_EVERY) : undefined
  const last = bookmarks && timeout > BEFORE_END ? setTimeout(() => bookmark(), timeout - BEFORE_END) : undefined
  const end = setTimeout(() => stop(false), timeout)
  const stop = (cut: boolean) => {
    unfollow()
    clearInterval(every)
    clearTimeout(last)
    clearTimeout(end)
    if (cut) outgoing.destroy()
    else outgoing.end()
  }
  outgoing.once('close', () => stop(true))
}
