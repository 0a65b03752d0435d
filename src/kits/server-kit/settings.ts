import { randomBytes } from 'node:crypto'
import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { Result } from '#core/kernel/result.ts'
import type { SectionDefinition, Settings, SettingsSection } from './door.ts'
import { readIfThere, writeFileAtomic } from './files.ts'
import { keepSecrets, maskSecrets } from './secrets.ts'
import { MOST_BYTES, readSettingsText } from './settings-file.ts'

export interface SettingsFile extends Settings {
  /** Throws INVALID_INPUT with the problems of all sections at once. Call it when all sections are known, before anything relies on them. */
  verify(): void
  /** Takes up what was edited by hand: all of it, or nothing and INVALID_INPUT. */
  reload(): Promise<void>
  /** `/settings` and `/settings/{section}` below the prefix of `http`. */
  routes(http: FastifyInstance): void
}

interface Section {
  definition: SectionDefinition<z.ZodType>
  /** As in the file, or initial. */
  input: unknown
  value: unknown
  /** Which state it is, for If-Match (RFC 9110, 13.1.1); not made from the content, which has secrets. */
  tag: string
  listeners: ((value: unknown) => void)[]
}

/** Settings in `<folder>/settings.yaml`, readable by the owner only. Throws INVALID_INPUT for a file that is no YAML, TOO_LARGE. */
export async function openSettings(folder: string): Promise<SettingsFile> {
  const path = join(folder, 'settings.yaml')
  const sections = new Map<string, Section>()
  let file = readSettingsText(await readBounded(path), path)
  let broken: readonly Problem[] = []
  let work: Promise<unknown> = Promise.resolve()

  /** One change at a time. */
  const alone = <T>(task: () => Promise<T>): Promise<T> => {
    const done = work.then(task)
    work = done.catch(() => {})
    return done
  }
  const sectionOf = (name: string): Section => {
    const found = sections.get(name)
    if (!found) throw new CodedError('NOT_FOUND', { what: `settings section ${name}` })
    return found
  }
  /** What is wrong in a file, with lines; as a whole. */
  const problemsOf = (candidate: typeof file): readonly Problem[] => [
    ...Object.keys(candidate.data)
      .filter((name) => !sections.has(name))
      .map((name) => ({ path: name, message: 'unknown section', ...suggest(nearest(name, sections.keys())) })),
    ...[...sections].flatMap(([name, { definition }]) => {
      const result = validate(name, definition, candidate.data[name] ?? definition.initial)
      return result.ok ? [] : result.error
    }),
  ]
  const withLines = (problems: readonly Problem[], candidate: typeof file) => problems.map((problem) => ({ ...problem, line: candidate.lineOf(problem.path) }))
  const adopt = (candidate: typeof file) => {
    file = candidate
    for (const [name, section] of sections) {
      const input = candidate.data[name] ?? section.definition.initial
      if (JSON.stringify(input) === JSON.stringify(section.input)) continue
      const result = validate(name, section.definition, input)
      if (!result.ok) continue
      Object.assign(section, { input, value: result.value, tag: newTag() })
      for (const listener of section.listeners) listener(result.value)
    }
  }
  const reload = async () => {
    const text = await readBounded(path)
    if (text === file.text) return
    const candidate = readSettingsText(text, path)
    const problems = problemsOf(candidate)
    if (problems.length > 0) throw invalidInput(withLines(problems, candidate))
    adopt(candidate)
  }
  const write = (name: string, incoming: unknown, ifMatch?: string) =>
    alone(async () => {
      await reload()
      const { definition, input, tag } = sectionOf(name)
      if (ifMatch !== undefined && ifMatch !== tag) throw new CodedError('CONFLICT', { what: `settings section ${name}` })
      const { value, orphans } = keepSecrets(incoming, input, definition.secrets ?? [])
      if (orphans.length > 0)
        throw invalidInput(orphans.map((at) => ({ path: at, message: 'is masked, and there is no stored value that the mask could stand for' })))
      const result = validate('', definition, value)
      if (!result.ok) throw invalidInput(result.error)
      const changed = readSettingsText(file.withSection(name, value), path)
      await writeFileAtomic(path, changed.text)
      adopt(changed)
    })
  const shown = (name: string) => {
    const { definition, value } = sectionOf(name)
    return maskSecrets(value, definition.secrets ?? [])
  }

  return {
    section<Schema extends z.ZodType>(name: string, definition: SectionDefinition<Schema>): SettingsSection<z.output<Schema>> {
      if (sections.has(name)) throw new Error(`two settings sections are called ${name}`)
      const initial = validate(name, definition, definition.initial)
      if (!initial.ok) throw new Error(`the initial settings of ${name} are not valid: ${JSON.stringify(initial.error)}`)
      const input = file.data[name] ?? definition.initial
      const result = validate(name, definition, input)
      if (!result.ok) broken = [...broken, ...withLines(result.error, file)]
      const section: Section = { definition, input, value: result.ok ? result.value : initial.value, tag: newTag(), listeners: [] }
      sections.set(name, section)
      return {
        read: () => section.value as z.output<Schema>,
        write: async (value) => {
          await write(name, value)
          return section.value as z.output<Schema>
        },
        onChange: (listener) => void section.listeners.push(listener as (value: unknown) => void),
      }
    },

    verify() {
      const problems = withLines(problemsOf(file), file)
      if (problems.length > 0 || broken.length > 0) throw invalidInput(problems.length > 0 ? problems : broken)
    },

    reload: () => alone(reload),

    routes(http) {
      const routes = http.withTypeProvider<ZodTypeProvider>()
      const params = z.object({ section: z.string().max(100) })
      routes.get('/settings', { schema: { summary: 'Names of the settings sections' } }, async () => ({ sections: [...sections.keys()] }))
      routes.get('/settings/:section', { schema: { summary: 'One section, secrets masked', params } }, async (request, reply) => {
        const value = shown(request.params.section)
        reply.header('etag', sectionOf(request.params.section).tag).header('cache-control', 'no-store')
        return value
      })
      routes.put(
        '/settings/:section',
        { schema: { summary: 'Replace one section; masked and omitted secrets are kept', params, body: z.unknown() } },
        async (request, reply) => {
          const { section } = request.params
          const before = shown(section)
          await write(section, request.body, request.headers['if-match'])
          const after = shown(section)
          request.auditDetail = { section, before, after }
          reply.header('etag', sectionOf(section).tag).header('cache-control', 'no-store')
          return after
        },
      )
    },
  }
}

function validate(name: string, definition: SectionDefinition<z.ZodType>, input: unknown): Result<unknown, readonly Problem[]> {
  const parsed = parseInput(definition.schema, input)
  const problems = parsed.ok ? (definition.check?.(parsed.value) ?? []) : parsed.error
  if (parsed.ok && problems.length === 0) return parsed
  const below = (path: string) => (name === '' ? path : path === '' ? name : `${name}${path.startsWith('[') ? '' : '.'}${path}`)
  return { ok: false, error: problems.map((problem) => ({ ...problem, path: below(problem.path) })) }
}

async function readBounded(path: string): Promise<string> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > MOST_BYTES) throw new CodedError('TOO_LARGE', { what: path, limit: '1 MiB' })
  const text = await readIfThere(path)
  if (text !== undefined) await chmod(path, 0o600)
  return text ?? ''
}

const newTag = () => `"${randomBytes(8).toString('hex')}"`
const suggest = (suggestion: string | undefined) => (suggestion === undefined ? {} : { suggestion })
