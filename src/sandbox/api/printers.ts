/** Tables as `kubectl get` prints them. Built-in kinds have columns of their own, custom ones those of their definition. */
import type { Kind, PrinterColumn, ServedVersion } from './kinds.ts'
import { collectionOf } from './kinds.ts'
import type { Obj } from './store.ts'

export interface Column {
  name: string
  type: string
  format: string
  description: string
  priority: number
}
type Cell = string | number | boolean | null
interface Printer {
  columns: readonly [name: string, priority?: number, type?: string][]
  cells(object: Obj, now: number): Cell[]
}

/** `5m`, `3h20m`, `2d`: as kubectl shortens a time span. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`
  if (days < 365 * 2) return `${days}d`
  return `${Math.floor(days / 365)}y${days % 365 === 0 ? '' : `${days % 365}d`}`
}
const since = (time: string | null | undefined, now: number) => (time ? humanDuration(now - Date.parse(time)) : '<unknown>')
const age = (object: Obj, now: number) => since(object.metadata.creationTimestamp, now)
const orNone = (value: unknown): string => (value === undefined || value === null || value === '' ? '<none>' : String(value))
const NAME: [string, number?, string?] = ['Name']
const AGE: [string] = ['Age']
const images = (spec: Obj | undefined) => (spec?.containers ?? []).map((one: Obj) => one.image).join(',')
const containers = (spec: Obj | undefined) => (spec?.containers ?? []).map((one: Obj) => one.name).join(',')
const selectorText = (selector: Obj | undefined) =>
  orNone(
    Object.entries(selector?.matchLabels ?? (selector?.matchExpressions === undefined ? (selector ?? {}) : {}))
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  )

function podReason(pod: Obj): string {
  if (pod.metadata.deletionTimestamp) return pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating'
  const statuses: Obj[] = pod.status?.containerStatuses ?? []
  for (const status of statuses) {
    const reason = status.state?.waiting?.reason ?? status.state?.terminated?.reason
    if (reason) return reason
  }
  return pod.status?.reason ?? pod.status?.phase ?? 'Unknown'
}

const PRINTERS: Record<string, Printer> = {
  pods: {
    columns: [NAME, ['Ready'], ['Status'], ['Restarts'], AGE, ['IP', 1], ['Node', 1], ['Nominated Node', 1], ['Readiness Gates', 1]],
    cells: (pod, now) => {
      const statuses: Obj[] = pod.status?.containerStatuses ?? []
      const restarts = statuses.reduce((sum, one) => sum + (one.restartCount ?? 0), 0)
      const last = statuses
        .map((one) => one.lastState?.terminated?.finishedAt)
        .filter(Boolean)
        .sort()
        .at(-1)
      return [
        pod.metadata.name,
        `${statuses.filter((one) => one.ready).length}/${pod.spec?.containers?.length ?? 0}`,
        podReason(pod),
        restarts > 0 && last ? `${restarts} (${since(last, now)} ago)` : String(restarts),
        age(pod, now),
        orNone(pod.status?.podIP),
        orNone(pod.spec?.nodeName),
        orNone(pod.status?.nominatedNodeName),
        '<none>',
      ]
    },
  },
  'deployments.apps': {
    columns: [NAME, ['Ready'], ['Up-to-date'], ['Available'], AGE, ['Containers', 1], ['Images', 1], ['Selector', 1]],
    cells: (d, now) => [
      d.metadata.name,
      `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`,
      d.status?.updatedReplicas ?? 0,
      d.status?.availableReplicas ?? 0,
      age(d, now),
      containers(d.spec?.template?.spec),
      images(d.spec?.template?.spec),
      selectorText(d.spec?.selector),
    ],
  },
  'replicasets.apps': {
    columns: [NAME, ['Desired'], ['Current'], ['Ready'], AGE, ['Containers', 1], ['Images', 1], ['Selector', 1]],
    cells: (r, now) => [
      r.metadata.name,
      r.spec?.replicas ?? 0,
      r.status?.replicas ?? 0,
      r.status?.readyReplicas ?? 0,
      age(r, now),
      containers(r.spec?.template?.spec),
      images(r.spec?.template?.spec),
      selectorText(r.spec?.selector),
    ],
  },
  'statefulsets.apps': {
    columns: [NAME, ['Ready'], AGE, ['Containers', 1], ['Images', 1]],
    cells: (s, now) => [
      s.metadata.name,
      `${s.status?.readyReplicas ?? 0}/${s.spec?.replicas ?? 0}`,
      age(s, now),
      containers(s.spec?.template?.spec),
      images(s.spec?.template?.spec),
    ],
  },
  'daemonsets.apps': {
    columns: [NAME, ['Desired'], ['Current'], ['Ready'], ['Up-to-date'], ['Available'], ['Node Selector'], AGE],
    cells: (d, now) => [
      d.metadata.name,
      d.status?.desiredNumberScheduled ?? 0,
      d.status?.currentNumberScheduled ?? 0,
      d.status?.numberReady ?? 0,
      d.status?.updatedNumberScheduled ?? 0,
      d.status?.numberAvailable ?? 0,
      selectorText(d.spec?.template?.spec?.nodeSelector),
      age(d, now),
    ],
  },
  services: {
    columns: [NAME, ['Type'], ['Cluster-IP'], ['External-IP'], ['Port(s)'], AGE, ['Selector', 1]],
    cells: (s, now) => [
      s.metadata.name,
      s.spec?.type ?? '',
      orNone(s.spec?.clusterIP),
      orNone(s.spec?.externalName ?? s.spec?.externalIPs?.join(',')),
      orNone((s.spec?.ports ?? []).map((port: Obj) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol}`).join(',')),
      age(s, now),
      selectorText(s.spec?.selector),
    ],
  },
  endpoints: {
    columns: [NAME, ['Endpoints'], AGE],
    cells: (e, now) => {
      const all = (e.subsets ?? []).flatMap((set: Obj) =>
        (set.addresses ?? []).flatMap((address: Obj) => (set.ports ?? []).map((port: Obj) => `${address.ip}:${port.port}`)),
      )
      return [e.metadata.name, orNone(all.slice(0, 3).join(',') + (all.length > 3 ? ` + ${all.length - 3} more...` : '')), age(e, now)]
    },
  },
  'endpointslices.discovery.k8s.io': {
    columns: [NAME, ['AddressType'], ['Ports'], ['Endpoints'], AGE],
    cells: (e, now) => [
      e.metadata.name,
      e.addressType ?? '',
      orNone((e.ports ?? []).map((port: Obj) => port.port).join(',')),
      orNone((e.endpoints ?? []).flatMap((one: Obj) => one.addresses).join(',')),
      age(e, now),
    ],
  },
  nodes: {
    columns: [
      NAME,
      ['Status'],
      ['Roles'],
      AGE,
      ['Version'],
      ['Internal-IP', 1],
      ['External-IP', 1],
      ['OS-Image', 1],
      ['Kernel-Version', 1],
      ['Container-Runtime', 1],
    ],
    cells: (n, now) => {
      const ready = (n.status?.conditions ?? []).find((one: Obj) => one.type === 'Ready')
      const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady', ...(n.spec?.unschedulable ? ['SchedulingDisabled'] : [])]
      const roles = Object.keys(n.metadata.labels ?? {}).flatMap((key) => (key.startsWith('node-role.kubernetes.io/') ? [key.slice(24)] : []))
      const address = (type: string) => orNone((n.status?.addresses ?? []).find((one: Obj) => one.type === type)?.address)
      const info = n.status?.nodeInfo
      return [
        n.metadata.name,
        words.join(','),
        orNone(roles.join(',')),
        age(n, now),
        info?.kubeletVersion ?? '',
        address('InternalIP'),
        address('ExternalIP'),
        info?.osImage ?? '',
        info?.kernelVersion ?? '',
        info?.containerRuntimeVersion ?? '',
      ]
    },
  },
  namespaces: { columns: [NAME, ['Status'], AGE], cells: (n, now) => [n.metadata.name, n.status?.phase ?? '', age(n, now)] },
  configmaps: {
    columns: [NAME, ['Data', 0, 'integer'], AGE],
    cells: (c, now) => [c.metadata.name, Object.keys(c.data ?? {}).length + Object.keys(c.binaryData ?? {}).length, age(c, now)],
  },
  secrets: {
    columns: [NAME, ['Type'], ['Data', 0, 'integer'], AGE],
    cells: (s, now) => [s.metadata.name, s.type ?? '', Object.keys(s.data ?? {}).length, age(s, now)],
  },
  serviceaccounts: { columns: [NAME, ['Secrets', 0, 'integer'], AGE], cells: (s, now) => [s.metadata.name, (s.secrets ?? []).length, age(s, now)] },
  events: {
    columns: [['Last Seen'], ['Type'], ['Reason'], ['Object'], ['Subobject', 1], ['Source', 1], ['Message'], ['First Seen', 1], ['Count', 1], ['Name', 1]],
    cells: (e, now) => [
      since(e.lastTimestamp ?? e.eventTime, now),
      e.type ?? '',
      e.reason ?? '',
      `${String(e.involvedObject?.kind ?? '').toLowerCase()}/${e.involvedObject?.name ?? ''}`,
      e.involvedObject?.fieldPath ?? '',
      [e.source?.component ?? e.reportingComponent, e.source?.host].filter(Boolean).join(', '),
      String(e.message ?? '').trim(),
      since(e.firstTimestamp ?? e.eventTime, now),
      e.count ?? 1,
      e.metadata.name,
    ],
  },
  'ingresses.networking.k8s.io': {
    columns: [NAME, ['Class'], ['Hosts'], ['Address'], ['Ports'], AGE],
    cells: (i, now) => [
      i.metadata.name,
      orNone(i.spec?.ingressClassName),
      (i.spec?.rules ?? []).map((rule: Obj) => rule.host ?? '*').join(',') || '*',
      (i.status?.loadBalancer?.ingress ?? []).map((one: Obj) => one.ip ?? one.hostname).join(','),
      i.spec?.tls?.length ? '80, 443' : '80',
      age(i, now),
    ],
  },
  'jobs.batch': {
    columns: [NAME, ['Status'], ['Completions'], ['Duration'], AGE],
    cells: (j, now) => [
      j.metadata.name,
      j.status?.completionTime ? 'Complete' : 'Running',
      `${j.status?.succeeded ?? 0}/${j.spec?.completions ?? 1}`,
      since(j.status?.startTime, now),
      age(j, now),
    ],
  },
  'leases.coordination.k8s.io': { columns: [NAME, ['Holder'], AGE], cells: (l, now) => [l.metadata.name, orNone(l.spec?.holderIdentity), age(l, now)] },
  'customresourcedefinitions.apiextensions.k8s.io': {
    columns: [NAME, ['Created At']],
    cells: (c) => [c.metadata.name, c.metadata.creationTimestamp ?? ''],
  },
  'roles.rbac.authorization.k8s.io': { columns: [NAME, ['Created At']], cells: (r) => [r.metadata.name, r.metadata.creationTimestamp ?? ''] },
  'clusterroles.rbac.authorization.k8s.io': { columns: [NAME, ['Created At']], cells: (r) => [r.metadata.name, r.metadata.creationTimestamp ?? ''] },
  'rolebindings.rbac.authorization.k8s.io': {
    columns: [NAME, ['Role'], AGE],
    cells: (r, now) => [r.metadata.name, `${r.roleRef?.kind}/${r.roleRef?.name}`, age(r, now)],
  },
  'clusterrolebindings.rbac.authorization.k8s.io': {
    columns: [NAME, ['Role'], AGE],
    cells: (r, now) => [r.metadata.name, `${r.roleRef?.kind}/${r.roleRef?.name}`, age(r, now)],
  },
}

const PLAIN: Printer = { columns: [NAME, ['Created At', 0, 'date']], cells: (object) => [object.metadata.name, object.metadata.creationTimestamp ?? ''] }
const CUSTOM_AGE: Printer = { columns: [NAME, ['Age', 0, 'date']], cells: (object, now) => [object.metadata.name, age(object, now)] }

const column = (name: string, priority = 0, type = 'string', description = ''): Column => ({
  name,
  type,
  format: name === 'Name' ? 'name' : '',
  description,
  priority,
})

export function printerOf(kind: Kind, version: ServedVersion): { columns: Column[]; cells(object: Obj, now: number): Cell[] } {
  const printer = kind.crd === undefined ? (PRINTERS[collectionOf(kind)] ?? PLAIN) : version.columns?.length ? undefined : CUSTOM_AGE
  if (printer !== undefined) return { columns: printer.columns.map(([name, priority, type]) => column(name, priority, type)), cells: printer.cells }
  const custom = version.columns!
  return {
    columns: [column('Name'), ...custom.map((one) => ({ ...column(one.name, one.priority, one.type, one.description), format: one.format ?? '' }))],
    cells: (object, now) => [object.metadata.name, ...custom.map((one) => customCell(object, one, now))],
  }
}

function customCell(object: Obj, { jsonPath, type }: PrinterColumn, now: number): Cell {
  const value = atJsonPath(object, jsonPath)
  if (value === undefined || value === null) return null
  if (type === 'date') return typeof value === 'string' ? since(value, now) : '<unknown>'
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null
  if (type === 'number') return typeof value === 'number' ? value : null
  if (type === 'boolean') return typeof value === 'boolean' ? value : null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The simple paths that printer columns use: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`, `.metadata.labels.app\.io/x`, `.items[0]`. */
export function atJsonPath(object: unknown, path: string): unknown {
  const steps = path.match(/\[\?\(@\.([\w.]+)\s*==\s*["']([^"']*)["']\)\]|\[(\d+|\*)\]|\['([^']+)'\]|\.?((?:\\.|[^.[\]\\])+)/g) ?? []
  let at: unknown[] = [object]
  for (const step of steps) {
    const filter = /^\[\?\(@\.([\w.]+)\s*==\s*["']([^"']*)["']\)\]$/.exec(step)
    const index = /^\[(\d+|\*)\]$/.exec(step)
    const quoted = /^\['([^']+)'\]$/.exec(step)
    if (filter) at = at.flatMap((one) => (Array.isArray(one) ? one.filter((item) => String(atJsonPath(item, `.${filter[1]}`)) === filter[2]) : []))
    else if (index) at = at.flatMap((one) => (Array.isArray(one) ? (index[1] === '*' ? one : one.slice(Number(index[1]), Number(index[1]) + 1)) : []))
    else {
      const name = quoted?.[1] ?? step.replace(/^\./, '').replace(/\\(.)/g, '$1')
      at = at.flatMap((one) =>
        typeof one === 'object' && one !== null && !Array.isArray(one) && Object.hasOwn(one, name) ? [(one as Record<string, unknown>)[name]] : [],
      )
    }
  }
  return at[0]
}

export function partial(object: Obj) {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}

/** @param include which part of the object a row carries: its metadata, as kubectl asks, all of it, or nothing */
export function tableOf(kind: Kind, version: ServedVersion, objects: readonly Obj[], now: number, include: string, metadata: object, withColumns = true) {
  const printer = printerOf(kind, version)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withColumns ? printer.columns : null,
    rows: objects.map((object) => ({
      cells: printer.cells(object, now),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object) }),
    })),
  }
}
