/** The part of kubectl's JSONPath that printer columns use: `.a.b`, `['a']`, `[0]`, `[*]`, `[?(@.a=="b")]`. Pure. https://kubernetes.io/docs/reference/kubectl/jsonpath/ */
import { record } from './fields.ts'

type Step = { field: string } | { index: number } | { all: true } | { where: string[]; equals: string }
const MOST_STEPS = 32

const STEP = /\.?\[\?\(\s*@((?:\.[\w-]+)+)\s*==\s*(?:"([^"]*)"|'([^']*)')\s*\)\]|\.?\[(\d+)\]|\.?\[\*\]|\['((?:[^'\\]|\\.)*)'\]|\.((?:[\w-]|\\.)+)/y

/** Undefined when the path uses more than the part that is known. */
export function parseJsonPath(path: string): readonly Step[] | undefined {
  const source = path
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/^\$/, '')
  const steps: Step[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < source.length) {
    const found = STEP.exec(source)
    if (!found || steps.length >= MOST_STEPS) return undefined
    const [whole, where, double, single, index, quoted, field] = found
    if (where !== undefined) steps.push({ where: where.slice(1).split('.'), equals: double ?? single ?? '' })
    else if (index !== undefined) steps.push({ index: Number(index) })
    else if (whole.endsWith('[*]')) steps.push({ all: true })
    else steps.push({ field: (quoted ?? field ?? '').replace(/\\(.)/g, '$1') })
  }
  return steps
}

/** Everything that the path leads to. */
export function readJsonPath(steps: readonly Step[], value: unknown): readonly unknown[] {
  let values: unknown[] = [value]
  for (const step of steps) {
    values = values.flatMap((one): unknown[] => {
      if ('field' in step) return Object.hasOwn(record(one), step.field) ? [record(one)[step.field]] : []
      if (!Array.isArray(one)) return 'all' in step ? Object.values(record(one)) : []
      if ('index' in step) return step.index < one.length ? [one[step.index]] : []
      if ('all' in step) return one
      return one.filter((item) => step.where.reduce<unknown>((at, name) => record(at)[name], item) === step.equals)
    })
  }
  return values
}
