/** All words of the access rows, remembered between batches, and what follows from them: country of a client, family of a user agent, route of a name. */
import { type Line, SLOT } from '../formats/line.ts'
import { type Origin, resolveOrigin } from './origin.ts'
import { PATTERN_MAX, writePattern } from './path-pattern.ts'
import { userAgentFamily } from './user-agent.ts'
import { Interner, OTHER, Words, widened } from './words.ts'

export interface VocabularyOptions {
  /** ISO 3166 code of an address, empty when unknown. */
  country?: (client: string) => string
  /** Namespaces that exist, for names that join namespace and service by a dash. */
  namespaces?: readonly string[]
  /** Pod and workload behind `ip:port`. */
  backendOf?: (address: string) => { pod: string; workload: string } | undefined
}

const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PROPFIND',
  'PURGE',
  'REPORT',
  'MKCOL',
  'MOVE',
  'COPY',
  'LOCK',
  'UNLOCK',
  'SEARCH',
  'PRI',
])
const HOSTS_MAX = 5_000
const NAMES_MAX = 5_000
/** Different path patterns of one route; more become `{other}` until the vocabulary starts afresh. */
export const PATTERNS_PER_ROUTE = 500
/** Bytes of words after which the vocabulary starts afresh. */
const WEIGHT_MAX = 48 * 1024 * 1024
const AFRESH_MS = 3_600_000

/** `Shop.Example.:8080` → `shop.example` */
export function canonicalHost(text: string): string {
  const port = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(text)
  return (port?.[1] ?? text).toLowerCase().replace(/\.$/, '')
}

/** `TLSv1.3`, `1.3` (Traefik) and `-` → `TLSv1.3` */
const canonicalTls = (text: string): string => (/^1\.\d$/.test(text) ? `TLSv${text}` : /^(TLS|SSL)v/.test(text) ? text : '')

export type Vocabulary = ReturnType<typeof createVocabulary>

export function createVocabulary(options: VocabularyOptions = {}) {
  const name = () => new Words({ limit: NAMES_MAX })
  const words = {
    source: name(),
    route: new Words({ limit: HOSTS_MAX + NAMES_MAX }),
    ingress: name(),
    namespace: name(),
    service: name(),
    host: new Words({ limit: HOSTS_MAX, canonical: canonicalHost }),
    path_pattern: new Words(),
    method: new Words({ canonical: (text) => (METHODS.has(text.toUpperCase()) ? text.toUpperCase() : OTHER) }),
    upstream_addr: new Words({ limit: 20_000 }),
    workload: name(),
    pod: new Words({ limit: 20_000 }),
    client: new Words({ max: 64, lowerCase: true }),
    country: new Words({ limit: 400 }),
    user_agent: new Words({ max: 512 }),
    ua_family: name(),
    referer: new Words({ max: 512 }),
    protocol: new Words({ limit: 20, max: 16 }),
    tls: new Words({ limit: 20, max: 16, canonical: canonicalTls }),
  }
  const upstreams = name()
  const routeNames = name()

  /** Number of `to` for each number of `from`, worked out when first asked for. */
  function derive(from: Words, to: Words, rule: (text: string) => string): (id: number) => number {
    let known = new Int32Array(256).fill(-1)
    return (id) => {
      if (id >= known.length) known = widened(known, id + 1, -1)
      const found = known[id]!
      if (found >= 0) return found
      const fresh = to.idOfText(rule(from.text(id)))
      known[id] = fresh
      return fresh
    }
  }

  const tuple = new Uint8Array(28)
  const tupleView = new DataView(tuple.buffer)
  const tuples = new Interner()
  /** Most formats name the upstream only, or the host only: those origins are found without hashing. */
  let byUpstream = new Int32Array(256).fill(-1)
  let byHost = new Int32Array(256).fill(-1)
  const origins: { source: number; host: number; route: number; ingress: number; namespace: number; service: number; names: Origin }[] = []

  const patternBytes = new Uint8Array(PATTERN_MAX + 4)
  const patternView = new DataView(patternBytes.buffer)
  const patterns = new Interner()
  const patternIds: number[] = []
  const perRoute = new Map<number, number>()
  const other = words.path_pattern.idOfText(OTHER)
  const invalid = words.path_pattern.idOfText('{invalid}')
  let bornAt: number | undefined
  let shortcutSource = -1

  return {
    words,
    countryOf: derive(words.client, words.country, options.country ?? (() => '')),
    familyOf: derive(words.user_agent, words.ua_family, userAgentFamily),
    /** Of an address; not remembered, because pods come and go. */
    podOf: (address: number) => words.pod.idOfText(options.backendOf?.(words.upstream_addr.text(address))?.pod ?? ''),
    workloadOf: (address: number) => words.workload.idOfText(options.backendOf?.(words.upstream_addr.text(address))?.workload ?? ''),
    origins,

    /** Number of the origin (route, ingress, namespace, service) of the line. */
    originOf(line: Line, host: number, source: number): number {
      const { view, bytes, from, to } = line
      const upstream = upstreams.id(view, bytes, from[SLOT.UPSTREAM]!, to[SLOT.UPSTREAM]!)
      const ingress = words.ingress.id(view, bytes, from[SLOT.INGRESS]!, to[SLOT.INGRESS]!)
      const namespace = words.namespace.id(view, bytes, from[SLOT.NAMESPACE]!, to[SLOT.NAMESPACE]!)
      const service = words.service.id(view, bytes, from[SLOT.SERVICE]!, to[SLOT.SERVICE]!)
      const routeName = routeNames.id(view, bytes, from[SLOT.ROUTE]!, to[SLOT.ROUTE]!)
      const others = ingress | namespace | service | routeName | (source ^ shortcutSource)
      if (others === 0 && host === 0) {
        if (upstream >= byUpstream.length) byUpstream = widened(byUpstream, upstream + 1, -1)
        if (byUpstream[upstream]! < 0) byUpstream[upstream] = this.originOfTuple(upstream, ingress, namespace, service, host, routeName, source)
        return byUpstream[upstream]!
      }
      if (others === 0 && upstream === 0) {
        if (host >= byHost.length) byHost = widened(byHost, host + 1, -1)
        if (byHost[host]! < 0) byHost[host] = this.originOfTuple(upstream, ingress, namespace, service, host, routeName, source)
        return byHost[host]!
      }
      return this.originOfTuple(upstream, ingress, namespace, service, host, routeName, source)
    },

    /** Which source the next rows are of. */
    begin(source: number): void {
      if (source === shortcutSource) return
      shortcutSource = source
      byUpstream.fill(-1)
      byHost.fill(-1)
    },

    originOfTuple(upstream: number, ingress: number, namespace: number, service: number, host: number, routeName: number, source: number): number {
      tupleView.setInt32(0, upstream, true)
      tupleView.setInt32(4, ingress, true)
      tupleView.setInt32(8, namespace, true)
      tupleView.setInt32(12, service, true)
      tupleView.setInt32(16, host, true)
      tupleView.setInt32(20, routeName, true)
      tupleView.setInt32(24, source, true)
      const found = tuples.intern(tupleView, tuple, 0, 28)
      if (found >= 0) return found
      const names = resolveOrigin(
        {
          upstream: upstreams.text(upstream),
          ingress: words.ingress.text(ingress),
          namespace: words.namespace.text(namespace),
          service: words.service.text(service),
          host: words.host.text(host),
          route: routeNames.text(routeName),
        },
        words.source.text(source),
        options.namespaces,
      )
      const fresh = -1 - found
      origins[fresh] = {
        source,
        host,
        route: words.route.idOfText(names.route),
        ingress: words.ingress.idOfText(names.ingress),
        namespace: words.namespace.idOfText(names.namespace),
        service: words.service.idOfText(names.service),
        names,
      }
      return fresh
    },

    /** Number of the path pattern, at most PATTERNS_PER_ROUTE of one route. */
    patternOf(line: Line, route: number): number {
      const from = line.from[SLOT.PATH]!
      const to = line.to[SLOT.PATH]!
      if (from === to) return 0
      if (line.bytes[from] !== 0x2f && !(line.bytes[from] === 0x2a && to === from + 1)) return invalid
      const length = writePattern(line.bytes, from, to, patternBytes)
      if (length < 0) return other
      // the route is part of the key, behind the text
      patternBytes[length] = route & 0xff
      patternBytes[length + 1] = (route >> 8) & 0xff
      patternBytes[length + 2] = (route >> 16) & 0xff
      const hash = patterns.intern(patternView, patternBytes, 0, length + 3)
      if (hash >= 0) return patternIds[hash]!
      const count = perRoute.get(route) ?? 0
      perRoute.set(route, count + 1)
      const id = count >= PATTERNS_PER_ROUTE ? other : words.path_pattern.id(patternView, patternBytes, 0, length)
      patternIds[-1 - hash] = id
      return id
    },

    /** True when it has grown old or beyond its share of the memory of all: a new one must take its place before the next batch. */
    isStale(now: number, share = 1): boolean {
      bornAt ??= now
      let weight = tuples.used + tuples.size * 64 + patterns.used + patterns.size * 64
      for (const column of Object.values(words)) weight += column.weight
      return weight > WEIGHT_MAX * share || now - bornAt > AFRESH_MS
    },
  }
}
