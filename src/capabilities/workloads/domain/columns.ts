/** What a list shows of an object of a kind, besides its name, namespace, status and age. Pure. */
import type { KubeObject } from '#core/kube/objects.ts'
import { count, type Json, moment, podSpecOf, record, records, specOf, statusFieldsOf, text } from './fields.ts'
import { parseJsonPath, readJsonPath } from './json-path.ts'

export type Cell = string | number | null
export interface ObjectColumn {
  /** Unique in its kind; a key of the catalogs when `own` is not set. */
  id: string
  /** A CRD's own words. */
  own?: string
  unit: 'text' | 'number' | 'time'
  /** Only when asked for. */
  wide?: boolean
  read(object: KubeObject): Cell
}

const column = (id: string, read: (object: KubeObject) => Cell | undefined, more: Partial<ObjectColumn> = {}): ObjectColumn => ({
  id,
  unit: 'text',
  ...more,
  read: (object) => read(object) ?? null,
})
const number = (id: string, read: (object: KubeObject) => number | undefined, more: Partial<ObjectColumn> = {}) => column(id, read, { unit: 'number', ...more })

const images = column('images', (object) => imagesOf(object).join(', '), { wide: true })
export const imagesOf = (object: KubeObject): readonly string[] =>
  [...new Set(records(podSpecOf(object).containers).map(({ image }) => text(image)))].filter(Boolean)
export const restartsOf = (object: KubeObject): number =>
  records(statusFieldsOf(object).containerStatuses).reduce((sum, one) => sum + (count(one.restartCount) ?? 0), 0)
const ofStatus = (field: string) => (object: KubeObject) => count(statusFieldsOf(object)[field])
const share = (ready: string, desired: (object: KubeObject) => number | undefined) =>
  column('readyOf', (object) => `${count(statusFieldsOf(object)[ready]) ?? 0}/${desired(object) ?? '?'}`)
const specReplicas = (object: KubeObject) => count(specOf(object).replicas) ?? 1
const ports = (list: unknown) =>
  records(list)
    .map((port) => `${String(port.port ?? '?')}${port.nodePort === undefined ? '' : `:${String(port.nodePort)}`}/${text(port.protocol) || 'TCP'}`)
    .join(', ')
const size =
  (...fields: string[]) =>
  (object: KubeObject) =>
    fields.reduce((sum, field) => sum + Object.keys(record(object[field])).length, 0)
const addressOf = (object: KubeObject, type: string) => text(records(statusFieldsOf(object).addresses).find((one) => one.type === type)?.address)
const rulesHosts = (object: KubeObject) =>
  records(specOf(object).rules)
    .map(({ host }) => text(host) || '*')
    .join(', ')

/** By group and kind. */
const COLUMNS: Readonly<Record<string, readonly ObjectColumn[]>> = {
  '/Pod': [
    column('readyOf', (object) => {
      const main = records(statusFieldsOf(object).containerStatuses)
      return `${main.filter(({ ready }) => ready === true).length}/${records(specOf(object).containers).length}`
    }),
    number('restarts', restartsOf),
    column('node', (object) => text(specOf(object).nodeName)),
    column('ip', (object) => text(statusFieldsOf(object).podIP)),
    column('owner', (object) => ownerText(object), { wide: true }),
    column('qos', (object) => text(statusFieldsOf(object).qosClass), { wide: true }),
    images,
  ],
  'apps/Deployment': [
    share('readyReplicas', specReplicas),
    number('updated', ofStatus('updatedReplicas')),
    number('available', ofStatus('availableReplicas')),
    images,
  ],
  'apps/StatefulSet': [share('readyReplicas', specReplicas), number('updated', ofStatus('updatedReplicas')), images],
  'apps/ReplicaSet': [share('readyReplicas', specReplicas), column('owner', (object) => ownerText(object)), images],
  'apps/DaemonSet': [share('numberReady', ofStatus('desiredNumberScheduled')), number('updated', ofStatus('updatedNumberScheduled')), images],
  'batch/Job': [
    column('completions', (object) => `${count(statusFieldsOf(object).succeeded) ?? 0}/${count(specOf(object).completions) ?? 1}`),
    column('owner', (object) => ownerText(object)),
    images,
  ],
  'batch/CronJob': [
    column('schedule', (object) => text(specOf(object).schedule)),
    number('running', (object) => records(statusFieldsOf(object).active).length),
    column('lastRun', (object) => moment(statusFieldsOf(object).lastScheduleTime), { unit: 'time' }),
    images,
  ],
  '/Service': [
    column('type', (object) => text(specOf(object).type)),
    column('clusterIp', (object) => text(specOf(object).clusterIP)),
    column('ports', (object) => ports(specOf(object).ports)),
    column('selector', (object) => labelsText(record(specOf(object).selector)), { wide: true }),
  ],
  'networking.k8s.io/Ingress': [column('class', (object) => text(specOf(object).ingressClassName)), column('hosts', rulesHosts)],
  '/ConfigMap': [number('entries', size('data', 'binaryData'))],
  '/Secret': [column('type', (object) => text(object.type)), number('entries', size('data'))],
  '/Node': [
    column('roles', (object) =>
      Object.keys(object.metadata.labels ?? {})
        .flatMap((label) => /^node-role\.kubernetes\.io\/(.+)$/.exec(label)?.[1] ?? [])
        .join(', '),
    ),
    column('version', (object) => text(record(statusFieldsOf(object).nodeInfo).kubeletVersion)),
    column('cpu', (object) => text(record(statusFieldsOf(object).allocatable).cpu)),
    column('memory', (object) => text(record(statusFieldsOf(object).allocatable).memory)),
    column('ip', (object) => addressOf(object, 'InternalIP')),
    column('runtime', (object) => text(record(statusFieldsOf(object).nodeInfo).containerRuntimeVersion), { wide: true }),
  ],
  '/PersistentVolumeClaim': [
    column('capacity', (object) => text(record(statusFieldsOf(object).capacity).storage)),
    column('class', (object) => text(specOf(object).storageClassName)),
    column('volume', (object) => text(specOf(object).volumeName)),
  ],
  '/PersistentVolume': [
    column('capacity', (object) => text(record(specOf(object).capacity).storage)),
    column('class', (object) => text(specOf(object).storageClassName)),
    column('claim', (object) => [text(record(specOf(object).claimRef).namespace), text(record(specOf(object).claimRef).name)].filter(Boolean).join('/')),
  ],
  '/Event': [
    column('type', (object) => text(object.type)),
    column('reason', (object) => text(object.reason)),
    column('object', (object) => `${text(record(object.involvedObject).kind)}/${text(record(object.involvedObject).name)}`),
    column('message', (object) => text(object.message).slice(0, 300)),
    column('lastSeen', (object) => moment(object.lastTimestamp) ?? moment(object.eventTime), { unit: 'time' }),
    number('times', (object) => count(object.count)),
  ],
}

const ownerText = (object: KubeObject): string => {
  const owner = (object.metadata.ownerReferences ?? []).find(({ controller }) => controller) ?? object.metadata.ownerReferences?.[0]
  return owner ? `${owner.kind}/${owner.name}` : ''
}
const labelsText = (labels: Json): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',')

/** Columns of a built-in kind; none for one that is not known. */
export const columnsOf = (group: string, kind: string): readonly ObjectColumn[] | undefined => COLUMNS[`${group}/${kind}`]

const MOST_COLUMNS = 20
const MOST_TEXT = 300

/** The printer columns of a CRD for one of its versions; what cannot be read is left out. */
export function crdColumns(crd: KubeObject, version: string): readonly ObjectColumn[] {
  const served = records(specOf(crd).versions).find(({ name }) => name === version)
  return records(served?.additionalPrinterColumns ?? specOf(crd).additionalPrinterColumns)
    .slice(0, MOST_COLUMNS)
    .flatMap((printed, i): ObjectColumn[] => {
      const path = text(printed.jsonPath ?? printed.JSONPath)
      const steps = parseJsonPath(path)
      // Age is always there.
      if (!steps || path.endsWith('.metadata.creationTimestamp')) return []
      const type = text(printed.type)
      const unit = type === 'date' ? 'time' : type === 'integer' || type === 'number' ? 'number' : 'text'
      return [
        column(`crd${i}`, (object) => cellOf(readJsonPath(steps, object), unit), { own: text(printed.name), unit, wide: (count(printed.priority) ?? 0) > 0 }),
      ]
    })
}

function cellOf(values: readonly unknown[], unit: ObjectColumn['unit']): Cell {
  if (unit === 'time') return moment(values[0]) ?? null
  if (unit === 'number') return count(values[0]) ?? null
  return (
    values
      .map((value) => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)))
      .join(', ')
      .slice(0, MOST_TEXT) || null
  )
}
