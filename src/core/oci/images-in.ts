/** Where Kubernetes objects name images: containers of every kind in pods and in everything that holds a pod template, image volumes, lists, and fields of custom resources. */
import type { YamlPath } from '../yaml/read.ts'

export interface ImageUse {
  path: YamlPath
  /** As written. Where it is spread over fields (values of a chart, kustomizations) put together. */
  image: string
  kind: 'container' | 'init' | 'ephemeral' | 'volume' | 'custom' | 'values' | 'kustomization'
  /** The container's or volume's name. */
  name?: string
  /** The fields that hold the parts, when it is spread. */
  parts?: Readonly<Partial<Record<'registry' | 'repository' | 'tag' | 'digest', YamlPath>>>
}

/** A field of a kind that holds an image: `Prometheus:spec.image`, `acme.io/Agent:spec.sidecars[*].image`, `*:spec.image`. */
export interface ImageField {
  /** Undefined: any group. */
  group?: string
  kind: string
  steps: readonly (string | number | '*')[]
}

const FIELD = /^(?:([a-z0-9.-]+)\/)?([A-Za-z][A-Za-z0-9]*|\*):((?:\.?[A-Za-z_][\w-]*|\[(?:\d+|\*)\]|\.\*)+)$/

/** Undefined when the text is none. */
export function parseImageField(text: string): ImageField | undefined {
  const found = FIELD.exec(text)
  if (!found) return undefined
  const steps = [...found[3]!.matchAll(/\[(\d+)\]|\[\*\]|([A-Za-z_][\w-]*)|\*/g)].map(([, index, word]) =>
    index === undefined ? (word ?? '*') : Number(index),
  )
  return { ...(found[1] === undefined ? {} : { group: found[1] }), kind: found[2]!, steps }
}

type Plain = Record<string, unknown>
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

const CONTAINERS = { containers: 'container', initContainers: 'init', ephemeralContainers: 'ephemeral' } as const
/** Deeper objects are no manifests. */
const DEEPEST = 64

/** Every place of one document that names an image, in order. What is no Kubernetes object is read as values of a chart or a kustomization. */
export function imagesIn(document: unknown, fields: readonly ImageField[] = []): ImageUse[] {
  const uses: ImageUse[] = []
  if (
    isPlain(document) &&
    (document.kind === 'Kustomization' || (document.kind === undefined && document.resources !== undefined && Array.isArray(document.images)))
  )
    kustomization(document, uses)
  else if (isPlain(document) && typeof document.apiVersion === 'string' && typeof document.kind === 'string') object(document, [], fields, uses)
  else if (isPlain(document)) values(document, [], uses)
  return uses
}

function object(value: Plain, path: YamlPath, fields: readonly ImageField[], uses: ImageUse[]): void {
  if (Array.isArray(value.items) && String(value.kind).endsWith('List')) {
    value.items.forEach((item, i) => {
      if (isPlain(item)) object(item, [...path, 'items', i], fields, uses)
    })
    return
  }
  const before = new Set(uses)
  for (const [key, child] of Object.entries(value)) {
    // What was observed is no wish; annotations hold copies of older objects.
    if (key !== 'status' && key !== 'metadata') pods(child, [...path, key], uses)
  }
  const group = String(value.apiVersion).includes('/') ? String(value.apiVersion).split('/')[0] : ''
  for (const field of fields) {
    if ((field.kind !== '*' && field.kind !== value.kind) || (field.group !== undefined && field.group !== group)) continue
    for (const found of follow(value, path, field.steps)) {
      const known = uses.some((use) => !before.has(use) && use.path.join('\0') === found.path.join('\0'))
      if (typeof found.value === 'string' && found.value !== '' && !known) uses.push({ path: found.path, image: found.value, kind: 'custom' })
    }
  }
}

/** Anything with `containers` is a pod spec, wherever it stands: templates of workloads, of CronJobs and of custom resources. */
function pods(value: unknown, path: YamlPath, uses: ImageUse[]): void {
  if (path.length > DEEPEST) return
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      pods(item, [...path, i], uses)
    })
    return
  }
  if (!isPlain(value)) return
  for (const [key, child] of Object.entries(value)) {
    const kind = CONTAINERS[key as keyof typeof CONTAINERS]
    if (kind && Array.isArray(child)) {
      child.forEach((container, i) => {
        if (isPlain(container) && typeof container.image === 'string' && container.image !== '')
          uses.push({ path: [...path, key, i, 'image'], image: container.image, kind, ...(typeof container.name === 'string' ? { name: container.name } : {}) })
      })
    } else if (key === 'volumes' && Array.isArray(child)) {
      child.forEach((volume, i) => {
        const image = isPlain(volume) ? volume.image : undefined
        if (isPlain(volume) && isPlain(image) && typeof image.reference === 'string' && image.reference !== '')
          uses.push({
            path: [...path, key, i, 'image', 'reference'],
            image: image.reference,
            kind: 'volume',
            ...(typeof volume.name === 'string' ? { name: volume.name } : {}),
          })
      })
    } else pods(child, [...path, key], uses)
  }
}

function follow(value: unknown, path: YamlPath, steps: ImageField['steps']): { path: YamlPath; value: unknown }[] {
  const [step, ...rest] = steps
  if (step === undefined) return [{ path, value }]
  if (step === '*') {
    if (Array.isArray(value)) return value.flatMap((item, i) => follow(item, [...path, i], rest))
    return isPlain(value) ? Object.entries(value).flatMap(([key, item]) => follow(item, [...path, key], rest)) : []
  }
  const child = Array.isArray(value) ? value[step as number] : isPlain(value) ? value[step] : undefined
  return child === undefined ? [] : follow(child, [...path, step], rest)
}

function kustomization(document: Plain, uses: ImageUse[]): void {
  if (!Array.isArray(document.images)) return
  document.images.forEach((entry, i) => {
    if (!isPlain(entry) || typeof entry.name !== 'string') return
    const field = typeof entry.newName === 'string' ? 'newName' : 'name'
    const tag = scalarText(entry.newTag)
    const digest = scalarText(entry.digest)
    uses.push({
      path: ['images', i, field],
      image: joined(undefined, String(entry[field]), tag, digest),
      kind: 'kustomization',
      name: entry.name,
      parts: {
        repository: ['images', i, 'newName'],
        ...(tag === undefined ? {} : { tag: ['images', i, 'newTag'] }),
        ...(digest === undefined ? {} : { digest: ['images', i, 'digest'] }),
      },
    })
  })
}

const scalarText = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined)

function joined(registry: string | undefined, repository: string, tag: string | undefined, digest: string | undefined): string {
  return `${registry ? `${registry}/` : ''}${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** Values of charts: `image: a/b:1`, or a map with `repository` and perhaps `registry`, `tag`, `digest`, under a key that speaks of an image. */
function values(value: unknown, path: YamlPath, uses: ImageUse[]): void {
  if (path.length > DEEPEST) return
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      values(item, [...path, i], uses)
    })
    return
  }
  if (!isPlain(value)) return
  const key = path.at(-1)
  if (typeof key === 'string' && /image$/i.test(key) && typeof value.repository === 'string' && value.repository !== '') {
    const parts = Object.fromEntries(
      (['registry', 'repository', 'tag', 'digest'] as const).flatMap((part) => (scalarText(value[part]) === undefined ? [] : [[part, [...path, part]]])),
    ) as NonNullable<ImageUse['parts']>
    uses.push({
      path: [...path, 'repository'],
      image: joined(scalarText(value.registry), value.repository, scalarText(value.tag), scalarText(value.digest)),
      kind: 'values',
      parts,
    })
    return
  }
  for (const [name, child] of Object.entries(value)) {
    if (typeof child === 'string' && /^image$|Image$/.test(name) && child !== '') uses.push({ path: [...path, name], image: child, kind: 'values' })
    else values(child, [...path, name], uses)
  }
}
