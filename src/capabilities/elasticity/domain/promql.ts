/** PromQL whose answer is one number. */
import type { Answer } from '#core/promql/evaluate.ts'
import { parse } from '#core/promql/parser.ts'
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
