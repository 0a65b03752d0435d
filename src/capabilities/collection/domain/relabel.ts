/**
 * Relabelling: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config. Regexes are RE2, anchored; never JavaScript's, which
 * backtrack. What is asked often is only asked once for a value.
 */
import { RE2JS } from 're2js'

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const
export type RelabelAction = (typeof RELABEL_ACTIONS)[number]

export interface RelabelRule {
  action: RelabelAction
  sourceLabels: readonly string[]
  separator: string
  regex: string
  modulus: number
  targetLabel: string
  replacement: string
}

/** Sum of the last eight bytes of the MD5 of a text, as hashmod takes it; brought by the caller, because core and domains have no crypto. */
export type Hash64 = (text: string) => bigint

/** Changes the labels in place. False: dropped. `trace` is told what each rule did. */
export type Relabel = (labels: Map<string, string>, trace?: (rule: number, what: string) => void) => boolean

const MOST_REMEMBERED = 4096
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Throws an Error with RE2's words when a regex is none. */
export const compileRegex = (regex: string): RE2JS => RE2JS.compile(`^(?s:${regex})$`)

/** Makes one function of the rules. Throws on a bad regex (the configuration is checked before). */
export function compileRelabel(rules: readonly RelabelRule[], hash64: Hash64): Relabel {
  const steps = rules.map((rule) => step(rule, hash64))
  return (labels, trace) => {
    for (let i = 0; i < steps.length; i++) {
      const before = trace && new Map(labels)
      const kept = steps[i]!(labels)
      if (trace) {
        if (!kept) trace(i, 'drop')
        else for (const change of changes(before!, labels)) trace(i, change)
      }
      if (!kept) return false
    }
    return true
  }
}

function* changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Generator<string> {
  for (const [name, value] of after) if (before.get(name) !== value) yield `${name}=${JSON.stringify(value)}`
  for (const name of before.keys()) if (!after.has(name)) yield `-${name}`
}

function step(rule: RelabelRule, hash64: Hash64): (labels: Map<string, string>) => boolean {
  const { sourceLabels, separator, targetLabel, replacement } = rule
  const source = (labels: Map<string, string>): string => {
    if (sourceLabels.length === 1) return labels.get(sourceLabels[0]!) ?? ''
    let text = ''
    for (let i = 0; i < sourceLabels.length; i++) text += (i > 0 ? separator : '') + (labels.get(sourceLabels[i]!) ?? '')
    return text
  }
  const set = (labels: Map<string, string>, name: string, value: string) => {
    if (value === '') labels.delete(name)
    else labels.set(name, value)
  }
  switch (rule.action) {
    case 'keep':
    case 'drop': {
      const matches = matcher(rule.regex)
      const wanted = rule.action === 'keep'
      return (labels) => matches(source(labels)) === wanted
    }
    case 'keepequal':
      return (labels) => (labels.get(targetLabel) ?? '') === source(labels)
    case 'dropequal':
      return (labels) => (labels.get(targetLabel) ?? '') !== source(labels)
    case 'hashmod':
      return (labels) => {
        set(labels, targetLabel, String(hash64(source(labels)) % BigInt(rule.modulus)))
        return true
      }
    case 'lowercase':
    case 'uppercase': {
      const lower = rule.action === 'lowercase'
      return (labels) => {
        const text = source(labels)
        set(labels, targetLabel, lower ? text.toLowerCase() : text.toUpperCase())
        return true
      }
    }
    case 'labelmap': {
      const expand = expander(rule.regex)
      return (labels) => {
        for (const [name, value] of [...labels]) {
          const to = expand(name, replacement)
          if (to !== undefined) set(labels, to, value)
        }
        return true
      }
    }
    case 'labeldrop':
    case 'labelkeep': {
      const matches = matcher(rule.regex)
      const drop = rule.action === 'labeldrop'
      return (labels) => {
        for (const name of [...labels.keys()]) if (matches(name) === drop) labels.delete(name)
        return true
      }
    }
    case 'replace': {
      const expand = expander(rule.regex)
      return (labels) => {
        const text = source(labels)
        const value = expand(text, replacement)
        if (value === undefined) return true
        const name = targetLabel.includes('$') ? (expand(text, targetLabel) ?? '') : targetLabel
        if (LABEL_NAME.test(name) || !targetLabel.includes('$')) set(labels, name, value)
        return true
      }
    }
  }
}

/** Most rules name words (`a|b|c`) or anything (`.*`): those need no machine. */
const WORDS = /^\(?[a-zA-Z0-9_:/-]+(?:\|[a-zA-Z0-9_:/-]+)*\)?$/

function matcher(regex: string): (text: string) => boolean {
  if (WORDS.test(regex) && regex.startsWith('(') === regex.endsWith(')')) {
    const words = new Set(regex.replace(/^\(|\)$/g, '').split('|'))
    return (text) => words.has(text)
  }
  const compiled = compileRegex(regex)
  return remembered((text) => compiled.matches(text))
}

function remembered<T>(ask: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    let answer = known.get(text)
    if (answer === undefined) {
      answer = ask(text)
      if (known.size >= MOST_REMEMBERED) known.clear()
      known.set(text, answer)
    }
    return answer
  }
}

/** A template (`$1`, `${name}`, `$$`) filled from the groups of the whole match, or undefined without a match. Go's Regexp.Expand. */
function expander(regex: string): (text: string, template: string) => string | undefined {
  if (regex === '(.*)') return (text, template) => (template === '$1' ? text : fill(template, (group) => (group === '0' || group === '1' ? text : '')))
  const compiled = compileRegex(regex)
  const groups = remembered((text): readonly (string | null)[] | null => {
    const matcher = compiled.matcher(text)
    if (!matcher.matches()) return null
    return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i))
  })
  const names = compiled.namedGroups() as Record<string, number>
  return (text, template) => {
    const found = groups(text)
    if (found === null) return undefined
    return fill(template, (group) => found[/^\d+$/.test(group) ? Number(group) : (names[group] ?? -1)] ?? '')
  }
}

const fill = (template: string, group: (name: string) => string): string =>
  template.includes('$')
    ? template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (all, plain?: string, braced?: string) => (all === '$$' ? '$' : group((plain ?? braced)!)))
    : template
