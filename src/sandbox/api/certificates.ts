/** The sandbox's own certificate authority and server certificate, made at the first start and kept in its folder. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '#kits/server-kit/files.ts'

export interface ServerCertificate {
  /** PEM. */
  ca: string
  cert: string
  key: string
}

const YEARS = 10
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** What is in `folder`, or newly made. Valid for 127.0.0.1 and localhost. */
export async function serverCertificate(folder: string, now: number): Promise<ServerCertificate> {
  const files = { ca: join(folder, 'ca.crt'), cert: join(folder, 'server.crt'), key: join(folder, 'server.key') }
  try {
    const [ca, cert, key] = await Promise.all([readFile(files.ca, 'utf8'), readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')])
    return { ca, cert, key }
  } catch {}
  const made = await makeCertificate(now)
  await Promise.all([writeFileAtomic(files.ca, made.ca), writeFileAtomic(files.cert, made.cert), writeFileAtomic(files.key, made.key)])
  return made
}

/** How this API server shows who it is to servers behind it. */
export interface FrontProxy {
  /** PEM. */
  ca: string
  cert: string
  key: string
}

/** What is in `folder`, or newly made. */
export async function frontProxyCertificate(folder: string, now: number): Promise<FrontProxy> {
  const file = join(folder, 'front-proxy.json')
  try {
    return JSON.parse(await readFile(file, 'utf8')) as FrontProxy
  } catch {}
  const made = await makeCertificate(now, 'front-proxy-client')
  await writeFileAtomic(file, JSON.stringify(made))
  return made
}

/** With `client`, a certificate for a client of that name; else for the server. */
async function makeCertificate(now: number, client?: string): Promise<ServerCertificate> {
  // Some 15 MB of code that only the first start needs.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(crypto)
  const span = { notBefore: new Date(now - 3_600_000), notAfter: new Date(now + YEARS * 365 * 86_400_000) }
  const pair = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
  const [authority, server] = [await pair(), await pair()]
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: client === undefined ? 'CN=Sallyport sandbox' : 'CN=Sallyport sandbox front proxy',
    ...span,
    signingAlgorithm: ALGORITHM,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: `CN=${client ?? 'sallyport-sandbox'}`,
    issuer: ca.subject,
    ...span,
    signingAlgorithm: ALGORITHM,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([client === undefined ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64')
  return {
    ca: `${ca.toString('pem')}\n`,
    cert: `${cert.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`,
  }
}
