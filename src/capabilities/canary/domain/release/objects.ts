/** The clone of a Deployment and of its Service, and the patch that gives one object the fields of another. Pure. */
import type { KubeObject, OwnerReference } from '#core/kube/objects.ts'

// biome-ignore lint/suspicious/noExplicitAny: manifests are read field by field
type Loose = any

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const renamed = (value: string): string => `${value.slice(0, 56)}-canary`

/**
 * A Deployment and a Service that stand beside the given ones. Labels by which the originals select are renamed, so that no request and no controller
 * takes the clone's pods for theirs.
 */
export function cloneOf(
  deployment: KubeObject,
  service: KubeObject,
  names: { deployment: string; service: string },
  replicas: number,
  owner: OwnerReference,
): KubeObject[] {
  const { spec } = deployment as Loose
  const serviceSpec = (service as Loose).spec
  const keys = new Set([...Object.keys(spec.selector?.matchLabels ?? {}), ...Object.keys(serviceSpec.selector ?? {})])
  const labelsOf = (labels: Record<string, string> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, keys.has(key) ? renamed(value) : value]))
  const metadata = (name: string) => ({
    name,
    namespace: deployment.metadata.namespace,
    labels: { 'app.kubernetes.io/managed-by': 'sallyport' },
    ownerReferences: [owner],
  })
  const { metadata: templateMetadata, spec: podSpec } = spec.template
  const { [LAST_APPLIED]: _, ...annotations } = templateMetadata?.annotations ?? {}
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(names.deployment),
      spec: {
        replicas,
        selector: { matchLabels: labelsOf(spec.selector?.matchLabels) },
        template: { metadata: { labels: labelsOf(templateMetadata?.labels), annotations }, spec: podSpec },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(names.service),
      spec: {
        selector: labelsOf(serviceSpec.selector),
        ports: (serviceSpec.ports ?? []).map(({ nodePort: __, ...port }: Loose) => port),
      },
    },
  ]
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The merge patch (RFC 7396) that makes `to` of `from`. */
export function mergePatchTo(from: unknown, to: unknown): unknown {
  if (!isRecord(from) || !isRecord(to)) return to
  const patch: Record<string, unknown> = {}
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null
  for (const [key, value] of Object.entries(to)) if (JSON.stringify(from[key]) !== JSON.stringify(value)) patch[key] = mergePatchTo(from[key], value)
  return patch
}
