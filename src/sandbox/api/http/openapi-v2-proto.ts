/** OpenAPI v2 in the protobuf form that kubectl reads: https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto. Only what the sandbox's documents have. */
import { stringify } from 'yaml'

type Doc = Record<string, unknown>
type Bytes = Buffer

function varint(value: number): Bytes {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}
const bytes = (field: number, value: Bytes): Bytes => Buffer.concat([varint(field * 8 + 2), varint(value.length), value])
const text = (field: number, value: unknown): Bytes => (typeof value === 'string' && value !== '' ? bytes(field, Buffer.from(value)) : Buffer.alloc(0))
const bool = (field: number, value: unknown): Bytes => (value === true ? Buffer.concat([varint(field * 8), varint(1)]) : Buffer.alloc(0))
const message = (...parts: Bytes[]): Bytes => Buffer.concat(parts)
/** `Any` holds YAML. */
const any = (field: number, value: unknown): Bytes => bytes(field, text(2, stringify(value)))
const named = (field: number, name: string, value: Bytes): Bytes => bytes(field, message(text(1, name), bytes(2, value)))
const extensions = (field: number, doc: Doc): Bytes[] =>
  Object.entries(doc).flatMap(([name, value]) => (name.startsWith('x-') ? [bytes(field, message(text(1, name), any(2, value)))] : []))

function schema(doc: Doc): Bytes {
  const list = (field: number, values: unknown): Bytes[] => (Array.isArray(values) ? values.map((value) => text(field, value)) : [])
  const additional = doc.additionalProperties
  return message(
    text(1, doc.$ref),
    text(2, doc.format),
    text(3, doc.title),
    text(4, doc.description),
    ...(doc.default === undefined ? [] : [any(5, doc.default)]),
    ...list(19, doc.required),
    ...(Array.isArray(doc.enum) ? doc.enum.map((value) => any(20, value)) : []),
    ...(additional === undefined ? [] : [bytes(21, typeof additional === 'object' ? bytes(1, schema(additional as Doc)) : bool(2, additional))]),
    ...(typeof doc.type === 'string' ? [bytes(22, text(1, doc.type))] : []),
    ...(doc.items === undefined ? [] : [bytes(23, bytes(1, schema(doc.items as Doc)))]),
    ...(Array.isArray(doc.allOf) ? doc.allOf.map((one) => bytes(24, schema(one as Doc))) : []),
    ...(doc.properties === undefined
      ? []
      : [bytes(25, message(...Object.entries(doc.properties as Doc).map(([name, value]) => named(1, name, schema(value as Doc)))))]),
    ...extensions(31, doc),
  )
}

const parameter = (doc: Doc): Bytes => {
  const query = message(text(2, doc.in), text(4, doc.name), text(6, doc.type))
  return bytes(1, bytes(2, bytes(3, query)))
}
const operation = (doc: Doc): Bytes =>
  message(text(5, doc.operationId), ...(doc.parameters as Doc[]).map((one) => bytes(8, parameter(one))), ...extensions(13, doc))
const METHODS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, patch: 8 }

export function encodeOpenApiV2(doc: Doc): Buffer {
  const info = doc.info as Doc
  const paths = Object.entries(doc.paths as Doc).map(([path, item]) =>
    named(2, path, message(...Object.entries(item as Doc).map(([method, one]) => bytes(METHODS[method]!, operation(one as Doc))))),
  )
  const definitions = Object.entries(doc.definitions as Doc).map(([name, one]) => named(1, name, schema(one as Doc)))
  return message(
    text(1, doc.swagger),
    bytes(2, message(text(1, info.title), text(2, info.version))),
    bytes(8, message(...paths)),
    bytes(9, message(...definitions)),
  )
}
