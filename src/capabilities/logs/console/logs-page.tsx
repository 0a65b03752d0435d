/** Logs: what containers wrote, searched, counted over time, followed, grouped. */
import { Button, Pill, SegmentedControl, Select, Switch, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '#kits/console-kit/api.ts'
import { type Column, DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { CountsAnswer, Field, LogRecord, PatternsAnswer, RecordsAnswer, ValuesAnswer } from '../domain/api.ts'
import { LEVELS, levelOf } from '../domain/severity.ts'
import { LevelMark } from './level-mark.tsx'
import styles from './logs-page.module.css'
import { RecordDrawer } from './record-drawer.tsx'
import { TailPanel } from './tail-panel.tsx'
import { type Logs, useLogs } from './use-logs.ts'

// The table and the words are there before what draws is.
const Chart = lazy(async () => ({ default: (await import('#kits/console-kit/chart.tsx')).Chart }))

const TYPING_MS = 300
/** How far the list may be scrolled. */
const REACHABLE = 100_000
const PICKED = ['namespace', 'workload', 'pod'] as const

export default function LogsPage() {
  const { t } = useTranslation('logs')
  const logs = useLogs()
  const [opened, setOpened] = useState<LogRecord>()
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      <Filters logs={logs} />
      {logs.live ? (
        <TailPanel logs={logs} onOpen={setOpened} />
      ) : (
        <>
          <OverTime logs={logs} />
          {logs.view === 'patterns' ? <Patterns logs={logs} /> : <Records logs={logs} onOpen={setOpened} />}
        </>
      )}
      <RecordDrawer record={opened} onClose={() => setOpened(undefined)} onOpen={setOpened} logs={logs} />
    </>
  )
}

function Filters({ logs }: { logs: Logs }) {
  const { t } = useTranslation('logs')
  const { filters, setState } = logs
  const [text, setText] = useState(logs.text)
  useEffect(() => setText(logs.text), [logs.text])
  useEffect(() => {
    if (text === logs.text) return
    const timer = setTimeout(() => setState({ text }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text, logs.text, setState])
  return (
    <search className={styles.bar} aria-label={t('filters')}>
      <TextInput
        className={styles.search}
        size="xs"
        aria-label={t('search')}
        placeholder={t('searchHint')}
        leftSection={<IconSearch size={14} aria-hidden />}
        value={text}
        maxLength={1024}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Select
        size="xs"
        className={styles.level}
        aria-label={t('level')}
        placeholder={t('anyLevel')}
        clearable
        clearButtonProps={{ 'aria-label': t('anyLevel') }}
        data={LEVELS.map((value) => ({ value, label: t('atLeast', { level: t(`levels.${value}`) }) }))}
        value={logs.level ?? null}
        onChange={(level) => setState({ level: level ?? '' })}
      />
      {PICKED.map((field) => (
        <Picker key={field} logs={logs} field={field} />
      ))}
      <SegmentedControl
        size="xs"
        aria-label={t('view')}
        disabled={logs.live}
        data={[
          { value: 'records', label: t('records') },
          { value: 'patterns', label: t('patterns') },
        ]}
        value={logs.view}
        onChange={(view) => setState({ view: view === 'patterns' ? view : '' })}
      />
      <Switch size="xs" label={t('live')} checked={logs.live} onChange={(event) => setState({ live: event.currentTarget.checked })} />
      {filters.map((filter) => (
        <Pill
          key={filter}
          withRemoveButton
          removeButtonProps={{ 'aria-label': t('remove', { filter }), 'aria-hidden': false, tabIndex: 0 }}
          onRemove={() => setState({ f: filters.filter((other) => other !== filter) })}
        >
          {filter.replace(':', ' = ')}
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

/** Values are asked for when somebody looks for them. */
function Picker({ logs, field }: { logs: Logs; field: (typeof PICKED)[number] }) {
  const { t } = useTranslation('logs')
  const [open, setOpen] = useState(false)
  const { data } = useApi<ValuesAnswer>(open ? logs.path('/values') : undefined, { ...logs.query, field })
  return (
    <Select
      size="xs"
      className={styles.picker}
      aria-label={t(`column.${field}`)}
      placeholder={t(`column.${field}`)}
      searchable
      data={data?.values.filter(({ value }) => value !== '').map(({ value }) => value) ?? []}
      nothingFoundMessage={t('none')}
      value={null}
      onDropdownOpen={() => setOpen(true)}
      onChange={(value) => value && logs.only(field, value)}
    />
  )
}

const SERIES = ['none', ...LEVELS] as const
const COLORS = { none: 'neutral', trace: 6, debug: 5, info: 1, warn: 'warning', error: 'error', fatal: 8 } as const

function OverTime({ logs }: { logs: Logs }) {
  const { t } = useTranslation('logs')
  const format = useFormat()
  const answer = useApi<CountsAnswer>(logs.path('/counts'), logs.query)
  const { from, to } = logs.query
  const drawn = useMemo(() => {
    if (!answer.data) return undefined
    const { step, points } = answer.data
    const byTime = new Map(points.map(({ at, counts }) => [at, counts]))
    const ts: number[] = []
    for (let at = Math.floor(from / step) * step; at < to; at += step) ts.push(at)
    const shown = SERIES.filter((name) => points.some(({ counts }) => counts[name] > 0))
    // of what is kept, a step without records had none
    const since = answer.data.oldestAt ?? 0
    return { ts, series: shown.map((name) => ({ name, values: ts.map((at) => byTime.get(at)?.[name] ?? (at + step < since ? null : 0)) })) }
  }, [answer.data, from, to])
  const { data } = answer
  return (
    <Suspense fallback={<LoadingState />}>
      <Chart
        title={t('over')}
        unit="number"
        kind="bars"
        stacked
        height={120}
        ts={drawn?.ts}
        series={(drawn?.series ?? []).map(({ name, values }) => ({ name, label: t(`levels.${name}`), values, color: COLORS[name] }))}
        from={from}
        to={to}
        loading={answer.loading}
        error={answer.error}
        onRetry={answer.refetch}
        stale={answer.stale}
        empty={t('none')}
        note={
          data &&
          t('counted', {
            total: format.value(data.total, 'number'),
            rows: format.value(data.rowsRead, 'number'),
            bytes: format.value(data.bytesRead, 'bytes'),
            time: format.value(data.elapsedMs / 1000, 'seconds'),
          })
        }
      />
    </Suspense>
  )
}

function Records({ logs, onOpen }: { logs: Logs; onOpen: (record: LogRecord) => void }) {
  const { t } = useTranslation('logs')
  const format = useFormat()
  const { only, query, chosen } = logs
  const url = logs.path('/records')
  const [total, setTotal] = useState(0)
  const columns = useMemo<Column<LogRecord>[]>(() => {
    const value = (field: Field, text: string) =>
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
      { id: 'at', title: t('column.at'), width: 190, sortable: true, cell: ({ at }) => <span className={styles.at}>{format.time(at, { millis: true })}</span> },
      { id: 'severity', title: t('column.level'), width: 90, cell: ({ severity }) => <LevelMark severity={severity} /> },
      { id: 'namespace', title: t('column.namespace'), width: 110, cell: (record) => value('namespace', record.namespace) },
      { id: 'pod', title: t('column.pod'), width: 170, cell: (record) => value(record.pod === '' ? 'service' : 'pod', record.pod || record.service) },
      {
        id: 'body',
        title: t('column.body'),
        width: 720,
        value: ({ body }) => body,
        cell: ({ body, severity }) => (
          <span className={styles.body} data-level={levelOf(severity)}>
            {oneLine(body)}
          </span>
        ),
      },
      { id: 'container', title: t('column.container'), hidden: true, cell: (record) => value('container', record.container) },
      { id: 'workload', title: t('column.workload'), width: 180, hidden: true, cell: (record) => value('workload', record.workload) },
      { id: 'node', title: t('column.node'), hidden: true, cell: (record) => value('node', record.node) },
      { id: 'stream', title: t('column.stream'), width: 90, hidden: true, value: ({ stream }) => stream },
    ]
  }, [t, only, format])
  const load = useCallback<Load<LogRecord>>(
    async ({ order, limit, offset, signal }) => {
      const answer = await api.get<RecordsAnswer>(url, { ...query, order, limit, offset }, signal)
      setTotal(answer.total)
      return { rows: answer.records, total: Math.min(REACHABLE, answer.total) }
    },
    [url, query],
  )
  return (
    <Panel
      title={t('records')}
      note={total > REACHABLE ? t('reachable', { count: format.value(REACHABLE, 'number'), total: format.value(total, 'number') }) : undefined}
      flush
    >
      <DataTable
        id="records"
        label={t('records')}
        columns={columns}
        rowKey={({ ns, pod, container, body }) => `${ns} ${pod} ${container} ${body.length} ${body.slice(0, 40)}`}
        load={load}
        loadKey={[chosen]}
        refreshKey={[query.from, query.to]}
        initialSort={{ id: 'at', order: 'desc' }}
        onRowOpen={onOpen}
        searchable={false}
        empty={{ title: t('none'), hint: t('noneHint') }}
      />
    </Panel>
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colors of terminals.
const COLOR = /\x1b\[[\d;]*[A-Za-z]/g
const oneLine = (body: string) =>
  body
    .slice(0, 600)
    .replace(COLOR, '')
    .replace(/\s*\n\s*/g, ' ⏎ ')

function Patterns({ logs }: { logs: Logs }) {
  const { t } = useTranslation('logs')
  const format = useFormat()
  const { data, error, loading, refetch } = useApi<PatternsAnswer>(logs.path('/patterns'), { ...logs.query, limit: 100 })
  const number = (value: number) => format.value(value, 'number')
  return (
    <Panel
      title={t('patterns')}
      note={data && data.looked < data.total ? t('sampled', { looked: number(data.looked), total: number(data.total) }) : undefined}
      flush
    >
      {error && <ErrorState error={error} onRetry={refetch} compact />}
      {loading && <LoadingState />}
      {data?.patterns.length === 0 && <EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
      {data !== undefined && data.patterns.length > 0 && (
        <PlainTable head={[{ title: t('column.count'), number: true }, t('column.level'), { title: t('column.services'), number: true }, t('column.pattern')]}>
          {data.patterns.map(({ pattern, count, severity, services, example }) => (
            <tr key={pattern}>
              <td data-number>{number(data.looked === 0 ? 0 : count)}</td>
              <td>
                <LevelMark severity={severity} />
              </td>
              <td data-number>{number(services)}</td>
              <th scope="row" className={styles.pattern} title={example}>
                {pattern}
              </th>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}
