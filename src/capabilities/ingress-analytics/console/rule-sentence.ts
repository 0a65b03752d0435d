import { useMemo } from 'react'
import { formatDuration } from '#core/kernel/duration.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { AlertRule } from '../domain/api.ts'
import { unitOf } from './numbers.ts'
import { useWords } from './words.ts'

/** A rule as a sentence: "P99 above 1 s over 5m, for 1m". */
export function useRuleSentence(): (rule: AlertRule) => string {
  const t = useWords()
  const format = useFormat()
  return useMemo(
    () => (rule) => {
      const window = formatDuration(rule.window)
      const sentence = rule.absent
        ? t('alerts.sentenceAbsent', { window })
        : t('alerts.sentence', {
            number: t(`number.${rule.number}`),
            comparison: t(rule.comparison === '>' ? 'alerts.above' : 'alerts.below'),
            threshold: format.value(rule.threshold, unitOf(rule.number)),
            window,
          })
      return rule.for > 0 ? t('alerts.sentenceFor', { sentence, for: formatDuration(rule.for) }) : sentence
    },
    [t, format],
  )
}
