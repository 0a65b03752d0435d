import { CodedError } from '#core/kernel/errors.ts'
import type { Descriptor } from '#core/shapes/ports/registry.ts'
import { hasherOf } from './digest.ts'

/**
 * Hands bytes on and checks them: the last part only once size and digest are right, so that nothing wrong is ever completed elsewhere.
 * Read from elsewhere than 0, only the size can be checked. @throws SIZE_MISMATCH, DIGEST_MISMATCH
 */
export async function* verified(
  parts: AsyncIterable<Uint8Array>,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  from: number,
  place: string,
  what: string,
): AsyncGenerator<Uint8Array> {
  const hasher = from === 0 ? hasherOf(digest) : undefined
  let at = from
  let held: Uint8Array | undefined
  for await (const part of parts) {
    at += part.length
    if (at > size) throw new CodedError('SIZE_MISMATCH', { place, what, wanted: size, found: `more than ${size}` })
    hasher?.update(part)
    if (held) yield held
    held = part
  }
  if (at !== size) throw new CodedError('SIZE_MISMATCH', { place, what, wanted: size, found: at })
  const found = hasher?.digest()
  if (found !== undefined && found !== digest) throw new CodedError('DIGEST_MISMATCH', { place, what, wanted: digest, found })
  if (held) yield held
}
