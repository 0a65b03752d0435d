/**
 * What stands between a real API server with its controllers and a real nginx, for releases: two nodes whose "kubelet" runs pods as HTTP servers on loopback, and an
 * ingress controller that turns Ingresses (canary annotations, in the order of precedence that ingress-nginx documents) and HTTPRoutes into nginx' configuration.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { program } from '#test/real.ts'
import { freePort, UPSTREAMINFO } from './nginx-site.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects are read field by field
type Loose = any

const LOOK_MS = 250
const BEAT_MS = 5_000
const POD_PORT = 8080
const ANNOTATION = 'nginx.ingress.kubernetes.io/canary'

export interface CanarySite {
  url: string
  log: string
  /** Labels by which pods are placed on these nodes. */
  nodeSelector: Record<string, string>
  /** What nginx was told to give the canary of a host, in percent, one after the other. */
  weights: Map<string, number[]>
  stop(): Promise<void>
}

export async function startCanarySite(cluster: Cluster, namespace: string, folder: string): Promise<CanarySite> {
  const stopping = new AbortController()
  const label = { 'sallyport-test/site': namespace }
  const nodes = ['a', 'b'].map((name) => `${namespace}-${name}`)
  for (const name of nodes) await cluster.create(nodeObject(name, label))
  const pods = fork(join(import.meta.dirname, 'canary-pods.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const prefix = `127.${64 + (process.pid % 60)}.${1 + (Math.floor(process.pid / 60) % 250)}`
  let lastAddress = 0
  const running = new Map<string, string>()
  const started = new Set<string>()
  pods.on('message', ({ started: address }: { started: string }) => started.add(address))

  async function kubelet(): Promise<Loose[]> {
    const { items } = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace })
    for (const pod of items as Loose[]) {
      const { uid, name, deletionTimestamp } = pod.metadata
      if (!nodes.includes(pod.spec.nodeName)) continue
      let address = running.get(uid)
      if (deletionTimestamp !== undefined) {
        if (address) pods.send({ stop: address })
        running.delete(uid)
        await cluster.delete({ apiVersion: 'v1', kind: 'Pod', namespace, name }, { gracePeriodSeconds: 0 } as Loose).catch(() => {})
        continue
      }
      if (address === undefined) {
        address = `${prefix}.${++lastAddress}`
        running.set(uid, address)
        pods.send({ start: address, image: pod.spec.containers[0].image })
      }
      if (started.has(address) && pod.status?.podIP === undefined) {
        const conditions = ['Initialized', 'ContainersReady', 'Ready', 'PodScheduled'].map((type) => ({ type, status: 'True' }))
        const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }], startTime: new Date().toISOString(), conditions }
        await cluster.patch({ apiVersion: 'v1', kind: 'Pod', namespace, name }, 'merge', { status }, { subresource: 'status' }).catch(() => {})
      }
    }
    return items as Loose[]
  }
  async function beat() {
    while (!stopping.signal.aborted) {
      for (const name of nodes) {
        const now = new Date().toISOString()
        const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now }]
        await cluster.patch({ apiVersion: 'v1', kind: 'Node', name }, 'strategic', { status: { conditions } }, { subresource: 'status' }).catch(() => {})
      }
      await pause(BEAT_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const port = await freePort()
  mkdirSync(join(folder, 'temp'), { recursive: true })
  const config = join(folder, 'nginx.conf')
  const log = join(folder, 'access.log')
  const weights = new Map<string, number[]>()
  writeFileSync(config, nginxConfig(namespace, folder, log, port, [], new Map()))
  const nginx: ChildProcess = spawn(program('nginx')!, ['-p', folder, '-c', config, '-e', join(folder, 'error.log')], { stdio: 'inherit' })
  for (let tries = 0; ; tries++) {
    if (nginx.exitCode !== null || tries > 300) throw new Error(`nginx does not start: ${readFileSync(join(folder, 'error.log'), 'utf8')}`)
    const answers = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (answers) break
    await pause(50)
  }
  let applied = ''
  async function ingressController(live: readonly Loose[]) {
    const [ingresses, routes, services] = await Promise.all([
      cluster.list({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }, { namespace }),
      cluster.list({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' }, { namespace }),
      cluster.list({ apiVersion: 'v1', kind: 'Service' }, { namespace }),
    ])
    const sites = [...sitesOfIngresses(ingresses.items), ...sitesOfRoutes(routes.items)]
    const upstreams = new Map(
      (services.items as Loose[]).map(({ metadata, spec }) => [
        metadata.name,
        live
          .filter((pod) => Object.entries(spec.selector).every(([key, value]) => pod.metadata.labels?.[key] === value))
          .filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.podIP && running.has(pod.metadata.uid))
          .map((pod) => `${pod.status.podIP}:${POD_PORT}`)
          .toSorted(),
      ]),
    )
    const text = nginxConfig(namespace, folder, log, port, sites, upstreams)
    if (text === applied) return
    applied = text
    writeFileSync(config, text)
    nginx.kill('SIGHUP')
    for (const { host, weight, total } of sites) {
      const seen = weights.get(host) ?? []
      const percent = (100 * weight) / total
      if (seen.at(-1) !== percent) weights.set(host, [...seen, percent])
    }
  }
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await kubelet()
        .then(ingressController)
        .catch((error: Error) => stopping.signal.aborted || console.error('site:', error.message))
      await pause(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()
  const beating = beat()
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    nodeSelector: label,
    weights,
    async stop() {
      stopping.abort()
      await Promise.all([looking, beating])
      nginx.kill('SIGQUIT')
      pods.disconnect()
      for (const name of nodes) await cluster.delete({ apiVersion: 'v1', kind: 'Node', name }).catch(() => {})
    },
  }
}

const nodeObject = (name: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { ...labels, 'kubernetes.io/hostname': name } },
  // Nobody else's pods come here.
  spec: { taints: [{ key: 'sallyport-test', effect: 'NoSchedule' }] },
  status: { capacity: { cpu: '8', memory: '16Gi', pods: '110' }, allocatable: { cpu: '8', memory: '16Gi', pods: '110' } },
})

interface Site {
  host: string
  stable: string
  canary?: string
  weight: number
  total: number
  header?: { name: string; value?: string; pattern?: string }
  cookie?: string
}

const backendOf = (ingress: Loose): { host: string; service: string } => {
  const [rule] = ingress.spec.rules
  return { host: rule.host, service: rule.http.paths[0].backend.service.name }
}

/** https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary */
function sitesOfIngresses(ingresses: readonly KubeObject[]): Site[] {
  const marks = ({ metadata }: KubeObject) => metadata.annotations ?? {}
  const canaries = ingresses.filter((one) => marks(one)[ANNOTATION] === 'true')
  return ingresses
    .filter((one) => marks(one)[ANNOTATION] !== 'true')
    .map((main) => {
      const { host, service } = backendOf(main)
      const canary = canaries.find((one) => backendOf(one).host === host)
      const of = (name: string) => (canary ? marks(canary)[`${ANNOTATION}-${name}`] : undefined)
      const [name, value, pattern, cookie] = [of('by-header'), of('by-header-value'), of('by-header-pattern'), of('by-cookie')]
      return {
        host,
        stable: service,
        ...(canary ? { canary: backendOf(canary).service } : {}),
        weight: Number(of('weight') ?? 0),
        total: Number(of('weight-total') ?? 100),
        // A pattern is ignored where there is a value.
        ...(name ? { header: { name, ...(value ? { value } : pattern ? { pattern } : {}) } } : {}),
        ...(cookie ? { cookie } : {}),
      }
    })
}

/** Weights of the first rule; a rule before it with a header match is for marked requests. */
function sitesOfRoutes(routes: readonly KubeObject[]): Site[] {
  return (routes as Loose[]).map(({ spec }) => {
    const plain = spec.rules.find((rule: Loose) => !(rule.matches ?? []).some((match: Loose) => match.headers))
    const [stable, canary] = plain.backendRefs
    return {
      host: spec.hostnames[0],
      stable: stable.name,
      ...(canary ? { canary: canary.name } : {}),
      weight: canary?.weight ?? 0,
      total: (stable.weight ?? 1) + (canary?.weight ?? 0),
    }
  })
}

/** By header, then by cookie, then by weight. */
function nginxConfig(
  namespace: string,
  folder: string,
  log: string,
  port: number,
  sites: readonly Site[],
  upstreams: ReadonlyMap<string, readonly string[]>,
): string {
  const pool = (name: string) => (upstreams.get(name) ?? []).map((server) => `server ${server} max_fails=0;`).join(' ')
  const one = ({ host, stable, canary, weight, total, header, cookie }: Site, i: number): string => {
    const able = canary !== undefined && (upstreams.get(canary) ?? []).length > 0
    const percent = able ? Math.min(100, (100 * weight) / total) : 0
    const split =
      percent <= 0 || percent >= 100
        ? `map "" $by_weight_${i} { default ${percent >= 100 ? 'canary' : 'stable'}; }`
        : `split_clients "$request_id" $by_weight_${i} { ${percent}% canary; * stable; }`
    const byCookie = able && cookie ? `always canary; never stable; ` : ''
    const byHeader =
      !able || !header
        ? ''
        : header.value !== undefined
          ? `"${header.value}" canary; `
          : header.pattern !== undefined
            ? `"~${header.pattern}" canary; `
            : 'always canary; never stable; '
    return `
  upstream stable_${i} { ${pool(stable) || 'server 127.0.0.1:1;'} keepalive 64; }
  upstream canary_${i} { ${(able && pool(canary!)) || 'server 127.0.0.1:1;'} keepalive 64; }
  ${split}
  map $cookie_${cookie ?? 'none'} $by_cookie_${i} { ${byCookie}default $by_weight_${i}; }
  map $http_${(header?.name ?? 'none').toLowerCase().replaceAll('-', '_')} $arm_${i} { ${byHeader}default $by_cookie_${i}; }
  map $arm_${i} $alternative_${i} { canary "${namespace}-${canary ?? ''}-80"; default ""; }
  server {
    listen 127.0.0.1:${port}; server_name ${host};
    set $proxy_upstream_name "${namespace}-${stable}-80"; set $proxy_alternative_upstream_name $alternative_${i}; set $req_id $request_id;
    access_log ${log} upstreaminfo;
    location / { proxy_pass http://$arm_${i}_${i}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream off; }
  }`.replace(`$arm_${i}_${i}`, `\${arm_${i}}_${i}`)
  }
  return `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log crit;
events { worker_connections 2048; }
http {
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
  keepalive_requests 1000000; map_hash_bucket_size 256; server_names_hash_bucket_size 128;
  log_format upstreaminfo '${UPSTREAMINFO}';
  server { listen 127.0.0.1:${port} default_server; access_log ${log} upstreaminfo;
    set $proxy_upstream_name ""; set $proxy_alternative_upstream_name ""; set $req_id $request_id; return 404; }
  ${sites.map(one).join('\n')}
}
`
}

/** Requests of a log, by a reader that shares nothing with the product's: of a host's upstream, how many its canary answered. */
export function answeredBy(log: string, stable: string): { stable: number; canary: number } {
  const count = { stable: 0, canary: 0 }
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const found = / \[\w+-\w+-([^\]]+)-80\] \[([^\]]*)\] /.exec(line)
    if (found?.[1] === stable) count[found[2] === '' ? 'stable' : 'canary']++
  }
  return count
}
