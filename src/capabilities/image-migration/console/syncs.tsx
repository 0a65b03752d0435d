/** ImageSyncs of the cluster that the console shows; nothing where there is none. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { SyncRow } from '../domain/sync.ts'
import { useWords } from './words.ts'

const MARK: Record<NonNullable<SyncRow['status']['phase']>, Status> = {
  Running: 'running',
  Synced: 'ok',
  Partly: 'warning',
  Failed: 'error',
  Suspended: 'unknown',
  Invalid: 'error',
}
const REFRESH_MS = 5_000

export function Syncs({ onOpen }: { onOpen: (move: string) => void }) {
  const t = useWords()
  const { path } = useCluster()
  const answer = useApi<{ syncs: SyncRow[] }>(path('/image-syncs'), undefined, { refreshMs: REFRESH_MS })
  const syncs = answer.data?.syncs
  // No cluster is connected: images move between registries all the same.
  if (answer.error?.code === 'NOT_FOUND') return null
  if (answer.error && !syncs) return <ErrorState error={answer.error} onRetry={answer.refetch} compact />
  if (!syncs || syncs.length === 0) return null
  const columns: Column<SyncRow>[] = [
    {
      id: 'phase',
      title: t('state'),
      width: 150,
      value: ({ status }) => t(`syncs.phases.${status.phase ?? 'none'}`),
      cell: ({ status }) => <StatusMark status={status.phase ? MARK[status.phase] : 'unknown'} text={t(`syncs.phases.${status.phase ?? 'none'}`)} />,
    },
    { id: 'name', title: t('syncs.name'), width: 200, value: ({ namespace, name }) => `${namespace}/${name}` },
    { id: 'schedule', title: t('syncs.schedule'), width: 160, value: ({ schedule }) => schedule ?? t('syncs.onPush') },
    { id: 'images', title: t('syncs.images'), unit: 'number', width: 90, value: ({ status }) => status.images },
    { id: 'failed', title: t('syncs.failed'), unit: 'number', width: 90, value: ({ status }) => status.failed },
    { id: 'last', title: t('syncs.last'), unit: 'time', align: 'start', width: 170, value: ({ status }) => moment(status.lastEndedAt) },
    { id: 'next', title: t('syncs.next'), unit: 'time', align: 'start', width: 170, value: ({ status }) => moment(status.nextRunAt) },
    { id: 'message', title: t('syncs.message'), width: 220, value: ({ status }) => status.message ?? '' },
    { id: 'run', title: t('syncs.action'), width: 110, sortable: false, cell: (sync) => <RunNow sync={sync} onAsked={answer.refetch} /> },
  ]
  return (
    <Panel title={t('syncs.title')} flush>
      <DataTable
        id="image-syncs"
        label={t('syncs.title')}
        columns={columns}
        rowKey={({ namespace, name }) => `${namespace}/${name}`}
        rows={syncs}
        updatedAt={answer.updatedAt}
        onRowOpen={({ status }) => status.move && onOpen(status.move)}
      />
    </Panel>
  )
}

const moment = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))

function RunNow({ sync: { namespace, name }, onAsked }: { sync: SyncRow; onAsked: () => void }) {
  const t = useWords()
  const { path } = useCluster()
  const [asked, setAsked] = useState(false)
  const run = useSubmit(
    () => api.send('POST', path(`/image-syncs/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/run`)),
    () => {
      setAsked(true)
      onAsked()
    },
  )
  return (
    <Button size="compact-xs" variant="default" loading={run.busy} onClick={run.submit} title={run.error?.message}>
      {asked ? t('syncs.asked') : t('syncs.run')}
    </Button>
  )
}
