/** What an API server or the way to it said, as coded errors. Pure. https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#status-v1-meta */
import { CodedError, type Problem } from '#core/kernel/errors.ts'
import type { Access } from '#core/shapes/ports/cluster.ts'

/** What a request was about, for messages. */
export interface Purpose {
  cluster: string
  /** For people: `Deployment shop/cart`, `pods in shop`. */
  what: string
  access?: Access
}

interface Status {
  metadata?: { continue?: string }
  reason?: string
  message?: string
  details?: { causes?: { reason?: string; message?: string; field?: string }[]; retryAfterSeconds?: number }
}

/** Longest text of a cluster that a message carries. */
const MOST = 600
const cut = (text: string) => (text.length > MOST ? `${text.slice(0, MOST)}…` : text)

/** `deployments/scale.apps in shop` */
export function describeAccess({ group, resource, subresource, namespace }: Access): string {
  return `${resource}${subresource ? `/${subresource}` : ''}${group ? `.${group}` : ''}${namespace === undefined ? '' : ` in ${namespace}`}`
}

/** The error of an answer that is none of 2xx. 401 is the caller's: who was refused is known there. */
export function failureOf(status: number, body: string, { cluster, what, access }: Purpose): CodedError {
  const { reason, message = '', details, metadata }: Status = parseStatus(body)
  const said = cut(message || body.trim().slice(0, MOST) || `HTTP ${status}`)
  const causes: Problem[] = (details?.causes ?? [])
    .slice(0, 100)
    .map((cause) => ({ path: (cause.field ?? '').replace(/^\./, ''), message: cut(cause.message ?? cause.reason ?? '') }))
  const rejected = () => new CodedError('OBJECT_REJECTED', { cluster, what, reason: said, status }, { problems: causes })
  switch (status) {
    case 400:
    case 415:
    case 422:
      return rejected()
    case 403: {
      const denied = /cannot (\S+) (?:resource|path) "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]*)")?/.exec(message)
      if (!denied && access && !/is forbidden: User "/.test(message)) {
        // Quotas, terminating namespaces and admission also say 403, but it is no right that is missing.
        if (reason === 'Forbidden' && /is forbidden: /.test(message)) return rejected()
      }
      const from = denied ? { verb: denied[1]!, group: denied[3] ?? '', resource: denied[2]!, namespace: denied[4] } : access
      return new CodedError('FORBIDDEN', { cluster, verb: from?.verb ?? 'use', resource: from ? describeAccess(from) : what })
    }
    case 404:
      return new CodedError('NOT_FOUND', { cluster, what: `${what} in cluster ${cluster}` })
    case 409: {
      const owned = (details?.causes ?? []).some((cause) => cause.reason === 'FieldManagerConflict')
      if (owned) return new CodedError('APPLY_CONFLICT', { cluster, what, count: causes.length }, { problems: causes })
      return new CodedError(reason === 'AlreadyExists' ? 'ALREADY_EXISTS' : 'CONFLICT', { cluster, what })
    }
    case 410:
      // Where the list can be gone on with, as it is now.
      return new CodedError('LIST_EXPIRED', { cluster, what, ...(metadata?.continue ? { continue: metadata.continue } : {}) })
    case 413:
      return new CodedError('TOO_LARGE', { cluster, what, limit: 'the API server’s limit' })
    case 429:
      return new CodedError('CLUSTER_BUSY', { cluster })
    case 504:
      return new CodedError('TIMED_OUT', { cluster, what: `${what} in cluster ${cluster}`, limit: 'the API server’s time' })
    default:
      return new CodedError('CLUSTER_FAILED', { cluster, status, reason: said })
  }
}

function parseStatus(body: string): Status {
  try {
    const parsed = JSON.parse(body) as Status | null
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALTNAME|ERR_TLS/
const REASONS: Record<string, string> = {
  CERT_HAS_EXPIRED: 'it has expired, or the clock here is wrong',
  CERT_NOT_YET_VALID: 'it is not valid yet, or the clock here is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'it was not signed by the certificate authority of the kubeconfig',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it was not signed by the certificate authority of the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it was not signed by the certificate authority of the kubeconfig',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it was not signed by the certificate authority of the kubeconfig',
  CERT_SIGNATURE_FAILURE: 'it was not signed by the certificate authority of the kubeconfig',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be looked up right now',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  ETIMEDOUT: 'it does not answer',
}

/** The error of a request that got no answer. */
export function connectionFailure(thrown: unknown, { cluster, what }: Purpose, server: string, limitMs: number): CodedError {
  if (thrown instanceof CodedError) return thrown
  const { code = '', message = '', name = '', errors } = thrown as { code?: string; message?: string; name?: string; errors?: { code?: string }[] }
  const reasonCode = code || errors?.[0]?.code || ''
  if (name === 'TimeoutError' || name === 'HeadersTimeoutError' || name === 'BodyTimeoutError')
    return new CodedError('TIMED_OUT', { cluster, what: `${what} in cluster ${cluster}`, limit: `${Math.round(limitMs / 1000)} s` }, { cause: thrown })
  const reason = REASONS[reasonCode] ?? (cut(message) || reasonCode || name)
  // The other side's complaint about our certificate has `alert` in it.
  if (/alert (bad|unknown|expired|certificate|unsupported)/i.test(message))
    return new CodedError('CLUSTER_UNAUTHORIZED', { cluster, who: 'the client certificate' }, { cause: thrown })
  if (CERTIFICATE.test(reasonCode)) return new CodedError('CLUSTER_CERTIFICATE', { cluster, reason }, { cause: thrown })
  return new CodedError('CLUSTER_UNREACHABLE', { cluster, server, reason }, { cause: thrown })
}
