/** What every object's metadata must be. */
import { isJsonObject, type JsonObject } from '#core/kube/json.ts'
import type { ObjectMeta } from '#core/kube/objects.ts'
import type { FieldProblem } from '#core/kube/structural.ts'
import type { Kind } from './kinds.ts'

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const MAX_ANNOTATIONS = 256 * 1024

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

/** A qualified name as labels, annotations and finalizers have it: `[prefix/]name`. */
export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/')
  if (slash < 0) return NAME.test(key)
  const prefix = key.slice(0, slash)
  return prefix.length <= 253 && SUBDOMAIN.test(prefix) && NAME.test(key.slice(slash + 1))
}

const isStrings = (value: unknown) =>
  value === undefined || value === null || (isJsonObject(value) && Object.values(value).every((one) => typeof one === 'string'))

/** Fields that have the wrong type. */
export function metadataProblems(metadata: JsonObject): string[] {
  const problems: string[] = []
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'])
    if (metadata[field] !== undefined && metadata[field] !== null && typeof metadata[field] !== 'string') problems.push(`metadata.${field} is no string`)
  for (const field of ['labels', 'annotations']) {
    if (!isStrings(metadata[field])) problems.push(`metadata.${field}: all values are strings`)
    if (metadata[field] === null) delete metadata[field]
  }
  for (const field of ['finalizers', 'ownerReferences', 'managedFields'])
    if (metadata[field] === null) delete metadata[field]
    else if (metadata[field] !== undefined && !Array.isArray(metadata[field])) problems.push(`metadata.${field} is no list`)
  return problems
}

/** Kinds whose names become part of DNS names or paths. */
const LABEL_KINDS = new Set(['Namespace', 'Service'])
const ANY_NAME_GROUPS = new Set(['rbac.authorization.k8s.io'])

export function nameProblems(kind: Kind, metadata: ObjectMeta): FieldProblem[] {
  const problems: FieldProblem[] = []
  const say = (type: FieldProblem['type'], field: string, value: unknown, message: string) =>
    problems.push({ type, field: `metadata.${field}`, value, message })
  const { name } = metadata
  if (ANY_NAME_GROUPS.has(kind.group)) {
    if (name === '.' || name === '..' || /[/%]/.test(name)) say('Invalid', 'name', name, "may not contain '/' or '%'")
  } else if (LABEL_KINDS.has(kind.kind)) {
    if (name.length > 63) say('Invalid', 'name', name, 'must be no more than 63 characters')
    else if (!LABEL.test(name)) say('Invalid', 'name', name, LABEL_RULE)
  } else if (name.length > 253) say('Invalid', 'name', name, 'must be no more than 253 characters')
  else if (!SUBDOMAIN.test(name)) say('Invalid', 'name', name, SUBDOMAIN_RULE)
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (!isQualifiedName(key))
      say('Invalid', 'labels', key, "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character")
    if (value.length > 63) say('Invalid', 'labels', value, 'must be no more than 63 characters')
    else if (value !== '' && !NAME.test(value))
      say(
        'Invalid',
        'labels',
        value,
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      )
  }
  let size = 0
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    size += key.length + value.length
    if (!isQualifiedName(key.toLowerCase())) say('Invalid', 'annotations', key, 'name part must consist of alphanumeric characters')
  }
  if (size > MAX_ANNOTATIONS) say('TooLong', 'annotations', undefined, `must have at most ${MAX_ANNOTATIONS} bytes`)
  for (const finalizer of metadata.finalizers ?? []) if (!isQualifiedName(finalizer)) say('Invalid', 'finalizers', finalizer, 'name part must be non-empty')
  for (const [i, owner] of (metadata.ownerReferences ?? []).entries())
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const)
      if ((owner[field] ?? '') === '') say('Invalid', `ownerReferences[${i}].${field}`, '', 'must not be empty')
  if ((metadata.ownerReferences ?? []).filter((owner) => owner.controller === true).length > 1)
    say('Invalid', 'ownerReferences', undefined, 'Only one reference can have Controller set to true')
  return problems
}
