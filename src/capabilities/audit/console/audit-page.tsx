/** Audit: who does what, what of it is sensitive, what is new, and every event behind it. */
import { Button, Pill, Switch, TextInput } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '#kits/console-kit/api.ts'
import { type Column, DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { AuditStatus, EventRow, EventsAnswer, FirstSeenAnswer, SeriesAnswer, TopAnswer } from '../domain/api.ts'
import { UNREAD } from '../domain/gaps.ts'
import styles from './audit-page.module.css'
import { EventDrawer } from './event-drawer.tsx'
import { type Audit, useAudit } from './use-audit.ts'

// The table and the words are there before what draws is.
const Chart = lazy(async () => ({ default: (await import('#kits/console-kit/chart.tsx')).Chart }))

const TYPING_MS = 250
/** How far the list may be scrolled. */
const REACHABLE = 100_000

const RANKINGS = [
  { by: 'user', title: 'who' },
  { by: 'rules', title: 'rules' },
  { by: 'namespace', title: 'namespaces' },
  { by: 'verb', title: 'verbs' },
  { by: 'source_ip', title: 'origins' },
  { by: 'user_agent', title: 'clients' },
] as const

export default function AuditPage() {
  const { t } = useTranslation('audit')
  const audit = useAudit()
  const [opened, setOpened] = useState<EventRow>()
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      <Filters audit={audit} />
      <OverTime audit={audit} />
      <Tiles kind="third">
        {RANKINGS.map(({ by, title }) => (
          <Ranking key={by} audit={audit} by={by} title={t(title)} />
        ))}
      </Tiles>
      <FirstSeen audit={audit} />
      <Events audit={audit} onOpen={setOpened} />
      <Foot audit={audit} />
      <EventDrawer row={opened} onClose={() => setOpened(undefined)} audit={audit} />
    </>
  )
}

function Filters({ audit }: { audit: Audit }) {
  const { t } = useTranslation('audit')
  const { filters, setState } = audit
  const [text, setText] = useState(audit.search)
  useEffect(() => setText(audit.search), [audit.search])
  useEffect(() => {
    if (text === audit.search) return
    const timer = setTimeout(() => setState({ q: text }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text, audit.search, setState])
  return (
    <search className={styles.bar} aria-label={t('filters')}>
      <TextInput
        className={styles.search}
        size="xs"
        aria-label={t('search')}
        placeholder={t('search')}
        leftSection={<IconSearch size={14} aria-hidden />}
        value={text}
        maxLength={256}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Switch size="xs" label={t('sensitive')} checked={audit.sensitive} onChange={(event) => setState({ sensitive: event.currentTarget.checked })} />
      {filters.map((filter) => (
        <Pill
          key={filter}
          withRemoveButton
          removeButtonProps={{ 'aria-label': t('remove', { filter }), 'aria-hidden': false, tabIndex: 0 }}
          onRemove={() => setState({ f: filters.filter((other) => other !== filter) })}
        >
          {filter.replace(':eq:', ' = ')}
        </Pill>
      ))}
      {filters.length > 1 && (
        <Button size="compact-xs" variant="subtle" onClick={() => setState({ f: [] })}>
          {t('clear')}
        </Button>
      )}
    </search>
  )
}

function OverTime({ audit }: { audit: Audit }) {
  const { t } = useTranslation('audit')
  const answer = useApi<SeriesAnswer>(audit.path('/series'), audit.query)
  const drawn = useMemo(() => {
    if (!answer.data) return undefined
    const { step, points } = answer.data
    const byTime = new Map(points.map(([at, ...counts]) => [at, counts]))
    const ts: number[] = []
    for (let at = Math.floor(audit.query.from / step) * step; at < audit.query.to; at += step) ts.push(at)
    // of what is kept, a step without events had none
    const values = (pick: (events: number, sensitive: number, refused: number) => number) =>
      ts.map((at) => {
        const [events = 0, sensitive = 0, refused = 0] = byTime.get(at) ?? []
        return pick(events, sensitive, refused)
      })
    return {
      ts,
      all: values((events, sensitive, refused) => Math.max(0, events - sensitive - refused)),
      sensitive: values((_, one) => one),
      refused: values((_, __, one) => one),
    }
  }, [answer.data, audit.query.from, audit.query.to])
  return (
    <Suspense fallback={<LoadingState />}>
      <Chart
        title={t('over')}
        unit="number"
        kind="bars"
        stacked
        ts={drawn?.ts}
        series={[
          { name: 'all', label: t('series.all'), values: drawn?.all ?? [], color: 'neutral' },
          { name: 'sensitive', label: t('series.sensitive'), values: drawn?.sensitive ?? [], color: 'warning' },
          { name: 'refused', label: t('series.refused'), values: drawn?.refused ?? [], color: 'error' },
        ]}
        loading={answer.loading}
        error={answer.error}
        onRetry={answer.refetch}
        stale={answer.stale}
      />
    </Suspense>
  )
}

function Ranking({ audit, by, title }: { audit: Audit; by: (typeof RANKINGS)[number]['by']; title: string }) {
  const { t } = useTranslation('audit')
  const format = useFormat()
  const { data, error, loading, refetch } = useApi<TopAnswer>(audit.path('/top'), { ...audit.query, by, limit: 7 })
  const rows = data?.rows.filter(({ key }) => key !== '')
  return (
    <Panel title={title} flush>
      {error && <ErrorState error={error} onRetry={refetch} compact />}
      {loading && <LoadingState />}
      {rows?.length === 0 && <EmptyState title={t('none')} />}
      {rows !== undefined && rows.length > 0 && (
        <PlainTable head={[t('column.name'), { title: t('column.count'), number: true }]}>
          {rows.map(({ key, events }) => (
            <tr key={key}>
              <th scope="row">
                <button type="button" className={styles.value} title={key} onClick={() => audit.only(by, key)}>
                  {key}
                </button>
              </th>
              <td data-number>{format.value(events, 'number')}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}

function FirstSeen({ audit }: { audit: Audit }) {
  const { t } = useTranslation('audit')
  const format = useFormat()
  const { data, error, refetch } = useApi<FirstSeenAnswer>(audit.path('/first-seen'), audit.query)
  return (
    <Panel title={t('firstSeen')} flush>
      {error && <ErrorState error={error} onRetry={refetch} compact />}
      {data?.rows.length === 0 && <EmptyState title={t('firstSeenNone')} />}
      {data !== undefined && data.rows.length > 0 && (
        <PlainTable head={[t('column.at'), t('column.what'), t('column.name'), t('column.user')]}>
          {data.rows.slice(0, 8).map(({ what, key, user, at }) => (
            <tr key={`${what} ${key}`}>
              <td>{format.time(at, { seconds: true })}</td>
              <td>{t(`what.${what}`)}</td>
              <th scope="row">
                <button type="button" className={styles.value} onClick={() => audit.only(what, key)}>
                  {key}
                </button>
              </th>
              <td>{user}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}

function Events({ audit, onOpen }: { audit: Audit; onOpen: (row: EventRow) => void }) {
  const { t } = useTranslation('audit')
  const { only, query } = audit
  const url = audit.path('/events')
  const columns = useMemo<Column<EventRow>[]>(() => {
    const value = (field: string, text: string) =>
      text === '' ? null : (
        <button
          type="button"
          className={styles.value}
          title={text}
          onClick={(event) => {
            event.stopPropagation()
            only(field, text)
          }}
        >
          {text}
        </button>
      )
    return [
      { id: 'at', title: t('column.at'), unit: 'time', width: 170 },
      {
        id: 'user',
        title: t('column.user'),
        width: 220,
        cell: (row) =>
          row.impersonated === '' ? (
            value('user', row.user)
          ) : (
            <>
              {value('user', row.user)} → {value('user', row.impersonated)}
            </>
          ),
      },
      { id: 'verb', title: t('column.verb'), width: 90, cell: (row) => value('verb', row.verb) },
      { id: 'object', title: t('column.object'), width: 260, value: (row) => [row.resource, row.name].filter(Boolean).join('/') },
      { id: 'namespace', title: t('column.namespace'), cell: (row) => value('namespace', row.namespace) },
      { id: 'status', title: t('column.status'), width: 80, value: (row) => row.status || null, align: 'end' },
      {
        id: 'rules',
        title: t('column.rules'),
        width: 220,
        value: (row) => row.rules.join(', '),
        cell: (row) => (row.severity === '' ? null : <StatusMark status={row.severity as Status} text={row.rules.join(', ')} />),
      },
      { id: 'sourceIp', title: t('column.sourceIp'), cell: (row) => value('source_ip', row.sourceIp) },
      { id: 'userAgent', title: t('column.userAgent'), hidden: true },
      { id: 'plane', title: t('column.plane'), hidden: true },
    ]
  }, [t, only])
  const load = useCallback<Load<EventRow>>(
    async ({ order, search, limit, offset, signal }) => {
      const answer = await api.get<EventsAnswer>(url, { ...query, ...(search ? { search } : {}), order, limit, offset }, signal)
      const known = offset + answer.events.length
      return { rows: answer.events, total: answer.more ? Math.min(REACHABLE, known + limit) : known }
    },
    [url, query],
  )
  return (
    <Panel title={t('events')} flush>
      <DataTable
        id="events"
        label={t('events')}
        columns={columns}
        rowKey={({ id, stage, at, verb }) => `${id} ${stage} ${at} ${verb}`}
        load={load}
        loadKey={[query.filter, query.search]}
        refreshKey={[query.from, query.to]}
        initialSort={{ id: 'at', order: 'desc' }}
        onRowOpen={onOpen}
        searchable={false}
        empty={{ title: t('none'), hint: t('noneHint') }}
        toolbar={<Export audit={audit} />}
      />
    </Panel>
  )
}

/** The server writes the file: all events that answer, whatever their number. */
function Export({ audit }: { audit: Audit }) {
  const { t } = useTranslation('audit')
  const { from, to, filter, ...search } = audit.query
  const href = (format: string) => {
    const query = new URLSearchParams({ from: String(from), to: String(to), format, ...search })
    for (const one of filter) query.append('filter', one)
    return `/api/v1${audit.path('/export')}?${query}`
  }
  return (
    <>
      {['ndjson', 'csv'].map((format) => (
        <Button
          key={format}
          size="xs"
          variant="default"
          component="a"
          href={href(format)}
          download={`audit.${format}`}
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          {t('export', { format: format.toUpperCase() })}
        </Button>
      ))}
    </>
  )
}

function Foot({ audit }: { audit: Audit }) {
  const { t } = useTranslation('audit')
  const format = useFormat()
  const { data } = useApi<AuditStatus>(audit.path('/status'), undefined, { refreshMs: 30_000 })
  const number = (value: number) => format.value(value, 'number')
  return (
    <div className={styles.foot}>
      <p>{t('blind')}</p>
      {data && data.waiting.batches > 0 && <p>{t('waiting', { batches: number(data.waiting.batches), bytes: format.value(data.waiting.bytes, 'bytes') })}</p>}
      {data && (
        <p>
          {t('received', {
            accepted: number(data.accepted),
            rejected: number(UNREAD.reduce((sum, reason) => sum + (data.rejected[reason] ?? 0), 0)),
            dropped: number(data.dropped),
          })}{' '}
          {data.chain && t('chain', { number: data.chain.number })}
        </p>
      )}
    </div>
  )
}
