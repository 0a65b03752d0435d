/** Manifests as kubectl reads them (YAML 1.1 numbers and booleans: `0644` is 420, `yes` is true), and writes them. */
import { LineCounter, parseAllDocuments, stringify, type Tags } from 'yaml'
import type { Problem } from '../kernel/errors.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { KubeObject } from './objects.ts'

export interface Manifest {
  object: KubeObject
  /** Of its document in the text, from 1. */
  line: number
}

const MOST_ALIASES = 1000
const MOST_OBJECTS = 200_000

// kubectl knows no times and no numbers of base 60: both stay text.
const asKubectl = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === 'string' || !('tag' in tag) || (tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME'))

/** Every object of a text with its line (lists are taken apart), or everything that is wrong with it. JSON is YAML. @param most UTF-16 units of the text */
export function readManifests(text: string, most = 64 << 20): Result<readonly Manifest[], readonly Problem[]> {
  if (text.length > most) return err([{ path: '', message: `is larger than ${most} bytes` }])
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, schema: 'yaml-1.1', merge: true, stringKeys: true, customTags: asKubectl })
  const documents = Array.isArray(parsed) ? parsed : []
  const problems: Problem[] = []
  const objects: Manifest[] = []
  const add = (value: unknown, path: string, line: number, depth: number): void => {
    if (value === null || value === undefined) return
    if (!isRecord(value)) problems.push({ path, line, message: 'must be an object' })
    else if (Array.isArray(value.items) && typeof value.kind === 'string' && value.kind.endsWith('List') && depth < 4)
      value.items.forEach((item, i) => {
        // Items of a typed list may leave out what the list says.
        const typed = isRecord(item) && value.kind !== 'List' ? { apiVersion: value.apiVersion, kind: String(value.kind).slice(0, -4), ...item } : item
        add(typed, `${path}items[${i}]`, line, depth + 1)
      })
    else {
      const missing = ['apiVersion', 'kind'].filter((key) => typeof value[key] !== 'string' || value[key] === '')
      for (const key of missing) problems.push({ path: `${path === '' ? '' : `${path}.`}${key}`, line, message: 'must be a non-empty string' })
      if (missing.length === 0) objects.push({ object: value as unknown as KubeObject, line })
    }
  }
  for (const document of documents) {
    const line = lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line
    for (const error of document.errors) problems.push({ path: '', line: lines.linePos(error.pos[0]).line, message: error.message })
    if (problems.length > 100 || objects.length > MOST_OBJECTS) break
    if (document.errors.length > 0) continue
    try {
      add(document.toJS({ maxAliasCount: MOST_ALIASES }), '', line, 0)
    } catch (error) {
      problems.push({ path: '', line, message: (error as Error).message })
    }
  }
  if (objects.length > MOST_OBJECTS) problems.push({ path: '', message: `holds more than ${MOST_OBJECTS} objects` })
  return problems.length > 0 ? err(problems.slice(0, 100)) : ok(objects)
}

const FIRST = ['apiVersion', 'kind', 'metadata']

/** One document an object. Words that some readers take for booleans or times are quoted. */
export const writeManifests = (objects: readonly object[]): string => objects.map((object) => `---\n${writeYaml(inOrder(object))}`).join('')

const writeYaml = (value: unknown): string => stringify(value, { schema: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false })

/** apiVersion, kind and metadata first, as people write it. */
export const inOrder = (object: object): object =>
  Object.fromEntries([
    ...FIRST.filter((key) => key in object).map((key) => [key, (object as Record<string, unknown>)[key]]),
    ...Object.entries(object).filter(([key]) => !FIRST.includes(key)),
  ])

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
