import { inspect } from 'node:util'
import { CodedError, describeError, ERRORS, EXIT, type ExitCode, type Language } from '#core/kernel/errors.ts'
import { mark, oneLine, paint } from './terminal.ts'

export interface ErrorOutput {
  language: Language
  color: boolean
  unicode: boolean
  verbose: boolean
  /** Print the JSON shape of the API instead. */
  json: boolean
}

/** What failed, why, what to do next, and the code; a stack only with `-v`. */
export function renderError(error: unknown, output: ErrorOutput): { text: string; exit: ExitCode } {
  const zh = output.language === 'zh-CN'
  if (!(error instanceof CodedError)) {
    const message = error instanceof Error ? error.message : String(error)
    const advice = zh ? '这是缺陷；请用 -v 重新运行并报告输出。' : 'This is a defect; run it again with -v and report what it prints.'
    const text = output.json ? JSON.stringify({ code: 'DEFECT', message, next: advice }) : [mark(output, 'error', oneLine(message)), `  ${advice}`].join('\n')
    return { text: output.verbose ? `${text}\n${inspect(error)}` : text, exit: EXIT.error }
  }
  const described = describeError(error, output.language)
  const { exit } = ERRORS[error.code]
  if (output.json) return { text: JSON.stringify(described, undefined, 2), exit }
  const lines = [`${mark(output, 'error', oneLine(described.message))} ${paint(output.color, 'dim', `(${error.code})`)}`]
  for (const problem of error.problems) {
    const place = [problem.path, problem.line === undefined ? '' : zh ? `第 ${problem.line} 行` : `line ${problem.line}`].filter(Boolean).join(', ')
    const hint = problem.suggestion === undefined ? '' : zh ? `；是否指“${problem.suggestion}”？` : `; did you mean "${problem.suggestion}"?`
    lines.push(`  ${oneLine(`${place ? `${place}: ` : ''}${problem.message}${hint}`)}`)
  }
  lines.push(`  ${described.next}`)
  if (output.verbose) lines.push(inspect(error))
  return { text: lines.join('\n'), exit }
}
