/** What is wrong with a ScalePolicy or a CronHorizontalPodAutoscaler is said when it is written: all at once, by field. What an object had before keeps nobody from writing something else to it. */
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError, isError, type Problem } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { admissionReview, LARGEST_REVIEW, sameToken, webhookToken } from '#kits/server-kit/admission.ts'
import { clusterName } from '#kits/server-kit/clusters.ts'
import type { ServerContext, WebhookClient } from '#kits/server-kit/door.ts'
import { MANAGER } from '../domain/decide.ts'
import { jobsOf } from '../domain/schedules.ts'
import type { ScalePolicyObject } from '../resources/scale-policy.ts'
import { CRON_KIND } from './cron-hpas.ts'
import { POLICY_KIND } from './policies.ts'
import { readPolicy } from './policy-index.ts'

const CONFIG = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', name: 'sallyport-elasticity' }
const LOOK_MS = 15_000
const KINDS = [
  { ...POLICY_KIND, plural: 'scalepolicies' },
  { ...CRON_KIND, plural: 'cronhorizontalpodautoscalers' },
]

type Others = (cluster: string, policy: ScalePolicyObject) => Promise<readonly { path: string; policy: string }[]>

export async function startAdmission(context: Pick<ServerContext, 'http' | 'clock' | 'clusters' | 'log' | 'dataFolder' | 'reachedBy'>, othersOf: Others) {
  const { http, clock, clusters, log, dataFolder } = context
  const token = await webhookToken(dataFolder)
  const stopping = new AbortController()

  const problemsOf = async (cluster: string, object: KubeObject): Promise<readonly Problem[]> => {
    if (object.kind === CRON_KIND.kind) return jobsOf(object).problems
    const read = readPolicy(object)
    if (!read.ok) return read.error
    if (read.value.spec.target === undefined) return [{ path: 'spec.target', message: 'is required' }]
    return (await othersOf(cluster, read.value)).map(({ path, policy }) => ({ path, message: `is scaled by ScalePolicy ${policy} already` }))
  }
  http.withTypeProvider<ZodTypeProvider>().post(
    '/clusters/:cluster/scale/admission/:token',
    {
      config: { access: 'cluster' },
      bodyLimit: LARGEST_REVIEW,
      schema: {
        summary: 'For API servers: what is wrong with a policy or a schedule that is about to be written',
        params: z.object({ cluster: clusterName, token: z.string().max(100) }),
        body: admissionReview,
      },
    },
    async (request) => {
      const { cluster, token: shown } = request.params
      if (!sameToken(shown, token)) throw new CodedError('NOT_FOUND', { what: 'this webhook' })
      const { uid, object, oldObject } = request.body.request
      const deleted = (object?.metadata as KubeObject['metadata'] | undefined)?.deletionTimestamp !== undefined
      const found = object && !deleted ? await problemsOf(cluster, object as unknown as KubeObject) : []
      const before = found.length > 0 && oldObject ? await problemsOf(cluster, oldObject as unknown as KubeObject) : []
      const brought = found.filter((one) => !before.some(({ path, message }) => path === one.path && message === one.message))
      return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...answer(brought) } }
    },
  )

  const keep = async (cluster: Cluster): Promise<void> => {
    const client = context.reachedBy(cluster.name, `/api/v1/clusters/${cluster.name}/scale/admission/${token}`)
    if (client === undefined) return
    const { kinds } = await cluster.discover()
    const served = KINDS.filter(({ apiVersion, kind }) => kinds.some((one) => one.apiVersion === apiVersion && one.kind === kind))
    if (served.length === 0) return
    const webhooks = served.map((kind) => webhookOf(kind, client))
    const before = await cluster.get(CONFIG).catch((error: unknown) => {
      if (isError(error, 'NOT_FOUND')) return undefined
      throw error
    })
    if (before !== undefined && JSON.stringify(essence(before.webhooks)) === JSON.stringify(essence(webhooks))) return
    const { name, ...kind } = CONFIG
    await cluster.apply({ ...kind, metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'sallyport' } }, webhooks } as KubeObject, {
      fieldManager: MANAGER,
      force: true,
    })
  }
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      for (const { name } of clusters.list())
        await keep(clusters.get(name)).catch((err: unknown) => log.debug({ err, cluster: name }, 'the admission webhook of elasticity cannot be kept'))
      await clock.sleep(LOOK_MS, stopping.signal).catch(() => {})
    }
  })()
  return {
    async stop(): Promise<void> {
      stopping.abort()
      await loop
    },
  }
}

/** The answer to the API server, which hands the causes through. */
function answer(problems: readonly Problem[]): object {
  if (problems.length === 0) return { allowed: true }
  const causes = problems.map(({ path, message, suggestion }) => ({
    reason: 'FieldValueInvalid',
    field: path,
    message: suggestion === undefined ? message : `${message}; did you mean "${suggestion}"?`,
  }))
  const message = causes.map(({ field, message: what }) => `${field}: ${what}`).join('; ')
  return { allowed: false, status: { status: 'Failure', code: 422, reason: 'Invalid', message, details: { causes } } }
}

type Webhook = Record<string, unknown>

const webhookOf = ({ apiVersion, plural }: { apiVersion: string; plural: string }, client: WebhookClient): Webhook => {
  const [group, version] = apiVersion.split('/')
  return {
    name: `${plural}.elasticity.sallyport.io`,
    clientConfig: client,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 5,
    // The status says it as well: nobody is kept from writing while this server is away.
    failurePolicy: 'Ignore',
    matchPolicy: 'Equivalent',
    rules: [{ apiGroups: [group], apiVersions: [version], operations: ['CREATE', 'UPDATE'], resources: [plural], scope: 'Namespaced' }],
  }
}

/** What we set of webhooks, without what the API server fills in. */
const essence = (webhooks: unknown) =>
  (Array.isArray(webhooks) ? (webhooks as Webhook[]) : []).map(({ name, clientConfig, failurePolicy }) => {
    const { caBundle, url, service } = clientConfig as WebhookClient
    return [name, caBundle, url, service?.path, failurePolicy]
  })
