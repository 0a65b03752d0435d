/** The mapping file: what is called otherwise, or stands elsewhere, on the other side. */
import { z } from 'zod'

const names = z.record(z.string().min(1).max(253), z.string().max(253)).default({})

export const MAPPING = z.strictObject({
  /** Old → new; one `*` in each stands for the same text (`team-*: moved-*`). */
  namespaces: names,
  /** Prefix of image names → prefix: `docker.io/library: registry.local/hub`. Whole path parts only. */
  registries: names,
  storageClasses: names,
  ingressClasses: names,
  /** Host names of Ingresses and routes; `shop.example` also maps `www.shop.example`. */
  domains: names,
  /** `key=value` → `key=value`; `''` removes it. */
  nodeSelectors: names,
  annotations: z.strictObject({ remove: z.array(z.string().min(1)).default([]), set: names }).prefault({}),
  /** `drop` lets the target choose; `keep`; or old → new. */
  nodePorts: z.union([z.enum(['drop', 'keep']), z.record(z.string().regex(/^\d{1,5}$/), z.int().min(1).max(65_535))]).default('drop'),
  patches: z
    .array(
      z.strictObject({
        match: z.strictObject({ kind: z.string().min(1), name: z.string().optional(), namespace: z.string().optional() }),
        json: z.array(z.unknown()).optional(),
        merge: z.record(z.string(), z.unknown()).optional(),
        strategic: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .max(1000)
    .default([]),
})
export type Mapping = z.output<typeof MAPPING>

/** The new name; undefined when no rule takes the name. Exact names before patterns, longer patterns first. */
export function mapName(rules: Readonly<Record<string, string>>, name: string): string | undefined {
  if (Object.hasOwn(rules, name)) return rules[name]
  const patterns = Object.keys(rules)
    .filter((pattern) => pattern.includes('*'))
    .sort((a, b) => b.length - a.length)
  for (const pattern of patterns) {
    const star = pattern.indexOf('*')
    const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)]
    if (name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail))
      return rules[pattern]!.replace('*', () => name.slice(head.length, name.length - tail.length))
  }
  return undefined
}
