/** Inspections: how each stands, what it found, what is new, and what to do about one finding. */
import { Anchor, Button, Menu, Pill, SegmentedControl } from '@mantine/core'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import { api, apiUrl } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { PageHead, Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { FindingRow, Group, InspectionRow, InspectionsAnswer, OverviewAnswer, Run } from '../domain/api.ts'
import { FindingDrawer } from './finding-drawer.tsx'
import styles from './inspections-page.module.css'

const REFRESH_MS = 5_000
const WORST_FIRST = SEVERITIES.toReversed()
const FILTERS = ['severity', 'category', 'namespace', 'check'] as const
const MARK: Readonly<Record<string, Status>> = {
  Running: 'running',
  Passed: 'ok',
  Failed: 'error',
  Incomplete: 'unknown',
  Suspended: 'unknown',
  Invalid: 'error',
}

const view = z.object({
  name: urlText,
  severity: urlText,
  category: urlText,
  namespace: urlText,
  check: urlText,
  show: z.enum(['open', 'new', 'gone']).default('open'),
  finding: urlText,
})
type View = z.output<typeof view>
type Change = (patch: Partial<View>) => void

export default function InspectionsPage() {
  const [state, setState] = useUrlState(view)
  return state.name === '' ? <List onOpen={(name) => setState({ name })} /> : <One state={state} setState={setState} />
}

function Phase({ row: { status } }: { row: InspectionRow }) {
  const { t } = useTranslation('inspection')
  const phase = status.phase ?? 'none'
  return <StatusMark status={MARK[phase] ?? 'unknown'} text={t(`phases.${phase}`)} />
}

function List({ onOpen }: { onOpen: (name: string) => void }) {
  const { t } = useTranslation('inspection')
  const format = useFormat()
  const { path } = useCluster()
  const { data, error, loading, refetch } = useApi<InspectionsAnswer>(path('/inspections'), undefined, { refreshMs: REFRESH_MS })
  const make = useSubmit(() => api.send('POST', path('/inspections'), { name: 'nightly', spec: { schedule: '0 3 * * *' } }), refetch)
  const column = (name: string) => t(`column.${name}`)
  const when = (text: string | undefined) => (text === undefined ? '' : format.time(Date.parse(text)))
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      <Panel flush>
        {error && <ErrorState error={error} onRetry={refetch} compact />}
        {loading && <LoadingState />}
        {data?.served === false && <EmptyState title={t('notServed')}>{t('notServedHint')}</EmptyState>}
        {data?.served && data.inspections.length === 0 && (
          <EmptyState
            title={t('none')}
            action={
              <Button size="xs" loading={make.busy} onClick={make.submit}>
                {t('make')}
              </Button>
            }
          >
            {t('noneHint')}
          </EmptyState>
        )}
        {make.error && <ErrorState error={make.error} compact />}
        {data !== undefined && data.inspections.length > 0 && (
          <PlainTable
            head={[
              column('name'),
              column('phase'),
              ...WORST_FIRST.map((severity) => ({ title: t(`counts.${severity}`), number: true as const })),
              column('changed'),
              column('schedule'),
              column('last'),
              column('next'),
            ]}
          >
            {data.inspections.map((row) => (
              <tr key={row.name}>
                <th scope="row">
                  <Anchor component="button" type="button" onClick={() => onOpen(row.name)}>
                    {row.name}
                  </Anchor>
                </th>
                <td>
                  <Phase row={row} />
                  {row.status.message && <div className={styles.note}>{row.status.message}</div>}
                </td>
                {WORST_FIRST.map((severity) => (
                  <td key={severity} data-number>
                    {format.value(row.status[severity], 'number')}
                  </td>
                ))}
                <td>{row.status.new === undefined ? '' : `+${row.status.new} / −${row.status.gone ?? 0}`}</td>
                <td>{row.spec.schedule ?? t('once')}</td>
                <td>{when(row.status.lastRunAt)}</td>
                <td>{when(row.status.nextRunAt)}</td>
              </tr>
            ))}
          </PlainTable>
        )}
      </Panel>
    </>
  )
}

const FORMATS = ['html', 'markdown', 'json', 'ndjson', 'sarif', 'junit'] as const

function One({ state, setState }: { state: View; setState: Change }) {
  const { t } = useTranslation('inspection')
  const { path } = useCluster()
  const base = path(`/inspections/${encodeURIComponent(state.name)}`)
  const list = useApi<InspectionsAnswer>(path('/inspections'), undefined, { refreshMs: REFRESH_MS })
  const { data, error, loading, refetch } = useApi<OverviewAnswer>(`${base}/overview`, undefined, { refreshMs: REFRESH_MS })
  const [asked, setAsked] = useState(false)
  const run = useSubmit(
    () => api.send('POST', `${base}/run`),
    () => {
      setAsked(true)
      refetch()
    },
  )
  const row = list.data?.inspections.find(({ name }) => name === state.name)
  const last = data?.runs[0]
  return (
    <>
      <PageHead title={state.name} lead={row && <Phase row={row} />}>
        <Button
          variant="default"
          size="xs"
          onClick={() => setState({ name: '', finding: '', severity: '', category: '', namespace: '', check: '', show: 'open' })}
        >
          {t('all')}
        </Button>
        <Menu>
          <Menu.Target>
            <Button variant="default" size="xs" disabled={!last}>
              {t('download')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {FORMATS.map((format) => (
              <Menu.Item key={format} component="a" href={apiUrl(`${base}/report`, { format })} download>
                {format}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Button size="xs" loading={run.busy} onClick={run.submit}>
          {asked ? t('asked') : t('runNow')}
        </Button>
      </PageHead>
      {run.error && <ErrorState error={run.error} compact />}
      {error && <ErrorState error={error} onRetry={refetch} />}
      {loading && <LoadingState />}
      {row?.status.message && <ErrorLine text={row.status.message} />}
      {data && (
        <>
          <Tiles>
            {WORST_FIRST.map((severity) => (
              <Stat
                key={severity}
                label={t(`counts.${severity}`)}
                unit="number"
                value={last ? data.counts[severity] : null}
                {...(last ? {} : { missing: 'none' as const })}
                onClick={() => setState({ severity: state.severity === severity ? '' : severity })}
              />
            ))}
          </Tiles>
          {last === undefined ? (
            <Panel>
              <EmptyState title={t('noRuns')} />
            </Panel>
          ) : (
            <>
              <Coverage run={last} />
              <Tiles kind="third">
                <Groups
                  title={t('byCategory')}
                  groups={data.byCategory}
                  nameOf={(name) => t(`categories.${name}`)}
                  onPick={(category) => setState({ category })}
                />
                <Groups
                  title={t('byNamespace')}
                  groups={data.byNamespace}
                  nameOf={(name) => name || t('noNamespace')}
                  onPick={(namespace) => namespace && setState({ namespace })}
                />
                <Groups title={t('byCheck')} groups={data.byCheck} nameOf={(name) => name} onPick={(check) => setState({ check })} />
              </Tiles>
              <Findings base={base} state={state} setState={setState} runs={data.runs} />
              <Runs runs={data.runs} />
            </>
          )}
        </>
      )}
      <FindingDrawer base={base} inspection={state.name} fingerprint={state.finding} onClose={() => setState({ finding: '' })} onChanged={refetch} />
    </>
  )
}

const ErrorLine = ({ text }: { text: string }) => (
  <Panel>
    <StatusMark status="error" text={text} />
  </Panel>
)

/** What was not looked at is said before what was found. */
function Coverage({ run }: { run: Run }) {
  const { t } = useTranslation('inspection')
  const format = useFormat()
  const text = t('coverageText', { objects: format.value(run.objects, 'number'), checks: run.checks, read: run.kinds.read })
  const { usage } = run
  const basis = typeof usage === 'number' ? t('usage.days', { days: Math.round(usage / 8_640_000) / 10 }) : usage && t(`usage.${usage}`)
  return (
    <Panel
      title={t('coverage')}
      note={
        <>
          <StatusMark status={run.complete ? 'ok' : 'unknown'} text={run.complete ? t('complete') : t('incomplete')} /> · {text}
          {basis && ` · ${basis}`}
        </>
      }
      flush
    >
      {run.unread.length > 0 && (
        <PlainTable head={[t('unreadWhat'), t('unreadWhy')]}>
          {run.unread.map(({ path, message }) => (
            <tr key={`${path} ${message}`}>
              <th scope="row">{path}</th>
              <td>{message}</td>
            </tr>
          ))}
        </PlainTable>
      )}
      {run.suppressed.length > 0 && (
        <PlainTable head={[t('suppressed'), t('column.object'), t('suppressReason')]}>
          {run.suppressed.map(({ check, object, path, reason, until }) => (
            <tr key={`${check} ${object} ${path}`}>
              <th scope="row">{check}</th>
              <td>{object}</td>
              <td>{t('suppressedUntil', { until, reason })}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}

const MOST_GROUPS = 8

function Groups({
  title,
  groups,
  nameOf,
  onPick,
}: {
  title: string
  groups: readonly Group[]
  nameOf: (name: string) => string
  onPick: (name: string) => void
}) {
  const { t } = useTranslation('inspection')
  const format = useFormat()
  const worst = (counts: Group['counts']): Severity => WORST_FIRST.find((severity) => counts[severity] > 0) ?? 'advice'
  return (
    <Panel title={title} flush>
      {groups.length === 0 ? (
        <EmptyState title={t('noFindings')} />
      ) : (
        <PlainTable head={[title, { title: t('column.count'), number: true }]}>
          {groups.slice(0, MOST_GROUPS).map(({ name, counts }) => (
            <tr key={name}>
              <th scope="row">
                <StatusMark status={worst(counts)} wordless />{' '}
                <Anchor component="button" type="button" onClick={() => onPick(name)}>
                  {nameOf(name)}
                </Anchor>
              </th>
              <td data-number>
                {format.value(
                  WORST_FIRST.reduce((sum, severity) => sum + counts[severity], 0),
                  'number',
                )}
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}

function Findings({ base, state, setState, runs }: { base: string; state: View; setState: Change; runs: readonly Run[] }) {
  const { t } = useTranslation('inspection')
  const before = runs[1]?.startedAt
  const { severity, category, namespace, check, show } = state
  const load: Load<FindingRow> = useCallback(
    ({ sort, order, search, limit, offset, signal }) =>
      api.get(
        `${base}/findings`,
        {
          ...Object.fromEntries(Object.entries({ severity, category, namespace, check, text: search }).filter(([, value]) => value !== '')),
          ...(show === 'open' ? {} : { since: before ?? 0, state: show === 'new' ? 'open' : 'cleared' }),
          sort,
          order,
          limit,
          offset,
        },
        signal,
      ),
    [base, severity, category, namespace, check, show, before],
  )
  const columns = useMemo<Column<FindingRow>[]>(
    () => [
      { id: 'severity', title: t('column.severity'), width: 110, sortable: true, cell: (row) => <StatusMark status={show === 'gone' ? 'ok' : row.severity} /> },
      { id: 'object', title: t('column.object'), width: 220, sortable: true, value: ({ kind, name }) => `${kind} ${name}` },
      { id: 'namespace', title: t('column.namespace'), width: 130, sortable: true },
      { id: 'message', title: t('column.message'), width: 360, value: ({ message, what }) => (what === '' ? message : `${message} (${what})`) },
      { id: 'path', title: t('column.path'), width: 260 },
      { id: 'check', title: t('column.check'), width: 180, sortable: true },
      { id: 'since', title: t('column.since'), unit: 'time', align: 'start', width: 160, sortable: true },
    ],
    [t, show],
  )
  return (
    <Panel
      title={t('findings')}
      actions={
        <SegmentedControl
          size="xs"
          value={show}
          onChange={(value) => setState({ show: value as View['show'] })}
          data={(['open', 'new', 'gone'] as const).map((value) => ({ value, label: t(`show.${value}`), disabled: value !== 'open' && before === undefined }))}
        />
      }
      flush
    >
      <search className={styles.pills} aria-label={t('filters')}>
        {FILTERS.filter((field) => state[field] !== '').map((field) => (
          <Pill
            key={field}
            withRemoveButton
            removeButtonProps={{ 'aria-label': t('remove', { filter: state[field] }), 'aria-hidden': false, tabIndex: 0 }}
            onRemove={() => setState({ [field]: '' })}
          >
            {t(`column.${field}`)}: {field === 'category' ? t(`categories.${state.category}`) : state[field]}
          </Pill>
        ))}
      </search>
      <DataTable
        id="findings"
        label={t('findings')}
        columns={columns}
        rowKey={({ fingerprint }) => fingerprint}
        load={load}
        loadKey={[base, severity, category, namespace, check, show]}
        refreshKey={[runs[0]?.id]}
        initialSort={{ id: 'severity', order: 'desc' }}
        onRowOpen={({ fingerprint }) => setState({ finding: fingerprint })}
        empty={{ title: t('noFindings'), hint: t('noFindingsHint') }}
      />
    </Panel>
  )
}

function Runs({ runs }: { runs: readonly Run[] }) {
  const { t } = useTranslation('inspection')
  const format = useFormat()
  return (
    <Panel title={t('runs')} flush>
      <PlainTable
        head={[
          t('column.last'),
          t('column.phase'),
          ...WORST_FIRST.map((severity) => ({ title: t(`counts.${severity}`), number: true as const })),
          t('column.changed'),
          { title: t('column.objects'), number: true },
          { title: t('column.took'), number: true },
          t('column.why'),
        ]}
      >
        {runs.slice(0, 20).map((run) => (
          <tr key={run.id}>
            <td>{format.time(run.startedAt)}</td>
            <td>
              <StatusMark
                status={run.failed ? 'error' : run.complete ? 'ok' : 'unknown'}
                text={t(`phases.${run.failed ? 'Failed' : run.complete ? 'Passed' : 'Incomplete'}`)}
              />
            </td>
            {WORST_FIRST.map((severity) => (
              <td key={severity} data-number>
                {format.value(run.counts[severity], 'number')}
              </td>
            ))}
            <td>{run.added === undefined ? '' : `+${run.added} / −${run.gone ?? 0}`}</td>
            <td data-number>{format.value(run.objects, 'number')}</td>
            <td data-number>{format.value(run.seconds, 'seconds')}</td>
            <td>{t(`whys.${run.why}`, { defaultValue: run.why })}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}
