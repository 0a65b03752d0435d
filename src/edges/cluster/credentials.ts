/** Credentials that change: token files, exec plugins, OIDC. https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { ClusterAccess, Credentials } from './kubeconfig.ts'

export interface Credential {
  authorization?: string
  /** PEM, from a plugin; otherwise those of the kubeconfig. */
  cert?: string
  key?: string
}

export interface CredentialSource {
  /** Throws CREDENTIALS_FAILED. */
  current(): Promise<Credential>
  /** The server did not accept them: what was kept is asked for anew. */
  refused(): void
  /** What of them has expired, if that can be seen. */
  expired(): { what: string; at: number } | undefined
}

interface Kept extends Credential {
  /** ms since the epoch; asked for anew from then on. */
  until: number
}

/** Token files are read again after this long, as client-go does. */
const TOKEN_FILE_LIFE = 60_000
/** Renewed this long before they end. */
const EARLY = 10_000
const PLUGIN_MS = 60_000

export function credentialSource(access: ClusterAccess, cluster: string, clock: Clock): CredentialSource {
  const { credentials } = access
  let kept: Kept | undefined
  let asking: Promise<Kept> | undefined
  const fail = (reason: string, cause?: unknown) => new CodedError('CREDENTIALS_FAILED', { cluster, reason }, { cause })
  let refreshToken = credentials.kind === 'oidc' ? credentials.refreshToken : undefined
  let idToken = credentials.kind === 'oidc' ? credentials.idToken : undefined

  const obtain = async (): Promise<Kept> => {
    switch (credentials.kind) {
      case 'none':
        return { until: Infinity }
      case 'token':
        return { authorization: `Bearer ${credentials.token}`, until: Infinity }
      case 'basic':
        return { authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`, until: Infinity }
      case 'tokenFile': {
        const token = await readFile(credentials.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw fail(`${credentials.path}: ${error.code}`, error)
        })
        return { authorization: `Bearer ${token.trim()}`, until: clock.now() + TOKEN_FILE_LIFE }
      }
      case 'exec':
        return runPlugin(credentials, access, fail)
      case 'oidc': {
        const valid = idToken !== undefined && (expiryOfToken(idToken) ?? 0) - EARLY > clock.now()
        if (!valid) {
          if (!refreshToken) throw fail('the OIDC id-token has expired, and there is no refresh-token')
          const fresh = await refreshOidc({ ...credentials, refreshToken }, fail)
          idToken = fresh.idToken
          refreshToken = fresh.refreshToken ?? refreshToken
        }
        return { authorization: `Bearer ${idToken}`, until: (expiryOfToken(idToken!) ?? clock.now() + TOKEN_FILE_LIFE) - EARLY }
      }
    }
  }

  return {
    async current() {
      if (kept && kept.until > clock.now()) return kept
      // One plugin run for all who wait.
      asking ??= obtain().finally(() => {
        asking = undefined
      })
      kept = await asking
      return kept
    },
    refused() {
      if (credentials.kind === 'oidc') idToken = undefined
      kept = undefined
    },
    expired() {
      const now = clock.now()
      const cert = kept?.cert ?? access.tls.cert
      const certEnd = cert === undefined ? undefined : expiryOfCertificate(cert)
      if (certEnd !== undefined && certEnd < now) return { what: 'client certificate', at: certEnd }
      const token = credentials.kind === 'token' ? credentials.token : undefined
      const tokenEnd = token === undefined ? undefined : expiryOfToken(token)
      return tokenEnd !== undefined && tokenEnd < now ? { what: 'token', at: tokenEnd } : undefined
    },
  }
}

function expiryOfCertificate(pem: string): number | undefined {
  try {
    return new X509Certificate(pem).validToDate.getTime()
  } catch {
    return undefined
  }
}

/** `exp` of a JWT, ms since the epoch; read, not verified: it only serves messages and early renewal. */
export function expiryOfToken(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown }
    return typeof exp === 'number' ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}

type Fail = (reason: string, cause?: unknown) => CodedError

const execCredential = z.looseObject({
  kind: z.literal('ExecCredential'),
  status: z.looseObject({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
})

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
function runPlugin(plugin: Extract<Credentials, { kind: 'exec' }>, access: ClusterAccess, fail: Fail): Promise<Kept> {
  const cluster = { server: access.server, 'certificate-authority-data': access.tls.ca && Buffer.from(access.tls.ca).toString('base64') }
  const info = { apiVersion: plugin.apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...(plugin.provideClusterInfo ? { cluster } : {}) } }
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) }
  return new Promise((resolve, reject) => {
    const child = execFile(
      plugin.command,
      plugin.args,
      { env, timeout: PLUGIN_MS, maxBuffer: 1024 * 1024, cwd: plugin.folder || undefined },
      (error, stdout, stderr) => {
        if (error) {
          const { code, killed } = error as NodeJS.ErrnoException & { killed?: boolean }
          if ((code as unknown) === 'ENOENT')
            return reject(fail(`the program ${plugin.command} is not there${plugin.installHint ? `: ${plugin.installHint.slice(0, 300)}` : ''}`, error))
          const said = stderr.trim().split('\n').at(-1)?.slice(0, 300)
          return reject(fail(`${plugin.command} ${killed ? `did not end within ${PLUGIN_MS / 1000} s` : `failed (${code})`}${said ? `: ${said}` : ''}`))
        }
        let parsed: ReturnType<typeof execCredential.safeParse> | undefined
        try {
          parsed = execCredential.safeParse(JSON.parse(stdout))
        } catch {}
        // What it wrote may be a secret and is not shown.
        if (!parsed?.success) return reject(fail(`${plugin.command} did not print an ExecCredential`))
        const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = parsed.data.status
        if (!token && !(cert && key)) return reject(fail(`${plugin.command} printed neither a token nor a certificate with its key`))
        const end = expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp) - EARLY
        resolve({ ...(token ? { authorization: `Bearer ${token}` } : {}), ...(cert && key ? { cert, key } : {}), until: Number.isNaN(end) ? Infinity : end })
      },
    )
    child.stdin?.end()
  })
}

/** RFC 6749, section 6; the token endpoint by OpenID Connect Discovery 1.0. */
async function refreshOidc(
  oidc: Extract<Credentials, { kind: 'oidc' }> & { refreshToken: string },
  fail: Fail,
): Promise<{ idToken: string; refreshToken?: string }> {
  const dispatcher = new Agent({ connect: { ca: oidc.ca }, headersTimeout: 10_000, bodyTimeout: 10_000 })
  try {
    const about = await request(`${oidc.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { dispatcher })
    const { token_endpoint: endpoint } = (await about.body.json()) as { token_endpoint?: string }
    if (!endpoint) throw fail(`${oidc.issuer} names no token endpoint`)
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: oidc.refreshToken, client_id: oidc.clientId })
    if (oidc.clientSecret) form.set('client_secret', oidc.clientSecret)
    const answer = await request(endpoint, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
    })
    const tokens = (await answer.body.json()) as { id_token?: string; refresh_token?: string; error?: string }
    if (!tokens.id_token) throw fail(`${oidc.issuer} gave no new token${tokens.error ? ` (${String(tokens.error).slice(0, 100)})` : ''}`)
    return { idToken: tokens.id_token, refreshToken: tokens.refresh_token }
  } catch (error) {
    throw error instanceof CodedError
      ? error
      : fail(`${oidc.issuer} cannot be asked: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`, error)
  } finally {
    await dispatcher.close().catch(() => {})
  }
}
