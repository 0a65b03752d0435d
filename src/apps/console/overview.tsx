/** The first page: what is wrong, since when, and what to do next. */
import { Button } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { SourcesAnswer } from '#capabilities/ingress-analytics/domain/api.ts'
import type { StoreStatus } from '#core/shapes/ports/telemetry.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { PageHead, Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { EmptyState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { parseSearch } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { type Format, useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { AlertsAnswer } from './endpoints.ts'
import { keptSearch } from './menu.ts'
import styles from './overview.module.css'
import { Services, SourcesNow, StorageNow, Traffic } from './overview-panels.tsx'
import { type Problem, problemsOf } from './problems.ts'

const REFRESH_MS = 10_000

export default function Overview() {
  const { t } = useTranslation('shell')
  const cluster = useCluster()
  const now = useNow(REFRESH_MS)
  const alerts = useApi<AlertsAnswer>(cluster.path('/alerts'), undefined, { refreshMs: REFRESH_MS })
  const store = useApi<StoreStatus>('/store', undefined, { refreshMs: REFRESH_MS })
  const sources = useApi<SourcesAnswer>(cluster.path('/ingress/sources'), undefined, { refreshMs: REFRESH_MS })
  const parts = { alerts, store, sources }
  const unknown = (Object.keys(parts) as (keyof typeof parts)[]).filter(
    (name) => (parts[name].error && !parts[name].data) || (name === 'alerts' && alerts.data?.known === false),
  )
  const asking = Object.values(parts).some((part) => part.loading)
  const problems = problemsOf({ alerts: alerts.data, store: store.data, sources: sources.data }, now)
  const noSources = sources.data !== undefined && sources.data.sources.length === 0
  return (
    <>
      <PageHead title={t('overview.title')} lead={t('overview.lead')} />
      <Panel title={t('overview.wrong')} note={problems.length > 0 ? t('overview.count', { count: problems.length }) : undefined} flush>
        {asking && problems.length === 0 ? (
          <div className={styles.skeleton} role="img" aria-label={t('loading')} />
        ) : problems.length === 0 && unknown.length === 0 ? (
          <div className={styles.fine}>
            <StatusMark status="ok" text={t(noSources ? 'overview.nothingYet' : 'overview.fine')} />
          </div>
        ) : (
          <ul className={styles.list}>
            {problems.map((problem) => (
              <ProblemRow key={problem.id} problem={problem} now={now} />
            ))}
            {unknown.map((name) => (
              <li key={name} className={styles.row}>
                <StatusMark status="unknown" />
                <span className={styles.text}>{t(`overview.unknown.${name}`)}</span>
                <span className={styles.since}>{parts[name].error?.code}</span>
                <Button size="compact-sm" variant="default" onClick={parts[name].refetch}>
                  {t('overview.retry')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      {noSources ? (
        <Panel>
          <EmptyState
            title={t('overview.noSources.title')}
            action={
              <Button size="xs" renderRoot={(props) => <Link to="/settings/sources" search={keptSearch as never} {...props} />}>
                {t('overview.noSources.action')}
              </Button>
            }
          >
            {t('overview.noSources.text')}
          </EmptyState>
        </Panel>
      ) : (
        <Traffic />
      )}
      <Tiles kind="half">
        {!noSources && <Services />}
        <div>
          {sources.data && !noSources && <SourcesNow sources={sources.data} now={now} />}
          {store.data && <StorageNow store={store.data} />}
        </div>
      </Tiles>
    </>
  )
}

function ProblemRow({ problem, now }: { problem: Problem; now: number }) {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const search = keptSearch(parseSearch(useLocation({ select: (location) => location.searchStr })))
  const [path, query = ''] = problem.path.split('?')
  return (
    <li className={styles.row}>
      <StatusMark status={problem.severity} />
      <span className={styles.text}>{problemText(problem, t, format)}</span>
      <span className={styles.since} title={problem.since === undefined ? undefined : format.time(problem.since)}>
        {problem.since === undefined ? '' : t('overview.since', { age: format.age(problem.since, now) })}
      </span>
      <Button size="compact-sm" variant="default" renderRoot={(props) => <Link to={path} search={{ ...search, ...parseSearch(query) } as never} {...props} />}>
        {t(`overview.next.${problem.kind}`)}
      </Button>
    </li>
  )
}

function problemText({ kind, values }: Problem, t: TFunction<'shell'>, format: Format): string {
  if (kind === 'alert') return values.summary ? `${values.name}: ${values.summary}` : String(values.name)
  return t(`overview.problems.${kind}`, {
    ...values,
    bytes: format.value(values.bytes, 'bytes'),
    share: format.value(values.share, 'share'),
    count: values.batches,
  })
}
