/** Functions that change or sort by labels. */
import { RE2JS } from 're2js'
import type { Call } from './ast.ts'
import { stringOf } from './calls.ts'
import { type Context, distinct, invalidLabel, mapLabels, vectorOf } from './evaluate.ts'
import { evalError } from './failure.ts'
import { compareLabels, getLabel, withLabels } from './labels.ts'
import type { Grid, Series } from './value.ts'

export const LABEL_CALLS: Readonly<Record<string, (context: Context, node: Call, grid: Grid) => Series[]>> = {
  label_replace(context, { args }, grid) {
    const [target, replacement, source, regex] = args.slice(1).map((arg) => stringOf(context, arg, grid)) as [string, string, string, string]
    if (!target.isWellFormed() || target === '') throw invalidLabel(target)
    let pattern: RE2JS
    try {
      pattern = RE2JS.compile(regex, RE2JS.DOTALL)
    } catch (error) {
      throw evalError(`invalid regular expression in label_replace(): ${(error as Error).message}`)
    }
    return relabelled(context, vectorOf(context, args[0]!, grid), grid, target, (one) => {
      const matcher = pattern.matcher(getLabel(one.labels, source))
      if (!matcher.matches()) return undefined
      // $1, ${1}, $name and ${name} as Go expands them; what is no group is empty.
      return replacement.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, plain: string | undefined, braced: string | undefined) => {
        if (whole === '$$') return '$'
        const group = plain ?? braced ?? ''
        try {
          return matcher.group(/^\d+$/.test(group) ? Number(group) : group) ?? ''
        } catch {
          return ''
        }
      })
    })
  },
  label_join(context, { args }, grid) {
    const [target, separator, ...sources] = args.slice(1).map((arg) => stringOf(context, arg, grid)) as [string, string, ...string[]]
    if (!target.isWellFormed() || target === '') throw invalidLabel(target)
    return relabelled(context, vectorOf(context, args[0]!, grid), grid, target, (one) => sources.map((name) => getLabel(one.labels, name)).join(separator))
  },
  sort_by_label: (context, node, grid) => byLabel(context, node, grid, 1),
  sort_by_label_desc: (context, node, grid) => byLabel(context, node, grid, -1),
}

function relabelled(_context: Context, series: readonly Series[], grid: Grid, target: string, value: (one: Series) => string | undefined): Series[] {
  const changed = mapLabels(series, (one) => {
    const text = value(one)
    if (text === undefined) return one
    return { labels: withLabels(one.labels, [[target, text]]), drop: one.drop && target !== '__name__' }
  })
  return distinct(changed, grid.n)
}

/** Digits compare as numbers, so that 10 comes after 9. */
function natural(a: string, b: string): number {
  const [x, y] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    if (x[i] === y[i]) continue
    const [m, n] = [Number(x[i]), Number(y[i])]
    if (!Number.isNaN(m) && !Number.isNaN(n) && m !== n) return m - n
    return x[i]! < y[i]! ? -1 : 1
  }
  return x.length - y.length
}

function byLabel(context: Context, { args }: Call, grid: Grid, sign: 1 | -1): Series[] {
  const names = args.slice(1).map((arg) => stringOf(context, arg, grid))
  return vectorOf(context, args[0]!, grid).sort((a, b) => {
    for (const name of names) {
      const order = natural(getLabel(a.labels, name), getLabel(b.labels, name))
      if (order !== 0) return order * sign
    }
    return compareLabels(a.labels, b.labels) * sign
  })
}
