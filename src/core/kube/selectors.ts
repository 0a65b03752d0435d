/** Label and field selectors. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
import { invalidInput } from '../kernel/errors.ts'
import type { KubeObject } from './objects.ts'

export type Operator = 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt'

/** One requirement; all of a selector's must hold. */
export interface Requirement {
  key: string
  operator: Operator
  values: readonly string[]
}

/** A LabelSelector as it stands in objects. */
export interface LabelSelector {
  matchLabels?: Readonly<Record<string, string>>
  matchExpressions?: readonly { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: readonly string[] }[]
}

const WORD = '[A-Za-z0-9_./-]+'
const VALUE = '[A-Za-z0-9_.-]*'
const SET = new RegExp(`^(${WORD})\\s+(in|notin)\\s*\\(\\s*(${VALUE}(?:\\s*,\\s*${VALUE})*)\\s*\\)$`)
const EQUAL = new RegExp(`^(${WORD})\\s*(==|=|!=)\\s*(${VALUE})$`)
const ORDER = new RegExp(`^(${WORD})\\s*([<>])\\s*(-?\\d+)$`)
const PRESENT = new RegExp(`^(!?)\\s*(${WORD})$`)

/** `app=cart, tier in (web, db), !canary`. The empty text selects everything. Throws INVALID_INPUT naming each part that cannot be read. */
export function parseLabelSelector(text: string): readonly Requirement[] {
  const parts = splitOutside(text).filter((part) => part !== '')
  const read = parts.map((part) => ({ part, requirement: parseRequirement(part) }))
  const wrong = read.filter(({ requirement }) => requirement === undefined)
  if (wrong.length > 0)
    throw invalidInput(
      wrong.map(({ part }) => ({ path: 'labelSelector', message: `"${part.slice(0, 200)}" is no requirement such as app=cart, tier in (web,db) or !canary` })),
    )
  return read.map(({ requirement }) => requirement!)
}

function parseRequirement(part: string): Requirement | undefined {
  let found = EQUAL.exec(part)
  if (found) return { key: found[1]!, operator: found[2] === '!=' ? 'notin' : 'in', values: [found[3]!] }
  found = SET.exec(part)
  if (found) return { key: found[1]!, operator: found[2] as Operator, values: found[3]!.split(',').map((value) => value.trim()) }
  found = ORDER.exec(part)
  if (found) return { key: found[1]!, operator: found[2] === '>' ? 'gt' : 'lt', values: [found[3]!] }
  found = PRESENT.exec(part)
  return found ? { key: found[2]!, operator: found[1] === '!' ? 'absent' : 'exists', values: [] } : undefined
}

/** Parts between commas that are not in parentheses. */
function splitOutside(text: string): string[] {
  return text.split(/,(?![^(]*\))/).map((part) => part.trim())
}

const OPERATORS = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: 'absent' } as const

/** The requirements of a LabelSelector. One without any selects everything. */
export const requirementsOf = (selector: LabelSelector): readonly Requirement[] => [
  ...Object.entries(selector.matchLabels ?? {}).map(([key, value]): Requirement => ({ key, operator: 'in', values: [value] })),
  ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }): Requirement => ({ key, operator: OPERATORS[operator], values })),
]

/** `!=` and `notin` hold for what lacks the label, as in Kubernetes. */
export function selects(requirements: readonly Requirement[], labels: Readonly<Record<string, string>> = {}): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    switch (operator) {
      case 'in':
        return value !== undefined && values.includes(value)
      case 'notin':
        return value === undefined || !values.includes(value)
      case 'exists':
        return value !== undefined
      case 'absent':
        return value === undefined
      case 'gt':
        return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0])
      default:
        return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0])
    }
  })
}

/** The text that `parseLabelSelector` reads. */
export const printLabelSelector = (requirements: readonly Requirement[]): string =>
  requirements
    .map(({ key, operator, values }) => {
      if (operator === 'exists') return key
      if (operator === 'absent') return `!${key}`
      if (operator === 'gt' || operator === 'lt') return `${key}${operator === 'gt' ? '>' : '<'}${values[0]}`
      if (values.length === 1) return `${key}${operator === 'in' ? '=' : '!='}${values[0]}`
      return `${key} ${operator} (${values.join(',')})`
    })
    .join(',')

export interface FieldRequirement {
  /** Dotted, e.g. `status.phase`. */
  path: string
  equal: boolean
  value: string
}

/** `metadata.name=cart,status.phase!=Running`; `\` escapes a comma, an equals sign or itself. Throws INVALID_INPUT. */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return text
    .split(/(?<!\\),/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const found = /^\s*([\w.]+?)\s*(!=|==|=)(.*)$/s.exec(part)
      if (!found) throw invalidInput([{ path: 'fieldSelector', message: `"${part.slice(0, 200)}" is no requirement such as status.phase!=Running` }])
      return { path: found[1]!, equal: found[2] !== '!=', value: found[3]!.replace(/\\([\\,=])/g, '$1') }
    })
}

/** Fields that are missing are ''. Which fields a kind offers is the server's to say. */
export const fieldsSelect = (requirements: readonly FieldRequirement[], object: KubeObject): boolean =>
  requirements.every(({ path, equal, value }) => {
    const found = path.split('.').reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], object)
    return (String(found ?? '') === value) === equal
  })
