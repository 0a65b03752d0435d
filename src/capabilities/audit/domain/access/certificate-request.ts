/** Whom a certificate request names. Only as much of DER (ITU-T X.690) as a PKCS #10 request has up to its subject (RFC 2986, section 4.1). */

export interface Named {
  commonName: string
  organizations: readonly string[]
}

const [SEQUENCE, SET] = [0x30, 0x31]
const [COMMON_NAME, ORGANIZATION] = ['550403', '55040a']

/** @param encoded `spec.request` of a CertificateSigningRequest: base64 of PEM. Undefined: it cannot be read. */
export function subjectOfRequest(encoded: string): Named | undefined {
  try {
    const body = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]*?)-----END/.exec(atob(encoded))?.[1]
    return body === undefined ? undefined : subjectOf(Uint8Array.from(atob(body.replace(/\s/g, '')), (letter) => letter.charCodeAt(0)))
  } catch {
    return undefined
  }
}

interface Element {
  tag: number
  content: Uint8Array
}

/** Throws RangeError for what is no DER. */
function elementsOf(bytes: Uint8Array): Element[] {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++]!
    let length = bytes[at++] ?? Number.NaN
    if (length >= 0x80) {
      const size = length & 0x7f
      if (size > 4) throw new RangeError('too long')
      length = bytes.subarray(at, at + size).reduce((sum, byte) => sum * 256 + byte, 0)
      at += size
    }
    if (!(at + length <= bytes.length)) throw new RangeError('cut off')
    found.push({ tag, content: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}

function subjectOf(der: Uint8Array): Named {
  const info = elementsOf(elementsOf(der)[0]!.content)[0]!
  const [, subject] = elementsOf(info.content)
  let commonName = ''
  const organizations: string[] = []
  for (const { tag, content } of elementsOf(subject!.content)) {
    if (tag !== SET) continue
    for (const attribute of elementsOf(content)) {
      if (attribute.tag !== SEQUENCE) continue
      const [type, value] = elementsOf(attribute.content)
      const text = new TextDecoder().decode(value!.content).slice(0, 512)
      const id = [...type!.content].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      if (id === COMMON_NAME) commonName = text
      else if (id === ORGANIZATION) organizations.push(text)
    }
  }
  return { commonName, organizations }
}
