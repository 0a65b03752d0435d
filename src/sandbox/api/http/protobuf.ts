/**
 * Bodies that newer kubectl subcommands (`create deployment`, `auth can-i`, `drain`) send only as protobuf, made into the JSON they mean.
 * The envelope: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding Answers stay JSON, which these clients accept too.
 */
import { badRequest } from '../status.ts'
import { FIELDS } from './protobuf-fields.generated.ts'

interface Field {
  name: string
  /** Zero is a value of its own, not the same as nothing. */
  zero: boolean
  shape: 'one' | 'list' | 'map'
  /** Its fields stand in the message around it. */
  embedded: boolean
  /** `s` text, `i` whole number, `b` yes or no, `f` number, `x` bytes, `*s` a list in a message; else the name of a message. */
  type: string
}
type Message = ReadonlyMap<number, Field>
type Doc = Record<string, unknown>

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const MAGIC = Buffer.from('k8s\0')
const MAX_DEPTH = 100

const read = new Map<string, Message>()
function messageOf(name: string): Message | undefined {
  if (read.size === 0)
    for (const line of FIELDS.trim().split('\n')) {
      const [id, ...fields] = line.split('\t')
      read.set(id!, new Map(fields.map(readField)))
    }
  return read.get(name)
}
/** `3:replicas!:i`, `11:labels:{}s`, `2:volumeSource:<core.v1.VolumeSource` */
function readField(text: string): [number, Field] {
  const [, number, name, zero, shape, embedded, type] = /^(\d+):(\w+)(!?):(\[\]|\{\}|)(<?)(.+)$/.exec(text)!
  return [
    Number(number),
    { name: name!, zero: zero === '!', shape: shape === '[]' ? 'list' : shape === '{}' ? 'map' : 'one', embedded: embedded === '<', type: type! },
  ]
}

const broken = () => badRequest('the body is no protobuf that Kubernetes clients send')

/** Fields on the wire in order: https://protobuf.dev/programming-guides/encoding/ */
function* wire(bytes: Buffer): Generator<[number, bigint | Buffer]> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw broken()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asIntN(64, value)
    }
    throw broken()
  }
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw broken()
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const kind = tag & 7
    if (kind === 0) yield [tag >> 3, varint()]
    else if (kind === 1) yield [tag >> 3, take(8)]
    else if (kind === 2) yield [tag >> 3, take(Number(varint()))]
    else if (kind === 5) yield [tag >> 3, take(4)]
    else throw broken()
  }
}
const partsOf = (bytes: Buffer): Map<number, bigint | Buffer> => new Map(wire(bytes))
const textOf = (value: bigint | Buffer | undefined): string => (Buffer.isBuffer(value) ? value.toString('utf8') : '')

/** Messages that JSON writes in another way. */
const LEAVES: Record<string, (parts: Map<number, bigint | Buffer>) => unknown> = {
  'resource.Quantity': (parts) => textOf(parts.get(1)),
  'intstr.IntOrString': (parts) => (parts.get(1) === 1n ? textOf(parts.get(3)) : Number(parts.get(2) ?? 0n)),
  'meta.v1.Time': (parts) => (parts.size === 0 ? undefined : `${instant(parts, 0)}Z`),
  'meta.v1.MicroTime': (parts) =>
    parts.size === 0
      ? undefined
      : `${instant(parts, 0)}.${String(Number(parts.get(2) ?? 0n) / 1000)
          .padStart(6, '0')
          .slice(0, 6)}Z`,
  'runtime.RawExtension': (parts) => json(textOf(parts.get(1))),
  'meta.v1.FieldsV1': (parts) => json(textOf(parts.get(1))),
}
function instant(parts: Map<number, bigint | Buffer>, otherwise: number): string {
  const at = new Date(Number(parts.get(1) ?? otherwise) * 1000)
  if (Number.isNaN(at.getTime())) throw broken()
  return at.toISOString().slice(0, 19)
}
function json(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw broken()
  }
}

function fieldValue(type: string, value: bigint | Buffer, depth: number): unknown {
  if (typeof value === 'bigint') {
    if (type === 'b') return value !== 0n
    if (type !== 'i') throw broken()
    return Number(value)
  }
  switch (type) {
    case 's':
      return value.toString('utf8')
    case 'x':
      return value.toString('base64')
    case 'f':
      if (value.length !== 8) throw broken()
      return value.readDoubleLE()
    case '*s':
      return [...wire(value)].map(([, item]) => textOf(item))
    case 'i':
    case 'b':
      throw broken()
    default:
      return Object.hasOwn(LEAVES, type) ? LEAVES[type]!(partsOf(value)) : objectOf(type, value, depth + 1)
  }
}

function objectOf(name: string, bytes: Buffer, depth: number): Doc {
  const message = messageOf(name)
  if (message === undefined || depth > MAX_DEPTH) throw broken()
  const made: Doc = {}
  for (const [number, raw] of wire(bytes)) {
    const field = message.get(number)
    // A field that is newer than the table.
    if (field === undefined) continue
    if (field.shape === 'map') {
      const entry = partsOf(raw as Buffer)
      const inside = entry.get(2)
      made[field.name] ??= {}
      Object.defineProperty(made[field.name], textOf(entry.get(1)), {
        value: inside === undefined ? '' : fieldValue(field.type, inside, depth),
        enumerable: true,
        configurable: true,
        writable: true,
      })
      continue
    }
    const value = fieldValue(field.type, raw, depth)
    if (field.shape === 'list') {
      made[field.name] ??= []
      ;(made[field.name] as unknown[]).push(value)
    } else if (field.embedded) Object.assign(made, value)
    // Go sends what is not set as zero.
    else if (value !== undefined && (field.zero || !(value === '' || value === 0 || value === false))) made[field.name] = value
  }
  return made
}

/** Throws 400 for what is no such body or of a kind that is not known in this form. */
export function decodeProtobuf(body: Buffer): Doc {
  if (!body.subarray(0, 4).equals(MAGIC)) throw broken()
  const envelope = partsOf(body.subarray(4))
  const meta = envelope.get(1)
  const raw = envelope.get(2) ?? Buffer.alloc(0)
  if (!Buffer.isBuffer(meta) || !Buffer.isBuffer(raw)) throw broken()
  const type = partsOf(meta)
  const [apiVersion, kind] = [textOf(type.get(1)), textOf(type.get(2))]
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion]
  const name = kind === 'DeleteOptions' ? 'meta.v1.DeleteOptions' : `${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`
  if (messageOf(name) === undefined) throw badRequest(`no kind "${kind.slice(0, 100)}" of "${apiVersion.slice(0, 100)}" is known as protobuf; send JSON`)
  return { apiVersion, kind, ...objectOf(name, raw, 0) }
}
