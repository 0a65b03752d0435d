/** Objects of a cluster, kind by kind and page by page. What may not be read is unknown and counted; nothing else stops. */

import { X509Certificate } from 'node:crypto'
import { CodedError, type Problem } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { listAll } from '#core/kube/list-all.ts'
import { apiVersionOf, groupVersionOf, type KindRef, type KubeObject } from '#core/kube/objects.ts'
import type { Cluster, ServedKind } from '#core/shapes/ports/cluster.ts'
import type { MetricSource } from '#core/shapes/ports/metric-source.ts'
import type { UsageBasis } from '../domain/api.ts'
import { type ApiState, at, type FoundCertificate, type Item, listAt, nameOf, type Surroundings } from '../domain/inventory.ts'
import { INSPECTED } from '../domain/kinds.ts'
import { usageOf } from './usage.ts'

export interface LiveObjects {
  usage: UsageBasis
  items: Item[]
  around: Surroundings
  problems: Problem[]
  kinds: { read: number; unread: number }
}

export const isWanted = ({ group, plural, preferred, verbs }: ServedKind): boolean =>
  preferred && verbs.includes('list') && (INSPECTED[group] ?? []).includes(plural)

export interface Reading {
  namespace?: string
  /** Minor of Kubernetes that is aimed at; left out, the one after that of the cluster. */
  target?: number
  /** ms since the epoch. */
  now: number
  onProgress?(done: number, total: number): void
  /** Metrics of the cluster, and how far back they are asked for, ms. `asked`: somebody wants them, so that there must be some. */
  metrics?: { source: MetricSource; window: number; asked?: true }
}

/** Rejects when the cluster cannot be reached or does not know us; whatever else cannot be read is a problem of the reading. */
export async function readCluster(cluster: Cluster, { namespace, target, now, onProgress, metrics }: Reading): Promise<LiveObjects> {
  const { kinds, unknown, serverVersion } = await cluster.discover()
  const problems: Problem[] = unknown
    .filter(({ apiVersion }) => INSPECTED[groupVersionOf(apiVersion).group])
    .map(({ apiVersion, reason }) => ({ path: apiVersion, message: reason }))
  const wanted = kinds.filter(isWanted)
  const unread = new Set<string>()
  const items: Item[] = []
  for (const [done, kind] of wanted.entries()) {
    try {
      for (const object of await listAll(cluster, kind, kind.namespaced && namespace !== undefined ? { namespace } : {}))
        items.push({ object: slim({ ...object, apiVersion: object.apiVersion ?? kind.apiVersion, kind: object.kind ?? kind.kind }), file: '', line: 0 })
    } catch (error) {
      if (!(error instanceof CodedError) || error.code === 'CLUSTER_UNREACHABLE' || error.code === 'CLUSTER_UNAUTHORIZED') throw error
      unread.add(kind.kind)
      problems.push({ path: apiVersionOf(kind.group, kind.version) === 'v1' ? kind.kind : `${kind.group} ${kind.kind}`, message: error.message })
    }
    onProgress?.(done + 1, wanted.length)
  }
  for (const node of items.filter(({ object }) => object.kind === 'Node')) await addKubelet(cluster, node, items, problems)
  const used = metrics && (await usageOf(metrics.source, now - metrics.window, now, namespace))
  if (used?.ok === false) problems.push({ path: 'metrics of containers', message: used.error })
  const usage = used?.ok ? used.value : undefined
  if (metrics?.asked && used?.ok && !usage) problems.push({ path: 'metrics of containers', message: 'the server has none of this cluster' })
  return {
    items,
    usage: usage?.span ?? (items.some(({ object }) => object.kind === 'PodMetrics') ? 'moment' : 'unknown'),
    around: {
      ...(usage ? { usage } : {}),
      unread,
      now,
      certificates: certificatesOf(items),
      apiState: await apiStates(target ?? minorOf(serverVersion) + 1),
      settings: { serverVersion: [serverVersion] },
    },
    problems,
    kinds: { read: wanted.length - unread.size, unread: unread.size },
  }
}

const minorOf = (version: string): number => Number(/\.(\d+)/.exec(version)?.[1] ?? 0)

/** Secrets lose their values but for certificates; who wrote what is kept by version only. */
export function slim(object: KubeObject): KubeObject {
  const { managedFields, ...metadata } = object.metadata
  const writers = managedFields?.map(({ manager, operation, apiVersion }) => ({ manager, operation, apiVersion }))
  const slimmed: KubeObject = { ...object, metadata: { ...metadata, ...(writers ? { managedFields: writers } : {}) } }
  if (object.kind === 'Secret') slimmed.data = object.type === 'kubernetes.io/tls' ? { 'tls.crt': at(object, 'data', 'tls.crt') } : {}
  return slimmed
}

/** `/configz` is what the kubelet runs with, whichever of flags and file said it. */
async function addKubelet(cluster: Cluster, node: Item, items: Item[], problems: Problem[]): Promise<void> {
  try {
    const config = JSON.parse(await cluster.raw(`/api/v1/nodes/${encodeURIComponent(nameOf(node))}/proxy/configz`)).kubeletconfig
    if (typeof config === 'object' && config !== null)
      items.push({
        object: { ...config, apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', metadata: { name: nameOf(node) } },
        file: '',
        line: 0,
      })
  } catch (error) {
    problems.push({ path: `Node ${nameOf(node)} configz`, message: (error as Error).message })
  }
}

function certificatesOf(items: readonly Item[]): FoundCertificate[] {
  const found: FoundCertificate[] = []
  const add = (item: Item, path: (string | number)[], base64: unknown) => {
    if (typeof base64 !== 'string' || base64 === '') return
    try {
      const { subject, validTo } = new X509Certificate(Buffer.from(base64, 'base64'))
      found.push({ item, path, subject: subject.replaceAll('\n', ', ') || 'no subject', notAfter: Date.parse(validTo) })
    } catch {
      // No certificate: what it is instead is for other checks.
    }
  }
  for (const item of items) {
    const { object } = item
    if (object.kind === 'Secret') add(item, ['data', 'tls.crt'], at(object, 'data', 'tls.crt'))
    if (object.kind === 'APIService') add(item, ['spec', 'caBundle'], at(object, 'spec', 'caBundle'))
    if (object.kind.endsWith('WebhookConfiguration'))
      for (const [i, webhook] of listAt(object, 'webhooks').entries())
        add(item, ['webhooks', i, 'clientConfig', 'caBundle'], at(webhook, 'clientConfig', 'caBundle'))
  }
  return found
}

/** @param minor that is aimed at */
export async function apiStates(minor: number): Promise<ApiState> {
  const facts = await loadApiFacts()
  return (ref: KindRef) => {
    const kind = facts.kind(ref)
    if (!kind) return undefined
    const use = kind.replacedBy ? { use: `${kind.replacedBy.apiVersion}` } : {}
    if (kind.until !== undefined && kind.until < minor) return { state: 'removed', ...use }
    return kind.deprecated !== undefined && kind.deprecated > 0 && kind.deprecated <= minor ? { state: 'deprecated', ...use } : undefined
  }
}
