/** What the questions about access are answered from: events and objects, of files or of a server and its cluster. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CodedError, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { readYaml } from '#core/yaml/read.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import type { Certificate } from '../domain/access/leaver.ts'
import type { PersonAnswer } from '../domain/api.ts'
import { type AuditEvent, isJson, jsonAt, textAt } from '../domain/event.ts'
import { eventOfRow } from '../domain/rows.ts'
import { readEvents } from './files.ts'

export interface FactOptions {
  events: string[]
  objects: string[]
  /** As the server calls it. */
  cluster: string
  kubeconfig?: string
  context?: string
}

const MOST_BYTES = 512 << 20

/** Where events come from: files when there are any, else the store of the server. */
export interface EventSource {
  /** Gives events to `take`: with names those under them (and who made what they changed), without those that say whose names are whose. Files give all. */
  each(take: (event: AuditEvent) => void, names?: readonly string[]): Promise<{ events: number; rejected: number }>
}

export function eventSource(options: FactOptions, context: CliContext): EventSource {
  if (options.events.length > 0) return { each: (take) => eachEvent(options.events, take, context) }
  // whoever gives the objects as files works offline
  if (options.objects.length > 0) return { each: async () => ({ events: 0, rejected: 0 }) }
  return {
    async each(take, names) {
      let events = 0
      const query = names === undefined ? { what: 'facts' } : { what: 'names', name: names.slice(0, 200) }
      for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
        const answer: PersonAnswer | undefined = await context.api
          .get<PersonAnswer>(`/clusters/${encodeURIComponent(options.cluster)}/audit/person`, { ...query, after: next })
          .catch((error: unknown) => {
            // without a server there are no events, which is said
            if (first && error instanceof CodedError && error.code === 'NO_SERVER') return undefined
            throw error
          })
        if (answer === undefined) break
        for (const row of answer.events) take(eventOfRow(row))
        events += answer.events.length
        next = answer.next
      }
      return { events, rejected: 0 }
    },
  }
}

/** Gives every event of the files to `take`; says how many could not be read. Rejects with FILE_UNREADABLE. */
async function eachEvent(files: readonly string[], take: (event: AuditEvent) => void, context: CliContext): Promise<{ events: number; rejected: number }> {
  let events = 0
  let rejected = 0
  const receiver = {
    event(event: AuditEvent) {
      events++
      take(event)
    },
    reject(reason: string) {
      if (reason !== 'other') rejected++
    },
  }
  for (const file of files) await readEvents(file, receiver, context.signal)
  return { events, rejected }
}

/** Objects of manifests, Lists and `kubectl get -o json|yaml`. Throws FILE_UNREADABLE, INVALID_INPUT. */
export function objectsOfFiles(files: readonly string[]): KubeObject[] {
  return files.flatMap((file) => {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      throw fileUnreadable(file, error)
    }
    if (/^\s*[[{]/.test(text)) {
      try {
        return flatten(JSON.parse(text))
      } catch (error) {
        throw invalidInput([{ path: file, message: (error as Error).message }])
      }
    }
    const read = readYaml(text, MOST_BYTES)
    if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `${file}${problem.path ? `: ${problem.path}` : ''}` })))
    return read.value.documents.flatMap(({ data }) => flatten(data))
  })
}

function flatten(data: unknown): KubeObject[] {
  if (Array.isArray(data)) return data.flatMap(flatten)
  if (!isJson(data)) return []
  if (Array.isArray(data.items)) {
    // lists of one kind leave the kind of their items out
    const kind = textAt(data, 'kind').replace(/List$/, '')
    return data.items.flatMap((item) => flatten(isJson(item) && item.kind === undefined && kind !== '' ? { apiVersion: data.apiVersion, kind, ...item } : item))
  }
  return textAt(data, 'kind') !== '' && textAt(data.metadata, 'name') !== '' ? [data as unknown as KubeObject] : []
}

const KINDS: readonly [apiVersion: string, kind: string][] = [
  ['v1', 'Namespace'],
  ['v1', 'ServiceAccount'],
  ['v1', 'Secret'],
  ['v1', 'Pod'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'DaemonSet'],
  ['apps/v1', 'StatefulSet'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['certificates.k8s.io/v1', 'CertificateSigningRequest'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
  ['apiregistration.k8s.io/v1', 'APIService'],
]
const OLDER: Readonly<Record<string, string>> = { CronJob: 'batch/v1beta1' }

/** All that matters, of the cluster of a kubeconfig; kinds that may not be read are named in `missing`: what is not seen is not absent. */
export async function objectsOfCluster(context: CliContext, options: FactOptions): Promise<{ objects: KubeObject[]; missing: string[] }> {
  const cluster = await context.cluster({ kubeconfig: options.kubeconfig, context: options.context })
  const objects: KubeObject[] = []
  const missing: string[] = []
  using progress = context.progress({ label: 'Reading the cluster', total: KINDS.length + 1, unit: 'items' })
  const read = async (apiVersion: string, kind: string, namespace?: string) => {
    for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
      const page = await cluster.list({ apiVersion, kind }, { namespace, limit: 500, continue: next })
      objects.push(...page.items.map((item) => ({ ...item, apiVersion: item.apiVersion ?? apiVersion, kind: item.kind ?? kind })))
      next = page.continue || undefined
    }
  }
  for (const [i, [apiVersion, kind]] of KINDS.entries()) {
    try {
      await read(apiVersion, kind).catch((error: unknown) => {
        const older = OLDER[kind]
        if (older !== undefined && error instanceof CodedError && ['KIND_UNKNOWN', 'NOT_FOUND'].includes(error.code)) return read(older, kind)
        throw error
      })
    } catch (error) {
      if (!(error instanceof CodedError) || !['FORBIDDEN', 'KIND_UNKNOWN', 'NOT_FOUND'].includes(error.code)) throw error
      missing.push(kind)
    }
    progress.update(i + 1)
  }
  await read('v1', 'ConfigMap', 'kube-system').catch(() => missing.push('ConfigMap'))
  return { objects, missing }
}

/**
 * Client certificates in the status of CSRs, and those that events tell of whose CSR is gone; one that cannot be read is left out and named.
 * @param issued name of the CSR → certificate, base64 of PEM
 */
export function certificatesOf(objects: readonly KubeObject[], issued: ReadonlyMap<string, string>): { certificates: Certificate[]; unreadable: string[] } {
  const certificates: Certificate[] = []
  const unreadable: string[] = []
  const read = (csr: string, requestedBy: string, encoded: string) => {
    try {
      const certificate = new X509Certificate(Buffer.from(encoded, 'base64'))
      const parts = certificate.subject.split('\n').map((line) => line.split('=') as [string, string])
      const valuesOf = (key: string) => parts.filter(([name]) => name === key).map(([, ...value]) => value.join('='))
      certificates.push({
        csr,
        requestedBy,
        serial: certificate.serialNumber,
        commonName: valuesOf('CN')[0] ?? '',
        organizations: valuesOf('O'),
        notAfter: Date.parse(certificate.validTo),
      })
    } catch {
      unreadable.push(csr)
    }
  }
  const there = new Set<string>()
  for (const object of objects) {
    if (object.kind !== 'CertificateSigningRequest') continue
    const encoded = textAt(jsonAt(object, 'status'), 'certificate', 1 << 20)
    if (encoded === '') continue
    there.add(object.metadata.name)
    read(object.metadata.name, textAt(object.spec, 'username', 512), encoded)
  }
  for (const [csr, encoded] of issued) if (!there.has(csr)) read(csr, '', encoded)
  return { certificates, unreadable }
}
