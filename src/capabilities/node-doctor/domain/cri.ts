/** What we ask of a container runtime: https://github.com/kubernetes/cri-api, runtime.v1 (fields are the same in v1alpha2). */

export interface Sandbox {
  id: string
  name: string
  namespace: string
  uid: string
  ready: boolean
}

interface Field {
  number: number
  /** Of wire type 2. */
  bytes?: Uint8Array
  /** Of wire type 0. */
  value?: number
}

/** Fields of a protobuf message; a torn one ends where it is torn. https://protobuf.dev/programming-guides/encoding/ */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 1; at < message.length; shift *= 128) {
      const byte = message[at++]!
      value += (byte & 127) * shift
      if (byte < 128) break
    }
    return value
  }
  while (at < message.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    const type = tag % 8
    if (type === 0) yield { number, value: varint() }
    else if (type === 2) {
      const length = varint()
      yield { number, bytes: message.subarray(at, at + length) }
      at += length
    } else if (type === 1) at += 8
    else if (type === 5) at += 4
    else return
  }
}

const textOf = (bytes: Uint8Array | undefined) => (bytes ? new TextDecoder().decode(bytes) : '')

/** Pods of a ListPodSandboxResponse. */
export function readSandboxes(message: Uint8Array): Sandbox[] {
  const all: Sandbox[] = []
  for (const { number, bytes } of fieldsOf(message)) {
    if (number !== 1 || !bytes) continue
    const sandbox: Sandbox = { id: '', name: '', namespace: '', uid: '', ready: true }
    for (const field of fieldsOf(bytes)) {
      if (field.number === 1) sandbox.id = textOf(field.bytes)
      else if (field.number === 3) sandbox.ready = field.value === 0
      else if (field.number === 2 && field.bytes)
        for (const part of fieldsOf(field.bytes)) {
          if (part.number === 1) sandbox.name = textOf(part.bytes)
          else if (part.number === 2) sandbox.uid = textOf(part.bytes)
          else if (part.number === 3) sandbox.namespace = textOf(part.bytes)
        }
    }
    all.push(sandbox)
  }
  return all
}

/** Conditions of a StatusResponse that are false: `RuntimeReady`, `NetworkReady`. */
export function readNotReady(message: Uint8Array): { type: string; reason: string; message: string }[] {
  const bad: { type: string; reason: string; message: string }[] = []
  for (const status of fieldsOf(message)) {
    if (status.number !== 1 || !status.bytes) continue
    for (const condition of fieldsOf(status.bytes)) {
      if (condition.number !== 1 || !condition.bytes) continue
      const fields = [...fieldsOf(condition.bytes)]
      const text = (number: number) => textOf(fields.find((field) => field.number === number)?.bytes)
      // false is not written at all
      if (!fields.some(({ number, value }) => number === 2 && value === 1)) bad.push({ type: text(1), reason: text(3), message: text(4) })
    }
  }
  return bad
}
