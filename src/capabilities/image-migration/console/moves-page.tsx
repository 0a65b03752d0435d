/** Image migration: moves that run and have run, one of them in detail, and the way to a new one. */
import { Button } from '@mantine/core'
import { IconArrowLeft, IconPlus } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { z } from 'zod'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { newestFirst } from '#kits/console-kit/newest-first.ts'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { ProgressBar } from '#kits/console-kit/progress-bar.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useEventSource } from '#kits/console-kit/use-event-source.ts'
import type { MoveSummary } from '../domain/moves.ts'
import { MoveDetail } from './move-detail.tsx'
import { isRunning, STATE_STATUS, shareDone } from './move-view.ts'
import { NewMove } from './new-move.tsx'
import { Syncs } from './syncs.tsx'
import { useWords } from './words.ts'

const pageView = z.object({ move: urlText })

export default function MovesPage() {
  const t = useWords()
  const [view, setView] = useUrlState(pageView)
  const [making, setMaking] = useState(false)
  const answer = useApi<{ moves: MoveSummary[] }>('/image-moves')
  // The stream carries the newest moves whole; older ones change no more.
  const live = useEventSource<{ moves: MoveSummary[] }>('/image-moves/events', 'moves')
  const moves = useMemo(() => newestFirst(answer.data?.moves, live.data?.moves), [answer.data, live.data])
  const opened = moves?.find(({ id }) => id === view.move)
  return (
    <>
      <PageHead title={opened ? opened.title : t('title')} lead={t('lead')}>
        {view.move !== '' && (
          <Button size="xs" variant="subtle" color="gray" leftSection={<IconArrowLeft size={14} aria-hidden />} onClick={() => setView({ move: '' })}>
            {t('all')}
          </Button>
        )}
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setMaking(true)}>
          {t('new.open')}
        </Button>
      </PageHead>
      {view.move === '' && <Syncs onOpen={(move) => setView({ move })} />}
      {answer.error && !moves ? (
        <ErrorState error={answer.error} onRetry={answer.refetch} />
      ) : !moves ? (
        <LoadingState />
      ) : opened ? (
        <MoveDetail key={opened.id} move={opened} lost={live.state === 'lost'} />
      ) : view.move !== '' ? (
        <EmptyState title={t('gone')} />
      ) : moves.length === 0 ? (
        <EmptyState title={t('none')}>
          <p>{t('noneHint')}</p>
          <p>
            <code>sallyport images copy --images images.yaml --auth auth.yaml</code>
          </p>
        </EmptyState>
      ) : (
        <MoveTable moves={moves} updatedAt={live.receivedAt ?? answer.updatedAt} onOpen={({ id }) => setView({ move: id })} />
      )}
      {making && (
        <NewMove
          onClose={() => setMaking(false)}
          onStarted={({ id }) => {
            setMaking(false)
            answer.refetch()
            setView({ move: id })
          }}
        />
      )}
    </>
  )
}

function MoveTable({ moves, updatedAt, onOpen }: { moves: readonly MoveSummary[]; updatedAt: number; onOpen: (move: MoveSummary) => void }) {
  const t = useWords()
  const columns = useMemo<Column<MoveSummary>[]>(
    () => [
      {
        id: 'state',
        title: t('state'),
        width: 130,
        value: (move) => t(`states.${move.state}`),
        cell: (move) => <StatusMark status={STATE_STATUS[move.state]} text={t(`states.${move.state}`)} />,
      },
      { id: 'title', title: t('what'), width: 260 },
      {
        id: 'progress',
        title: t('progress'),
        width: 200,
        sortable: false,
        cell: (move) =>
          isRunning(move) ? (
            <ProgressBar of={move.title} share={shareDone(move)} idle={t(`states.${move.state}`)} />
          ) : (
            t('ofImages', { done: move.progress.pairsDone, all: move.progress.pairs })
          ),
      },
      { id: 'failed', title: t('counts.failed'), unit: 'number', width: 90, value: (move) => move.counts.failed },
      { id: 'bytesSent', title: t('sent'), unit: 'bytes', width: 110 },
      { id: 'bytesSpared', title: t('spared'), unit: 'bytes', width: 110 },
      { id: 'by', title: t('by'), width: 110 },
      { id: 'createdAt', title: t('began'), unit: 'time', align: 'start', width: 180 },
    ],
    [t],
  )
  return (
    <Panel flush>
      <DataTable
        id="moves"
        label={t('title')}
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
