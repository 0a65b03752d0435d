/** Who is told about alerts, by which rules, and what is silent for now. */
import { useTranslation } from 'react-i18next'
import type { AlertingConfig } from '#core/alerting/config.ts'
import { Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useSettings } from '#kits/console-kit/use-settings.ts'
import { Receivers } from './receivers.tsx'
import { Routes } from './routes.tsx'
import { Silences } from './silences.tsx'

/** A part of the page: what is configured, and how to replace it. Resolves when it was accepted. */
export interface PartProps {
  config: AlertingConfig
  save: (next: AlertingConfig) => Promise<void>
  saving: boolean
}

export default function Notifications() {
  const { t } = useTranslation('shell')
  const settings = useSettings<AlertingConfig>('notifications')
  if (settings.error && !settings.value) return <ErrorState error={settings.error} onRetry={settings.reload} />
  if (!settings.value)
    return (
      <Panel title={t('notify.receivers')}>
        <LoadingState />
      </Panel>
    )
  const part = { config: settings.value, save: settings.save, saving: settings.saving }
  return (
    <>
      {settings.saveError && (
        <Panel>
          <ErrorState error={settings.saveError} onRetry={settings.saveError.code === 'CONFLICT' ? settings.reload : undefined} compact />
        </Panel>
      )}
      <Panel title={t('notify.receivers')} note={t('notify.receiversNote')}>
        <Receivers {...part} />
      </Panel>
      <Panel title={t('notify.routes')} note={t('notify.routesNote')}>
        <Routes {...part} />
      </Panel>
      <Panel title={t('notify.silences')} note={t('notify.silencesNote')}>
        <Silences {...part} />
      </Panel>
    </>
  )
}
