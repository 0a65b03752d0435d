/** Nodes: which are ill, with what, since when; and of one node its conditions and all that happened. */
import { Alert, Button, Group, Text } from '@mantine/core'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { KnownNode, NodeDetail, NodesAnswer } from '../domain/api.ts'

const REFRESH_MS = 5_000
const view = z.object({ node: urlText })

export default function NodesPage() {
  const [{ node }, setState] = useUrlState(view)
  return node === '' ? <List onOpen={(name) => setState({ node: name })} /> : <One name={node} onBack={() => setState({ node: '' })} />
}

function List({ onOpen }: { onOpen: (name: string) => void }) {
  const { t } = useTranslation('node-doctor')
  const format = useFormat()
  const { path } = useCluster()
  const { data, error, refetch, updatedAt } = useApi<NodesAnswer>(path('/node-doctor/nodes'), undefined, { refreshMs: REFRESH_MS })
  const trend = data?.trend
  const columns = useMemo<Column<KnownNode>[]>(() => {
    const column = (name: string) => t(`column.${name}`)
    return [
      { id: 'node', title: column('node'), width: 200, value: ({ name }) => name },
      { id: 'health', title: column('health'), width: 150, value: (node) => healthOf(node, t).rank, cell: (node) => <Health node={node} /> },
      {
        id: 'problems',
        title: column('problems'),
        width: 260,
        value: (node) =>
          namesOf(node)
            .map((name) => t(`conditionName.${name}`, { defaultValue: name }))
            .join(', '),
      },
      { id: 'since', title: column('since'), unit: 'time', width: 150, value: (node) => sinceOf(node) },
      { id: 'trend', title: column('trend'), width: 150, value: ({ name }) => sum(trend?.[name]), cell: ({ name }) => <Hours counts={trend?.[name]} /> },
      { id: 'blind', title: column('blind'), unit: 'number', width: 90, value: (node) => (node.reportedAt === undefined ? null : node.blind.length) },
      { id: 'heard', title: column('heard'), unit: 'time', width: 150, value: ({ reportedAt }) => reportedAt ?? null },
    ]
  }, [t, trend])
  const kinds = Object.entries(data?.kinds ?? {}).sort(([, a], [, b]) => sum(b) - sum(a))
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      {data?.listed.ok === false && <Alert color="yellow">{t('unlisted', { code: data.listed.code })}</Alert>}
      {error && !data ? (
        <ErrorState error={error} onRetry={refetch} />
      ) : data?.nodes.length === 0 ? (
        <EmptyState title={t('none')}>{t('noneHint')}</EmptyState>
      ) : (
        <Panel flush>
          <DataTable
            id="nodes"
            label={t('title')}
            columns={columns}
            rowKey={({ name }) => name}
            rows={data?.nodes}
            error={error}
            updatedAt={updatedAt}
            initialSort={{ id: 'health', order: 'asc' }}
            onRowOpen={({ name }) => onOpen(name)}
            height="rows"
          />
        </Panel>
      )}
      {kinds.length > 0 && (
        <Panel title={t('kinds')} flush>
          <PlainTable head={[t('condition.reason'), t('column.trend'), { title: t('count'), number: true }]}>
            {kinds.slice(0, MOST_KINDS).map(([kind, counts]) => (
              <tr key={kind}>
                <th scope="row">
                  <Named name={kind} of="reasonText" />
                </th>
                <td>
                  <Hours counts={counts} />
                </td>
                <td data-number>{format.value(sum(counts), 'number')}</td>
              </tr>
            ))}
          </PlainTable>
        </Panel>
      )}
    </>
  )
}

const isSame = (words: string, name: string) => words.replaceAll(' ', '').toLowerCase() === name.toLowerCase()

/** Words of Kubernetes stay as kubectl prints them; below them what they mean. Nothing where they are from a configuration of somebody's own. */
function Named({ name, of }: { name: string; of: 'conditionName' | 'reasonText' | 'verb' }) {
  const { t } = useTranslation('node-doctor')
  const meaning = t(`${of}.${name}`, { defaultValue: '' })
  return (
    <>
      {name}
      {meaning !== '' && !isSame(meaning, name) && (
        <Text size="xs" c="dimmed" fw={400}>
          {meaning}
        </Text>
      )}
    </>
  )
}

const MOST_KINDS = 30
const sum = (counts: readonly number[] = []) => counts.reduce((all, count) => all + count, 0)

/** What began in each of the last 24 hours: bars beside the number, which is what is read aloud. */
function Hours({ counts = [] }: { counts: readonly number[] | undefined }) {
  const most = Math.max(1, ...counts)
  return (
    <Group gap={8} wrap="nowrap">
      <svg width={97} height={16} aria-hidden="true">
        {counts.map((count, hour) => {
          const height = count === 0 ? 1 : Math.max(3, (16 * count) / most)
          // biome-ignore lint/suspicious/noArrayIndexKey: the hour is the key
          return <rect key={hour} x={hour * 4} y={16 - height} width={3} height={height} fill="currentColor" opacity={count === 0 ? 0.25 : 0.8} />
        })}
      </svg>
      <span>{sum(counts)}</span>
    </Group>
  )
}

const troubled = ({ conditions }: KnownNode) => conditions.filter(({ status }) => status === 'True')
const namesOf = (node: KnownNode) => [
  ...(node.ready === 'False' || node.ready === 'Unknown' ? ['NotReady'] : []),
  ...(node.unschedulable ? ['SchedulingDisabled'] : []),
  ...troubled(node).map(({ type }) => type),
]
const sinceOf = (node: KnownNode) => {
  const ill = troubled(node)
  return ill.length === 0 ? null : Math.min(...ill.map(({ since }) => since))
}

const WORST: readonly Status[] = ['critical', 'error', 'warning', 'advice']

/** Silence, blindness and a missing agent are no health. The rank sorts the worst first. */
function healthOf(node: KnownNode, t: (key: string) => string): { rank: number; status: Status; text?: string } {
  if (node.worst && !node.silent) return { rank: WORST.indexOf(node.worst), status: node.worst }
  if (node.ready === 'False' || node.ready === 'Unknown') return { rank: 1, status: 'error', text: t('notReady') }
  if (node.silent) return { rank: 4, status: 'unknown', text: t('silent') }
  if (node.reportedAt === undefined) return { rank: 6, status: 'unknown', text: t('noAgent') }
  return node.blind.length > 0 ? { rank: 5, status: 'unknown', text: t('column.blind') } : { rank: 7, status: 'ok', text: t('healthy') }
}

function Health({ node }: { node: KnownNode }) {
  const { t } = useTranslation('node-doctor')
  const { status, text } = healthOf(node, t)
  return text === undefined ? <StatusMark status={status} /> : <StatusMark status={status} text={text} />
}

const RANK = { True: 0, Unknown: 1, False: 2 } as const

function One({ name, onBack }: { name: string; onBack: () => void }) {
  const { t } = useTranslation('node-doctor')
  const format = useFormat()
  const { path } = useCluster()
  const { data, error, loading, refetch } = useApi<NodeDetail>(path(`/node-doctor/nodes/${encodeURIComponent(name)}`), undefined, { refreshMs: REFRESH_MS })
  const mark = (status: 'True' | 'False' | 'Unknown', severity?: Status): Status =>
    status === 'True' ? (severity ?? 'error') : status === 'False' ? 'ok' : 'unknown'
  return (
    <>
      <PageHead title={name} lead={data?.log && t('log', { lines: format.value(data.log.lines, 'number'), dropped: format.value(data.log.dropped, 'number') })}>
        <Button variant="default" size="xs" onClick={onBack}>
          {t('back')}
        </Button>
      </PageHead>
      {error && <ErrorState error={error} onRetry={refetch} />}
      {loading && <LoadingState />}
      {data && (
        <>
          {data.reportedAt !== undefined && (
            <Panel title={t('conditions')} note={data.silent ? <StatusMark status="unknown" text={t('silent')} /> : undefined} flush>
              <PlainTable head={['type', 'state', 'reason', 'message', 'since'].map((field) => t(`condition.${field}`))}>
                {[...data.conditions]
                  .sort((a, b) => RANK[a.status] - RANK[b.status] || a.type.localeCompare(b.type))
                  .map(({ type, status, reason, message, since, severity }) => (
                    <tr key={type}>
                      <th scope="row">
                        <Named name={type} of="conditionName" />
                      </th>
                      <td>
                        <StatusMark status={data.silent ? 'unknown' : mark(status, severity)} text={t(`status.${data.silent ? 'Unknown' : status}`)} />
                      </td>
                      <td>
                        <Named name={reason} of="reasonText" />
                      </td>
                      <td>{message}</td>
                      <td>{format.time(since, { seconds: true })}</td>
                    </tr>
                  ))}
              </PlainTable>
            </Panel>
          )}
          {data.blind.length > 0 && (
            <Panel title={t('blindTitle')} flush>
              <PlainTable head={[t('check'), t('why')]}>
                {data.blind.map(({ detector, why }) => (
                  <tr key={detector}>
                    <th scope="row">{detector}</th>
                    <td>{why}</td>
                  </tr>
                ))}
              </PlainTable>
            </Panel>
          )}
          {data.reportedAt === undefined && <EmptyState title={t('noAgent')}>{t('noneHint')}</EmptyState>}
          {data.repairs.length > 0 && (
            <Panel title={t('repairs')} flush>
              <PlainTable head={['at', 'what', 'why', 'state'].map((field) => t(`repair.${field}`))}>
                {data.repairs.map(({ at, what, why, state, verb }) => (
                  <tr key={`${at} ${what}`}>
                    <td>{format.time(at, { seconds: true })}</td>
                    <th scope="row">
                      {verb === undefined ? what : t(`verb.${verb}`, { defaultValue: what })}
                      <Text size="xs" c="dimmed" fw={400}>
                        {what}
                      </Text>
                    </th>
                    <td>{why}</td>
                    <td>
                      <StatusMark status={state === 'failed' || state === 'partly' ? 'error' : 'ok'} text={t(`planState.${state}`)} />
                    </td>
                  </tr>
                ))}
              </PlainTable>
            </Panel>
          )}
          <Panel title={t('timeline')} flush>
            {data.timeline.length === 0 ? (
              <EmptyState title={t('timelineNone')} />
            ) : (
              <PlainTable head={['at', 'what', 'reason', 'message', 'proof'].map((field) => t(`event.${field}`))}>
                {data.timeline.map(({ at, state, severity, reason, message, proof, key }) => (
                  <tr key={`${at} ${state} ${key}`}>
                    <td>{format.time(at, { seconds: true })}</td>
                    <td>
                      <StatusMark status={state === 'open' ? severity : 'ok'} text={t(`state.${state}`)} />
                    </td>
                    <th scope="row">
                      <Named name={reason} of="reasonText" />
                    </th>
                    <td>{message}</td>
                    <td>{proof}</td>
                  </tr>
                ))}
              </PlainTable>
            )}
          </Panel>
        </>
      )}
    </>
  )
}
