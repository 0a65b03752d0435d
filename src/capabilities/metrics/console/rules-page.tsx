/** Rules and alerts: what fires, what every rule says, what cannot be read; and when an alert would have fired. */
import { Alert, Button, Stack, Textarea } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { RuleAnswer, RulesAnswer } from '../domain/api.ts'
import { seriesText } from '../domain/drawing.ts'
import type { Backtest } from '../domain/rules/backtest.ts'

const REFRESH_MS = 10_000
interface Row extends RuleAnswer {
  key: string
  group: string
  file: string
}
const RANK: Readonly<Record<string, { rank: number; status: Status }>> = {
  firing: { rank: 0, status: 'error' },
  err: { rank: 1, status: 'critical' },
  pending: { rank: 2, status: 'warning' },
  unknown: { rank: 3, status: 'unknown' },
  inactive: { rank: 4, status: 'ok' },
  ok: { rank: 5, status: 'ok' },
}
const stateOf = ({ health, state }: RuleAnswer) => (health !== 'ok' ? health : (state ?? 'ok'))

export default function RulesPage() {
  const { t } = useTranslation('metrics')
  const format = useFormat()
  const { path } = useCluster()
  const { data, error, refetch, updatedAt } = useApi<RulesAnswer>(path('/metrics/rules'), undefined, { refreshMs: REFRESH_MS })
  const rows = useMemo(
    () => data?.groups.flatMap(({ name: group, file, rules }) => rules.map((rule, i): Row => ({ ...rule, key: `${file}/${group}/${i}`, group, file }))),
    [data],
  )
  const columns = useMemo<Column<Row>[]>(() => {
    const column = (name: string) => t(`rule.${name}`)
    return [
      {
        id: 'state',
        title: column('state'),
        width: 130,
        value: (rule) => RANK[stateOf(rule)]!.rank,
        cell: (rule) => <StatusMark status={RANK[stateOf(rule)]!.status} text={t(`rule.is.${stateOf(rule)}`)} />,
      },
      { id: 'name', title: column('name'), width: 240, value: ({ name }) => name },
      { id: 'group', title: column('group'), width: 220, value: ({ file, group }) => `${file} / ${group}` },
      { id: 'query', title: column('query'), width: 420, value: ({ query }) => query },
      { id: 'for', title: column('for'), unit: 'seconds', width: 90, value: ({ duration }) => duration ?? null },
      { id: 'error', title: column('error'), width: 260, value: ({ lastError = '' }) => lastError },
      { id: 'took', title: column('took'), unit: 'seconds', width: 110, value: ({ evaluationTime }) => evaluationTime },
    ]
  }, [t])
  const alerts = rows?.flatMap((rule) => rule.alerts ?? []) ?? []
  return (
    <>
      <PageHead title={t('rules.title')} lead={t('rules.lead')} />
      {data?.faults.map(({ file, problems }) => (
        <Alert key={file} color="red" title={t('rules.unread', { file })}>
          {problems.map(({ message, line }) => (
            <div key={`${line} ${message}`}>{line === undefined ? message : t('rules.line', { line, message })}</div>
          ))}
        </Alert>
      ))}
      {alerts.length > 0 && (
        <Panel title={t('rules.active')} flush>
          <PlainTable head={[t('rule.state'), t('rule.labels'), t('rule.summary'), { title: t('column.value'), number: true }, t('rule.since')]}>
            {alerts.slice(0, MOST_ALERTS).map((alert) => (
              <tr key={JSON.stringify(alert.labels)}>
                <td>
                  <StatusMark status={RANK[alert.state]?.status ?? 'unknown'} text={t(`rule.is.${alert.state}`)} />
                </td>
                <th scope="row">{seriesText(alert.labels)}</th>
                <td>{alert.annotations.summary ?? alert.annotations.description ?? ''}</td>
                <td data-number>{format.value(Number(alert.value), 'number')}</td>
                <td>{format.time(Date.parse(alert.activeAt))}</td>
              </tr>
            ))}
          </PlainTable>
        </Panel>
      )}
      {error && !data ? (
        <ErrorState error={error} onRetry={refetch} />
      ) : rows?.length === 0 ? (
        <EmptyState title={t('rules.none')}>{t('rules.noneHint')}</EmptyState>
      ) : (
        <Panel flush>
          <DataTable
            id="rules"
            label={t('rules.title')}
            columns={columns}
            rowKey={({ key }) => key}
            rows={rows}
            error={error}
            updatedAt={updatedAt}
            initialSort={{ id: 'state', order: 'asc' }}
            height="rows"
          />
        </Panel>
      )}
      <BacktestPanel />
    </>
  )
}
const MOST_ALERTS = 100

interface BacktestAnswer {
  step: number
  results: Backtest[]
}

function BacktestPanel() {
  const { t } = useTranslation('metrics')
  const format = useFormat()
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  const [rules, setRules] = useState('')
  const [state, setState] = useState<{ busy?: boolean; answer?: BacktestAnswer; error?: unknown }>({})
  const run = () => {
    setState({ busy: true })
    api.send<BacktestAnswer>('POST', path('/metrics/backtest'), { rules, start: Math.floor(from), end: Math.floor(to) }).then(
      (answer) => setState({ answer }),
      (error: unknown) => setState({ error }),
    )
  }
  return (
    <Panel title={t('backtest.title')} note={t('backtest.lead')}>
      <Stack gap="xs" align="flex-start">
        <Textarea
          w="100%"
          aria-label={t('backtest.rules')}
          placeholder={EXAMPLE}
          value={rules}
          onChange={(event) => setRules(event.currentTarget.value)}
          autosize
          minRows={6}
          maxRows={24}
          spellCheck={false}
        />
        <Button size="xs" onClick={run} loading={state.busy ?? false} disabled={rules.trim() === ''}>
          {t('backtest.run')}
        </Button>
      </Stack>
      {state.error !== undefined && <ErrorState error={state.error} compact />}
      {state.answer && (
        <PlainTable head={[t('rule.name'), { title: t('backtest.times'), number: true }, t('backtest.first'), t('backtest.notes')]}>
          {state.answer.results.map(({ alert, group, episodes, unmatched }) => (
            <tr key={`${group} ${alert}`}>
              <th scope="row">{alert}</th>
              <td data-number>{format.value(episodes.length, 'number')}</td>
              <td>{episodes[0] ? `${format.time(episodes[0].firedAt)} ${seriesText(episodes[0].labels)}` : t('backtest.never')}</td>
              <td>{unmatched.length > 0 ? t('backtest.unmatched', { selectors: unmatched.join(', ') }) : ''}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}

const EXAMPLE = `groups:
- name: targets
  rules:
  - alert: TargetDown
    expr: up == 0
    for: 5m`
