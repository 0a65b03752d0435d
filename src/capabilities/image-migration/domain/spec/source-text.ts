/** A file that is being read: its data, and problems with file, line and nearest valid name. */
import { isAlias, isScalar } from 'yaml'
import type { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { jsonPath, parseInput, pathSteps } from '#core/kernel/problems.ts'
import { readYaml, trace, type YamlDocument, type YamlPath } from '#core/yaml/read.ts'
import { asWritten } from './as-written.ts'
import { type Note, type Origin, problemAt, type SpecFile } from './rule.ts'

const MOST_BYTES = 8 << 20

export interface SourceText {
  data: unknown
  origin(path: YamlPath): Origin
  problem(path: YamlPath, message: string, suggestion?: string): void
  note(path: YamlPath, en: string, zh: string): void
  /** The data by a schema; what is wrong becomes problems. */
  parse<Schema extends z.ZodType>(schema: Schema, data?: unknown, below?: YamlPath): z.output<Schema> | undefined
  problems: readonly Problem[]
  notes: readonly Note[]
}

/** Reads the one document of a file. With syntax errors there is no data, and they are the problems. */
export function openText({ file, text }: SpecFile): SourceText {
  const problems: Problem[] = []
  const notes: Note[] = []
  const read = readYaml(text, MOST_BYTES)
  let document: YamlDocument | undefined
  if (!read.ok) problems.push(...read.error.map((problem) => ({ ...problem, path: file })))
  else if (read.value.documents.length > 1) problems.push({ path: file, message: 'must be one document', line: read.value.documents[1]!.lineOf([]) })
  else document = read.value.documents[0]
  const origin = (path: YamlPath): Origin => ({ file, line: document?.lineOf(path) ?? 1, path: jsonPath(path) })
  const written = (path: YamlPath): string | undefined => {
    if (!document) return undefined
    const { found, node } = trace(document.source, path)
    const scalar = isAlias(node) ? node.resolve(document.source) : node
    return found === path.length && isScalar(scalar) ? scalar.source : undefined
  }
  const self: SourceText = {
    data: document?.data,
    origin,
    problem: (path, message, suggestion) => void problems.push(problemAt(origin(path), message, suggestion)),
    note: (path, en, zh) => void notes.push({ origin: origin(path), message: { en, 'zh-CN': zh } }),
    parse(schema, data = document?.data, below = []) {
      const parsed = parseInput(
        schema,
        asWritten(schema, data, (path) => written([...below, ...path])),
      )
      if (parsed.ok) return parsed.value
      for (const { path, message, suggestion } of parsed.error) self.problem([...below, ...pathSteps(path)], message, suggestion)
      return undefined
    },
    problems,
    notes,
  }
  return self
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

export { isPlain }

/**
 * `${NAME}` and `$NAME` in a value, from the environment. A name that is not set is a problem: an empty password is never meant.
 * @param shell image-syncer: both forms also in the middle, where the environment has the name; a password with another `$` in it stays as it is
 */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>, shell: boolean, missing: (name: string) => void): string {
  const look = (name: string) => {
    const value = env[name]
    if (value === undefined) missing(name)
    return value ?? ''
  }
  const all = /^\$(?:\{(\w+)\}|(\w+))$/.exec(text)
  if (all) return look((all[1] ?? all[2])!)
  if (shell) return text.replace(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, (whole, braced?: string, bare?: string) => env[(braced ?? bare)!] ?? whole)
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => look(name))
}
