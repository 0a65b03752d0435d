/** Texts that a dashboard brings itself. */
import { useTranslation } from 'react-i18next'
import type { Text } from '../domain/dashboards/dashboard.ts'

export function useText(): (text: Text) => string {
  const { i18n } = useTranslation()
  return (text) => (typeof text === 'string' ? text : text[i18n.language === 'zh-CN' ? 'zh-CN' : 'en'])
}
