/** Objects as they must read on the other side: names of namespaces, registries, classes and domains, wherever they stand. */
import type { ApiFacts } from '#core/kube/api-facts/facts.ts'
import { factSchemas } from '#core/kube/fact-schemas.ts'
import type { Json, JsonObject } from '#core/kube/json.ts'
import { describeRef, groupVersionOf, type KubeObject } from '#core/kube/objects.ts'
import { applyJsonPatch, parseJsonPatch } from '#core/kube/patch/json-patch.ts'
import { applyMergePatch } from '#core/kube/patch/merge-patch.ts'
import { applyStrategicPatch } from '#core/kube/patch/strategic.ts'
import { shapeOf } from '#core/kube/shape.ts'
import { imagesIn } from '#core/oci/images-in.ts'
import { type Mapping, mapName } from './mapping.ts'
import { type Body, bodiesOf, bodyOf, isBody, templateOf } from './parts.ts'

export interface Undecided {
  /** `Deployment shop/cart` */
  object: string
  path: string
  text: string
  why: string
}
export interface Transformed {
  objects: KubeObject[]
  /** Texts that may name something that moved, and may not: for a person to look at. */
  undecided: Undecided[]
  /** Patches that could not be made; the object is then as it was before the patch. */
  failed: { object: string; patch: number; reason: string }[]
}

/** The argument stays as it is. With a mapping whose new names are not old ones, doing it twice gives the same as once. */
export function transform(objects: readonly KubeObject[], mapping: Mapping, facts: ApiFacts): Transformed {
  const old = new Set(
    objects
      .flatMap(({ kind, apiVersion, metadata }) => [metadata?.namespace, kind === 'Namespace' && apiVersion === 'v1' ? metadata?.name : undefined])
      .filter((name) => name !== undefined),
  )
  const moved = new Map(
    [...old].flatMap((name) => (mapName(mapping.namespaces, name) === undefined ? [] : [[name, mapName(mapping.namespaces, name)!] as const])),
  )
  const services = new Set(
    objects.filter(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1').map(({ metadata }) => `${metadata.name}.${metadata.namespace}`),
  )
  const movers = moved.size > 0 ? moversOf(moved) : undefined
  const result: Transformed = { objects: [], undecided: [], failed: [] }
  for (const object of objects) {
    const copy = structuredClone(object)
    const who = describeRef({
      kind: object.kind,
      name: object.metadata?.name ?? '?',
      ...(object.metadata?.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    })
    if (movers !== undefined) renameNamespaces(copy, mapping, movers, services, (path, text, why) => result.undecided.push({ object: who, path, text, why }))
    mapFields(copy, mapping)
    result.objects.push(patchObject(copy, object, mapping, facts, (patch, reason) => result.failed.push({ object: who, patch, reason })))
  }
  return result
}

type Say = (path: string, text: string, why: string) => void

/** Every field called `namespace`, lists of names in namespace selectors, and names within texts. */
function renameNamespaces(object: KubeObject, mapping: Mapping, movers: Movers, services: ReadonlySet<string>, say: Say): void {
  const { moved } = movers
  const to = (name: unknown): string | undefined => (typeof name === 'string' ? (moved.get(name) ?? mapName(mapping.namespaces, name)) : undefined)
  if (object.kind === 'Namespace' && object.apiVersion === 'v1') object.metadata.name = to(object.metadata.name) ?? object.metadata.name
  const walk = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') return renameInText(value, path, movers, services, say)
    if (Array.isArray(value)) return value.map((item, i) => walk(item, `${path}[${i}]`))
    if (!isBody(value)) return value
    for (const [key, inner] of Object.entries(value)) {
      const at = path === '' ? key : `${path}.${key}`
      if (key === 'namespace' && path !== 'data' && path !== 'stringData') value[key] = to(inner) ?? inner
      else if (key === 'kubernetes.io/metadata.name') value[key] = to(inner) ?? inner
      else if (key === 'matchNames' && path.endsWith('namespaceSelector') && Array.isArray(inner)) value[key] = inner.map((name) => to(name) ?? name)
      else if (key === 'values' && value.key === 'kubernetes.io/metadata.name' && Array.isArray(inner)) value[key] = inner.map((name) => to(name) ?? name)
      else if ((key === 'data' && object.kind === 'Secret' && path === '') || key === 'caBundle') continue
      else value[key] = walk(inner, at)
    }
    return value
  }
  for (const [key, inner] of Object.entries(object)) {
    if (key === 'apiVersion' || key === 'kind') continue
    object[key] = walk(inner, key)
  }
}

/** Namespaces that move, and how they are told in a text. */
interface Movers {
  moved: ReadonlyMap<string, string>
  /** `service.namespace` and `service.namespace.svc` */
  short: RegExp
  /** `pod.service.namespace.svc.cluster.local` */
  long: RegExp
  account: RegExp
  word: RegExp
}

function moversOf(moved: ReadonlyMap<string, string>): Movers {
  // Longer names first: one may begin with another.
  const names = [...moved.keys()].sort((a, b) => b.length - a.length).map((name) => name.replaceAll('.', '\\.'))
  const name = `(${names.join('|')})`
  return {
    moved,
    short: new RegExp(`(?<![\\w.-])([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\\.${name}(\\.svc)?(?![\\w-]|\\.[a-z0-9])`, 'g'),
    long: new RegExp(`(?<![\\w-])((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+)${name}(\\.svc(?:\\.[a-z0-9.-]+)?)(?![\\w-])`, 'g'),
    account: new RegExp(`(system:serviceaccounts?:)${name}(?![\\w-])`, 'g'),
    word: new RegExp(`(?<![\\w-])${name}(?![\\w-])`),
  }
}

/** Stands for a new name until all of a text is read, so that it is not taken for an old one. */
const FIRST_MARK = 0xe000
const MARKS = /[\ue000-\uf8ff]/

/** `service.namespace.svc…`, `service.namespace` of a known Service, and the user and group names of service accounts. */
function renameInText(text: string, path: string, { moved, short, long, account, word }: Movers, services: ReadonlySet<string>, say: Say): string {
  if (!word.test(text)) return text
  if (text.length > 1_000_000 || MARKS.test(text)) {
    say(path, `${text.slice(0, 117)}...`, 'too long, or has letters of private use: not read')
    return text
  }
  const names: string[] = []
  const mark = (from: string): string => {
    const to = moved.get(from)!
    const known = names.indexOf(to)
    return String.fromCharCode(FIRST_MARK + (known >= 0 ? known : names.push(to) - 1))
  }
  const marked = text
    .replace(short, (whole, service: string, from: string, svc: string | undefined) =>
      svc !== undefined || services.has(`${service}.${from}`) ? `${service}.${mark(from)}${svc ?? ''}` : whole,
    )
    .replace(long, (_, head: string, from: string, tail: string) => `${head}${mark(from)}${tail}`)
    .replace(account, (_, head: string, from: string) => `${head}${mark(from)}`)
  const changed = names.reduce((whole, name, i) => whole.replaceAll(String.fromCharCode(FIRST_MARK + i), () => name), marked)
  // What is left may be the namespace or just the word.
  const [, rest] = word.exec(marked) ?? []
  if (rest !== undefined && isTelling(path) && moved.get(rest) !== rest)
    say(path, changed.length > 120 ? `${changed.slice(0, 117)}...` : changed, `may name the namespace ${rest}`)
  return changed
}

/** Names and labels are full of words that happen to be a namespace's; values of settings are not. */
const isTelling = (path: string): boolean => /(?:^data\.|\.env\[\d+\]\.value$|\.(?:args|command)\[\d+\]$|^metadata\.annotations\.|externalName$)/.test(path)

/** Fields of known kinds whose values are mapped one by one. */
function mapFields(object: KubeObject, mapping: Mapping): void {
  const spec = bodyOf(object.spec)
  const { group } = groupVersionOf(object.apiVersion)
  const put = (body: Body, field: string, rules: Readonly<Record<string, string>>): void => {
    const value = body[field]
    const name = typeof value === 'string' ? mapName(rules, value) : undefined
    if (name !== undefined) body[field] = name
  }
  for (const claim of [
    object.kind === 'PersistentVolumeClaim' || object.kind === 'PersistentVolume' ? spec : undefined,
    ...bodiesOf(spec.volumeClaimTemplates).map((one) => one.spec),
  ])
    if (isBody(claim)) put(claim, 'storageClassName', mapping.storageClasses)
  if (object.kind === 'Ingress' && (group === 'networking.k8s.io' || group === 'extensions')) {
    put(spec, 'ingressClassName', mapping.ingressClasses)
    if (object.metadata.annotations) put(object.metadata.annotations as Body, 'kubernetes.io/ingress.class', mapping.ingressClasses)
    for (const rule of bodiesOf(spec.rules)) rule.host = mapDomain(rule.host, mapping)
    for (const tls of bodiesOf(spec.tls)) if (Array.isArray(tls.hosts)) tls.hosts = tls.hosts.map((host) => mapDomain(host, mapping))
    for (const rule of bodiesOf(spec.rules)) if (rule.host === undefined) delete rule.host
  }
  if (group === 'gateway.networking.k8s.io') {
    if (Array.isArray(spec.hostnames)) spec.hostnames = spec.hostnames.map((host) => mapDomain(host, mapping))
    for (const listener of bodiesOf(spec.listeners)) if (listener.hostname !== undefined) listener.hostname = mapDomain(listener.hostname, mapping)
  }
  const podSpec = bodyOf(templateOf(object)?.spec)
  if (isBody(podSpec.nodeSelector))
    for (const [key, value] of Object.entries(podSpec.nodeSelector)) {
      const now = mapping.nodeSelectors[`${key}=${String(value)}`]
      if (now === undefined) continue
      delete podSpec.nodeSelector[key]
      const equals = now.indexOf('=')
      if (equals > 0) podSpec.nodeSelector[now.slice(0, equals)] = now.slice(equals + 1)
    }
  if (object.kind === 'Service' && group === '') {
    const { nodePorts } = mapping
    for (const port of bodiesOf(spec.ports)) {
      if (port.nodePort === undefined || nodePorts === 'keep') continue
      const now = nodePorts === 'drop' ? undefined : nodePorts[String(port.nodePort)]
      if (now === undefined && nodePorts === 'drop') delete port.nodePort
      else if (now !== undefined) port.nodePort = now
    }
  }
  const annotations = object.metadata.annotations
  if (annotations)
    for (const key of Object.keys(annotations))
      if (mapping.annotations.remove.some((pattern) => mapName({ [pattern]: '' }, key) !== undefined)) delete annotations[key]
  if (Object.keys(mapping.annotations.set).length > 0) object.metadata.annotations = { ...annotations, ...mapping.annotations.set }
  for (const { path, image } of imagesIn(object)) {
    const now = mapImage(image, mapping)
    if (now !== image) setAt(object, path, now)
  }
}

function mapDomain(host: unknown, { domains }: Mapping): unknown {
  if (typeof host !== 'string') return host
  const exact = mapName(domains, host)
  if (exact !== undefined) return exact
  const parent = Object.keys(domains)
    .filter((domain) => host.endsWith(`.${domain}`))
    .sort((a, b) => b.length - a.length)[0]
  return parent === undefined ? host : `${host.slice(0, -parent.length)}${domains[parent]!}`
}

/** By whole parts of the path; a name without registry also matches as docker.io/…, as the runtime reads it. */
function mapImage(image: string, { registries }: Mapping): string {
  const first = image.split('/')[0]!
  const full = image.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? image : `docker.io/${image.includes('/') ? image : `library/${image}`}`
  const from = Object.keys(registries)
    .filter((prefix) => full === prefix || full.startsWith(`${prefix}/`) || full.startsWith(`${prefix}:`) || full.startsWith(`${prefix}@`))
    .sort((a, b) => b.length - a.length)[0]
  return from === undefined ? image : `${registries[from]!}${full.slice(from.length)}`
}

function setAt(root: unknown, path: readonly (string | number)[], value: unknown): void {
  const holder = path.slice(0, -1).reduce<unknown>((body, step) => (body as Record<string | number, unknown>)?.[step], root)
  if (typeof holder === 'object' && holder !== null) (holder as Record<string | number, unknown>)[path.at(-1)!] = value
}

function patchObject(object: KubeObject, original: KubeObject, mapping: Mapping, facts: ApiFacts, fail: (patch: number, reason: string) => void): KubeObject {
  let current = object
  for (const [i, { match, json, merge, strategic }] of mapping.patches.entries()) {
    const { name = '', namespace = '' } = original.metadata ?? {}
    if (match.kind !== original.kind || (match.name !== undefined && mapName({ [match.name]: '' }, name) === undefined)) continue
    if (match.namespace !== undefined && mapName({ [match.namespace]: '' }, namespace) === undefined) continue
    const done = patched(current as unknown as JsonObject, json, merge as Json | undefined, strategic as JsonObject | undefined, facts)
    if (typeof done === 'string') fail(i, done)
    else current = done as unknown as KubeObject
  }
  return current
}

/** The patched object, or why not. */
function patched(
  object: JsonObject,
  json: readonly unknown[] | undefined,
  merge: Json | undefined,
  strategic: JsonObject | undefined,
  facts: ApiFacts,
): JsonObject | string {
  let current: Json = object
  if (json !== undefined) {
    const steps = parseJsonPatch(json)
    const done = steps.ok ? applyJsonPatch(current, steps.value) : steps
    if (!done.ok) return done.error
    current = done.value
  }
  if (merge !== undefined) current = applyMergePatch(current, merge)
  if (strategic !== undefined) {
    const schema = facts.kind({ apiVersion: String(object.apiVersion), kind: String(object.kind) })?.schema
    if (schema === undefined) return 'a strategic patch needs a built-in kind; use merge'
    const done = applyStrategicPatch(current as JsonObject, strategic, shapeOf({ $ref: schema }, factSchemas(facts)))
    if (!done.ok) return done.error
    current = done.value
  }
  return isBody(current) && typeof current.apiVersion === 'string' ? (current as JsonObject) : 'the patch leaves no object'
}
