import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '#kits/console-kit/i18n.ts'
import { type Chip, type Field, MEASURES } from './filters.ts'

export const NAMESPACE = 'ingress-analytics'

/** The words of the ingress pages. */
export const useWords = () => useTranslation(NAMESPACE).t

const regions = new Map<string, Intl.DisplayNames>()

/** `CN` → China, 中国; what is no region code stays as it is. */
export function countryName(code: string, language: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code
  let names = regions.get(language)
  if (!names) {
    names = new Intl.DisplayNames(language, { type: 'region' })
    regions.set(language, names)
  }
  return names.of(code) ?? code
}

/** How values and chips are written in the reader's language. */
export function useFieldWords() {
  const t = useWords()
  const language = useLanguage()
  return useMemo(() => {
    const value = (field: Field, text: string): string => (text === '' ? t('filter.empty') : field === 'country' ? countryName(text, language) : text)
    const unit = (field: Field) => (field === 'request_time' || field === 'upstream_time' ? ' s' : (MEASURES as readonly Field[]).includes(field) ? ' B' : '')
    return {
      field: (field: Field): string => t(`field.${field}`),
      value,
      chip: (chip: Pick<Chip, 'field' | 'op' | 'value'>): string =>
        `${t(`field.${chip.field}`)} ${t(`op.${chip.op}`)} ${value(chip.field, chip.value)}${unit(chip.field)}`,
    }
  }, [t, language])
}
