import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#core/kernel/clock.ts'
import type { Actor } from '#core/shapes/ports/cluster.ts'
import { readIfThere, writeFileAtomic } from './files.ts'
import { type IngestToken, type IngestTokens, openIngestTokens } from './ingest-tokens.ts'

/** Who a request is from. */
export type Identity =
  | { kind: 'user'; user: string; rights: Rights; via: 'cli' | 'bearer' }
  | { kind: 'user'; user: string; rights: Rights; via: 'session'; session: Session }
  | { kind: 'ingest'; token: IngestToken }

/** What somebody may, which their clusters decide; there is no second list of permissions. */
export type Rights =
  /** Whoever can read the server's data folder or got a link from who can: everything. */
  | { kind: 'admin' }
  /** Logged in with a token of one cluster: what that cluster lets them, and nothing in others. */
  | { kind: 'token'; cluster: string; actor: Actor }
  /** Known from OIDC: what each cluster lets this name and these groups. */
  | { kind: 'oidc'; actor: Actor }

export interface Session {
  user: string
  rights: Rights
  /** Sent back in the header `x-csrf-token` with every change. */
  csrf: string
  /** ms since the epoch; the session ends then, used or not. */
  expiresAt: number
}

export interface Auth {
  tokens: IngestTokens
  /** A secret that logs in once, within 15 minutes. Links carry it after `#`, so that no server, log or preview ever sees it. */
  issueLogin(): string
  /** The session for a login secret, or undefined when it was used, has expired or never was. */
  login(secret: string): { id: string; session: Session } | undefined
  /** A session for somebody whom a cluster or an identity provider vouches for. Ends at `until` (ms since the epoch) at the latest. */
  admit(user: string, rights: Rights, until?: number): { id: string; session: Session }
  logout(id: string): void
  session(id: string): Session | undefined
  /** Of an `Authorization` header: Bearer, or Basic with the token as the password (what log shippers can send). */
  bearer(header: string): Identity | undefined
}

const MINUTE = 60_000
const LOGIN_LIFE = 15 * MINUTE
const IDLE_LIFE = 12 * 60 * MINUTE
const FULL_LIFE = 7 * 24 * 60 * MINUTE
/** Tokens of service accounts are about 1 KiB. */
const MOST_TOKEN = 16 * 1024
const MOST_LOGINS = 16
const MOST_SESSIONS = 1000
const USER = 'admin'

const secret = () => randomBytes(32).toString('base64url')
/** Secrets are kept and compared as hashes: a lookup leaks nothing by its time, a memory dump no secret. */
const key = (text: string) => createHash('sha256').update(text).digest('base64')

/** Sessions and login links in memory; the CLI's token and the ingest tokens in `folder`. */
export async function openAuth(folder: string, clock: Clock): Promise<Auth> {
  const tokens = await openIngestTokens(folder, clock)
  const cliToken = createHash('sha256')
    .update(await readOrMakeCliToken(join(folder, 'cli-token')))
    .digest()
  const logins = new Map<string, number>()
  const sessions = new Map<string, Session & { usedAt: number }>()

  const admit: Auth['admit'] = (user, rights, until = Infinity) => {
    const id = secret()
    const session = { user, rights, csrf: secret(), expiresAt: Math.min(until, clock.now() + FULL_LIFE), usedAt: clock.now() }
    bound(sessions, MOST_SESSIONS)
    sessions.set(key(id), session)
    return { id, session }
  }

  return {
    tokens,

    issueLogin() {
      const made = secret()
      bound(logins, MOST_LOGINS)
      logins.set(key(made), clock.now() + LOGIN_LIFE)
      return made
    },

    login(sent) {
      const expiresAt = logins.get(key(sent))
      logins.delete(key(sent))
      if (expiresAt === undefined || expiresAt < clock.now()) return undefined
      return admit(USER, { kind: 'admin' })
    },

    admit,

    logout: (id) => void sessions.delete(key(id)),

    session(id) {
      const found = sessions.get(key(id))
      if (!found) return undefined
      const now = clock.now()
      if (found.expiresAt < now || found.usedAt + IDLE_LIFE < now) {
        sessions.delete(key(id))
        return undefined
      }
      found.usedAt = now
      return found
    },

    bearer(header) {
      const token = tokenOf(header)
      if (token === undefined) return undefined
      if (timingSafeEqual(createHash('sha256').update(token).digest(), cliToken)) return { kind: 'user', user: USER, rights: { kind: 'admin' }, via: 'cli' }
      const found = tokens.verify(token)
      return found && { kind: 'ingest', token: found }
    },
  }
}

/** Of an `Authorization` header. */
export function tokenOf(header: string): string | undefined {
  const [scheme, value] = header.split(' ', 2)
  if (!value || value.length > MOST_TOKEN) return undefined
  if (scheme!.toLowerCase() === 'bearer') return value
  if (scheme!.toLowerCase() !== 'basic') return undefined
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

/** Maps keep the order of insertion: the oldest goes first. */
function bound(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size < most) return
    map.delete(oldest)
  }
}

async function readOrMakeCliToken(path: string): Promise<string> {
  const there = (await readIfThere(path))?.trim()
  if (there && /^spc_[\w-]{43}$/.test(there)) {
    await chmod(path, 0o600)
    return there
  }
  const made = `spc_${secret()}`
  await writeFileAtomic(path, `${made}\n`)
  return made
}
