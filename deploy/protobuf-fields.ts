/**
 * Writes src/sandbox/api/http/protobuf-fields.generated.ts: which number means which field in the protobuf form of Kubernetes objects.
 *
 *   node deploy/protobuf-fields.ts BINARY
 *
 * BINARY is a released kubectl or kube-apiserver: the descriptors of the published k8s.io/api/…/generated.proto (Apache-2.0) stand in it, gzipped.
 * Required fields, and which messages have no JSON field of their own (embedded structs), come from the API facts. Facts only.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { loadApiFacts, type TypeFacts, type ValueType } from '#core/kube/api-facts/facts.ts'

interface Field {
  name: string
  number: number
  repeated: boolean
  type: number
  typeName: string
}
interface Message {
  fields: Field[]
  map: boolean
}

/** Pairs of field number and value of a message on the wire. */
function* wire(bytes: Buffer): Generator<[number, number | Buffer]> {
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const kind = tag & 7
    if (kind === 0) yield [tag >>> 3, varint()]
    else if (kind === 2) {
      const length = varint()
      yield [tag >>> 3, bytes.subarray(at, at + length)]
      at += length
    } else throw new Error(`wire type ${kind}`)
  }
}

// https://protobuf.dev/reference/protobuf/google.protobuf/ (descriptor.proto)
function readMessage(bytes: Buffer, prefix: string, into: Map<string, Message>): void {
  const message: Message = { fields: [], map: false }
  let name = ''
  const nested: Buffer[] = []
  for (const [number, value] of wire(bytes)) {
    if (number === 1) name = `${prefix}.${value}`
    else if (number === 3) nested.push(value as Buffer)
    else if (number === 7) message.map = [...wire(value as Buffer)].some(([option, on]) => option === 7 && on === 1)
    else if (number === 2) {
      const field: Field = { name: '', number: 0, repeated: false, type: 0, typeName: '' }
      for (const [part, content] of wire(value as Buffer)) {
        if (part === 1) field.name = String(content)
        else if (part === 3) field.number = Number(content)
        else if (part === 4) field.repeated = content === 3
        else if (part === 5) field.type = Number(content)
        else if (part === 6) field.typeName = String(content).slice(1)
      }
      message.fields.push(field)
    }
  }
  into.set(name, message)
  for (const one of nested) readMessage(one, name, into)
}

const binary = readFileSync(process.argv[2] ?? '')
const messages = new Map<string, Message>()
for (let at = binary.indexOf('\x1f\x8b\x08', 0, 'latin1'); at >= 0; at = binary.indexOf('\x1f\x8b\x08', at + 1, 'latin1')) {
  let file: Buffer
  try {
    file = gunzipSync(binary.subarray(at, at + 400_000), { finishFlush: 2, maxOutputLength: 4_000_000 })
  } catch {
    continue
  }
  if (!file.subarray(2, 10).toString().startsWith('k8s.io/')) continue
  let prefix = ''
  for (const [number, value] of wire(file)) {
    if (number === 2) prefix = String(value)
    else if (number === 4) readMessage(value as Buffer, prefix, messages)
  }
}

const facts = await loadApiFacts()
const GROUPS = [
  ...['', 'apps', 'batch', 'autoscaling', 'policy', 'networking.k8s.io', 'discovery.k8s.io', 'coordination.k8s.io', 'rbac.authorization.k8s.io'],
  ...['storage.k8s.io', 'scheduling.k8s.io', 'certificates.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io'],
]
/** Pointers in Go: zero is a value of its own there, and not the same as nothing. https://github.com/kubernetes/api has the types. */
const POINTERS = new Set(
  `replicas revisionHistoryLimit progressDeadlineSeconds gracePeriodSeconds deletionGracePeriodSeconds terminationGracePeriodSeconds activeDeadlineSeconds
  backoffLimit backoffLimitPerIndex maxFailedIndexes completions parallelism ttlSecondsAfterFinished startingDeadlineSeconds successfulJobsHistoryLimit
  failedJobsHistoryLimit runAsUser runAsGroup fsGroup priority tolerationSeconds expirationSeconds defaultMode mode leaseTransitions minReplicas
  stabilizationWindowSeconds partition automountServiceAccountToken immutable allowPrivilegeEscalation privileged runAsNonRoot readOnlyRootFilesystem
  enableServiceLinks shareProcessNamespace hostUsers optional controller blockOwnerDeletion suspend orphanDependents allocateLoadBalancerNodePorts
  allowVolumeExpansion setHostnameAsFQDN started ready serving terminating storageClassName ingressClassName`.split(/\s+/),
)
const short = (name: string) => name.replace(/^k8s\.io\.(api|apimachinery\.pkg\.(apis|util|api)|apimachinery\.pkg)\./, '')
const SCALARS: Record<number, string> = { 1: 'f', 3: 'i', 5: 'i', 8: 'b', 9: 's', 12: 'x' }
const LEAVES = new Set(['resource.Quantity', 'intstr.IntOrString', 'meta.v1.Time', 'meta.v1.MicroTime', 'runtime.RawExtension', 'meta.v1.FieldsV1'])
const lines = new Map<string, string>()

const inner = (value: ValueType | undefined): ValueType | undefined => (value?.is === 'list' || value?.is === 'map' ? inner(value.of) : value)

function add(name: string, type: TypeFacts | undefined): void {
  const id = short(name)
  const message = messages.get(name)
  if (lines.has(id) || LEAVES.has(id) || message === undefined) return
  lines.set(id, '')
  const fields = message.fields.map((field) => {
    const known = type?.fields.get(field.name)
    const list = field.repeated ? '[]' : ''
    const target = messages.get(field.typeName)
    const mark = known?.required || (POINTERS.has(field.name) && !id.endsWith('Status')) ? '!' : ''
    const value = (one: Field): string => {
      if (one.type !== 11) return SCALARS[one.type] ?? 's'
      const embedded = one === field && type !== undefined && known === undefined
      const below = inner(known?.value)
      // A list with a name of its own (ExtraValue).
      if (
        messages
          .get(one.typeName)
          ?.fields.map((part) => part.name)
          .join() === 'items' &&
        !one.typeName.endsWith('List')
      )
        return '*s'
      add(one.typeName, embedded ? type : below?.is === 'object' ? facts.type(below.type) : undefined)
      return `${embedded && !field.repeated ? '<' : ''}${short(one.typeName)}`
    }
    return `${field.number}:${field.name}${mark}:${target?.map ? `{}${value(target.fields.find((one) => one.number === 2)!)}` : list + value(field)}`
  })
  lines.set(id, [id, ...fields].join('\t'))
}

for (const kind of facts.kinds)
  if (GROUPS.includes(kind.group) && (kind.version === 'v1' || kind.version === 'v2'))
    add(`k8s.io.api.${kind.group === '' ? 'core' : kind.group.split('.')[0]}.${kind.version}.${kind.kind}`, facts.type(kind.schema))
for (const [name, schema] of Object.entries({
  'k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions': 'V1DeleteOptions',
  'k8s.io.api.autoscaling.v1.Scale': 'V1Scale',
  'k8s.io.api.policy.v1.Eviction': 'V1Eviction',
  'k8s.io.api.authentication.v1.TokenRequest': 'AuthenticationV1TokenRequest',
}))
  add(name, facts.type(schema))

writeFileSync(
  new URL('../src/sandbox/api/http/protobuf-fields.generated.ts', import.meta.url),
  `// Made by deploy/protobuf-fields.ts from the published k8s.io/api (Apache-2.0): facts only. Do not edit.\nexport const FIELDS = \`\n${[...lines.values()].sort().join('\n')}\n\`\n`,
)
