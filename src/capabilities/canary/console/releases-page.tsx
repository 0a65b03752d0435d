/** Releases by canary: all of a cluster, and one with its traffic, its evidence and what was decided. */
import { Button } from '@mantine/core'
import { IconArrowLeft, IconPrinter } from '@tabler/icons-react'
import { lazy, Suspense, useMemo } from 'react'
import { z } from 'zod'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { CanaryList, CanaryRow } from '../domain/api.ts'
import { PHASE_STATUS, useSaid, useWords } from './words.ts'

const ReleaseDetail = lazy(async () => ({ default: (await import('./release-detail.tsx')).ReleaseDetail }))

const pageView = z.object({ canary: urlText })
const REFRESH_MS = 5_000

export default function ReleasesPage() {
  const t = useWords()
  const { path } = useCluster()
  const [view, setView] = useUrlState(pageView)
  const list = useApi<CanaryList>(view.canary === '' ? path('/canaries') : undefined, undefined, { refreshMs: REFRESH_MS })
  return (
    <>
      <PageHead title={view.canary === '' ? t('title') : view.canary} lead={t('lead')}>
        {view.canary !== '' && (
          <>
            <Button size="xs" variant="subtle" color="gray" leftSection={<IconArrowLeft size={14} aria-hidden />} onClick={() => setView({ canary: '' })}>
              {t('all')}
            </Button>
            <Button size="xs" variant="default" leftSection={<IconPrinter size={14} aria-hidden />} onClick={() => window.print()}>
              {t('print')}
            </Button>
          </>
        )}
      </PageHead>
      {view.canary !== '' ? (
        <Suspense fallback={<LoadingState />}>
          <ReleaseDetail key={view.canary} id={view.canary} />
        </Suspense>
      ) : list.error && !list.data ? (
        <ErrorState error={list.error} onRetry={list.refetch} />
      ) : !list.data ? (
        <LoadingState />
      ) : list.data.canaries.length === 0 ? (
        <EmptyState title={list.data.installed ? t('none') : t('notInstalled')}>
          <p>{t(list.data.installed ? 'noneHint' : 'notInstalledHint')}</p>
          <p>
            <code>kubectl apply -f {list.data.installed ? 'canary.yaml' : 'deploy/crds/'}</code>
          </p>
        </EmptyState>
      ) : (
        <>
          {list.data.more && <p>{t('more', { count: list.data.canaries.length })}</p>}
          <ReleaseTable rows={list.data.canaries} updatedAt={list.updatedAt} onOpen={({ namespace, name }) => setView({ canary: `${namespace}/${name}` })} />
        </>
      )}
    </>
  )
}

function ReleaseTable({ rows, updatedAt, onOpen }: { rows: readonly CanaryRow[]; updatedAt: number; onOpen: (row: CanaryRow) => void }) {
  const t = useWords()
  const said = useSaid()
  const columns = useMemo<Column<CanaryRow>[]>(
    () => [
      {
        id: 'phase',
        title: t('phase'),
        width: 150,
        value: ({ status }) => t(`phases.${status.phase ?? 'Waiting'}`),
        cell: ({ status }) => <StatusMark status={PHASE_STATUS[status.phase ?? 'Waiting']} text={t(`phases.${status.phase ?? 'Waiting'}`)} />,
      },
      { id: 'name', title: t('release'), width: 200, value: ({ namespace, name }) => `${namespace}/${name}` },
      { id: 'weight', title: t('weight'), unit: 'share', width: 100, value: ({ status }) => (status.weight === undefined ? null : status.weight / 100) },
      { id: 'step', title: t('step'), unit: 'number', width: 80, value: ({ status }) => status.step ?? null },
      { id: 'requests', title: t('requests'), unit: 'number', width: 120, value: ({ status }) => status.requests ?? null },
      { id: 'message', title: t('why'), width: 480, value: ({ status }) => said(status.message ?? '') },
    ],
    [t, said],
  )
  return (
    <Panel flush>
      <DataTable
        id="releases"
        label={t('title')}
        columns={columns}
        rowKey={({ namespace, name }) => `${namespace}/${name}`}
        rows={rows}
        updatedAt={updatedAt}
        onRowOpen={onOpen}
      />
    </Panel>
  )
}
