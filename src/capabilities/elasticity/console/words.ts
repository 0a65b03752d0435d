import { useTranslation } from 'react-i18next'
import type { Status } from '#kits/console-kit/status-mark.tsx'
import type { ScalePolicyRow } from '../domain/api.ts'
import { inLanguage } from '../domain/words.ts'

export const useWords = () => useTranslation('elasticity').t

/** What the cluster says in English, in the reader's language. */
export function useSaid(): (text: string) => string {
  const { i18n } = useTranslation()
  return (text) => inLanguage(text, i18n.language === 'zh-CN' ? 'zh-CN' : 'en')
}

export const PHASE_STATUS: Record<ScalePolicyRow['phase'], Status> = {
  Invalid: 'error',
  Conflict: 'warning',
  Preview: 'advice',
  Active: 'ok',
  Manual: 'advice',
  Blind: 'unknown',
}
export const API_STATUS: Record<string, Status> = { registered: 'ok', foreign: 'warning', unreachable: 'advice', failed: 'error' }
export const RUN_STATUS: Record<string, Status> = { applied: 'ok', superseded: 'advice', failed: 'error' }
