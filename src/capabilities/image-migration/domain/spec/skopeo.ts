/** skopeo-sync(1)'s YAML source files, with what its versions up to 1.22 know. */
import { z } from 'zod'
import { DIGEST, isRegistry, parseName, TAG } from '#core/oci/reference.ts'
import { parsePlace } from './places.ts'
import type { CopyRule, RegistrySettings, RulePlace, SpecOptions, TagSelection } from './rule.ts'
import type { SourceText } from './source-text.ts'
import { selectionProblems } from './tags.ts'

const texts = z.union([z.string().max(2000), z.array(z.string().max(2000)).max(1000)])
const reference = z.string().max(300)
const SKOPEO = z.record(
  z.string().max(500),
  z.strictObject({
    images: z.record(z.string().max(500), z.array(reference).max(100_000).nullable()).optional(),
    'images-by-tag-regex': z.record(z.string().max(500), z.string().max(2000)).optional(),
    'images-by-semver': z.record(z.string().max(500), texts).optional(),
    credentials: z.strictObject({ username: z.string().max(1000).optional(), password: z.string().max(100_000).optional() }).optional(),
    'tls-verify': z.boolean().optional(),
    'cert-dir': z.string().max(4096).optional(),
  }),
)

export function readSkopeo(source: SourceText, options: SpecOptions): { rules: CopyRule[]; registries: RegistrySettings[] } {
  const parsed = source.parse(SKOPEO) ?? {}
  if (options.to === undefined) source.problem([], 'a file of skopeo does not say where to copy to: give --to REGISTRY[/NAMESPACE]')
  const rules: CopyRule[] = []
  const registries: RegistrySettings[] = []
  for (const [registry, entry] of Object.entries(parsed)) {
    if (!isRegistry(registry.split('/')[0]!)) source.problem([registry], 'must be a registry')
    const add = (path: readonly (string | number)[], name: string, select: readonly TagSelection[], digests: readonly string[]) => {
      const rule = ruleOf(source, registry, name, path, options)
      if (rule) rules.push({ ...rule, select, digests })
    }
    for (const [name, references] of Object.entries(entry.images ?? {})) {
      const path = [registry, 'images', name]
      const names = (references ?? []).filter((each) => TAG.test(each))
      const digests = (references ?? []).filter((each) => DIGEST.test(each))
      ;(references ?? []).forEach((each, i) => {
        if (!TAG.test(each) && !DIGEST.test(each)) source.problem([...path, i], `is neither a tag nor a digest: "${each}"`)
      })
      add(path, name, names.length > 0 ? [{ names }] : [], digests)
    }
    for (const [field, by] of [
      ['images-by-tag-regex', 'match'],
      ['images-by-semver', 'semver'],
    ] as const)
      for (const [name, given] of Object.entries(entry[field] ?? {})) {
        const path = [registry, field, name]
        const selection: TagSelection = { [by]: Array.isArray(given) ? given : [given] }
        for (const { index, message } of selectionProblems(selection)) source.problem(Array.isArray(given) ? [...path, index] : path, message)
        add(path, name, [selection], [])
      }
    const { credentials } = entry
    if (credentials || entry['tls-verify'] === false || entry['cert-dir'] !== undefined)
      registries.push({
        origin: source.origin([registry]),
        prefix: registry,
        username: credentials?.username,
        password: credentials?.password,
        insecure: entry['tls-verify'] === false || undefined,
        certDir: entry['cert-dir'],
      })
  }
  return { rules, registries }
}

function ruleOf(
  source: SourceText,
  registry: string,
  name: string,
  path: readonly (string | number)[],
  { to, scoped }: SpecOptions,
): Omit<CopyRule, 'select' | 'digests'> | undefined {
  const from = parseName(`${registry}/${name}`)
  if (!from.ok) {
    source.problem(path, from.error)
    return undefined
  }
  if (to === undefined) return undefined
  // Without --scoped only the last part of the path is kept.
  const below = scoped ? `${registry.replace(':', '-')}/${from.value.repository}` : from.value.repository.split('/').at(-1)!
  const target = parsePlace(`${to.replace(/\/+$/, '')}/${below}`)
  if (!target.ok) {
    source.problem(path, `the target ${to} ${target.error}`)
    return undefined
  }
  return {
    origin: source.origin(path),
    source: { kind: 'repository', ...from.value } satisfies RulePlace,
    target: target.value.place,
    rename: {},
    platforms: [],
    referrers: true,
  }
}
