/** Nodes: which are ill, with what, since when; and of one node its conditions and all that happened. */
import { Anchor, Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { useCluster } from '#kits/console-kit/cluster.ts'
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
  const { data, error, loading, refetch } = useApi<NodesAnswer>(path('/node-doctor/nodes'), undefined, { refreshMs: REFRESH_MS })
  const column = (name: string) => t(`column.${name}`)
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      <Panel flush>
        {error && <ErrorState error={error} onRetry={refetch} compact />}
        {loading && <LoadingState />}
        {data?.nodes.length === 0 && <EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
        {data !== undefined && data.nodes.length > 0 && (
          <PlainTable
            head={[
              column('node'),
              column('health'),
              column('problems'),
              column('since'),
              { title: column('trend'), number: true },
              { title: column('blind'), number: true },
              column('heard'),
            ]}
          >
            {data.nodes.map((node) => {
              const ill = troubled(node)
              return (
                <tr key={node.name}>
                  <th scope="row">
                    <Anchor component="button" type="button" onClick={() => onOpen(node.name)}>
                      {node.name}
                    </Anchor>
                  </th>
                  <td>
                    <Health node={node} />
                  </td>
                  <td>{ill.map(({ type }) => type).join(', ')}</td>
                  <td>{ill.length > 0 && format.time(Math.min(...ill.map(({ since }) => since)), { seconds: true })}</td>
                  <td data-number>
                    {format.value(
                      (data.trend[node.name] ?? []).reduce((sum, count) => sum + count, 0),
                      'number',
                    )}
                  </td>
                  <td data-number>{format.value(node.blind.length, 'number')}</td>
                  <td>{format.time(node.reportedAt, { seconds: true })}</td>
                </tr>
              )
            })}
          </PlainTable>
        )}
      </Panel>
    </>
  )
}

const troubled = ({ conditions }: KnownNode) => conditions.filter(({ status }) => status === 'True')

/** Silence and blindness are no health. */
function Health({ node }: { node: KnownNode }) {
  const { t } = useTranslation('node-doctor')
  if (node.silent) return <StatusMark status="unknown" text={t('silent')} />
  if (node.worst) return <StatusMark status={node.worst} />
  return node.blind.length > 0 ? <StatusMark status="unknown" text={t('column.blind')} /> : <StatusMark status="ok" text={t('healthy')} />
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
      <PageHead
        title={name}
        lead={data && t('log', { lines: format.value(data.report.log.lines, 'number'), dropped: format.value(data.report.log.dropped, 'number') })}
      >
        <Button variant="default" size="xs" onClick={onBack}>
          {t('back')}
        </Button>
      </PageHead>
      {error && <ErrorState error={error} onRetry={refetch} />}
      {loading && <LoadingState />}
      {data && (
        <>
          <Panel title={t('conditions')} note={data.silent ? <StatusMark status="unknown" text={t('silent')} /> : undefined} flush>
            <PlainTable head={['type', 'state', 'reason', 'message', 'since'].map((field) => t(`condition.${field}`))}>
              {[...data.conditions]
                .sort((a, b) => RANK[a.status] - RANK[b.status] || a.type.localeCompare(b.type))
                .map(({ type, status, reason, message, since, severity }) => (
                  <tr key={type}>
                    <th scope="row">{type}</th>
                    <td>
                      <StatusMark status={data.silent ? 'unknown' : mark(status, severity)} text={t(`status.${data.silent ? 'Unknown' : status}`)} />
                    </td>
                    <td>{reason}</td>
                    <td>{message}</td>
                    <td>{format.time(since, { seconds: true })}</td>
                  </tr>
                ))}
            </PlainTable>
          </Panel>
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
                    <th scope="row">{reason}</th>
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
