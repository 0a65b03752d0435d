/** The container runtime: does it answer, has it been starting over and over, is its image store whole? */
import type { Host, Reading } from '#core/shapes/ports/host.ts'
import { readNotReady, readSandboxes, type Sandbox } from '../cri.ts'
import { absent, blind, type Detector, HIDDEN, looked, seesAll, type Trouble, unseen } from '../detector.ts'
import type { NodeSettings } from '../settings.ts'

const SOCKETS = [
  { name: 'containerd', path: '/run/containerd/containerd.sock', process: 'containerd' },
  { name: 'CRI-O', path: '/run/crio/crio.sock', process: 'crio' },
  { name: 'docker', path: '/run/docker.sock', process: 'dockerd' },
] as const
const PROCESSES: readonly string[] = SOCKETS.map(({ process }) => process)

export interface RuntimeFacts {
  name: string
  /** Undefined: no socket of a runtime was found. */
  socket: string | undefined
  /** StatusResponse of CRI; of docker an empty answer. */
  answer: Reading<Uint8Array> | undefined
  tookMs: number
}

/** The runtime of this node: the one that is named, else the first whose socket is there. */
export async function runtimeOf(host: Host, { runtime }: NodeSettings): Promise<{ name: string; path: string } | undefined> {
  if (runtime.socket !== undefined)
    return { name: SOCKETS.find(({ name }) => runtime.socket!.includes(name.toLowerCase()))?.name ?? 'the runtime', path: runtime.socket }
  for (const { name, path } of SOCKETS) {
    const folder = await host.list(path.slice(0, path.lastIndexOf('/')))
    if (folder.ok && folder.value.includes(path.slice(path.lastIndexOf('/') + 1))) return { name, path }
  }
  return undefined
}

/** Asks by CRI's version 1, and by its older one where that is not known. */
export async function askRuntime(host: Host, path: string, method: string, timeoutMs: number): Promise<Reading<Uint8Array>> {
  const first = await host.grpc({ socketPath: path }, `/runtime.v1.RuntimeService/${method}`, new Uint8Array(), timeoutMs)
  if (first.ok || !/unknown service|gRPC status 12/i.test(first.reason)) return first
  return host.grpc({ socketPath: path }, `/runtime.v1alpha2.RuntimeService/${method}`, new Uint8Array(), timeoutMs)
}

/** Pods that the runtime holds. */
export async function sandboxesOf(host: Host, settings: NodeSettings): Promise<Reading<readonly Sandbox[]>> {
  const runtime = await runtimeOf(host, settings)
  if (!runtime) return { ok: false, why: 'absent', reason: 'no socket of a container runtime was found' }
  const answer = await askRuntime(host, runtime.path, 'ListPodSandbox', settings.runtime.timeoutMs)
  return answer.ok ? { ok: true, value: readSandboxes(answer.value) } : answer
}

export const runtimeHealth: Detector<RuntimeFacts, { seen: boolean }> = {
  id: 'container-runtime',
  condition: 'ContainerRuntimeUnhealthy',
  title: { en: 'Container runtime', 'zh-CN': '容器运行时' },
  everyMs: 10_000,
  async gather(host, settings) {
    const runtime = await runtimeOf(host, settings)
    if (!runtime) return { name: '', socket: undefined, answer: undefined, tookMs: 0 }
    const begun = host.monotonic()
    const { timeoutMs } = settings.runtime
    let answer: Reading<Uint8Array>
    if (runtime.name === 'docker') {
      const ping = await host.http({ socketPath: runtime.path }, { path: '/_ping', timeoutMs })
      answer = !ping.ok
        ? ping
        : ping.value.status === 200
          ? { ok: true, value: new Uint8Array() }
          : { ok: false, why: 'failed', reason: `HTTP ${ping.value.status}` }
    } else answer = await askRuntime(host, runtime.path, 'Status', timeoutMs)
    return { name: runtime.name, socket: runtime.path, answer, tookMs: host.monotonic() - begun }
  },
  judge({ name, socket, answer, tookMs }, { runtime }, before = { seen: false }) {
    // a socket that was there and is gone is a runtime that is down; one that never was is a machine without one
    if (socket === undefined || (answer && !answer.ok && answer.why === 'absent')) {
      if (!before.seen && runtime.socket === undefined) return { memory: before, verdict: absent('no socket of a container runtime was found') }
      return { memory: before, verdict: looked(down(name || 'the runtime', `its socket ${socket ?? ''} is gone`)) }
    }
    if (!answer!.ok) {
      if (answer!.why === 'forbidden') return { memory: before, verdict: unseen(`the socket of ${name}`, answer!) }
      const hung = tookMs >= runtime.timeoutMs * 0.9
      return { memory: before, verdict: looked(down(name, hung ? `it does not answer within ${runtime.timeoutMs / 1000} s` : answer!.reason, hung)) }
    }
    // a network that is not ready is in the kubelet's own condition, and so in nobody's way
    const bad = readNotReady(answer!.value).filter(({ type }) => type === 'RuntimeReady')
    return { memory: { seen: true }, verdict: looked(...bad.map(({ reason, message }) => down(name, `${reason} ${message}`.trim()))) }
  },
}

const down = (name: string, why: string, hung = false): Trouble => ({
  key: 'runtime',
  reason: hung ? 'ContainerRuntimeHung' : 'ContainerRuntimeDown',
  severity: 'critical',
  message: `${name} is ${hung ? 'hung' : 'down'}: ${why}`.slice(0, 500),
})

interface StartsMemory {
  /** Process name → starts, by `pid start-time`, with when they were seen, ms. */
  starts: Readonly<Record<string, readonly { id: string; at: number }[]>>
}
export interface StartsFacts {
  /** Processes of runtimes and of the kubelet: name, and what tells one start from another. */
  running: readonly { name: string; id: string }[]
  all: boolean
}

const WINDOW_MS = 20 * 60_000
const OFTEN = 5
const WATCHED = [...PROCESSES, 'kubelet']

export const restarts: Detector<StartsFacts, StartsMemory> = {
  id: 'frequent-restarts',
  condition: 'FrequentServiceRestart',
  title: { en: 'Runtime or kubelet starting over and over', 'zh-CN': '运行时或 kubelet 频繁重启' },
  everyMs: 5_000,
  clear: 1,
  async gather(host) {
    const names = await host.list('/proc')
    const running: { name: string; id: string }[] = []
    for (const pid of names.ok ? names.value : []) {
      if (!/^\d+$/.test(pid)) continue
      const stat = await host.read(`/proc/${pid}/stat`, 1024)
      const found = stat.ok ? /^\d+ \((.*)\) (.*)$/s.exec(stat.value) : undefined
      // the parent's children are threads of work, not starts: only processes that init or nobody of their own name started
      if (found && WATCHED.includes(found[1]!)) running.push({ name: found[1]!, id: `${pid} ${found[2]!.split(' ')[19]}` })
    }
    return { running, all: await seesAll(host) }
  },
  judge({ running, all }, _settings, before, now) {
    if (!all) return { memory: before, verdict: blind(HIDDEN) }
    const starts: Record<string, { id: string; at: number }[]> = {}
    const first = before === undefined
    for (const name of WATCHED) {
      const kept = (before?.starts[name] ?? []).filter(({ at }) => at > now - WINDOW_MS)
      const seen = new Set((before?.starts[name] ?? []).map(({ id }) => id))
      for (const { id } of running.filter((one) => one.name === name)) {
        if (!seen.has(id)) kept.push({ id, at: first ? 0 : now })
        // of one that still runs the start is kept, so that it is not taken for another one later
        else if (!kept.some((one) => one.id === id)) kept.push({ id, at: 0 })
      }
      if (kept.length > 0) starts[name] = kept.slice(-50)
    }
    const often = Object.entries(starts).filter(([, times]) => times.filter(({ at }) => at > now - WINDOW_MS && at !== 0).length >= OFTEN)
    return {
      memory: { starts },
      verdict: looked(
        ...often.map(([name, times]) => ({
          key: name,
          reason: 'FrequentRestart',
          severity: 'error' as const,
          message: `${name} was started ${times.filter(({ at }) => at !== 0).length} times within 20 minutes`,
        })),
      ),
    }
  },
}

interface StoreFacts {
  mountinfo: Reading<string>
  /** Lower folders of overlays that are not there. */
  missing: readonly { mount: string; lower: string }[]
  looked: number
}

/** Overlays whose lower folders are gone: a container on them fails in ways that nobody understands. */
export const imageStore: Detector<StoreFacts> = {
  id: 'image-store',
  condition: 'ImageStoreCorrupt',
  title: { en: 'Image store and overlays', 'zh-CN': '镜像存储与 overlay' },
  everyMs: 30_000,
  async gather(host) {
    const mountinfo = await host.read('/proc/1/mountinfo', 4 << 20)
    const missing: { mount: string; lower: string }[] = []
    let count = 0
    const there = new Map<string, boolean>()
    for (const line of mountinfo.ok ? mountinfo.value.split('\n') : []) {
      const found = / (\S+) \S+ (?:.*? )?- overlay \S+ (\S+)$/.exec(line)
      const lower = /(?:^|,)lowerdir=([^,]*)/.exec(found?.[2] ?? '')?.[1]
      if (!found || lower === undefined) continue
      for (const folder of lower.split(/(?<!\\):+/)) {
        // those that are named from a working folder cannot be told from here
        if (!folder.startsWith('/')) continue
        count++
        if (!there.has(folder)) there.set(folder, !isAbsent(await host.list(folder.replaceAll('\\:', ':'))))
        if (!there.get(folder)) missing.push({ mount: found[1]!, lower: folder })
      }
    }
    return { mountinfo, missing: missing.slice(0, 20), looked: count }
  },
  judge({ mountinfo, missing, looked: count }) {
    if (!mountinfo.ok) return { verdict: unseen('/proc/1/mountinfo', mountinfo) }
    if (count === 0) return { verdict: absent('there is no overlay whose folders have a full path') }
    return {
      verdict: looked(
        ...missing.map(({ mount, lower }) => ({
          key: lower,
          reason: 'OverlayLayerMissing',
          severity: 'error' as const,
          message: `the layer ${lower} of ${mount} is gone: remove the image and pull it again`,
        })),
      ),
    }
  },
}
const isAbsent = (reading: Reading<unknown>) => !reading.ok && reading.why === 'absent'
