/** Bearer tokens of the sandbox: drawn at the first start, kept in a file that only its owner reads. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Tokens } from './reviews.ts'
import type { User } from './world.ts'

/** Users of the demo besides the administrator: what they may do is in RBAC objects. */
export const DEMO_USERS: readonly { user: User; namespaceRole?: string }[] = [
  { user: { name: 'admin', groups: ['system:masters'] } },
  { user: { name: 'alice', groups: ['dev'] } },
  { user: { name: 'bob', groups: ['ops'] } },
]

const digest = (token: string) => createHash('sha256').update(token).digest()

export interface TokenBook extends Tokens {
  issue(user: User): string
  add(token: string, user: User): void
}

export function createTokenBook(): TokenBook {
  const known = new Map<string, { digest: Buffer; user: User }>()
  const book: TokenBook = {
    userOf(token) {
      const given = digest(token)
      const found = known.get(given.toString('hex'))
      return found !== undefined && timingSafeEqual(found.digest, given) ? found.user : undefined
    },
    add(token, user) {
      const groups = user.groups.includes('system:authenticated') ? user.groups : [...user.groups, 'system:authenticated']
      known.set(digest(token).toString('hex'), { digest: digest(token), user: { ...user, groups } })
    },
    issue(user) {
      const token = newToken()
      book.add(token, user)
      return token
    },
  }
  return book
}

export const newToken = (): string => randomBytes(24).toString('base64url')
