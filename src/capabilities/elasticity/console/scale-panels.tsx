/** All policies of a cluster, and what scales besides. Loaded when there is something to draw. */
import { Button } from '@mantine/core'
import { useMemo } from 'react'
import { Chart } from '#kits/console-kit/chart.tsx'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable, RowAct } from '#kits/console-kit/plain-table.tsx'
import { EmptyState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { ScaleOverview, ScalePolicyRow } from '../domain/api.ts'
import { policyCost } from '../domain/cost.ts'
import { Hpas, Ledger, Schedules } from './others.tsx'
import type { Editing } from './scale-page.tsx'
import { API_STATUS, PHASE_STATUS, useSaid, useWords } from './words.ts'

interface OverviewProps {
  data: ScaleOverview
  updatedAt: number
  onOpen: (row: ScalePolicyRow) => void
  onEdit: (what: Editing) => void
}

export default function Overview({ data, updatedAt, onOpen, onEdit }: OverviewProps) {
  const t = useWords()
  const said = useSaid()
  const { traffic, freshnessMs, policies } = data
  const conflicts = policies.filter(({ phase }) => phase === 'Conflict' || phase === 'Invalid').slice(0, 20)
  return (
    <>
      <Chart
        title={t('traffic')}
        unit="rate"
        kind="area"
        ts={traffic.map(({ second }) => second)}
        series={[{ name: 'requests', label: t('requests'), values: traffic.map(({ requests }) => requests) }]}
        from={traffic[0]?.second ?? Date.now() - 300_000}
        to={traffic.at(-1)?.second ?? Date.now()}
        onZoom={() => {}}
        note={freshnessMs === null ? t('unseen') : freshnessMs > 15_000 ? t('seen', { age: `${Math.round(freshnessMs / 1_000)} s` }) : undefined}
      />
      {conflicts.length > 0 && (
        <Panel title={t('conflicts')} flush>
          <PlainTable head={[t('phase'), t('policy'), t('problem')]}>
            {conflicts.map((row) => (
              <tr key={`${row.namespace}/${row.name}`}>
                <td>
                  <StatusMark status={PHASE_STATUS[row.phase]} text={t(`phases.${row.phase}`)} />
                </td>
                <td>
                  <RowAct about={row.name} onClick={() => onOpen(row)}>{`${row.namespace}/${row.name}`}</RowAct>
                </td>
                <td>{said(row.message)}</td>
              </tr>
            ))}
          </PlainTable>
        </Panel>
      )}
      <Panel title={t('policies')} flush={policies.length > 0} note={data.more ? t('more', { count: policies.length }) : undefined}>
        {policies.length === 0 ? (
          <EmptyState title={t(data.installed ? 'none' : 'notInstalled')}>
            <p>{t(data.installed ? 'noneHint' : 'notInstalledHint')}</p>
            {data.installed ? (
              <Button size="xs" onClick={() => onEdit({ kind: 'ScalePolicy' })}>
                {t('form.new', { kind: 'ScalePolicy' })}
              </Button>
            ) : (
              <p>
                <code>kubectl apply -f deploy/crds/</code>
              </p>
            )}
          </EmptyState>
        ) : (
          <Policies data={data} updatedAt={updatedAt} onOpen={onOpen} />
        )}
      </Panel>
      {data.hpas.length > 0 && <Hpas rows={data.hpas} onEdit={onEdit} />}
      {data.cron.length > 0 && <Schedules cron={data.cron} onEdit={onEdit} />}
      {data.cron.length > 0 && <Ledger rows={data.ledger} />}
      <Apis apis={data.apis} />
    </>
  )
}

function Policies({ data, updatedAt, onOpen }: Pick<OverviewProps, 'data' | 'updatedAt' | 'onOpen'>) {
  const t = useWords()
  const said = useSaid()
  const { price, policies } = data
  const columns = useMemo<Column<ScalePolicyRow>[]>(
    () => [
      {
        id: 'phase',
        title: t('phase'),
        width: 130,
        value: ({ phase }) => t(`phases.${phase}`),
        cell: ({ phase }) => <StatusMark status={PHASE_STATUS[phase]} text={t(`phases.${phase}`)} />,
      },
      { id: 'name', title: t('policy'), width: 180, value: ({ namespace, name }) => `${namespace}/${name}` },
      { id: 'ready', title: t('ready'), unit: 'number', width: 80, value: ({ targets }) => targets[0]?.ready },
      { id: 'wanted', title: t('actual'), unit: 'number', width: 80, value: ({ targets }) => targets[0]?.wanted },
      { id: 'desired', title: t('desired'), unit: 'number', width: 100, value: ({ targets }) => targets[0]?.desired },
      { id: 'predicted', title: t('predicted'), unit: 'number', width: 110, value: ({ targets }) => targets[0]?.predicted, help: t('predictedHelp') },
      {
        id: 'bounds',
        title: t('bounds'),
        width: 110,
        sortable: false,
        value: ({ targets, windows }) => (targets[0] ? `${targets[0].min}–${targets[0].max}${windows.length > 0 ? ` (${windows.join(', ')})` : ''}` : null),
      },
      { id: 'qps', title: t('requestsNow'), unit: 'rate', width: 120, value: ({ requestsPerSecond }) => requestsPerSecond },
      { id: 'services', title: t('behind'), unit: 'number', width: 90, value: ({ targets }) => Math.max(0, targets.length - 1), hidden: true },
      ...(price === null
        ? []
        : [
            {
              id: 'cost',
              title: t('price.perHour', { currency: price.currency }),
              unit: 'number' as const,
              width: 110,
              value: (row: ScalePolicyRow) => policyCost(price, row),
            },
          ]),
      { id: 'why', title: t('why'), width: 460, value: ({ message }) => said(message), sortable: false },
    ],
    [t, said, price],
  )
  return (
    <DataTable
      id="policies"
      label={t('policies')}
      columns={columns}
      rowKey={({ namespace, name }) => `${namespace}/${name}`}
      rows={policies}
      updatedAt={updatedAt}
      onRowOpen={onOpen}
      height="rows"
      searchable={policies.length > 5}
    />
  )
}

function Apis({ apis }: Pick<ScaleOverview, 'apis'>) {
  const t = useWords()
  return (
    <Panel title={t('apis')} flush={apis.length > 0}>
      {apis.length === 0 ? (
        <p>{t('apisNone')}</p>
      ) : (
        <PlainTable head={[t('phase'), 'APIService', t('message')]}>
          {apis.map(({ name, state, message }) => (
            <tr key={name}>
              <td>
                <StatusMark status={API_STATUS[state] ?? 'unknown'} text={t(`apiStates.${state}`)} />
              </td>
              <td>
                <code>{name}</code>
              </td>
              <td>{message}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}
