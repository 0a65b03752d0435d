/** What this is, which version, and what the store runs on. */
import { useTranslation } from 'react-i18next'
import type { StoreStatus } from '#core/shapes/ports/telemetry.ts'
import { Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useSession } from '../session.tsx'
import styles from './settings.module.css'

export default function About() {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const { me } = useSession()
  const { data, error, loading, refetch } = useApi<StoreStatus>('/store')
  const absent = t(loading ? 'loading' : 'about.unknown')
  const rows: [string, string][] = [
    [t('about.version'), me?.version ?? t('about.unknown')],
    [t('about.user'), me?.user ?? t('about.unknown')],
    [t('about.session'), me?.expiresAt === undefined ? t('about.unknown') : format.time(me.expiresAt)],
    [t('about.engine'), data ? `${data.engine.name} ${data.engine.version}` : absent],
    [t('about.engineSince'), data ? format.time(data.engine.since) : absent],
    [t('about.license'), 'Apache-2.0'],
  ]
  return (
    <Panel title={t('settings.sections.about')}>
      <dl className={styles.facts}>
        {rows.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {error && !data && <ErrorState error={error} onRetry={refetch} compact />}
      <p>
        <a href="/openapi.json">openapi.json</a>
      </p>
    </Panel>
  )
}
