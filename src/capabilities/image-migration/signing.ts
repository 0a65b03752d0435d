/** Reports as evidence: the bytes of the JSON, and beside them a signature (Ed25519, RFC 8032) over exactly these bytes. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { CodedError, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'

/** What stands in `REPORT.sig`. */
export const signatureFile = z.strictObject({
  algorithm: z.literal('ed25519'),
  /** `sha256:…` of the public key (DER, SPKI). */
  keyId: z.string().max(100),
  /** PEM. It travels along so that a report can be checked by itself; who it belongs to, it cannot say. */
  publicKey: z.string().max(1000),
  /** `sha256:…` of the report. */
  digest: z.string().max(100),
  /** Base64. */
  signature: z.string().max(200),
  /** ms since the epoch, as the signer's clock had it. */
  signedAt: z.number(),
})
export type SignatureFile = z.output<typeof signatureFile>

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
export const keyIdOf = (key: KeyObject): string => sha256(key.export({ type: 'spki', format: 'der' }))

export function signReport(report: Uint8Array, privateKey: KeyObject, now: number): SignatureFile {
  const publicKey = createPublicKey(privateKey)
  return {
    algorithm: 'ed25519',
    keyId: keyIdOf(publicKey),
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
    digest: sha256(report),
    signature: sign(null, report, privateKey).toString('base64'),
    signedAt: now,
  }
}

export interface Verified {
  /** Are these the bytes that were signed? */
  intact: boolean
  keyId: string
  /** Is the key one that the reader trusts? Undefined: none was named, so nobody vouches for it. */
  trusted: boolean | undefined
  signedAt: number
}

/** @param trusted the public key that the reader expects */
export function verifyReport(report: Uint8Array, file: SignatureFile, trusted: KeyObject | undefined): Verified {
  const publicKey = readKey(file.publicKey, 'public', 'publicKey')
  const keyId = keyIdOf(publicKey)
  const intact = keyId === file.keyId && file.digest === sha256(report) && verify(null, report, publicKey, Buffer.from(file.signature, 'base64'))
  return { intact, keyId, trusted: trusted === undefined ? undefined : keyIdOf(trusted) === keyId, signedAt: file.signedAt }
}

/** Throws INVALID_INPUT. */
export function parseSignature(text: string, path: string): SignatureFile {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    throw invalidInput([{ path, message: (error as Error).message }])
  }
  const parsed = parseInput(signatureFile, data)
  if (!parsed.ok) throw invalidInput(parsed.error.map((problem) => ({ ...problem, path: `${path}: ${problem.path}` })))
  return parsed.value
}

function readKey(pem: string, kind: 'public' | 'private', path: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = kind === 'private' ? createPrivateKey(pem) : createPublicKey(pem)
  } catch {
    // The reason may quote the key.
  }
  if (key?.asymmetricKeyType !== 'ed25519') throw invalidInput([{ path, message: `must be an Ed25519 ${kind} key (PEM)` }])
  return key
}

/** Rejects with FILE_UNREADABLE, INVALID_INPUT. */
export async function readKeyFile(path: string, kind: 'public' | 'private'): Promise<KeyObject> {
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(path, error)
  })
  return readKey(pem, kind, path)
}

/** The private key at `path`; made when there is none, with the public key beside it (`.pub`). Only the owner may read it. */
export async function ownKey(path: string): Promise<KeyObject> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600 })
    await writeFile(`${path}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o644 })
    return privateKey
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new CodedError('FILE_UNREADABLE', { path, reason: String((error as NodeJS.ErrnoException).code) }, { cause: error })
    return readKeyFile(path, 'private')
  }
}
