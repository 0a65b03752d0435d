/**
 * Writes src/core/kube/api-facts/data.generated.ts from published documents that stand in a folder:
 *
 *   node deploy/api-facts.ts FOLDER
 *
 * FOLDER/clients/VERSION/package   unpacked packages @kubernetes/client-node (0.10.3 … 2.0.1): `npm pack @kubernetes/client-node@VERSION`
 * FOLDER/openapi-1.13.json         lib/specs/swagger-1.13.json.gz of the package kubernetes-client 9.0.0, unpacked
 * FOLDER/openapi-1.20.json         /openapi/v2 of a kube-apiserver v1.20
 * FOLDER/discovery-1.20.ndjson     its /api/v1 and /apis/GROUP/VERSION, one after the other
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULTS } from './api-facts/defaults.ts'
import { kindsOf } from './api-facts/kinds.ts'
import { ATOMIC, LISTS } from './api-facts/lists.ts'
import type { Field, Types } from './api-facts/model.ts'
import { NEWER } from './api-facts/newer.ts'
import { readClient } from './api-facts/read-client.ts'
import { readOpenApi } from './api-facts/read-openapi.ts'

const folder = process.argv[2] ?? ''
const releases = readdirSync(join(folder, 'clients')).map((version) => readClient(join(folder, 'clients', version)))
const newest = releases.reduce((a, b) => (b.minor > a.minor ? b : a))
const documents = [20, 13].map((minor) => readOpenApi(join(folder, `openapi-1.${minor}.json`), new Map([...newest.types, ...NEWER.types])))
releases.push(...documents, NEWER)
releases.sort((a, b) => b.minor - a.minor)

// A type is as the newest release has it.
const types: Types = new Map()
for (const release of releases) for (const [name, fields] of release.types) if (!types.has(name)) types.set(name, new Map(fields))
for (const document of documents)
  for (const [name, fields] of document.types)
    for (const [field, { marks = [], type }] of fields) {
      const known = types.get(name)?.get(field)
      if (known === undefined) continue
      known.marks ??= marks
      // The client calls a quantity a string.
      if (type.endsWith('quantity') && known.type.endsWith('string')) known.type = type
    }
for (const [table, rows] of [LISTS, DEFAULTS].entries())
  for (const line of rows.trim().split('\n')) {
    const [place = '', ...marks] = line.split(' ')
    const [names = '', field = ''] = place.split('.')
    for (const name of names.split(',')) {
      const found = types.get(name)?.get(field)
      if (found === undefined) throw new Error(`no such field: ${name}.${field}`)
      if (table === 0 && marks.includes('quantity')) found.type = found.type.replace(/string$/, 'quantity')
      found.marks = [...(found.marks ?? []), ...marks.filter((mark) => mark !== 'quantity' && !found.marks?.includes(mark))]
    }
  }
for (const fields of types.values())
  for (const field of fields.values()) if (ATOMIC.has(field.type)) field.marks = [...new Set([...(field.marks ?? []), 'atomic'])]

const discovery = readFileSync(join(folder, 'discovery-1.20.ndjson'), 'utf8')
const kinds = kindsOf(releases, discovery)
const wanted = new Set<string>()
const want = (name: string): void => {
  const fields = types.get(name)
  if (fields === undefined) throw new Error(`no such type: ${name}`)
  if (wanted.has(name)) return
  wanted.add(name)
  for (const { type } of fields.values()) {
    const bare = type.replace(/^(?:\[\]|\{\})+/, '')
    if (/^[A-Z]/.test(bare)) want(bare)
  }
}
for (const kind of kinds) want(kind.schema)
for (const name of ['V1Status', 'V1DeleteOptions', 'V1ListMeta', 'V1Scale', 'V1Eviction', ...NEWER.extra]) want(name)

const fieldText = (name: string, { type, required, marks = [] }: Field): string => [`${name}${required ? '!' : ''}:${type}`, ...marks].join(' ')
const text = [...wanted]
  .sort()
  .map((name) => [name, ...[...types.get(name)!].map(([field, facts]) => fieldText(field, facts))].join('\t'))
  .join('\n')
const output = `// Made by deploy/api-facts.ts from published OpenAPI documents of Kubernetes (Apache-2.0): facts only. Do not edit.
export const NEWEST = ${newest.minor}
export const KINDS: [string, string, string, string, number, string, string, string, string, string, number, number, number, string][] = ${JSON.stringify(
  kinds.map((kind) => Object.values(kind)),
  null,
  0,
)}
export const TYPES = \`
${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}
\`
`
writeFileSync(new URL('../src/core/kube/api-facts/data.generated.ts', import.meta.url), output)
process.stdout.write(`${kinds.length} versions of kinds, ${wanted.size} types, ${Math.round(output.length / 1024)} KiB\n`)
