/** The authority of this server's own certificates, kept in `<data>/ca`: what clusters connect to (agents, webhooks) is trusted by its bundle. RFC 5280 */
import 'reflect-metadata'
import { mkdir } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import type { Clock } from '#core/kernel/clock.ts'
import { readIfThere, writeFileAtomic } from '#kits/server-kit/files.ts'

export interface OwnCa {
  /** PEM of every authority whose certificates are still in use: the present one first. For `caBundle` and agents. */
  bundle(): string
  /** A certificate for these names and addresses, with the present authority. */
  issue(names: readonly string[]): Promise<{ cert: string; key: string; renewAt: number }>
  /** Makes a new authority when the present one has used up most of its life; the old one stays in the bundle until it ends. Says whether it did. */
  rotate(force?: boolean): Promise<boolean>
}

const DAY = 86_400_000
const CA_LIFE = 5 * 365 * DAY
const LEAF_LIFE = 90 * DAY
/** Of a life, after which a successor is made. */
const RENEW_AT = 2 / 3
/** Others' clocks may be behind ours. */
const BACKDATE = 60 * 60_000
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Opens or makes the authority. */
export async function openOwnCa(data: string, clock: Clock): Promise<OwnCa> {
  const folder = join(data, 'ca')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const keyPath = join(folder, 'ca.key')
  const bundlePath = join(folder, 'ca-bundle.pem')

  const make = async (before: readonly x509.X509Certificate[]) => {
    const keys = (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair
    const now = clock.now()
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=Sallyport',
      keys,
      notBefore: new Date(now - BACKDATE),
      notAfter: new Date(now + CA_LIFE),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    const certs = [cert, ...before.filter(({ notAfter }) => notAfter.getTime() > now)]
    // First the bundle: a key whose certificate nobody knows would be of no use.
    await writeFileAtomic(bundlePath, pemOf(certs))
    await writeFileAtomic(keyPath, await pemKey(keys.privateKey))
    return { key: keys.privateKey, certs }
  }
  const load = async () => {
    const [keyPem, bundlePem] = [await readIfThere(keyPath), await readIfThere(bundlePath)]
    if (keyPem === undefined || bundlePem === undefined) return make([])
    const certs = bundlePem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.map((pem) => new x509.X509Certificate(pem)) ?? []
    const der = x509.PemConverter.decodeFirst(keyPem)
    const key = await crypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign'])
    // A power cut between the two files leaves a key of the certificate before.
    const fits = certs[0] !== undefined && (await belongs(key, certs[0]))
    return fits ? { key, certs } : make(certs)
  }
  let state = await load()

  return {
    bundle: () => pemOf(state.certs.filter(({ notAfter }) => notAfter.getTime() > clock.now())),

    async issue(names) {
      const [ca] = state.certs
      const keys = (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair
      const now = clock.now()
      const notAfter = Math.min(now + LEAF_LIFE, ca!.notAfter.getTime())
      const cert = await x509.X509CertificateGenerator.create({
        subject: 'CN=sallyport-server',
        issuer: ca!.subject,
        publicKey: keys.publicKey,
        signingKey: state.key,
        notBefore: new Date(now - BACKDATE),
        notAfter: new Date(notAfter),
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }))),
          await x509.AuthorityKeyIdentifierExtension.create(ca!),
        ],
      })
      return { cert: cert.toString('pem'), key: await pemKey(keys.privateKey), renewAt: now + (notAfter - now) * RENEW_AT }
    },

    async rotate(force = false) {
      const { notBefore, notAfter } = state.certs[0]!
      const due = notBefore.getTime() + (notAfter.getTime() - notBefore.getTime()) * RENEW_AT
      if (!force && clock.now() < due) return false
      state = await make(state.certs)
      return true
    },
  }
}

const pemOf = (certs: readonly x509.X509Certificate[]) => `${certs.map((cert) => cert.toString('pem')).join('\n')}\n`
const pemKey = async (key: CryptoKey) => `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`

async function belongs(key: CryptoKey, cert: x509.X509Certificate): Promise<boolean> {
  const probe = Buffer.from('probe')
  const signature = await crypto.subtle.sign(ALGORITHM, key, probe)
  return crypto.subtle.verify(ALGORITHM, await cert.publicKey.export(ALGORITHM, ['verify']), signature, probe)
}
