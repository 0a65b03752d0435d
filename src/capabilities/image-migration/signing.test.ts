import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeReal, program } from '#test/real.ts'
import { ownKey, parseSignature, readKeyFile, signReport, verifyReport } from './signing.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const report = Buffer.from('{"kind":"copy"}')

it('holds for the bytes that were signed, and for no others', () => {
  const file = signReport(report, privateKey, 1)
  expect(verifyReport(report, file, publicKey)).toMatchObject({ intact: true, trusted: true, signedAt: 1 })
  expect(verifyReport(Buffer.from('{"kind":"copY"}'), file, publicKey).intact).toBe(false)
  for (const field of ['keyId', 'digest', 'signature'] as const)
    expect(verifyReport(report, { ...file, [field]: `${file[field].startsWith('x') ? 'y' : 'x'}${file[field].slice(1)}` }, publicKey).intact).toBe(false)
})

it('does not trust a key because it came along', () => {
  const other = generateKeyPairSync('ed25519')
  const file = signReport(report, other.privateKey, 1)
  expect(verifyReport(report, file, publicKey)).toMatchObject({ intact: true, trusted: false })
  expect(verifyReport(report, file, undefined)).toMatchObject({ intact: true, trusted: undefined })
  // A forged key id does not borrow trust.
  expect(verifyReport(report, { ...file, keyId: signReport(report, privateKey, 1).keyId }, publicKey)).toMatchObject({ intact: false, trusted: false })
})

it('refuses what is no signature file and no Ed25519 key', () => {
  expect(() => parseSignature('{"algorithm":"rsa"}', 'r.sig')).toThrow(/problem/)
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
  expect(() => verifyReport(report, { ...signReport(report, privateKey, 1), publicKey: String(rsa) }, undefined)).toThrow(/problem/)
})

describeReal('openssl', ['openssl'], () => {
  it('makes a key once, readable by its owner only, and openssl agrees with the signature', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'signing-'))
    try {
      const path = join(folder, 'keys/report.pem')
      const key = await ownKey(path)
      expect((await ownKey(path)).equals(key)).toBe(true)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect((await readKeyFile(`${path}.pub`, 'public')).equals(createPublicKey(key))).toBe(true)
      const { signature } = signReport(report, key, 1)
      await writeFile(join(folder, 'r.json'), report)
      await writeFile(join(folder, 'r.bin'), Buffer.from(signature, 'base64'))
      const words = ['pkeyutl', '-verify', '-pubin', '-inkey', `${path}.pub`, '-rawin', '-in', join(folder, 'r.json'), '-sigfile', join(folder, 'r.bin')]
      expect(String(execFileSync(program('openssl')!, words))).toContain('Verified Successfully')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
