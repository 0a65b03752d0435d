import { useTranslation } from 'react-i18next'
import type { Status } from '#kits/console-kit/status-mark.tsx'
import { inLanguage } from '../domain/words.ts'
import type { CanaryStatus } from '../resources/canary.ts'

export const useWords = () => useTranslation('canary').t

/** What the cluster says in English, in the reader's language. */
export function useSaid(): (text: string) => string {
  const { i18n } = useTranslation()
  return (text) => inLanguage(text, i18n.language === 'zh-CN' ? 'zh-CN' : 'en')
}

type Phase = NonNullable<CanaryStatus['phase']>

export const PHASE_STATUS: Record<Phase, Status> = {
  Invalid: 'warning',
  Waiting: 'unknown',
  Preparing: 'running',
  Progressing: 'running',
  Paused: 'advice',
  Promoting: 'running',
  RollingBack: 'error',
  Promoted: 'ok',
  RolledBack: 'error',
}

/** What a person can do in a phase. */
export const commandsOf = (phase: Phase): readonly ('promote' | 'pause' | 'resume' | 'abort' | 'restart')[] => {
  if (phase === 'Progressing') return ['promote', 'pause', 'abort']
  if (phase === 'Paused') return ['resume', 'promote', 'abort']
  if (phase === 'Preparing' || phase === 'Promoting') return ['abort']
  return phase === 'RolledBack' ? ['restart'] : []
}
