/** What admission webhooks share: the question of an API server, and by what it is known. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

export const LARGEST_REVIEW = 8 << 20

export const admissionReview = z.looseObject({
  request: z.looseObject({
    uid: z.string().max(200),
    kind: z.looseObject({ group: z.string(), version: z.string(), kind: z.string() }),
    operation: z.string(),
    namespace: z.string().optional(),
    object: z.record(z.string(), z.unknown()).nullish(),
    oldObject: z.record(z.string(), z.unknown()).nullish(),
  }),
})

/** API servers bring no credentials: whoever knows the path of the webhook is one. */
export async function webhookToken(folder: string): Promise<string> {
  const file = join(folder, 'admission-token')
  const known = await readFile(file, 'utf8').catch(() => '')
  if (/^[0-9a-f]{64}$/.test(known)) return known
  const made = randomBytes(32).toString('hex')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(file, made, { mode: 0o600 })
  return made
}

export const sameToken = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
