/** Starts the sandbox's Kubernetes API: on loopback, with TLS, from the snapshot of the last run. */
import { mkdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Clock } from '#core/kernel/clock.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { factSchemas } from '#core/kube/fact-schemas.ts'
import { writeFileAtomic } from '#kits/server-kit/files.ts'
import { startAggregation } from './aggregation.ts'
import { createAudit } from './audit.ts'
import { frontProxyCertificate, serverCertificate } from './certificates.ts'
import { startControllers } from './controllers/index.ts'
import { followCrds } from './crds.ts'
import { createHandler } from './http/handler.ts'
import { builtInKinds, createKindTable } from './kinds.ts'
import type { PodRuntime } from './pod-runtime.ts'
import { FIRST_ROLES } from './rbac.ts'
import { keepSnapshot, readSnapshot, restore, revisionAfter } from './snapshot.ts'
import { StatusError } from './status.ts'
import { createStore, type Obj } from './store.ts'
import { createTokenBook, DEMO_USERS, newToken, type TokenBook } from './tokens.ts'
import type { World } from './world.ts'
import { create, SYSTEM } from './writes.ts'

export interface SandboxApi {
  world: World
  /** `https://127.0.0.1:PORT` */
  url: string
  /** `v1.36.0` */
  version: string
  /** PEM. */
  ca: string
  /** By name of user. */
  tokens: Readonly<Record<string, string>>
  /** Path of the administrator's kubeconfig. */
  kubeconfig: string
  close(): Promise<void>
}

export interface SandboxOptions {
  /** Certificates, tokens, kubeconfigs and the snapshot; made when it is not there. */
  folder: string
  clock: Clock
  runtime: PodRuntime
  /** 0 for any. */
  port?: number
  /** Name of cluster and context in kubeconfigs. */
  name?: string
  /** Gets the lines of the audit log. */
  auditLog?: (line: string) => void
}

export async function startSandboxApi({ folder, clock, runtime, port = 0, name = 'demo', auditLog }: SandboxOptions): Promise<SandboxApi> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const facts = await loadApiFacts()
  const resolve = factSchemas(facts)
  const version = `v1.${facts.newest}.0`
  const snapshotFile = join(folder, 'objects.json.gz')
  const snapshot = await readSnapshot(snapshotFile)
  const world: World = { store: createStore(revisionAfter(snapshot)), kinds: createKindTable(builtInKinds(facts, resolve)), clock, resolve }
  if (snapshot !== undefined) restore(world.store, snapshot)
  followCrds(world, resolve('V1ObjectMeta'))
  seed(world)
  const aggregation = startAggregation(world, await frontProxyCertificate(folder, clock.now()))
  const { book, tokens } = await openTokens(folder)
  const certificate = await serverCertificate(folder, clock.now())
  const handler = createHandler({ world, tokens: book, runtime, version, aggregation, ...(auditLog ? { audit: createAudit(auditLog, clock) } : {}) })
  const server = createServer({ cert: certificate.cert, key: certificate.key, keepAliveTimeout: 60_000 }, handler.request)
  server.on('upgrade', handler.upgrade)
  // The port of the last run, so that kubeconfigs stay good; another when it is taken.
  const portFile = join(folder, 'port')
  const before = port === 0 ? Number(await readFile(portFile, 'utf8').catch(() => '0')) : port
  const bound = await listen(server, before).catch((error: NodeJS.ErrnoException) => {
    if (port !== 0 || error.code !== 'EADDRINUSE') throw error
    return listen(server, 0)
  })
  await writeFileAtomic(portFile, String(bound))
  const url = `https://127.0.0.1:${bound}`
  for (const [user, token] of Object.entries(tokens))
    await writeFileAtomic(join(folder, user === 'admin' ? 'kubeconfig' : `kubeconfig.${user}`), kubeconfig(name, url, certificate.ca, user, token))
  const controllers = startControllers(world)
  const keeping = keepSnapshot(world.store, snapshotFile)
  return {
    world,
    url,
    version,
    ca: certificate.ca,
    tokens,
    kubeconfig: join(folder, 'kubeconfig'),
    async close() {
      controllers.stop()
      aggregation.stop()
      server.close()
      server.closeAllConnections()
      await keeping.close()
    },
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

function kubeconfig(name: string, server: string, ca: string, user: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  })
}

async function openTokens(folder: string): Promise<{ book: TokenBook; tokens: Record<string, string> }> {
  const file = join(folder, 'tokens.json')
  let tokens: Record<string, string> = {}
  try {
    tokens = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>
  } catch {}
  const book = createTokenBook()
  for (const { user } of DEMO_USERS) {
    tokens[user.name] ??= newToken()
    book.add(tokens[user.name]!, user)
  }
  await writeFileAtomic(file, `${JSON.stringify(tokens)}\n`)
  return { book, tokens }
}

/** What every cluster has from the start; what is there already stays as it is. */
function seed(world: World): void {
  const put = (object: Obj) => {
    const kind = world.kinds.all().find((one) => one.kind === object.kind)!
    try {
      create(world, { kind, version: kind.versions[0]!, namespace: object.metadata.namespace }, object, { ...SYSTEM, manager: 'kube-apiserver' })
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 409)) throw error
    }
  }
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  for (const object of FIRST_ROLES) put(object)
}
