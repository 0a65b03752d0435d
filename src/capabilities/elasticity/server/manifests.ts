/** Policies, autoscalers and schedules as the forms write them: YAML, checked by us and by the API server, with the rights of who asks. */
import { parseDocument, stringify } from 'yaml'
import { CodedError, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { FORM_KINDS, type FormKind } from '../domain/api.ts'
import { jobsOf } from '../domain/schedules.ts'
import { readPolicy } from './policy-index.ts'

const MANAGER = 'sallyport'
const MOST_PROBLEMS = 50

/** INVALID_INPUT with lines for what is no YAML, and with paths for what the kind does not take. */
export function readManifest(text: string): KubeObject {
  const document = parseDocument(text)
  if (document.errors.length > 0)
    throw invalidInput(
      document.errors.slice(0, MOST_PROBLEMS).map(({ message, linePos }) => ({ path: 'yaml', line: linePos?.[0].line ?? 1, message: message.split('\n')[0]! })),
    )
  const object = document.toJS({ maxAliasCount: 100 }) as KubeObject | null
  const problems: Problem[] = []
  const kinds: Readonly<Record<string, readonly string[]>> = FORM_KINDS
  const versions = typeof object?.kind === 'string' ? kinds[object.kind] : undefined
  if (versions === undefined) problems.push({ path: 'kind', message: `must be one of ${Object.keys(FORM_KINDS).join(', ')}` })
  else if (!versions.includes(object!.apiVersion)) problems.push({ path: 'apiVersion', message: `must be ${versions.join(' or ')}` })
  for (const field of ['name', 'namespace'] as const)
    if (typeof object?.metadata?.[field] !== 'string' || object.metadata[field] === '') problems.push({ path: `metadata.${field}`, message: 'is missing' })
  if (problems.length > 0) throw invalidInput(problems)
  const found = problemsOf(object!)
  if (found.length > 0) throw invalidInput(found.slice(0, MOST_PROBLEMS))
  return object!
}

function problemsOf(object: KubeObject): readonly Problem[] {
  if (object.kind === 'CronHorizontalPodAutoscaler') return jobsOf(object).problems
  if (object.kind === 'HorizontalPodAutoscaler') return hpaProblems(object)
  const read = readPolicy(object)
  if (!read.ok) return read.error
  return read.value.spec.target === undefined ? [{ path: 'spec.target', message: 'is missing' }] : []
}

/** What every version refuses; the API server says the rest. */
function hpaProblems({ spec }: KubeObject): Problem[] {
  const { minReplicas, maxReplicas, scaleTargetRef } = (spec ?? {}) as {
    minReplicas?: unknown
    maxReplicas?: unknown
    scaleTargetRef?: { name?: unknown; kind?: unknown }
  }
  const problems: Problem[] = []
  if (typeof maxReplicas !== 'number' || !Number.isInteger(maxReplicas) || maxReplicas < 1)
    problems.push({ path: 'spec.maxReplicas', message: 'must be a whole number from 1' })
  if (minReplicas !== undefined && (typeof minReplicas !== 'number' || !Number.isInteger(minReplicas) || minReplicas < 0))
    problems.push({ path: 'spec.minReplicas', message: 'must be a whole number from 0' })
  if (typeof minReplicas === 'number' && typeof maxReplicas === 'number' && minReplicas > maxReplicas)
    problems.push({ path: 'spec.minReplicas', message: 'must not be above maxReplicas' })
  for (const field of ['kind', 'name'] as const)
    if (typeof scaleTargetRef?.[field] !== 'string' || scaleTargetRef[field] === '')
      problems.push({ path: `spec.scaleTargetRef.${field}`, message: 'is missing' })
  return problems
}

/** As a person edits it: without what the cluster adds; the resourceVersion stays, so that nobody's change is overwritten. */
export function manifestYaml({ apiVersion, kind, metadata, spec }: KubeObject): string {
  const { name, namespace, labels, annotations = {}, resourceVersion } = metadata
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...own } = annotations
  return stringify(
    {
      apiVersion,
      kind,
      metadata: { name, namespace, ...(labels ? { labels } : {}), ...(Object.keys(own).length > 0 ? { annotations: own } : {}), resourceVersion },
      spec,
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  )
}

/** The newest version of the kind that the cluster has. */
export async function readForm(cluster: Cluster, kind: FormKind, namespace: string, name: string): Promise<KubeObject> {
  let unknown: unknown
  for (const apiVersion of FORM_KINDS[kind])
    try {
      return await cluster.get({ apiVersion, kind, namespace, name })
    } catch (error) {
      if (!(error instanceof CodedError && error.code === 'KIND_UNKNOWN')) throw error
      unknown = error
    }
  throw unknown
}

/** Creates it, or replaces spec, labels and annotations of the one that was read. CONFLICT when it was changed since. */
export async function writeManifest(cluster: Cluster, text: string, { create, dryRun }: { create: boolean; dryRun: boolean }): Promise<KubeObject> {
  const object = readManifest(text)
  const options = { fieldManager: MANAGER, dryRun }
  if (create) {
    const { resourceVersion: _, ...metadata } = object.metadata
    return cluster.create({ ...object, metadata }, options)
  }
  const { apiVersion, kind, metadata, spec } = object
  if (metadata.resourceVersion === undefined) throw invalidInput([{ path: 'metadata.resourceVersion', message: 'is missing: it says which state was edited' }])
  const current = await cluster.get({ apiVersion, kind, namespace: metadata.namespace!, name: metadata.name })
  return cluster.update(
    { ...current, metadata: { ...current.metadata, ...pick(metadata), resourceVersion: metadata.resourceVersion }, spec } as KubeObject,
    options,
  )
}
const pick = ({ labels, annotations }: KubeObject['metadata']) => ({ labels: labels ?? {}, annotations: annotations ?? {} })
