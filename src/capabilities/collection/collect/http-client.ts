/** HTTP as the settings of a job or an output say: TLS, basic, bearer, OAuth2; small answers only. Scrapes have connections of their own. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { ConnectionOptions } from 'node:tls'
import type { HttpSettings } from '../domain/jobs.ts'

/** Files are read again after this long, because they are renewed in place. */
const FILE_LIFE_MS = 30_000

export interface Access {
  /** Rejects with an Error that says which file or token failed. */
  headers(): Promise<Record<string, string>>
  tls(): ConnectionOptions
}

const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const

export function createAccess(settings: HttpSettings, now: () => number): Access {
  const files = new Map<string, { text: string; at: number }>()
  const read = (path: string): string => {
    const known = files.get(path)
    if (known && now() - known.at < FILE_LIFE_MS) return known.text
    const text = readFileSync(path, 'utf8')
    files.set(path, { text, at: now() })
    return text
  }
  const given = (text: string | undefined, file: string | undefined) => (file === undefined ? text : read(file).trim())
  let token: { text: string; until: number } | undefined
  let made: { options: ConnectionOptions; from: string } | undefined

  async function oauth(oauth2: NonNullable<HttpSettings['oauth2']>): Promise<string> {
    if (token && token.until > now()) return token.text
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...oauth2.endpoint_params })
    if (oauth2.scopes.length > 0) form.set('scope', oauth2.scopes.join(' '))
    const secret = given(oauth2.client_secret, oauth2.client_secret_file) ?? ''
    const answer = await call({
      url: new URL(oauth2.token_url),
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(oauth2.client_id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
      },
      body: Buffer.from(form.toString()),
      tls: tlsOptions(oauth2.tls_config, given),
    })
    if (answer.status !== 200) throw new Error(`${oauth2.token_url} answers ${answer.status}`)
    const { access_token, expires_in = 300 } = JSON.parse(answer.text) as { access_token?: unknown; expires_in?: number }
    if (typeof access_token !== 'string') throw new Error(`${oauth2.token_url} gives no access_token`)
    token = { text: access_token, until: now() + Math.max(10, Number(expires_in) - 10) * 1000 }
    return access_token
  }

  return {
    async headers(): Promise<Record<string, string>> {
      const { basic_auth: basic, authorization, bearer_token, bearer_token_file, oauth2 } = settings
      if (basic) {
        const user = given(basic.username, basic.username_file)
        return { authorization: `Basic ${Buffer.from(`${user}:${given(basic.password, basic.password_file)}`).toString('base64')}` }
      }
      if (authorization) return { authorization: `${authorization.type} ${given(authorization.credentials, authorization.credentials_file) ?? ''}` }
      const bearer = given(bearer_token, bearer_token_file)
      if (bearer !== undefined) return { authorization: `Bearer ${bearer}` }
      return oauth2 ? { authorization: `Bearer ${await oauth(oauth2)}` } : {}
    },
    tls() {
      const options = tlsOptions(settings.tls_config, given)
      const from = JSON.stringify(options)
      if (made?.from !== from) made = { options, from }
      return made.options
    },
  }
}

function tlsOptions(config: HttpSettings['tls_config'], given: (text: string | undefined, file: string | undefined) => string | undefined): ConnectionOptions {
  if (!config) return {}
  const { server_name, min_version, max_version } = config
  const ca = given(config.ca, config.ca_file)
  const cert = given(config.cert, config.cert_file)
  const key = given(config.key, config.key_file)
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(server_name ? { servername: server_name } : {}),
    ...(config.insecure_skip_verify ? { rejectUnauthorized: false } : {}),
    ...(min_version ? { minVersion: VERSIONS[min_version] } : {}),
    ...(max_version ? { maxVersion: VERSIONS[max_version] } : {}),
  }
}

export interface Call {
  url: URL
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  body?: Uint8Array
  tls?: ConnectionOptions
  timeoutMs?: number
  signal?: AbortSignal
}

const MOST_ANSWER = 16 << 20
type Agents = Map<string, RequestOptions['agent']>
const agents: Agents = new Map()

/** One request on a kept connection. Rejects with the reason. */
export function call({
  url,
  method = 'GET',
  headers = {},
  body,
  tls,
  timeoutMs = 30_000,
  signal,
}: Call): Promise<{ status: number; retryAfter?: string; text: string }> {
  const secure = url.protocol === 'https:'
  // Not imported: an import reads every export of node:http, and some of them load undici, which is 13 MB.
  const { Agent, request: open } = process.getBuiltinModule(secure ? 'node:https' : 'node:http')
  const key = `${url.origin} ${JSON.stringify(tls ?? {})}`
  let agent = agents.get(key)
  if (!agent) {
    if (agents.size > 64) agents.clear()
    agent = new Agent({ keepAlive: true, ...tls })
    agents.set(key, agent)
  }
  return new Promise((resolve, reject) => {
    const request = open(url, { method, agent, timeout: timeoutMs, signal, headers: { ...headers, ...(body ? { 'content-length': body.length } : {}) } })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
    request.on('error', reject)
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > MOST_ANSWER) request.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode!, retryAfter: response.headers['retry-after'], text: Buffer.concat(chunks).toString() }))
    })
    request.end(body)
  })
}
