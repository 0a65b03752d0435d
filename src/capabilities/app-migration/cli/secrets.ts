/** Secrets of an export at rest: one age file. https://age-encryption.org/v1 */
import { readFile } from 'node:fs/promises'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import { readManifests, writeManifests } from '#core/kube/manifests.ts'
import type { KubeObject } from '#core/kube/objects.ts'

export const SECRETS_FILE = 'secrets.age'
export const isSecret = ({ apiVersion, kind }: KubeObject): boolean => apiVersion === 'v1' && kind === 'Secret'

export interface SecretKeys {
  passphraseFile?: string
  /** `age1…` */
  ageRecipient?: string
  /** File with `AGE-SECRET-KEY-1…` lines. */
  ageIdentityFile?: string
}

const readKey = async (path: string): Promise<string> =>
  (
    await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw fileUnreadable(path, error)
    })
  ).trim()

export async function encryptSecrets(secrets: readonly KubeObject[], keys: SecretKeys): Promise<Uint8Array> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  if (keys.ageRecipient !== undefined) {
    try {
      encrypter.addRecipient(keys.ageRecipient)
    } catch {
      throw new CodedError('USAGE', { reason: '--age-recipient takes a public key such as age1…' })
    }
  } else {
    const passphrase = await readKey(keys.passphraseFile!)
    if (passphrase === '') throw new CodedError('USAGE', { reason: 'the passphrase is empty' })
    encrypter.setPassphrase(passphrase)
  }
  return encrypter.encrypt(writeManifests(secrets))
}

export async function decryptSecrets(path: string, keys: SecretKeys): Promise<KubeObject[]> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  if (keys.ageIdentityFile !== undefined) {
    const identities = (await readKey(keys.ageIdentityFile)).split('\n').filter((line) => line.startsWith('AGE-SECRET-KEY-'))
    for (const identity of identities) decrypter.addIdentity(identity)
  } else if (keys.passphraseFile !== undefined) decrypter.addPassphrase(await readKey(keys.passphraseFile))
  else throw new CodedError('SECRETS_LOCKED', { path })
  try {
    const read = readManifests(await decrypter.decrypt(await readFile(path), 'text'))
    if (read.ok) return read.value.map(({ object }) => object)
  } catch {
    // Which key was wrong is nobody's business.
  }
  throw new CodedError('SECRETS_LOCKED', { path })
}
