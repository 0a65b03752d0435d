/** Points manifests to other images, in their texts: what is not an image's name stays as it is, byte for byte. */
import type { Problem } from '../kernel/errors.ts'
import { jsonPath } from '../kernel/problems.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { editYaml, type YamlEdit } from '../yaml/edit.ts'
import { readYaml } from '../yaml/read.ts'
import { type ImageField, type ImageUse, imagesIn } from './images-in.ts'
import { formatReference, parseReference, type Reference } from './reference.ts'

/** The image that an image becomes; undefined: it stays. Must be pure, it is asked more than once. */
export type ImageMap = (image: Reference) => Reference | undefined

export interface ImageChange {
  /** `Deployment shop/cart`; '' for values and the like. */
  object: string
  kind: ImageUse['kind']
  name?: string
  path: string
  /** From 1. */
  line: number
  from: string
  to: string
}

export interface Rewritten {
  text: string
  changes: readonly ImageChange[]
  /** Images that the map leaves alone. */
  untouched: readonly Omit<ImageChange, 'to'>[]
  /** Names that are no image reference (templates, variables), which stay. */
  unreadable: readonly (Omit<ImageChange, 'to'> & { reason: string })[]
}

/** All images of a text; problems are those of its YAML. */
export function findImages(
  text: string,
  fields: readonly ImageField[] = [],
): Result<readonly (Omit<ImageChange, 'to'> & { use: ImageUse; document: number })[], readonly Problem[]> {
  const read = readYaml(text)
  if (!read.ok) return read
  return ok(
    read.value.documents.flatMap(({ data, lineOf }, document) =>
      imagesIn(data, fields).map((use) => ({
        object: describe(data, use),
        kind: use.kind,
        ...(use.name === undefined ? {} : { name: use.name }),
        path: jsonPath(use.path),
        line: lineOf(use.path),
        from: use.image,
        use,
        document,
      })),
    ),
  )
}

function describe(data: unknown, use: ImageUse): string {
  let object = data as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown }; items?: unknown[] }
  if (use.path[0] === 'items' && typeof use.path[1] === 'number' && Array.isArray(object.items)) object = object.items[use.path[1]] as typeof object
  const { kind, metadata } = object
  if (typeof kind !== 'string') return ''
  return `${kind} ${typeof metadata?.namespace === 'string' ? `${metadata.namespace}/` : ''}${typeof metadata?.name === 'string' ? metadata.name : ''}`.trim()
}

/** Problems are those of its YAML, or that the text cannot be edited without saying something else. */
export function rewriteImages(text: string, map: ImageMap, fields: readonly ImageField[] = []): Result<Rewritten, readonly Problem[]> {
  const read = readYaml(text)
  if (!read.ok) return read
  const found = findImages(text, fields)
  if (!found.ok) return found
  const edits: YamlEdit[] = []
  const result = { changes: [] as ImageChange[], untouched: [] as Omit<ImageChange, 'to'>[], unreadable: [] as Rewritten['unreadable'][number][] }
  for (const { use, document, ...about } of found.value) {
    const reference = parseReference(use.image)
    if (!reference.ok) {
      result.unreadable.push({ ...about, reason: reference.error })
      continue
    }
    const target = map(reference.value)
    if (target === undefined || formatReference(target) === formatReference(reference.value)) {
      result.untouched.push(about)
      continue
    }
    edits.push(...editsOf(use, document, target))
    result.changes.push({ ...about, to: formatReference(target) })
  }
  const edited = editYaml(read.value, edits)
  return edited === undefined ? err([{ path: '', message: 'cannot be changed without changing more than images' }]) : ok({ text: edited, ...result })
}

function editsOf(use: ImageUse, document: number, target: Reference): YamlEdit[] {
  const set = (path: YamlEdit['path'], value: string): YamlEdit => ({ document, path, value })
  const { parts } = use
  if (!parts) return [set(use.path, formatReference(target))]
  const whole = `${target.registry}/${target.repository}`
  const names = parts.registry
    ? [set(parts.registry, target.registry), set(parts.repository!, target.repository)]
    : // A kustomization replaces by `name`: that of the manifests below it, which are rewritten too.
      use.kind === 'kustomization'
      ? [...(use.path.at(-1) === 'name' ? [set(use.path, whole)] : [set(parts.repository!, whole)])]
      : [set(parts.repository!, whole)]
  const tag = target.tag === undefined || !parts.tag ? [] : [set(parts.tag, target.tag)]
  const digest = target.digest === undefined ? [] : [set(parts.digest ?? siblings(use.path, 'digest'), target.digest)]
  return [...names, ...tag, ...digest]
}

const siblings = (path: YamlEdit['path'], name: string): YamlEdit['path'] => [...path.slice(0, -1), name]
