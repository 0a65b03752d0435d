/** The connection of a mover pair: TLS in which each side proves that it holds the key of this move (RFC 5489, ECDHE_PSK). No certificates, no names. */
import type { RequestOptions, ServerOptions } from 'node:https'

const IDENTITY = 'mover'
const TLS = { ciphers: 'ECDHE-PSK-CHACHA20-POLY1305', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const

export const serverTls = (key: Buffer): ServerOptions => ({ ...TLS, pskCallback: (_, identity) => (identity === IDENTITY ? key : null) })
export const clientTls = (key: Buffer): RequestOptions =>
  ({ ...TLS, pskCallback: () => ({ psk: key, identity: IDENTITY }), checkServerIdentity: () => undefined, agent: false }) as RequestOptions

/** What both sides agree on. */
export interface Wanted {
  /** Paths that the receiver lacks or has otherwise. */
  want: string[]
  removed: number
}
export interface Received {
  files: number
  bytes: number
  /** Of all that the receiver now has, when it was asked for. */
  checksum?: string
}
