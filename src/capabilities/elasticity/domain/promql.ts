/** PromQL whose answer is one number. */
import type { Expr } from '#core/promql/ast.ts'
import type { Answer } from '#core/promql/evaluate.ts'
import { parse } from '#core/promql/parser.ts'
import { print } from '#core/promql/print.ts'
import { checkTypes, typeOf } from '#core/promql/types.ts'

/** Why a text gives no number; undefined: it may. */
export function promqlProblem(text: string): string | undefined {
  try {
    const expr = parse(text)
    checkTypes(expr, text)
    const type = typeOf(expr)
    return type === 'scalar' || type === 'vector' ? undefined : `is a ${type}, not a number`
  } catch (error) {
    return `is no PromQL: ${(error as Error).message.split('\n')[0]}`
  }
}

/** The number of an answer at one moment; undefined when there is none, or more than one, or it is not finite: that is never 0. */
export function oneNumber({ value }: Answer): number | undefined {
  const numbers =
    value.type === 'scalar'
      ? [value.values[0]!]
      : value.type === 'vector'
        ? value.series.flatMap((one) => (one.kind[0] === 0 ? [] : [one.histograms?.[0] === undefined ? one.values[0]! : Number.NaN]))
        : []
  return numbers.length === 1 && Number.isFinite(numbers[0]) ? numbers[0] : undefined
}

/** Selectors that are looked at for their freshness; more make a query no fresher. */
const MOST_SELECTORS = 6

function selectorsOf(expr: Expr): string[] {
  switch (expr.kind) {
    case 'selector': {
      // What is asked of another time is as old as it was meant to be.
      if (expr.offset !== undefined || expr.at !== undefined) return []
      const { range: _, extend: __, ...instant } = expr
      return [print(instant)]
    }
    case 'unary':
    case 'paren':
    case 'subquery':
      return selectorsOf(expr.expr)
    case 'aggregate':
      return [...(expr.param ? selectorsOf(expr.param) : []), ...selectorsOf(expr.expr)]
    case 'call':
      return expr.args.flatMap(selectorsOf)
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)]
    default:
      return []
  }
}

/**
 * For each thing that a query reads: when its newest sample was taken (seconds since the epoch), and which share of its series has one of the last `fresh` seconds.
 * To be asked with a long lookback, so that series are seen that went silent; those that ended are none.
 */
export const freshnessQueries = (text: string, fresh: number): { newest: string; share: string }[] =>
  [...new Set(selectorsOf(parse(text)))].slice(0, MOST_SELECTORS).map((selector) => ({
    newest: `max(timestamp(${selector}))`,
    share: `(count(timestamp(${selector}) > time() - ${fresh}) or vector(0)) / count(timestamp(${selector}))`,
  }))
