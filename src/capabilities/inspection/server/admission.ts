/**
 * The same checks when something is written: a ValidatingWebhookConfiguration that is kept as Inspections want it, and the answer to the API server.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError, isError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { admissionReview, LARGEST_REVIEW, sameToken, webhookToken } from '#kits/server-kit/admission.ts'
import { clusterName } from '#kits/server-kit/clusters.ts'
import type { ServerContext, WebhookClient } from '#kits/server-kit/door.ts'
import { reviewAnswer } from '../domain/admission.ts'
import type { Item } from '../domain/inventory.ts'
import { INSPECTED } from '../domain/kinds.ts'
import { iso } from '../domain/runs.ts'
import type { InspectionSpec } from '../resources/inspection.ts'
import type { Following } from './follow.ts'
import { sift } from './inspector.ts'

const CONFIG = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', name: 'sallyport-inspection' }
const LOOK_MS = 30_000
const MANAGER = 'sallyport-inspection'
/** Written by machines, by the thousand, or before anything else can run. */
const NOT_ASKED = new Set(['nodes', 'endpoints', 'secrets', 'persistentvolumes', 'namespaces', 'replicasets', 'resourcequotas', 'limitranges', 'apiservices'])

export async function startAdmission(context: ServerContext, following: Following) {
  const { http, clock, clusters, log, dataFolder } = context
  const token = await webhookToken(dataFolder)
  /** By cluster and name; those with `admission`. */
  const wanted = new Map<string, Map<string, InspectionSpec>>()
  const stopping = new AbortController()

  const routes = http.withTypeProvider<ZodTypeProvider>()
  routes.post(
    '/clusters/:cluster/inspections/:name/admission/:token',
    {
      config: { access: 'cluster' },
      bodyLimit: LARGEST_REVIEW,
      schema: {
        summary: 'For API servers: what is wrong with what is about to be written',
        params: z.object({ cluster: clusterName, name: z.string().max(253), token: z.string().max(100) }),
        body: admissionReview,
      },
    },
    async (request) => {
      const { cluster, name, token: shown } = request.params
      const spec = wanted.get(cluster)?.get(name)
      if (!sameToken(shown, token) || !spec?.admission) throw new CodedError('NOT_FOUND', { what: 'this webhook' })
      const { uid, kind, object, oldObject } = request.body.request
      const itemOf = (one: Record<string, unknown> | null | undefined): Item | undefined =>
        one
          ? {
              object: { ...one, apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`, kind: kind.kind } as unknown as KubeObject,
              file: '',
              line: 0,
            }
          : undefined
      const today = iso(clock.now()).slice(0, 10)
      const judge = (item: Item | undefined) =>
        item ? sift(spec, following.tryOut(cluster, name, spec, item).found, [item], today).found.map(({ finding }) => finding) : []
      const item = itemOf(object)
      // What a controller makes was judged when its maker was written.
      const isMade = item?.object.metadata.ownerReferences?.some(({ controller }) => controller) === true
      const response =
        isMade || item?.object.metadata.namespace === 'kube-system'
          ? { allowed: true }
          : reviewAnswer(judge(item), judge(itemOf(oldObject)), spec.admission.mode, spec.failOn ?? 'error')
      return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...response } }
    },
  )

  async function keep(cluster: Cluster): Promise<void> {
    const named = await bearsNames(cluster)
    const all = [...(wanted.get(cluster.name) ?? [])]
    const webhooks = all.flatMap(([name, spec]) => {
      const client = context.reachedBy(cluster.name, `/api/v1/clusters/${cluster.name}/inspections/${name}/admission/${token}`)
      if (!client)
        log.warn({ cluster: cluster.name, inspection: name }, 'the cluster cannot reach this server: start it with --cluster-listen and --cluster-address')
      return client ? [webhookOf(name, spec, client, named)] : []
    })
    const before = await cluster.get(CONFIG).catch((error: unknown) => {
      if (isError(error, 'NOT_FOUND')) return undefined
      throw error
    })
    if (webhooks.length === 0) {
      if (before) await cluster.delete(CONFIG)
      return
    }
    const { name, ...kind } = CONFIG
    if (!before || JSON.stringify(essence(before.webhooks)) !== JSON.stringify(essence(webhooks)))
      await cluster.apply({ ...kind, metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'sallyport' } }, webhooks } as KubeObject, {
        fieldManager: MANAGER,
        force: true,
      })
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(LOOK_MS, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      // The bundle changes when our authority is rotated, and somebody may have taken the configuration away.
      for (const { name } of clusters.list())
        if (wanted.has(name)) await keep(clusters.get(name)).catch((err: unknown) => log.warn({ err, cluster: name }, 'the admission webhook cannot be kept'))
    }
  })()

  return {
    /** Takes over what an Inspection wants now; undefined: nothing. */
    async set(cluster: Cluster, name: string, spec: InspectionSpec | undefined): Promise<void> {
      const before = wanted.get(cluster.name)?.get(name)
      const own = wanted.get(cluster.name) ?? new Map<string, InspectionSpec>()
      if (spec?.admission) {
        own.set(name, spec)
        wanted.set(cluster.name, own)
      } else own.delete(name)
      if (spec?.admission || before) await keep(cluster)
    },

    async stop(): Promise<void> {
      stopping.abort()
      await loop
    },
  }
}

type Webhook = Record<string, unknown>

const NAME_LABEL = 'kubernetes.io/metadata.name'
/** Do namespaces bear their names as a label, so that the API server can choose by them? From Kubernetes 1.21 on. */
async function bearsNames(cluster: Cluster): Promise<boolean> {
  const { metadata } = await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' })
  return metadata.labels?.[NAME_LABEL] !== undefined
}

/** @param named the API server can choose by the names of namespaces; else we do, and a server that cannot be asked stops nobody, or kube-system would wait for it too */
function webhookOf(name: string, { admission, namespaces, excludeNamespaces = [] }: InspectionSpec, client: WebhookClient, named: boolean): Webhook {
  return {
    name: `${name}.inspection.sallyport.io`,
    clientConfig: client,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 5,
    failurePolicy: named ? (admission?.failurePolicy ?? 'Ignore') : 'Ignore',
    matchPolicy: 'Equivalent',
    namespaceSelector: named
      ? {
          matchExpressions: [
            // Without kube-system a cluster can always be repaired, whatever becomes of this server.
            { key: NAME_LABEL, operator: 'NotIn', values: [...new Set(['kube-system', ...excludeNamespaces])] },
            ...(namespaces ? [{ key: NAME_LABEL, operator: 'In', values: namespaces }] : []),
          ],
        }
      : {},
    rules: Object.entries(INSPECTED).flatMap(([group, plurals]) => {
      const resources = plurals.filter((plural) => !NOT_ASKED.has(plural) && !plural.endsWith('webhookconfigurations'))
      return resources.length === 0 ? [] : [{ apiGroups: [group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources, scope: '*' }]
    }),
  }
}

/** What we set of webhooks, without what the API server fills in. */
const essence = (webhooks: unknown) =>
  (Array.isArray(webhooks) ? (webhooks as Webhook[]) : []).map(({ name, clientConfig, failurePolicy, namespaceSelector, rules }) => {
    const { caBundle, url, service } = clientConfig as WebhookClient
    return [name, caBundle, url, service?.path, failurePolicy, namespaceSelector, (rules as { resources: unknown }[]).map(({ resources }) => resources)]
  })
