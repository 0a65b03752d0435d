/** The last 60 seconds by arrival time, with its freshness and completeness, and the lines as they come. */
import { useEffect, useMemo, useState } from 'react'
import { Chart, type ChartSeries } from '#kits/console-kit/chart.tsx'
import { DataTable } from '#kits/console-kit/data-table.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useEventSource } from '#kits/console-kit/use-event-source.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { LiveTick, RequestRow } from '../domain/api.ts'
import { addFilter } from './filters.ts'
import { liveBars, liveState, withLatest } from './live-bars.ts'
import styles from './live-panel.module.css'
import { requestColumns, requestKey } from './request-columns.tsx'
import type { Ingress } from './use-ingress.ts'
import { liveFilters, textsOf } from './view.ts'
import { useWords } from './words.ts'

const SHOWN = ['ts', 'method', 'host', 'path', 'status', 'request_time', 'bytes_out', 'client']
const ignore = () => {}

export default function LivePanel({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const { filters, setFilters } = ingress
  const followed = liveFilters(filters)
  const stream = useEventSource<LiveTick>(ingress.path('/live'), 'tick', { filter: textsOf(followed) })
  const tick = stream.data
  const latest = useLatest(tick)
  const now = useNow(1000)
  const since = stream.receivedAt === undefined ? 0 : Math.max(0, now - stream.receivedAt)
  const state = stream.state === 'lost' && tick ? 'stale' : liveState(tick, since)
  const bars = useMemo(() => tick && liveBars(tick), [tick])
  const series = useMemo<ChartSeries[]>(
    () =>
      bars
        ? [
            { name: 'c2xx', label: t('live.ok'), values: bars.ok, color: 'ok' },
            { name: 'c4xx', label: t('line.c4xx'), values: bars.c4xx, color: 'warning' },
            { name: 'c5xx', label: t('line.c5xx'), values: bars.c5xx, color: 'error' },
          ]
        : [],
    [bars, t],
  )
  const columns = useMemo(
    () => requestColumns(t, (field, value) => setFilters(addFilter(filters, { field, op: 'eq', value })), SHOWN).map((c) => ({ ...c, sortable: false })),
    [t, filters, setFilters],
  )
  const stale = state === 'stale'
  const first = bars?.ts[0]
  return (
    <section className={styles.live} aria-label={t('live.title')} data-stale={stale || undefined}>
      <div className={styles.head}>
        <Freshness tick={tick} state={state} since={since} />
        {followed.length < filters.length && <span className={styles.note}>{t('live.only')}</span>}
      </div>
      <div className={styles.tiles}>
        <Stat label={t('tile.qps')} value={tick?.total.qps} unit="rate" loading={!tick} stale={stale} />
        <Stat label={t('number.requests')} value={tick?.total.requests} unit="number" loading={!tick} stale={stale} />
        <Stat label={t('tile.success')} value={tick?.total.success_rate} unit="share" loading={!tick} stale={stale} />
        <Stat label={t('rung.p50')} value={tick?.total.p50} unit="seconds" loading={!tick} stale={stale} />
        <Stat label={t('rung.p99')} value={tick?.total.p99} unit="seconds" loading={!tick} stale={stale} />
      </div>
      <Chart
        title={t('live.bars')}
        unit="rate"
        ts={bars?.ts}
        series={series}
        kind="bars"
        stacked
        {...(first === undefined ? {} : { from: first, to: first + 60_000 })}
        onZoom={ignore}
        height={130}
        loading={!tick}
        stale={stale}
      />
      <Panel title={t('live.latest')} flush>
        <DataTable
          id="live"
          label={t('live.latest')}
          columns={columns}
          rows={latest}
          rowKey={requestKey}
          loading={!tick}
          updatedAt={stream.receivedAt}
          height="rows"
          searchable={false}
          empty={{ title: t('live.waiting') }}
        />
      </Panel>
    </section>
  )
}

/** What the ticks of this connection have brought; undefined before the first. */
function useLatest(tick: LiveTick | undefined): readonly RequestRow[] | undefined {
  const [rows, setRows] = useState<readonly RequestRow[]>()
  useEffect(() => setRows((shown) => tick && withLatest(shown ?? [], tick.latest)), [tick])
  return rows
}

const MARKS: Record<ReturnType<typeof liveState>, Status> = { waiting: 'running', fresh: 'ok', quiet: 'advice', stale: 'warning' }

function Freshness({ tick, state, since }: { tick: LiveTick | undefined; state: ReturnType<typeof liveState>; since: number }) {
  const t = useWords()
  const format = useFormat()
  if (!tick || state === 'waiting') return <StatusMark status="running" text={t('live.connecting')} />
  const age = format.value(Math.round(((state === 'stale' ? since : (tick.freshnessMs ?? 0) + since) / 1000) * 10) / 10, 'seconds')
  const text = state !== 'stale' && tick.freshnessMs === null ? t('live.never') : t(`live.${state}`, { age })
  return (
    <>
      <StatusMark status={MARKS[state]} text={text} />
      <span className={styles.note}>
        {tick.completeness >= 1 ? t('live.complete') : t('live.completeness', { share: format.value(tick.completeness, 'share') })}
      </span>
      {tick.total.latenessMs > 2000 && (
        <span className={styles.note}>{t('live.lateness', { age: format.value(tick.total.latenessMs / 1000, 'seconds') })}</span>
      )}
    </>
  )
}
