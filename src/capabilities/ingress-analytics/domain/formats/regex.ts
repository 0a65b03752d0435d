/**
 * Text formats from a regular expression with named groups: `(?P<remote_addr>\S+) …`, the names being those of pattern variables. RE2 (re2js): time is
 * linear in the line, whatever the expression, so that no expression can stop the server.
 */
import { RE2JS } from 're2js'
import { type CodedError, invalidInput } from '#core/kernel/errors.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { clearLine, type LineFormat, SLOT } from './line.ts'
import { missingFields, unitsOf, VARIABLES } from './pattern.ts'

/** Instructions of the compiled expression; a usual one has 50 to 200. */
const PROGRAM_MAX = 2000
/** Instructions times bytes of one line: about 50 ms at worst. A longer line is not matched. */
const WORK_MAX = 5_000_000
/** Bytes matched before others get their turn. */
const SLICE = 16 * 1024

/** Is the text a regular expression and no pattern? Only the one has named groups. */
export const isRegex = (text: string): boolean => /\(\?P?<\w+>/.test(text)

/** Compiles an expression, which is searched for anywhere in the line. Problems (all at once): what RE2 refuses, too large, no time, no status, no request. */
export function compileRegex(name: string, text: string): Result<LineFormat, CodedError> {
  const refuse = (message: string) => err(invalidInput([{ path: 'format', message }]))
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(text)
  } catch (error) {
    return refuse((error as Error).message.slice(0, 200))
  }
  if (compiled.programSize() > PROGRAM_MAX) return refuse(`the expression is too large: ${compiled.programSize()} instructions of at most ${PROGRAM_MAX}`)
  const named = Object.entries(compiled.namedGroups() as Record<string, number>)
  const names = named.map(([group]) => group)
  const problems = missingFields(names, (variable) => `(?P<${variable}>…)`)
  if (problems.length > 0) return err(invalidInput(problems))

  const groups = named.flatMap(([group, number]) => {
    const slot = VARIABLES[group] ?? SLOT.IGNORED
    return slot === SLOT.IGNORED ? [] : [{ slot, number }]
  })
  const longest = WORK_MAX / compiled.programSize()
  const matcher = compiled.matcher(new Uint8Array(0))
  return ok({
    name,
    escapes: /^\^?\s*\\?\{/.test(text) ? 'json' : 'nginx',
    ...unitsOf(names),
    slice: SLICE,
    read(line, from, to) {
      if (to - from > longest) return false
      matcher.resetMatcherInput(line.bytes.subarray(from, to))
      if (!matcher.find()) return false
      clearLine(line)
      // Of several groups for one field (alternatives), the last that matched something.
      for (const { slot, number } of groups) {
        if (matcher.start(number) < 0) continue
        line.from[slot] = from + matcher.start(number)
        line.to[slot] = from + matcher.end(number)
      }
      return true
    },
  })
}
