/** Virtual network cards and pod addresses that outlived their pods, and the way out. */
import type { Host, Reading } from '#core/shapes/ports/host.ts'
import type { Sandbox } from '../cri.ts'
import { absent, blind, type Detector, HIDDEN, looked, seesAll, type Trouble, unseen } from '../detector.ts'
import { sandboxesOf } from './runtime.ts'

export interface VethFacts {
  /** Network namespaces of this process and of pid 1. */
  own: Reading<string>
  init: Reading<string>
  /** Ends of pairs here whose other end is elsewhere, by their number. */
  cards: readonly { name: string; index: number }[]
  /** Numbers of cards here that have their other end in a namespace in which a process lives. */
  inUse: Reading<readonly number[]>
  all: boolean
}

const MOST_NAMED = 20

export const leakedCards: Detector<VethFacts> = {
  id: 'leaked-veth',
  condition: 'NetworkDeviceLeak',
  title: { en: 'Virtual network cards without a pod', 'zh-CN': '无 Pod 的虚拟网卡' },
  everyMs: 10_000,
  // pods come and go: a card that is on its way is no leak
  raise: 2,
  async gather(host) {
    const [own, init, names] = await Promise.all([host.link('/proc/self/ns/net'), host.link('/proc/1/ns/net'), host.list('/sys/class/net')])
    const cards: { name: string; index: number }[] = []
    for (const name of names.ok ? names.value : []) {
      const [index, peer, kind] = await Promise.all([
        host.read(`/sys/class/net/${name}/ifindex`, 32),
        host.read(`/sys/class/net/${name}/iflink`, 32),
        host.list(`/sys/class/net/${name}`),
      ])
      if (!index.ok || !peer.ok || Number(index.value) === Number(peer.value) || !kind.ok) continue
      // cards of VLANs and tunnels stand on one of this machine: only ends of pairs have their other end elsewhere, and no folder `lower_…`
      if (kind.value.some((entry) => entry.startsWith('lower_')) || Number(peer.value) === 0) continue
      cards.push({ name, index: Number(index.value) })
    }
    return { own, init, cards, inUse: cards.length === 0 ? { ok: true, value: [] } : await cardsInUse(host, own.ok ? own.value : ''), all: await seesAll(host) }
  },
  judge({ own, init, cards, inUse, all }) {
    if (!own.ok) return { verdict: unseen('the network namespace', own) }
    if (!all) return { verdict: blind(HIDDEN) }
    if (init.ok && init.value !== own.value && cards.length === 0)
      return { verdict: blind('this is not the network namespace of the machine (hostNetwork is needed)') }
    if (!inUse.ok) return { verdict: blind(`network namespaces of processes: ${inUse.reason}`) }
    const used = new Set(inUse.value)
    const leaked = cards.filter(({ index }) => !used.has(index))
    return {
      verdict: looked(
        ...leaked.slice(0, MOST_NAMED).map(({ name }) => ({
          key: name,
          reason: 'VirtualCardWithoutPod',
          severity: 'warning' as const,
          message: `the other end of ${name} is in a network namespace without processes${leaked.length > MOST_NAMED ? ` (one of ${leaked.length})` : ''}`,
        })),
      ),
    }
  },
}

/** Namespaces that were entered already: what is in one is asked once, because a namespace gets its card when it is made. */
const entered = new WeakMap<Host, Map<string, readonly number[]>>()

/** Enters each namespace that a process lives in: numbers of cards are told apart by their own end only, those of the other end are the same in every pod. */
async function cardsInUse(host: Host, own: string): Promise<Reading<readonly number[]>> {
  const names = await host.list('/proc')
  if (!names.ok) return names
  const known = entered.get(host) ?? new Map<string, readonly number[]>()
  const now = new Map<string, readonly number[]>()
  let hidden = 0
  for (const pid of names.value) {
    // init lives in the machine's own
    if (!/^\d+$/.test(pid) || pid === '1') continue
    const namespace = await host.link(`/proc/${pid}/ns/net`)
    if (!namespace.ok) {
      if (namespace.why === 'forbidden') hidden++
      continue
    }
    const { value } = namespace
    if (value === own || now.has(value)) continue
    const before = known.get(value)
    if (before && before.length > 0) {
      now.set(value, before)
      continue
    }
    const ran = await host.run('nsenter', ['-t', pid, '-n', 'ip', '-o', 'link', 'show', 'type', 'veth'], { timeoutMs: 3_000 })
    if (!ran.ok) return { ok: false, why: ran.why, reason: `nsenter: ${ran.reason}` }
    // the process may have ended meanwhile
    if (ran.value.code !== 0 && (await host.link(`/proc/${pid}/ns/net`)).ok)
      return { ok: false, why: 'forbidden', reason: `nsenter: ${ran.value.stderr.trim().slice(0, 200)}` }
    now.set(
      value,
      [...ran.value.stdout.matchAll(/^\d+: \S+@if(\d+):/gm)].map(([, index]) => Number(index)),
    )
  }
  entered.set(host, now)
  if (hidden > 0) return { ok: false, why: 'forbidden', reason: `those of ${hidden} processes are hidden (CAP_SYS_PTRACE is missing)` }
  return { ok: true, value: [...now.values()].flat() }
}

export interface AddressFacts {
  /** Addresses of the host-local plugin, with the container they were given to. */
  given: Reading<readonly { address: string; container: string }[]>
  sandboxes: Reading<readonly Sandbox[]>
}

/** https://www.cni.dev/plugins/current/ipam/host-local/: one file an address, which holds the container's id. */
export const leakedAddresses: Detector<AddressFacts> = {
  id: 'leaked-address',
  condition: 'PodAddressLeak',
  title: { en: 'Pod addresses without a pod', 'zh-CN': '无 Pod 的 Pod 地址' },
  everyMs: 15_000,
  raise: 2,
  async gather(host, settings) {
    const networks = await host.list(settings.cni.addresses)
    if (!networks.ok) return { given: networks, sandboxes: { ok: true, value: [] } }
    const given: { address: string; container: string }[] = []
    for (const network of networks.value) {
      const files = await host.list(`${settings.cni.addresses}/${network}`)
      for (const address of files.ok ? files.value.filter((name) => /^[\d.]+$|:/.test(name)).slice(0, 5000) : []) {
        const content = await host.read(`${settings.cni.addresses}/${network}/${address}`, 256)
        if (content.ok) given.push({ address, container: content.value.split(/\r?\n/)[0]!.trim() })
      }
    }
    return { given: { ok: true, value: given }, sandboxes: await sandboxesOf(host, settings) }
  },
  judge({ given, sandboxes }) {
    if (!given.ok) return { verdict: unseen('folder of given addresses (host-local)', given) }
    if (given.value.length === 0) return { verdict: looked() }
    if (!sandboxes.ok) return { verdict: blind(`the container runtime does not say which pods there are: ${sandboxes.reason}`) }
    const live = new Set(sandboxes.value.map(({ id }) => id))
    const leaked = given.value.filter(({ container }) => container !== '' && !live.has(container))
    return {
      verdict: looked(
        leaked.length === 0
          ? undefined
          : {
              key: 'addresses',
              reason: 'AddressWithoutPod',
              severity: leaked.length > given.value.length / 2 ? 'error' : 'warning',
              message: `${leaked.length} of ${given.value.length} pod addresses belong to no pod: ${leaked
                .slice(0, 10)
                .map(({ address }) => address)
                .join(', ')}`,
            },
      ),
    }
  },
}

export interface OutboundFacts {
  /** One answer from this machine, or of each pod that was asked. */
  endpoints: readonly { endpoint: string; answers: readonly Reading<unknown>[] }[]
}

const OUTBOUND_MS = 5_000
/** A single pod may be kept from going out by a policy, and that is no illness: only when none of these comes through. */
const PODS_ASKED = 3

export const outbound: Detector<OutboundFacts> = {
  id: 'outbound',
  condition: 'OutboundUnreachable',
  title: { en: 'Way out to named endpoints', 'zh-CN': '到指定端点的出站网络' },
  everyMs: 10_000,
  async gather(host, settings) {
    const pods = settings.outboundFrom === 'pods' && settings.outbound.length > 0 ? await podNetworks(host) : []
    const ask = async (endpoint: string) =>
      settings.outboundFrom === 'host' ? [await reach(host, endpoint, OUTBOUND_MS)] : Promise.all(pods.map((pid) => reachFrom(host, pid, endpoint)))
    return { endpoints: await Promise.all(settings.outbound.map(async (endpoint) => ({ endpoint, answers: await ask(endpoint) }))) }
  },
  judge({ endpoints }, { outboundFrom }) {
    if (endpoints.length === 0) return { verdict: absent('no endpoint is named (outbound)') }
    const all = endpoints.flatMap(({ answers }) => answers)
    if (all.length === 0) return { verdict: absent('no pod with a network of its own is seen here') }
    const tried = (answers: readonly Reading<unknown>[]) => answers.filter((answer) => answer.ok || answer.why === 'failed')
    const hidden = all.find((answer) => !answer.ok && answer.why !== 'failed')
    if (hidden && tried(all).length === 0) return { verdict: blind(`the networks of pods: ${(hidden as { reason: string }).reason}`.slice(0, 500)) }
    const troubles: Trouble[] = endpoints.flatMap(({ endpoint, answers }) => {
      const failed = tried(answers).flatMap((answer) => (answer.ok ? [] : [answer.reason]))
      if (failed.length === 0 || tried(answers).some(({ ok }) => ok)) return []
      const from = outboundFrom === 'host' ? '' : ` from any of ${failed.length} pods`
      return [{ key: endpoint, reason: 'EndpointUnreachable', severity: 'error', message: `${endpoint} cannot be reached${from}: ${failed[0]}`.slice(0, 500) }]
    })
    return { verdict: looked(...troubles) }
  },
}

/** Processes in network namespaces that are not the machine's and have a card: one of each, of the first few. */
async function podNetworks(host: Host): Promise<string[]> {
  const [own, pids] = await Promise.all([host.link('/proc/1/ns/net'), host.list('/proc')])
  const found = new Map<string, string>()
  for (const pid of pids.ok ? pids.value : []) {
    if (!/^\d+$/.test(pid)) continue
    const namespace = await host.link(`/proc/${pid}/ns/net`)
    if (!namespace.ok || (own.ok && namespace.value === own.value) || found.has(namespace.value)) continue
    const cards = await host.read(`/proc/${pid}/net/dev`)
    if (cards.ok && /^ *(?!lo:)[^\s:|]+:/m.test(cards.value)) found.set(namespace.value, pid)
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, PODS_ASKED)
    .map(([, pid]) => pid)
}

/** Opens a connection from the network of a process. Names are looked up outside, because a pod's name servers are not this program's. */
async function reachFrom(host: Host, pid: string, endpoint: string): Promise<Reading<unknown>> {
  const { hostname, port } = placeOf(endpoint)
  const found = /^[\d.]+$|:/.test(hostname) ? { ok: true as const, value: [hostname] } : await host.lookup(hostname, OUTBOUND_MS)
  if (!found.ok) return { ...found, why: 'failed' }
  const ran = await host.run('nsenter', ['-t', pid, '-n', 'bash', '-c', 'exec 3<>/dev/tcp/$0/$1', found.value[0]!, String(port)], { timeoutMs: OUTBOUND_MS })
  if (!ran.ok) return { ...ran, reason: `nsenter: ${ran.reason}` }
  const { code, stderr, timedOut } = ran.value
  if (code === 0) return { ok: true, value: undefined }
  const why = /^nsenter: /.test(stderr) ? 'forbidden' : 'failed'
  return { ok: false, why, reason: timedOut ? `no answer within ${OUTBOUND_MS / 1000} s` : (stderr.trim().split(/\n|: /).at(-1) ?? '').slice(0, 200) }
}

function placeOf(endpoint: string): { hostname: string; port: number } {
  const { protocol, port, hostname } = new URL(endpoint)
  return { hostname: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'https:' ? 443 : 80)) }
}

/** Opens a connection to a tcp:// endpoint; asks a http one, of which any answer will do. */
export async function reach(host: Host, endpoint: string, timeoutMs: number): Promise<Reading<{ status?: number; body?: string }>> {
  const url = new URL(endpoint)
  const { hostname, port } = placeOf(endpoint)
  const to = { host: hostname, port }
  if (url.protocol !== 'tcp:')
    return host.http({ ...to, tls: url.protocol === 'https:' }, { path: `${url.pathname}${url.search}`, timeoutMs, headers: { host: url.host } })
  const connected = await host.connect(to, timeoutMs)
  return connected.ok ? { ok: true, value: {} } : connected
}
