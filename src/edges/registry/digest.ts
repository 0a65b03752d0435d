import { createHash, hash } from 'node:crypto'

/** `sha256:…` of bytes, or with the algorithm of another digest. */
export function digestOf(bytes: Uint8Array, like = 'sha256:'): string {
  const algorithm = like.slice(0, like.indexOf(':'))
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}`
}

/** A running digest with the algorithm of `digest`. */
export function hasherOf(digest: string): { update(bytes: Uint8Array): void; digest(): string } {
  const algorithm = digest.slice(0, digest.indexOf(':'))
  const running = createHash(algorithm)
  return { update: (bytes) => void running.update(bytes), digest: () => `${algorithm}:${running.digest('hex')}` }
}
