/** Migrations of the cluster that the console shows; nothing where there is none. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { ProgressBar } from '#kits/console-kit/progress-bar.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { MigrationRow } from '../domain/migration.ts'
import { ClaimDataTable } from './claim-data.tsx'
import styles from './moves.module.css'
import { Obstacles } from './plan-view.tsx'
import { PHASE_STATUS, shareOf, useWords } from './words.ts'

const REFRESH_MS = 2_000
const keyOf = ({ namespace, name }: MigrationRow) => `${namespace}/${name}`
const RUNNING = ['Planning', 'Applying', 'Verifying', 'RollingBack']

export function Migrations() {
  const t = useWords()
  const { path } = useCluster()
  const [opened, setOpened] = useState<string>()
  const answer = useApi<{ migrations: MigrationRow[] }>(path('/migrations'), undefined, { refreshMs: REFRESH_MS })
  const rows = answer.data?.migrations
  // No cluster is connected: there is nothing to show of it.
  if (answer.error?.code === 'NOT_FOUND') return null
  if (answer.error && !rows) return <ErrorState error={answer.error} onRetry={answer.refetch} compact />
  if (!rows || rows.length === 0) return null
  const columns: Column<MigrationRow>[] = [
    {
      id: 'phase',
      title: t('state'),
      width: 150,
      value: ({ status }) => t(`phases.${status.phase ?? 'none'}`),
      cell: ({ status, current }) => (
        <StatusMark status={status.phase && current ? PHASE_STATUS[status.phase] : 'unknown'} text={t(`phases.${status.phase ?? 'none'}`)} />
      ),
    },
    { id: 'name', title: t('migrations.name'), width: 180, value: keyOf },
    { id: 'action', title: t('migrations.action'), width: 110, value: ({ action }) => t(`migrations.actions.${action}`) },
    { id: 'act', title: t('migrations.next'), width: 110, sortable: false, cell: (row) => <Act row={row} onAsked={answer.refetch} /> },
    {
      id: 'progress',
      title: t('progress'),
      width: 150,
      sortable: false,
      cell: (row) =>
        RUNNING.includes(row.status.phase ?? '') ? (
          <ProgressBar of={keyOf(row)} share={shareOf(row.status.done ?? 0, row.status.objects ?? 0)} />
        ) : (
          t('ofObjects', { done: row.status.done ?? 0, all: row.status.objects ?? 0 })
        ),
    },
    { id: 'waves', title: t('waves'), width: 90, value: ({ status }) => (status.waves === undefined ? '' : `${status.wave ?? 0}/${status.waves}`) },
    { id: 'bytes', title: t('bytes'), unit: 'bytes', width: 100, value: ({ status }) => status.bytes },
    { id: 'blocking', title: t('plan.blocking'), unit: 'number', width: 90, value: ({ status }) => status.blocking },
    { id: 'message', title: t('migrations.message'), width: 240, value: ({ status }) => status.message ?? (status.failing ?? []).join(', ') },
  ]
  const one = rows.find((row) => keyOf(row) === opened)
  return (
    <div className={styles.stack}>
      <Panel title={t('migrations.title')} note={t('migrations.note')} flush>
        <DataTable
          id="migrations"
          label={t('migrations.title')}
          columns={columns}
          rowKey={keyOf}
          rows={rows}
          updatedAt={answer.updatedAt}
          height="rows"
          onRowOpen={(row) => setOpened(keyOf(row))}
        />
      </Panel>
      {one && <ClaimDataTable data={one.status.volumes ?? []} />}
      {one && (one.status.obstacles ?? []).length > 0 && (
        <Obstacles obstacles={one.status.obstacles!.map((obstacle) => ({ ...obstacle, kind: '', severity: obstacle.severity as 'error' }))} />
      )}
    </div>
  )
}

/** Only what makes sense as it stands. */
function Act({ row: { namespace, name, action, copies, current, status }, onAsked }: { row: MigrationRow; onAsked: () => void }) {
  const t = useWords()
  const { path } = useCluster()
  const ask = (wanted: MigrationRow['action']) =>
    api.send('POST', path(`/migrations/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/action`), { action: wanted })
  const apply = useSubmit(() => ask('apply'), onAsked)
  const copy = useSubmit(() => ask('copy'), onAsked)
  const back = useSubmit(() => ask('rollback'), onAsked)
  return (
    <span className={styles.row}>
      {copies && current && action === 'plan' && ['Planned', 'Blocked'].includes(status.phase ?? '') && (
        <Button size="compact-xs" variant="default" loading={copy.busy} onClick={copy.submit} title={copy.error?.message}>
          {t('migrations.actions.copy')}
        </Button>
      )}
      {current && ((action === 'plan' && status.phase === 'Planned') || (action === 'copy' && status.phase === 'Copied')) && (
        <Button size="compact-xs" loading={apply.busy} onClick={apply.submit} title={apply.error?.message}>
          {t('migrations.actions.apply')}
        </Button>
      )}
      {(action === 'apply' || action === 'copy') && (status.done ?? 0) > 0 && (
        <Button size="compact-xs" variant="default" color="red" loading={back.busy} onClick={back.submit} title={back.error?.message}>
          {t('migrations.actions.rollback')}
        </Button>
      )}
    </span>
  )
}
