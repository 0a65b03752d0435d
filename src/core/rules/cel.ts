/**
 * Expressions that users write: CEL (https://github.com/google/cel-spec), checked when they are read and bounded when they run.
 * `matches` is RE2, as the specification has it; a backtracking engine would let a pattern stop the process.
 */
import { Environment, type TypeDeclaration } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { err, ok, type Result } from '../kernel/result.ts'

/** Types of variables: `string`, `bool`, `int` (a bigint), `double`, `dyn` (any JSON), `list<string>`, `map<string, string>` … */
type CelVariables = Readonly<Record<string, string>>

/** What a run gives: `error` says why there is no answer (a key that is not there, a type that does not fit, too much work). */
type CelRun = Result<boolean, string>

const LIMITS = { maxAstNodes: 2_000, maxDepth: 64, maxListElements: 1_000, maxMapEntries: 1_000, maxCallArguments: 16 }
const MAX_SOURCE = 10_000
/** Steps of nested loops, at most. */
const MAX_STEPS = 2_000_000
const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/** The library's own `matches` is JavaScript's and cannot be replaced: ours has another name of the same length, so that columns stay right. */
const OWN_MATCHES = 're2like'
const STRINGS_OR_MATCHES = /[rR]?("""|''')[\s\S]*?\1|[rR]"[^"\n]*"|[rR]'[^'\n]*'|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\bmatches(?=\s*\()/g

const patterns = new Map<string, RE2JS>()
function matches(text: string, pattern: string): boolean {
  let compiled = patterns.get(pattern)
  if (!compiled) {
    compiled = RE2JS.compile(pattern)
    if (patterns.size >= 500) patterns.clear()
    patterns.set(pattern, compiled)
  }
  return compiled.matcher(text).find()
}

interface Cel {
  /** A condition, ready to run; the error is for people and names the place. */
  compile(source: string): Result<(variables: Readonly<Record<string, unknown>>) => CelRun, string>
}

/** An environment in which these variables can be used, and nothing else. */
export function createCel(variables: CelVariables): Cel {
  const environment = new Environment({ limits: LIMITS, enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  environment.registerFunction(`string.${OWN_MATCHES}(string): bool`, matches)
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type as unknown as TypeDeclaration)

  return {
    compile(source) {
      if (source.length > MAX_SOURCE) return err(`is longer than ${MAX_SOURCE} characters`)
      try {
        const run = environment.parse(source.replace(STRINGS_OR_MATCHES, (found) => (found === 'matches' ? OWN_MATCHES : found)))
        const checked = run.check()
        if (!checked.valid) return err(said(checked.error))
        const type = String(checked.type)
        if (type !== 'bool' && type !== 'dyn') return err(`gives ${type}, and has to give bool`)
        const loops = nesting(run.ast)
        if (loops > 3) return err('has loops in loops in loops in loops; three are the most')
        return ok((values) => {
          if (loops > 1 && longest(values) ** loops > MAX_STEPS) return err('would take too many steps')
          try {
            const value: unknown = run(values as Record<string, unknown>)
            return typeof value === 'boolean' ? ok(value) : err('gives no bool')
          } catch (error) {
            return err(said(error))
          }
        })
      } catch (error) {
        return err(said(error))
      }
    },
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replaceAll(OWN_MATCHES, 'matches')

/** How deep loops stand in one another. */
function nesting(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0
  if (Array.isArray(node)) return Math.max(0, ...node.map(nesting))
  const { op, args } = node as { op?: unknown; args?: unknown }
  const isLoop = op === 'rcall' && Array.isArray(args) && LOOPS.has(String(args[0]))
  return nesting(args) + (isLoop ? 1 : 0)
}

/** Of all lists, maps and texts in it. */
function longest(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  let most = items.length
  for (const item of items) most = Math.max(most, longest(item))
  return most
}
