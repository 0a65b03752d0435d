/** Kubeconfig files, read as kubectl reads them. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { LineCounter, parseDocument, stringify } from 'yaml'
import { z } from 'zod'
import { CodedError, fileUnreadable, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { parseInput } from '#core/kernel/problems.ts'

/** How to reach one cluster as one user. */
export interface ClusterAccess {
  context: string
  /** Without a slash at the end; may have a path. */
  server: string
  /** Of commands that name none. */
  namespace: string
  user: string
  tls: { ca?: string; cert?: string; key?: string; insecure?: boolean; serverName?: string }
  proxyUrl?: string
  credentials: Credentials
}

export type Credentials =
  | { kind: 'none' }
  | { kind: 'token'; token: string }
  /** Read again and again: kubelets renew the tokens of pods. */
  | { kind: 'tokenFile'; path: string }
  | { kind: 'basic'; username: string; password: string }
  | {
      kind: 'exec'
      apiVersion: string
      command: string
      args: readonly string[]
      env: Readonly<Record<string, string>>
      folder: string
      installHint?: string
      provideClusterInfo: boolean
    }
  | { kind: 'oidc'; issuer: string; clientId: string; clientSecret?: string; idToken?: string; refreshToken?: string; ca?: string }

export interface KubeconfigText {
  text: string
  /** For messages. */
  path: string
  /** Relative paths begin here; undefined: it may name neither files nor programs of this machine. */
  folder?: string
}

const MOST_BYTES = 4 * 1024 * 1024
const name = z.string().max(1024)
const text = z.string().max(1024 * 1024)
const clusterBody = z.looseObject({
  server: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }),
  'certificate-authority': name.optional(),
  'certificate-authority-data': text.optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': name.optional(),
  'proxy-url': z.string().max(4096).optional(),
})
const execBody = z.looseObject({
  apiVersion: z.string().regex(/^client\.authentication\.k8s\.io\/v1(alpha1|beta1)?$/, 'must be client.authentication.k8s.io/v1 or v1beta1'),
  command: z.string().min(1).max(4096),
  args: z.array(z.string().max(65_536)).max(1000).nullish(),
  env: z
    .array(z.object({ name, value: text }))
    .max(1000)
    .nullish(),
  installHint: text.nullish(),
  provideClusterInfo: z.boolean().nullish(),
})
const userBody = z.looseObject({
  token: text.optional(),
  tokenFile: name.optional(),
  username: name.optional(),
  password: name.optional(),
  'client-certificate': name.optional(),
  'client-certificate-data': text.optional(),
  'client-key': name.optional(),
  'client-key-data': text.optional(),
  exec: execBody.nullish(),
  'auth-provider': z.looseObject({ name, config: z.record(z.string(), text).nullish() }).nullish(),
})
const contextBody = z.looseObject({ cluster: name, user: name.optional(), namespace: name.optional() })
const schema = z.looseObject({
  'current-context': name.nullish(),
  clusters: z.array(z.looseObject({ name, cluster: clusterBody })).nullish(),
  users: z.array(z.looseObject({ name, user: userBody })).nullish(),
  contexts: z.array(z.looseObject({ name, context: contextBody })).nullish(),
})

type ClusterBody = z.output<typeof clusterBody>
type UserBody = z.output<typeof userBody>
interface Entry<T> {
  body: T
  from: KubeconfigText
}

export interface Kubeconfig {
  contexts: readonly string[]
  current?: string
  /** Everything that one context needs, files read. Throws INVALID_INPUT (all problems), FILE_UNREADABLE, NOT_FOUND for a context that is not there. */
  select(context?: string): Promise<ClusterAccess>
}

/** Reads a file of the user's. Throws FILE_UNREADABLE, TOO_LARGE. */
export async function readKubeconfigFile(path: string): Promise<KubeconfigText> {
  const absolute = resolve(path)
  return { text: await readBounded(absolute), path, folder: dirname(absolute) }
}

/** Of several files the first that says something about a name wins, as with `KUBECONFIG=a:b`. Throws INVALID_INPUT with every problem and its line. */
export function parseKubeconfig(...files: readonly KubeconfigText[]): Kubeconfig {
  const clusters = new Map<string, Entry<ClusterBody>>()
  const users = new Map<string, Entry<UserBody>>()
  const contexts = new Map<string, Entry<z.output<typeof contextBody>>>()
  let current: string | undefined
  for (const from of files) {
    const read = parseOne(from)
    current ??= read['current-context'] || undefined
    for (const { name: id, cluster } of read.clusters ?? []) if (!clusters.has(id)) clusters.set(id, { body: cluster, from })
    for (const { name: id, user } of read.users ?? []) if (!users.has(id)) users.set(id, { body: user, from })
    for (const { name: id, context } of read.contexts ?? []) if (!contexts.has(id)) contexts.set(id, { body: context, from })
  }
  const paths = files.map(({ path }) => path).join(', ')
  return {
    contexts: [...contexts.keys()],
    current,
    async select(wanted) {
      const id = wanted ?? current
      if (id === undefined) throw invalidInput([{ path: `${paths}: current-context`, message: 'is not set; name a context' }])
      const context = contexts.get(id)
      if (!context) {
        const suggestion = nearest(id, contexts.keys())
        throw new CodedError(
          'NOT_FOUND',
          { what: `Context ${id} of ${paths}` },
          { problems: [{ path: id, message: 'there is no such context', ...(suggestion ? { suggestion } : {}) }] },
        )
      }
      const cluster = clusters.get(context.body.cluster)
      const user = context.body.user === undefined ? undefined : users.get(context.body.user)
      const problems: Problem[] = []
      if (!cluster) problems.push(unknownName(`contexts.${id}.cluster`, context.body.cluster, clusters.keys()))
      if (context.body.user && !user) problems.push(unknownName(`contexts.${id}.user`, context.body.user, users.keys()))
      if (!cluster || problems.length > 0) throw invalidInput(problems)
      return {
        context: id,
        server: cluster.body.server.replace(/\/+$/, ''),
        namespace: context.body.namespace || 'default',
        user: context.body.user ?? '(nobody)',
        ...(await accessOf(cluster, user)),
      }
    },
  }
}

function unknownName(path: string, wanted: string, valid: Iterable<string>): Problem {
  const suggestion = nearest(wanted, valid)
  return { path, message: `"${wanted}" is not defined`, ...(suggestion ? { suggestion } : {}) }
}

function parseOne({ text: source, path }: KubeconfigText): z.output<typeof schema> {
  const lines = new LineCounter()
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  if (doc.errors.length > 0)
    throw invalidInput(doc.errors.slice(0, 100).map((error) => ({ path, message: error.message, line: lines.linePos(error.pos[0]).line })))
  let data: unknown
  try {
    data = doc.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw invalidInput([{ path, message: (error as Error).message }])
  }
  const parsed = parseInput(schema, data)
  // Values stay out of messages: they may be secrets.
  if (!parsed.ok) throw invalidInput(parsed.error.map((problem) => ({ ...problem, path: `${path}: ${problem.path}` })))
  return parsed.value
}

async function accessOf(cluster: Entry<ClusterBody>, user: Entry<UserBody> | undefined): Promise<Pick<ClusterAccess, 'tls' | 'proxyUrl' | 'credentials'>> {
  const problems: Problem[] = []
  /** Inline base64, or a file; a file is refused where the kubeconfig came over the network. */
  const material = async (entry: Entry<Record<string, unknown>>, key: string): Promise<string | undefined> => {
    const inline = entry.body[`${key}-data`] as string | undefined
    const file = entry.body[key] as string | undefined
    if (inline) {
      const pem = Buffer.from(inline, 'base64').toString()
      if (!pem.includes('-----BEGIN')) problems.push({ path: `${key}-data`, message: 'is no PEM in base64' })
      return pem
    }
    if (!file) return undefined
    const path = localPath(entry.from, key, file, problems)
    return path === undefined ? undefined : await readBounded(path)
  }
  const tls = {
    ca: await material(cluster, 'certificate-authority'),
    cert: user && (await material(user, 'client-certificate')),
    key: user && (await material(user, 'client-key')),
    insecure: cluster.body['insecure-skip-tls-verify'],
    serverName: cluster.body['tls-server-name'],
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) problems.push({ path: 'client-certificate, client-key', message: 'only one of the two is there' })
  const credentials = user ? credentialsOf(user, problems) : ({ kind: 'none' } as const)
  if (problems.length > 0) throw invalidInput(problems.map((problem) => ({ ...problem, path: `${(user ?? cluster).from.path}: ${problem.path}` })))
  return { tls, proxyUrl: cluster.body['proxy-url'], credentials }
}

const NOT_LOCAL =
  'names something of the machine that it was written on; put the value itself into the kubeconfig (kubectl config view --raw --flatten), or a token'

function localPath({ folder }: KubeconfigText, key: string, path: string, problems: Problem[]): string | undefined {
  if (folder === undefined) {
    problems.push({ path: key, message: NOT_LOCAL })
    return undefined
  }
  return isAbsolute(path) ? path : resolve(folder, path)
}

/** In the order of client-go: exec and auth-provider only where no token is written down. */
function credentialsOf({ body, from }: Entry<UserBody>, problems: Problem[]): Credentials {
  if (body.token) return { kind: 'token', token: body.token }
  if (body.tokenFile) return { kind: 'tokenFile', path: localPath(from, 'tokenFile', body.tokenFile, problems) ?? '' }
  if (body.username) return { kind: 'basic', username: body.username, password: body.password ?? '' }
  if (body.exec) {
    const { apiVersion, command, args, env, installHint, provideClusterInfo } = body.exec
    if (from.folder === undefined) problems.push({ path: 'exec', message: NOT_LOCAL })
    return {
      kind: 'exec',
      apiVersion,
      command: command.includes('/') && !isAbsolute(command) ? resolve(from.folder ?? '', command) : command,
      args: args ?? [],
      env: Object.fromEntries((env ?? []).map((one) => [one.name, one.value])),
      folder: from.folder ?? '',
      installHint: installHint ?? undefined,
      provideClusterInfo: provideClusterInfo ?? false,
    }
  }
  const provider = body['auth-provider']
  if (!provider) return { kind: 'none' }
  if (provider.name !== 'oidc') {
    problems.push({ path: 'auth-provider.name', message: `"${provider.name}" was removed from Kubernetes; use its exec plugin` })
    return { kind: 'none' }
  }
  const config = provider.config ?? {}
  for (const key of ['idp-issuer-url', 'client-id']) if (!config[key]) problems.push({ path: `auth-provider.config.${key}`, message: 'is missing' })
  return {
    kind: 'oidc',
    issuer: config['idp-issuer-url'] ?? '',
    clientId: config['client-id'] ?? '',
    clientSecret: config['client-secret'],
    idToken: config['id-token'],
    refreshToken: config['refresh-token'],
    ca: config['idp-certificate-authority-data'] && Buffer.from(config['idp-certificate-authority-data'], 'base64').toString(),
  }
}

async function readBounded(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) throw new CodedError('TOO_LARGE', { what: path, limit: '4 MiB' })
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw fileUnreadable(path, error)
  }
}

const POD_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The cluster that this pod runs in, or undefined outside of one. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
export async function inClusterAccess(env: Readonly<Record<string, string | undefined>>, folder = POD_FOLDER): Promise<ClusterAccess | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (!host) return undefined
  const tokenFile = resolve(folder, 'token')
  if (!(await stat(tokenFile).catch(() => undefined))) return undefined
  return {
    context: 'in-cluster',
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: (await readBounded(resolve(folder, 'namespace')).catch(() => 'default')).trim(),
    user: 'service account of the pod',
    tls: { ca: await readBounded(resolve(folder, 'ca.crt')) },
    credentials: { kind: 'tokenFile', path: tokenFile },
  }
}

/** A kubeconfig of this one context that carries all it needs, to be sent or kept elsewhere. Throws INVALID_INPUT for credentials that only this machine has. */
export function portableKubeconfig({ context, server, namespace, user, tls, proxyUrl, credentials }: ClusterAccess): string {
  const encoded = (pem: string | undefined) => pem && Buffer.from(pem).toString('base64')
  const certificates = { 'client-certificate-data': encoded(tls.cert), 'client-key-data': encoded(tls.key) }
  const body: UserBody = { ...certificates }
  if (credentials.kind === 'token') body.token = credentials.token
  else if (credentials.kind === 'basic') Object.assign(body, { username: credentials.username, password: credentials.password })
  else if (credentials.kind === 'oidc') {
    const { issuer, clientId, clientSecret, idToken, refreshToken, ca } = credentials
    const config = { 'idp-issuer-url': issuer, 'client-id': clientId, 'client-secret': clientSecret, 'id-token': idToken, 'refresh-token': refreshToken }
    const all = { ...config, 'idp-certificate-authority-data': encoded(ca) }
    body['auth-provider'] = {
      name: 'oidc',
      config: Object.fromEntries(Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
    }
  } else if (credentials.kind !== 'none') throw invalidInput([{ path: credentials.kind, message: NOT_LOCAL }])
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [
      {
        name: context,
        cluster: {
          server,
          'certificate-authority-data': encoded(tls.ca),
          'insecure-skip-tls-verify': tls.insecure,
          'tls-server-name': tls.serverName,
          'proxy-url': proxyUrl,
        },
      },
    ],
    users: [{ name: user, user: body }],
    contexts: [{ name: context, context: { cluster: context, user, namespace } }],
  })
}
