/** TLS and credentials of a monitor: references are looked up, files must be allowed. */
import { given } from './rules.ts'
import type { Access, SecretOrConfigMap, SelectorKey, Tls } from './schema.ts'

/** A key of a Secret or ConfigMap in the namespace of the monitor. */
export interface Reference {
  kind: 'Secret' | 'ConfigMap'
  namespace: string
  name: string
}

export interface AccessDeps {
  namespace: string
  /** The data; a text: why there is none; undefined: not yet asked for. */
  lookUp(reference: Reference): ReadonlyMap<string, string> | string | undefined
  /** Every reference is told, so that it can be asked for. */
  needs(reference: Reference): void
  /** Monitors of this namespace may name files of the collector. */
  files: boolean
  /** How discovery reaches the cluster that the monitors are of, as `kubernetes_sd_configs` say it. */
  cluster: Readonly<Record<string, unknown>>
  problem(field: string, message: string): void
}

/** The settings of a scrape job that access needs. @param at path of the object that has it, with a dot at the end */
export function accessOf(access: Access, at: string, deps: AccessDeps): Record<string, unknown> {
  const { namespace, problem } = deps
  const valueAt = (kind: Reference['kind'], key: SelectorKey | undefined, field: string): string | undefined => {
    if (!key) return undefined
    const reference = { kind, namespace, name: key.name }
    deps.needs(reference)
    const data = deps.lookUp(reference)
    const value = typeof data === 'object' ? data.get(key.key) : undefined
    if (value !== undefined || data === undefined || key.optional) return value
    problem(field, typeof data === 'string' ? data : `${kind} ${namespace}/${key.name} has no key ${key.key}`)
    return undefined
  }
  const either = (of: SecretOrConfigMap | undefined, field: string) =>
    of?.secret ? valueAt('Secret', of.secret, `${field}.secret`) : valueAt('ConfigMap', of?.configMap, `${field}.configMap`)
  const file = (path: string | undefined, field: string) => {
    if (path !== undefined && !deps.files)
      problem(field, `names a file of the collector, which kubernetes_monitors.files does not allow for namespace ${namespace}`)
    return path
  }
  const tlsOf = (tls: Tls | undefined, field: string) =>
    tls &&
    given({
      ca: either(tls.ca, `${field}.ca`),
      cert: either(tls.cert, `${field}.cert`),
      key: valueAt('Secret', tls.keySecret, `${field}.keySecret`),
      ca_file: file(tls.caFile, `${field}.caFile`),
      cert_file: file(tls.certFile, `${field}.certFile`),
      key_file: file(tls.keyFile, `${field}.keyFile`),
      server_name: tls.serverName,
      insecure_skip_verify: tls.insecureSkipVerify,
      min_version: tls.minVersion,
      max_version: tls.maxVersion,
    })
  const { basicAuth, authorization, bearerTokenSecret, bearerTokenFile, oauth2, tlsConfig, followRedirects } = access
  return given({
    basic_auth:
      basicAuth &&
      given({
        username: valueAt('Secret', basicAuth.username, `${at}basicAuth.username`),
        password: valueAt('Secret', basicAuth.password, `${at}basicAuth.password`),
      }),
    authorization:
      authorization && given({ type: authorization.type, credentials: valueAt('Secret', authorization.credentials, `${at}authorization.credentials`) }),
    // An empty name is what the operator's own types leave where there is none.
    bearer_token: bearerTokenSecret?.name ? valueAt('Secret', bearerTokenSecret, `${at}bearerTokenSecret`) : undefined,
    bearer_token_file: file(bearerTokenFile || undefined, `${at}bearerTokenFile`),
    oauth2:
      oauth2 &&
      given({
        client_id: either(oauth2.clientId, `${at}oauth2.clientId`) ?? '',
        client_secret: valueAt('Secret', oauth2.clientSecret, `${at}oauth2.clientSecret`),
        token_url: oauth2.tokenUrl,
        scopes: oauth2.scopes,
        endpoint_params: oauth2.endpointParams,
        tls_config: tlsOf(oauth2.tlsConfig, `${at}oauth2.tlsConfig`),
      }),
    tls_config: tlsOf(tlsConfig, `${at}tlsConfig`),
    follow_redirects: followRedirects,
  })
}
