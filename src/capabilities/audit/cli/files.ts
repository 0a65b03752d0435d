/** Files of events and of lists, for the commands that work without a server. */
import { readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'
import { CodedError, fileUnreadable, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { readManifests } from '#core/kube/manifests.ts'
import { readInput } from '#kits/cli-kit/input.ts'
import { createDocumentReader } from '../domain/documents.ts'
import { createLists, type Lists, type ListsInput, readLists } from '../domain/lists.ts'
import type { Receiver } from '../domain/read.ts'
import type { AuditRule } from '../domain/rules/rule.ts'
import { type OnUnjudged, userRules } from '../domain/user-rules.ts'

const MAX_LISTS = 4 * 1024 * 1024

/** Later files win, list by list. Throws FILE_UNREADABLE, INVALID_INPUT with all problems of the file. */
export function listsFromFiles(files: readonly string[]): Lists {
  let input: ListsInput = {}
  for (const file of files) {
    const read = readLists(readYaml(file), input)
    if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `${file}: ${problem.path}` })))
    input = read.value
  }
  return createLists(input)
}

/** `AuditRule` manifests. Throws FILE_UNREADABLE, INVALID_INPUT with all problems of all files. */
export function rulesFromFiles(files: readonly string[], onUnjudged: OnUnjudged): readonly AuditRule[] {
  const problems: Problem[] = []
  const rules: AuditRule[] = []
  for (const file of files) {
    const manifests = readManifests(readWhole(file))
    const read = manifests.ok ? userRules(manifests.value, onUnjudged) : manifests
    if (read.ok) rules.push(...read.value)
    else problems.push(...read.error.map((problem) => ({ ...problem, path: `${file}: ${problem.path}` })))
  }
  if (problems.length > 0) throw invalidInput(problems)
  return rules
}

/** YAML or JSON, which is YAML too. Throws FILE_UNREADABLE, INVALID_INPUT. */
export function readYaml(file: string): unknown {
  const text = readWhole(file)
  try {
    return parse(text, { maxAliasCount: 100 }) as unknown
  } catch (error) {
    throw invalidInput([{ path: file, message: (error as Error).message.split('\n')[0]! }])
  }
}

function readWhole(file: string): string {
  try {
    if (statSync(file).size > MAX_LISTS) throw new CodedError('TOO_LARGE', { what: file, limit: '4 MiB' })
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw error instanceof CodedError ? error : fileUnreadable(file, error)
  }
}

/** The text of a file in pieces, plain or gzipped; `-` is stdin. Rejects with FILE_UNREADABLE. */
export async function* readText(file: string, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  try {
    for await (const chunk of readInput(file, signal)) yield decoder.decode(chunk, { stream: true })
  } catch (error) {
    if (signal.aborted) throw error
    throw fileUnreadable(file, error)
  }
  yield decoder.decode()
}

/** Every event of a file. Rejects with FILE_UNREADABLE. */
export async function readEvents(file: string, to: Receiver, signal: AbortSignal): Promise<void> {
  const reader = createDocumentReader(to)
  for await (const text of readText(file, signal)) reader.push(text)
  reader.end()
}
