/**
 * Admission webhooks: who is registered is asked before a write over HTTP. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 * Not asked: for what the sandbox's own controllers write. `matchConditions` are taken as met, `reinvocationPolicy` as Never.
 */
import { randomUUID } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import type { Json } from '#core/kube/json.ts'
import { isJsonObject } from '#core/kube/json.ts'
import { applyJsonPatch, parseJsonPatch } from '#core/kube/patch/json-patch.ts'
import { type LabelSelector, requirementsOf, selects } from '#core/kube/selectors.ts'
import { badRequest, type StatusDetails, StatusError } from './status.ts'
import { keyOf, type Obj } from './store.ts'
import { find, listOf, objectsOf, type World } from './world.ts'
import { inVersion, type Target, type WriteContext } from './writes.ts'

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE'
interface Asked {
  operation: Operation
  object?: Obj
  oldObject?: Obj
}

const MAX_ANSWER = 3 * 1024 * 1024
/** An object that always changes meanwhile is given up. */
const TRIES = 5
const EXEMPT = new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])

const webhooksOf = (world: World, kind: 'mutating' | 'validating'): Obj[] =>
  listOf(world, `${kind}webhookconfigurations.admissionregistration.k8s.io`).flatMap((config) => config.webhooks ?? [])

function concerns(world: World, webhook: Obj, target: Target, { operation, object, oldObject }: Asked): boolean {
  if (EXEMPT.has(target.kind.kind)) return false
  const has = (list: readonly string[] | undefined, value: string) => list?.includes('*') === true || list?.includes(value) === true
  const { plural } = target.kind
  const resource = target.subresource === undefined ? plural : `${plural}/${target.subresource}`
  const wild = target.subresource === undefined ? ['*', '*/*'] : ['*/*', `${plural}/*`, `*/${target.subresource}`]
  const ruled = (webhook.rules ?? []).some(
    (rule: Obj) =>
      has(rule.operations, operation) &&
      has(rule.apiGroups, target.kind.group) &&
      has(rule.apiVersions, target.version.name) &&
      (rule.resources ?? []).some((one: string) => one === resource || wild.includes(one)) &&
      (rule.scope === undefined || rule.scope === '*' || (rule.scope === 'Namespaced') === target.kind.namespaced),
  )
  if (!ruled) return false
  const namespace = target.kind.kind === 'Namespace' ? (object ?? oldObject) : find(world, 'namespaces', undefined, target.namespace ?? '')
  if (target.kind.namespaced || target.kind.kind === 'Namespace')
    if (!selects(requirementsOf((webhook.namespaceSelector ?? {}) as LabelSelector), namespace?.metadata.labels)) return false
  const chosen = requirementsOf((webhook.objectSelector ?? {}) as LabelSelector)
  return [object, oldObject].some((one) => one !== undefined && selects(chosen, one.metadata.labels))
}

const addressOf = (world: World, { url, service }: Obj): { url: URL; servername?: string } =>
  typeof url === 'string' ? { url: new URL(url) } : serviceAddress(world, service ?? {})

/** Where a Service is answered, and the name that its certificate has to have. Throws when nothing stands behind it. */
export function serviceAddress(
  world: World,
  { namespace = '', name = '', path = '/', port = 443 }: { namespace?: string; name?: string; path?: string; port?: number },
): { url: URL; servername: string } {
  const wanted = find(world, 'services', namespace, name)?.spec?.ports?.find((one: Obj) => one.port === port)
  const subset = (find(world, 'endpoints', namespace, name)?.subsets ?? []).find((one: Obj) => (one.addresses ?? []).length > 0)
  const found = subset?.ports?.find((one: Obj) => (one.name ?? '') === (wanted?.name ?? ''))
  if (wanted === undefined || found === undefined) throw new Error(`no endpoints available for service "${name}"`)
  return { url: new URL(path, `https://${subset.addresses[0].ip}:${found.port}`), servername: `${name}.${namespace}.svc` }
}

function post(world: World, webhook: Obj, body: string): Promise<Obj> {
  const { url, servername } = addressOf(world, webhook.clientConfig ?? {})
  const ca = webhook.clientConfig.caBundle === undefined ? undefined : Buffer.from(webhook.clientConfig.caBundle, 'base64')
  const seconds: number = webhook.timeoutSeconds ?? 10
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json' }, ca, servername, agent: false, signal: AbortSignal.timeout(seconds * 1000) },
      (incoming) => {
        const chunks: Buffer[] = []
        let size = 0
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > MAX_ANSWER) outgoing.destroy(new Error('the answer is too large'))
          else chunks.push(chunk)
        })
        incoming.on('error', reject)
        incoming.on('end', () => {
          if (incoming.statusCode !== 200) return reject(new Error(`the server answered ${incoming.statusCode}`))
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString()) as Obj)
          } catch {
            reject(new Error('the answer is no JSON'))
          }
        })
      },
    )
    outgoing.on('error', (error) =>
      reject(error.name === 'AbortError' || error.name === 'TimeoutError' ? new Error(`context deadline exceeded (${seconds} s)`) : error),
    )
    outgoing.end(body)
  })
}

/** The patch that a webhook wants; throws when it refuses, or when it cannot be asked and that counts as a refusal. */
async function ask(world: World, webhook: Obj, target: Target, asked: Asked, context: WriteContext): Promise<Json | undefined> {
  const { kind, version } = target
  if (context.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun')
    throw badRequest(`admission webhook "${webhook.name}" does not support dry run`)
  const uid = randomUUID()
  const gvk = { group: kind.group, version: version.name, kind: kind.kind }
  const resource = { group: kind.group, version: version.name, resource: kind.plural }
  const review = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: gvk,
      resource,
      ...(target.subresource === undefined ? {} : { subResource: target.subresource }),
      requestKind: gvk,
      requestResource: resource,
      name: target.name || asked.object?.metadata.name,
      ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
      operation: asked.operation,
      userInfo: { username: context.user.name, groups: context.user.groups },
      object: asked.object ?? null,
      oldObject: asked.oldObject ?? null,
      dryRun: context.dryRun,
      options: null,
    },
  }
  let response: Obj
  try {
    const answer = await post(world, webhook, JSON.stringify(review))
    response = answer.response as Obj
    if (!isJsonObject(response) || response.uid !== uid || typeof response.allowed !== 'boolean') throw new Error('expected response.uid and response.allowed')
  } catch (error) {
    if (webhook.failurePolicy === 'Ignore') return undefined
    throw new StatusError(500, 'InternalError', `Internal error occurred: failed calling webhook "${webhook.name}": ${(error as Error).message}`)
  }
  for (const warning of Array.isArray(response.warnings) ? response.warnings.slice(0, 20) : []) context.warnings.push(String(warning))
  if (!response.allowed) {
    // Causes are handed through, as the real one does it.
    const { message, reason, code = 403, details } = (response.status ?? {}) as { message?: string; reason?: string; code?: number; details?: StatusDetails }
    const why = message ? `: ${message}` : ' without explanation'
    throw new StatusError(code, reason ?? (code === 403 ? 'Forbidden' : ''), `admission webhook "${webhook.name}" denied the request${why}`, details)
  }
  if (response.patch === undefined || response.patchType !== 'JSONPatch') return undefined
  return JSON.parse(Buffer.from(String(response.patch), 'base64').toString()) as Json
}

function patched(object: Obj, patch: Json, by: string): Obj {
  const steps = parseJsonPatch(patch)
  const result = steps.ok ? applyJsonPatch(object as unknown as Json, steps.value) : steps
  if (!result.ok) throw new StatusError(500, 'InternalError', `Internal error occurred: the patch of webhook "${by}" cannot be applied: ${result.error}`)
  return result.value as unknown as Obj
}

/** Writes what `run` makes, after those who are registered were asked. `run` is called as a dry run first, when there is somebody to ask. */
export async function admitted<T>(
  world: World,
  target: Target,
  operation: Operation,
  context: WriteContext,
  run: (context: WriteContext) => T,
  objectOf: (result: T) => Obj | undefined,
): Promise<T> {
  const registered = [...webhooksOf(world, 'mutating'), ...webhooksOf(world, 'validating')]
  if (registered.length === 0 || EXEMPT.has(target.kind.kind)) return run(context)
  const entryOf = () => (target.name === '' ? undefined : objectsOf(world, target.kind).get(keyOf(target.namespace, target.name)))
  for (let attempt = 1; ; attempt++) {
    const before = entryOf()
    const oldObject = before === undefined ? undefined : inVersion(target, before.object)
    const made = operation === 'DELETE' ? undefined : objectOf(run({ ...context, dryRun: true, warnings: [] }))
    const asked: Asked = {
      operation: operation === 'UPDATE' && oldObject === undefined ? 'CREATE' : operation,
      oldObject,
      ...(made === undefined ? {} : { object: made }),
    }
    const patches: [Json, string][] = []
    for (const webhook of webhooksOf(world, 'mutating')) {
      if (!concerns(world, webhook, target, asked)) continue
      const patch = await ask(world, webhook, target, asked, context)
      if (patch === undefined || asked.object === undefined) continue
      patches.push([patch, webhook.name])
      asked.object = patched(asked.object, patch, webhook.name)
    }
    await Promise.all(
      webhooksOf(world, 'validating')
        .filter((webhook) => concerns(world, webhook, target, asked))
        .map((webhook) => ask(world, webhook, target, asked, context)),
    )
    // What was asked about must still be what is written.
    if (entryOf()?.revision !== before?.revision && attempt < TRIES) continue
    return run({ ...context, mutate: patches.length === 0 ? undefined : (object) => patches.reduce((now, [patch, by]) => patched(now, patch, by), object) })
  }
}
