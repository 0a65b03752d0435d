/** Moving applications: moves that run and have run, Migrations of the cluster, and the way to a new one. */
import { Button } from '@mantine/core'
import { IconArrowLeft, IconPlus } from '@tabler/icons-react'
import { lazy, Suspense, useMemo } from 'react'
import { z } from 'zod'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { newestFirst } from '#kits/console-kit/newest-first.ts'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { ProgressBar } from '#kits/console-kit/progress-bar.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { urlFlag, urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useEventSource } from '#kits/console-kit/use-event-source.ts'
import { UNDER_WAY } from '../domain/move-states.ts'
import type { AppMove } from '../domain/moves.ts'
import styles from './moves.module.css'
import { STATE_STATUS, shareOf, useWords } from './words.ts'

// The table of moves is there before what opens from it.
const Migrations = lazy(async () => ({ default: (await import('./migrations.tsx')).Migrations }))
const MoveDetail = lazy(async () => ({ default: (await import('./move-detail.tsx')).MoveDetail }))
const NewMove = lazy(async () => ({ default: (await import('./new-move.tsx')).NewMove }))

const pageView = z.object({ move: urlText, new: urlFlag })

export default function MovesPage() {
  const t = useWords()
  const [view, setView] = useUrlState(pageView)
  const answer = useApi<{ moves: AppMove[] }>('/app-moves')
  // The stream carries the newest whole; older ones change no more.
  const live = useEventSource<{ moves: AppMove[] }>('/app-moves/events', 'moves')
  const moves = useMemo(() => newestFirst(answer.data?.moves, live.data?.moves), [answer.data, live.data])
  const opened = moves?.find(({ id }) => id === view.move)
  const inside = view.move !== '' || view.new
  return (
    <>
      <PageHead title={view.new ? t('new.title') : opened ? opened.title : t('title')} lead={t('lead')}>
        {inside && (
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            leftSection={<IconArrowLeft size={14} aria-hidden />}
            onClick={() => setView({ move: '', new: false })}
          >
            {t('all')}
          </Button>
        )}
        {!view.new && (
          <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setView({ move: '', new: true })}>
            {t('new.open')}
          </Button>
        )}
      </PageHead>
      <Suspense fallback={<LoadingState />}>
        {view.new ? (
          <NewMove
            onStarted={({ id }) => {
              answer.refetch()
              setView({ move: id, new: false })
            }}
          />
        ) : (
          <div className={styles.stack}>
            {view.move === '' && (
              <Suspense>
                <Migrations />
              </Suspense>
            )}
            {answer.error && !moves ? (
              <ErrorState error={answer.error} onRetry={answer.refetch} />
            ) : !moves ? (
              <LoadingState />
            ) : opened ? (
              <MoveDetail
                key={opened.id}
                move={opened}
                lost={live.state === 'lost'}
                onGone={() => {
                  answer.refetch()
                  setView({ move: '' })
                }}
              />
            ) : view.move !== '' ? (
              <EmptyState title={t('gone')} />
            ) : moves.length === 0 ? (
              <EmptyState title={t('none')}>
                <p>{t('noneHint')}</p>
                <p>
                  <code>sallyport apps plan --from-context old -n shop --to-context new</code>
                </p>
              </EmptyState>
            ) : (
              <MoveTable moves={moves} updatedAt={live.receivedAt ?? answer.updatedAt} onOpen={({ id }) => setView({ move: id })} />
            )}
          </div>
        )}
      </Suspense>
    </>
  )
}

function MoveTable({ moves, updatedAt, onOpen }: { moves: readonly AppMove[]; updatedAt: number; onOpen: (move: AppMove) => void }) {
  const t = useWords()
  const columns = useMemo<Column<AppMove>[]>(
    () => [
      {
        id: 'state',
        title: t('state'),
        width: 150,
        value: (move) => t(`states.${move.state}`),
        cell: (move) => <StatusMark status={STATE_STATUS[move.state]} text={t(`states.${move.state}`)} />,
      },
      { id: 'title', title: t('what'), width: 280 },
      {
        id: 'progress',
        title: t('progress'),
        width: 200,
        sortable: false,
        cell: ({ state, title, progress }) =>
          UNDER_WAY.includes(state) ? (
            <ProgressBar of={title} share={shareOf(progress.done, progress.objects)} />
          ) : (
            t('ofObjects', { done: progress.done, all: progress.objects })
          ),
      },
      { id: 'waves', title: t('waves'), unit: 'number', width: 90, value: ({ progress }) => progress.waves },
      { id: 'bytes', title: t('bytes'), unit: 'bytes', width: 110, value: ({ progress }) => progress.bytes },
      { id: 'by', title: t('by'), width: 130 },
      { id: 'createdAt', title: t('began'), unit: 'time', align: 'start', width: 180 },
    ],
    [t],
  )
  return (
    <Panel title={t('yours')} flush>
      <DataTable
        id="app-moves"
        label={t('yours')}
        columns={columns}
        rowKey={({ id }) => id}
        rows={moves}
        updatedAt={updatedAt}
        initialSort={{ id: 'createdAt', order: 'desc' }}
        onRowOpen={onOpen}
      />
    </Panel>
  )
}
