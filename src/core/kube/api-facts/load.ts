/** Reads the generated text. Types are read one by one, when they are asked for. */
import type { KindRef } from '../objects.ts'
import { KINDS, NEWEST, TYPES } from './data.generated.ts'
import type { ApiFacts, FieldFacts, KindFacts, TypeFacts, ValueType } from './facts.ts'

export function readFacts(): ApiFacts {
  const kinds = KINDS.map(readKind)
  const byRef = new Map(kinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind]))
  const lines = new Map(
    TYPES.trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('\t')), line]),
  )
  const types = new Map<string, TypeFacts>()
  return {
    newest: NEWEST,
    kinds,
    kind: (ref: KindRef) => byRef.get(`${ref.apiVersion} ${ref.kind}`),
    served: (minor) => kinds.filter(({ since, until = Number.POSITIVE_INFINITY }) => since <= minor && minor <= until),
    type: (name) => {
      const known = types.get(name)
      if (known !== undefined) return known
      const line = lines.get(name)
      if (line === undefined) return undefined
      const facts = readType(line)
      types.set(name, facts)
      return facts
    },
  }
}

function readKind(row: (typeof KINDS)[number]): KindFacts {
  const [group, version, kind, plural, namespaced, verbs, shortNames, categories, subresources, schema, since, until, deprecated, replacedBy] = row
  return {
    group,
    version,
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    plural,
    singular: kind.toLowerCase(),
    namespaced: namespaced === 1,
    verbs: words(verbs),
    shortNames: words(shortNames),
    categories: words(categories),
    subresources: Object.fromEntries(
      words(subresources, ';').map((text) => {
        const [, name = '', subVerbs = '', body = ''] = /^(\w+):([\w,]*)(?:@(.*))?$/.exec(text) ?? []
        return [name, { verbs: words(subVerbs), ...(body === '' ? {} : { kind: readRef(body) }) }]
      }),
    ),
    schema,
    since,
    ...(until === 0 ? {} : { until }),
    ...(deprecated === 0 ? {} : { deprecated }),
    ...(replacedBy === '' ? {} : { replacedBy: readRef(replacedBy) }),
  }
}

const words = (text: string, separator = ','): string[] => (text === '' ? [] : text.split(separator))

/** `networking.k8s.io/v1.Ingress` */
function readRef(text: string): KindRef {
  const dot = text.lastIndexOf('.')
  return { apiVersion: text.slice(0, dot), kind: text.slice(dot + 1) }
}

function readType(line: string): TypeFacts {
  const [name = '', ...fields] = line.split('\t')
  return { name, fields: new Map(fields.map(readField).map((field) => [field.name, field])) }
}

/** `ports:[]V1ServicePort ~port map=port,protocol` */
function readField(text: string): FieldFacts {
  const [head = '', ...marks] = text.split(' ')
  const colon = head.indexOf(':')
  const required = head.charAt(colon - 1) === '!'
  const field: FieldFacts = { name: head.slice(0, required ? colon - 1 : colon), value: readValue(head.slice(colon + 1)), required }
  for (const mark of marks) {
    if (mark === 'set') field.list = { kind: 'set' }
    else if (mark.startsWith('map=')) field.list = { kind: 'map', keys: words(mark.slice(4)) }
    else if (mark === 'atomic') field.atomic = true
    else if (mark.startsWith('~')) field.patch = { merge: true, ...(mark === '~' ? {} : { key: mark.slice(1) }), retainKeys: field.patch?.retainKeys ?? false }
    else if (mark === '^') field.patch = { merge: false, ...field.patch, retainKeys: true }
    else if (mark.startsWith('in=')) field.values = mark.slice(3).split('|')
    else if (mark.startsWith('=')) field.default = JSON.parse(mark.slice(1))
  }
  // As the API server reads its own document: a list that merges is keyed by its merge key. sigs.k8s.io/structured-merge-diff
  if (field.patch?.merge && field.value.is === 'list') field.list ??= field.patch.key === undefined ? { kind: 'set' } : { kind: 'map', keys: [field.patch.key] }
  return field
}

function readValue(text: string): ValueType {
  if (text.startsWith('[]')) return { is: 'list', of: readValue(text.slice(2)) }
  if (text.startsWith('{}')) return { is: 'map', of: readValue(text.slice(2)) }
  switch (text) {
    case 'string':
      return { is: 'string' }
    case 'byte':
    case 'quantity':
      return { is: 'string', format: text }
    case 'time':
      return { is: 'string', format: 'date-time' }
    case 'boolean':
    case 'any':
    case 'int-or-string':
    case 'number':
      return { is: text }
    case 'int32':
    case 'int64':
      return { is: 'integer', format: text }
    default:
      return { is: 'object', type: text }
  }
}
