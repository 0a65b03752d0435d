/** The pods of one node as the API server tells them to the agent's ServiceAccount. Only what Node itself brings: the agent stays small. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import { linesOf } from './lines.ts'

export interface NodePod {
  namespace: string
  name: string
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** Name of what made it: the Deployment rather than its ReplicaSet; the pod's own without an owner. */
  workload: string
  /** Its kind: `Deployment`, `DaemonSet`, `Job` …, `Pod`. */
  workloadKind: string
  containers: readonly { name: string; image: string }[]
}

export interface NodePods {
  /** Of the pod, also for some minutes after it went, while the rest of its log is read. */
  get(namespace: string, name: string): NodePod | undefined
  /** Resolves after the first whole list. */
  readonly synced: Promise<void>
  /** Follows until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>
}

export interface NodePodsOptions {
  /** `https://host:port` */
  server: string
  /** Files `token` and `ca.crt`, as Kubernetes mounts them; the token is read for each request, because it is renewed in place. */
  folder: string
  node: string
  clock: Clock
  /** What keeps it from following, for the log. */
  onTrouble(reason: string): void
}

const PAGE = 50
const WATCH_S = 300
const SILENCE_MS = (WATCH_S + 30) * 1000
const OBJECT_MAX = 4 << 20
const LIST_MAX = 64 << 20
const REMEMBERED_MS = 10 * 60_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

interface RawPod {
  metadata: {
    name: string
    namespace: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    ownerReferences?: { kind: string; name: string; controller?: boolean }[]
    resourceVersion: string
  }
  spec?: { containers?: { name: string; image?: string }[]; initContainers?: { name: string; image?: string }[] }
}

/** Annotations that `kubectl apply` leaves are as long as the object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** What is kept of a pod. */
export function nodePodOf({ metadata, spec }: RawPod): NodePod {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  const hash = metadata.labels?.['pod-template-hash']
  const viaReplicaSet = owner?.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations ?? {}
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    labels: metadata.labels ?? {},
    annotations,
    workload: viaReplicaSet ? owner.name.slice(0, -hash.length - 1) : (owner?.name ?? metadata.name),
    workloadKind: viaReplicaSet ? 'Deployment' : (owner?.kind ?? 'Pod'),
    containers: [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name, image = '' }) => ({ name, image })),
  }
}

/** Where the API server is, as Kubernetes tells each pod. Throws INVALID_INPUT outside of a cluster. */
export function apiServerOf(env: Readonly<Record<string, string | undefined>>): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (!host) throw new CodedError('USAGE', { reason: 'logs of pods need a cluster: KUBERNETES_SERVICE_HOST is not set' })
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

export function podsOfNode(options: NodePodsOptions): NodePods {
  const { clock, folder, node } = options
  const pods = new Map<string, { pod: NodePod; goneAt?: number }>()
  let done!: () => void
  const synced = new Promise<void>((resolve) => {
    done = resolve
  })
  const keyOf = (namespace: string, name: string) => `${namespace}/${name}`

  async function* answer(query: Record<string, string>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const url = new URL('/api/v1/pods', options.server)
    url.search = new URLSearchParams({ fieldSelector: `spec.nodeName=${node}`, ...query }).toString()
    const { request: open } = process.getBuiltinModule('node:https')
    const headers = { authorization: `Bearer ${readText(join(folder, 'token')).trim()}`, accept: 'application/json' }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = open(url, { headers, ca: readText(join(folder, 'ca.crt')), agent: false, timeout: SILENCE_MS, signal })
      request.on('timeout', () => request.destroy(new Error('no answer')))
      request.on('error', reject)
      request.on('response', resolve)
      request.end()
    })
    if (response.statusCode !== 200) {
      response.destroy()
      throw response.statusCode === 410 ? new Gone() : new Error(`the API server answers ${response.statusCode}`)
    }
    yield* response as AsyncIterable<Uint8Array>
  }

  async function list(signal: AbortSignal): Promise<string> {
    const found = new Map<string, NodePod>()
    for (let from = ''; ; ) {
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of answer({ limit: String(PAGE), ...(from === '' ? {} : { continue: from }) }, signal)) {
        size += chunk.length
        if (size > LIST_MAX) throw new Error('the list of pods is too long')
        chunks.push(chunk)
      }
      const page = JSON.parse(Buffer.concat(chunks).toString()) as { items: RawPod[]; metadata: { resourceVersion: string; continue?: string } }
      for (const raw of page.items) found.set(keyOf(raw.metadata.namespace, raw.metadata.name), nodePodOf(raw))
      from = page.metadata.continue ?? ''
      if (from !== '') continue
      for (const [key, entry] of pods) if (!found.has(key)) entry.goneAt ??= clock.now()
      for (const [key, pod] of found) pods.set(key, { pod })
      return page.metadata.resourceVersion
    }
  }

  /** Follows from a version on and gives the one that it came to. */
  async function watch(from: string, signal: AbortSignal): Promise<string> {
    let version = from
    const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds: String(WATCH_S) }
    for await (const line of linesOf(answer(query, signal), OBJECT_MAX)) {
      const { type, object } = JSON.parse(line) as { type: string; object: RawPod & { code?: number; message?: string } }
      if (type === 'ERROR') throw object.code === 410 ? new Gone() : new Error(object.message ?? 'the watch failed')
      version = object.metadata.resourceVersion
      if (type === 'BOOKMARK') continue
      const key = keyOf(object.metadata.namespace, object.metadata.name)
      pods.set(key, { pod: nodePodOf(object), ...(type === 'DELETED' ? { goneAt: clock.now() } : {}) })
    }
    return version
  }

  return {
    get: (namespace, name) => pods.get(keyOf(namespace, name))?.pod,
    synced,
    async run(signal) {
      let version: string | undefined
      for (let pause = FIRST_PAUSE_MS; !signal.aborted; ) {
        try {
          version ??= await list(signal)
          done()
          const before: string = version
          version = await watch(before, signal)
          pause = FIRST_PAUSE_MS
          for (const [key, { goneAt }] of pods) if (goneAt !== undefined && clock.now() - goneAt > REMEMBERED_MS) pods.delete(key)
          // A server that ends every watch at once must not be asked without pause.
          if (version === before) await clock.sleep(FIRST_PAUSE_MS, signal).catch(() => {})
        } catch (error) {
          if (signal.aborted) return
          if (error instanceof Gone) {
            version = undefined
            continue
          }
          options.onTrouble(error instanceof CodedError ? error.message : ((error as NodeJS.ErrnoException).code ?? (error as Error).message))
          await clock.sleep(pause, signal).catch(() => {})
          pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
        }
      }
    },
  }
}

/** 410: the version is too old to go on from. */
class Gone extends Error {}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}
