/** Relabelling that monitors stand for, as Prometheus' operator writes it: https://github.com/prometheus-operator/prometheus-operator (Documentation). */
import type { Relabeling, Selector } from './schema.ts'

/** A rule of relabel_configs. */
export type Rule = Readonly<Record<string, unknown>>

const META = '__meta_kubernetes_'
/** Label names as service discovery makes them of keys. */
export const sanitized = (key: string): string => key.replace(/[^a-zA-Z0-9_]/g, '_')
const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

export const keep = (source: string, regex: string): Rule => ({ source_labels: [`${META}${source}`], regex, action: 'keep' })
export const copy = (source: string, target_label: string): Rule => ({ source_labels: [`${META}${source}`], target_label })
/** Only where the source has a value. */
export const copyGiven = (source: string, target_label: string): Rule => ({ source_labels: [`${META}${source}`], regex: '(.+)', target_label })
export const set = (target_label: string, replacement: string): Rule => ({ target_label, replacement: replacement.replaceAll('$', '$$$$') })

/** What a label selector lets through, of `service`, `pod` or `ingress`. */
export function selected({ matchLabels, matchExpressions }: Selector, role: string): Rule[] {
  const present = (key: string) => `${META}${role}_labelpresent_${sanitized(key)}`
  const both = (key: string, values: readonly string[], action: string): Rule => ({
    source_labels: [`${META}${role}_label_${sanitized(key)}`, present(key)],
    regex: `(${values.map(quoted).join('|')});true`,
    action,
  })
  return [
    ...Object.entries(matchLabels).map(([key, value]) => both(key, [value], 'keep')),
    ...matchExpressions.map(({ key, operator, values }): Rule => {
      if (operator === 'In' || operator === 'NotIn') return both(key, values, operator === 'In' ? 'keep' : 'drop')
      return { source_labels: [present(key)], regex: 'true', action: operator === 'Exists' ? 'keep' : 'drop' }
    }),
  ]
}

export const ruleOf = ({ sourceLabels, separator, targetLabel, regex, modulus, replacement, action }: Relabeling): Rule =>
  given({ source_labels: sourceLabels, separator, target_label: targetLabel, regex, modulus, replacement, action })

/** Without what is undefined. */
export const given = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined))
