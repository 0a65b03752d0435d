/** What comes in, which services answer it, where it comes from and where it is kept. */
import { Link, useLocation } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { formatFilter } from '#capabilities/ingress-analytics/console/filters.ts'
import { panels } from '#capabilities/ingress-analytics/console/panels.ts'
import { useWords } from '#capabilities/ingress-analytics/console/words.ts'
import type { SeriesAnswer, SourcesAnswer, StatsAnswer, TopAnswer, TopRow } from '#capabilities/ingress-analytics/domain/api.ts'
import type { StoreStatus } from '#core/shapes/ports/telemetry.ts'
import { Chart } from '#kits/console-kit/chart.tsx'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { EmptyState, ErrorState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { niceStep } from '#kits/console-kit/time-range.ts'
import { parseSearch } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import { keptSearch } from './menu.ts'
import styles from './overview.module.css'
import { isSilent } from './problems.ts'

const SERVICES = 8
/** Shares of 5xx from which a service is worth a look, and from which it fails. */
const WARNING_SHARE = 0.01
const ERROR_SHARE = 0.05

const useKept = () => keptSearch(parseSearch(useLocation({ select: (location) => location.searchStr })))

/** The four numbers of the range, compared with the period before, and the requests by status. */
export function Traffic() {
  const { t } = useTranslation('shell')
  const words = useWords()
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  const stats = useApi<StatsAnswer>(path('/ingress/stats'), { from, to, compare: to - from })
  const series = useApi<SeriesAnswer>(path('/ingress/series'), { from, to, step: niceStep(from, to) })
  const lines = useMemo(() => {
    const requests = series.data && panels(series.data, undefined).find(({ id }) => id === 'requests')
    return requests?.series.map(({ name, values, color }) => ({ name, values, color, label: words(`line.${name}`) })) ?? []
  }, [series.data, words])
  const now = stats.data?.stats
  const before = stats.data?.compared?.stats
  const p99 = now?.latency.p99
  const p99Before = before?.latency.p99
  const shared = { loading: stats.loading, stale: stats.stale }
  return (
    <section className={styles.traffic} aria-label={t('overview.traffic')}>
      {stats.error && !now ? (
        <Panel title={t('overview.traffic')}>
          <ErrorState error={stats.error} onRetry={stats.refetch} compact />
        </Panel>
      ) : (
        <Tiles>
          <Stat label={t('overview.requests')} value={now?.requests} before={before?.requests} unit="number" {...shared} />
          <Stat label={t('overview.qps')} value={now?.qps} before={before?.qps} unit="rate" {...shared} />
          <Stat label={t('overview.success')} value={now?.success_rate} before={before?.success_rate} unit="share" better="higher" {...shared} />
          <Stat
            label={t('overview.p99')}
            value={typeof p99 === 'number' ? p99 : undefined}
            before={typeof p99Before === 'number' ? p99Before : undefined}
            missing={typeof p99 === 'object' ? p99.missing : undefined}
            needs={typeof p99 === 'object' ? p99.needs : undefined}
            unit="seconds"
            better="lower"
            {...shared}
          />
        </Tiles>
      )}
      <Chart
        title={words('panel.requests')}
        unit="rate"
        kind="area"
        stacked
        height={150}
        ts={series.data?.ts}
        series={lines}
        loading={series.loading}
        error={series.error}
        onRetry={series.refetch}
        stale={series.stale}
      />
    </section>
  )
}

/** 5xx decide: what a client did wrong is not the service's state. */
const stateOf = ({ rate_5xx }: TopRow): Status => (rate_5xx >= ERROR_SHARE ? 'error' : rate_5xx >= WARNING_SHARE ? 'warning' : 'ok')

/** The services with the most requests, and how they answer. */
export function Services() {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const kept = useKept()
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  const { data, error, loading, refetch } = useApi<TopAnswer>(path('/ingress/top'), { from, to, by: 'service', limit: SERVICES })
  return (
    <Panel
      title={t('overview.services')}
      note={data && data.total > SERVICES ? t('overview.servicesOf', { count: SERVICES, total: data.total }) : undefined}
      flush
    >
      {error && !data ? (
        <ErrorState error={error} onRetry={refetch} compact />
      ) : loading ? (
        <div className={styles.skeleton} role="img" aria-label={t('loading')} />
      ) : !data || data.rows.length === 0 ? (
        <EmptyState title={t('overview.noRequests')} />
      ) : (
        <div className={styles.scroll}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('overview.service')}</th>
                <th scope="col">{t('overview.state')}</th>
                <th scope="col" data-number>
                  {t('overview.requests')}
                </th>
                <th scope="col" data-number>
                  5xx
                </th>
                <th scope="col" data-number>
                  {t('overview.p99')}
                </th>
              </tr>
            </thead>
            <tbody>
              {data.rows.map((row) => (
                <tr key={row.key}>
                  <th scope="row">
                    <Link to="/ingress" search={{ ...kept, f: formatFilter({ field: 'service', op: 'eq', value: row.key }) } as never}>
                      {row.key === '' ? t('overview.unnamed') : row.key}
                    </Link>
                  </th>
                  <td>
                    <StatusMark status={stateOf(row)} />
                  </td>
                  <td data-number>{format.value(row.requests, 'number')}</td>
                  <td data-number>{format.value(row.rate_5xx, 'share')}</td>
                  <td data-number>{typeof row.p99 === 'number' ? format.value(row.p99, 'seconds') : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

/** Each source with its latest line. */
export function SourcesNow({ sources, now }: { sources: SourcesAnswer; now: number }) {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const kept = useKept()
  return (
    <Panel
      title={t('sources.title')}
      actions={
        <Link to="/settings/$section" params={{ section: 'sources' } as never} search={kept as never}>
          {t('overview.all')}
        </Link>
      }
      flush
    >
      <ul className={styles.list}>
        {sources.sources.slice(0, SERVICES).map((source) => {
          const silent = isSilent(source, now)
          return (
            <li key={source.source} className={styles.row}>
              <StatusMark
                status={source.lastAt === null ? 'unknown' : silent ? 'warning' : 'ok'}
                text={t(source.lastAt === null ? 'sources.never' : silent ? 'sources.silent' : 'sources.sending')}
              />
              <span className={styles.name}>{source.source}</span>
              <span className={styles.since}>
                {t('overview.lines', { count: source.accepted, lines: format.value(source.accepted, 'number') })}
                {source.rejected > 0 && ` · ${t('overview.rejectedLines', { lines: format.value(source.rejected, 'number') })}`}
              </span>
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}

/** How full the store is, of what holds anything. */
export function StorageNow({ store }: { store: StoreStatus }) {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const kept = useKept()
  return (
    <Panel
      title={t('settings.sections.storage')}
      note={<StatusMark status={store.engine.state === 'ready' ? 'ok' : 'error'} text={t(`storage.engine.${store.engine.state}`)} />}
      actions={
        <Link to="/settings/$section" params={{ section: 'storage' } as never} search={kept as never}>
          {t('overview.all')}
        </Link>
      }
      flush
    >
      <ul className={styles.list}>
        {store.signals
          .filter(({ rows }) => rows > 0)
          .map(({ signal, bytes, budgetBytes, daysLeft }) => {
            const name = t(`signals.${signal}`, { defaultValue: signal })
            const used = t('overview.used', { used: format.value(bytes, 'bytes'), budget: format.value(budgetBytes, 'bytes') })
            return (
              <li key={signal} className={styles.row}>
                <span className={styles.name}>{name}</span>
                <meter className={styles.meter} min={0} max={budgetBytes} value={bytes} aria-label={`${name}: ${used}`} />
                <span className={styles.since}>
                  {used}
                  {daysLeft !== undefined && ` · ${t('storage.daysLeft', { days: format.exact(Math.round(daysLeft * 10) / 10) })}`}
                </span>
              </li>
            )
          })}
        <li className={styles.row}>
          <span className={styles.name}>{t('storage.free')}</span>
          <span className={styles.since}>{format.value(store.disk.freeBytes, 'bytes')}</span>
        </li>
      </ul>
    </Panel>
  )
}
