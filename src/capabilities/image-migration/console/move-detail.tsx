/** One move: how far it is, what it moved, what went wrong and why, and its signed report. */
import { Button, SegmentedControl } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { formatDuration } from '#core/kernel/duration.ts'
import { CodedError, describeError } from '#core/kernel/errors.ts'
import { api, apiUrl } from '#kits/console-kit/api.ts'
import { type Column, DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { useLanguage } from '#kits/console-kit/i18n.ts'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { ProgressBar } from '#kits/console-kit/progress-bar.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { Failure, ItemReport, Outcome } from '../domain/job.ts'
import type { MoveItems, MoveSummary } from '../domain/moves.ts'
import styles from './move-detail.module.css'
import { isRunning, rateOf, STATE_STATUS, shareDone, timeLeft } from './move-view.ts'
import { useWords } from './words.ts'

const OUTCOMES = ['copied', 'unchanged', 'kept', 'failed', 'stopped'] as const
/** Of an ImageSync that prunes. */
const PRUNED = ['removed', 'extra'] as const
const outcomeView = z.object({ outcome: z.enum(['all', ...OUTCOMES, ...PRUNED]).default('all') })
type Shown = Outcome | (typeof PRUNED)[number]
type Item = ItemReport<Shown>
const MARK: Record<Shown, Status> = { copied: 'ok', unchanged: 'ok', kept: 'advice', failed: 'error', stopped: 'unknown', removed: 'ok', extra: 'advice' }

export function MoveDetail({ move, lost }: { move: MoveSummary; lost: boolean }) {
  const t = useWords()
  const now = useNow(1000)
  const { counts, progress } = move
  const cancel = useSubmit(
    () => api.send('POST', `/image-moves/${move.id}/cancel`),
    () => {},
  )
  const { endedAt } = move
  const left = timeLeft(move, now)
  return (
    <div className={styles.stack}>
      <Panel
        title={t('howFar')}
        note={lost ? t('lost') : <StatusMark status={STATE_STATUS[move.state]} text={t(`states.${move.state}`)} />}
        actions={
          <>
            {isRunning(move) && (
              <Button size="xs" variant="default" color="red" loading={cancel.busy} onClick={cancel.submit}>
                {t('cancel')}
              </Button>
            )}
            {move.report && (
              <>
                <Button
                  size="xs"
                  variant="default"
                  component="a"
                  href={apiUrl(`/image-moves/${move.id}/report`)}
                  leftSection={<IconDownload size={14} aria-hidden />}
                >
                  {t('report')}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  component="a"
                  href={apiUrl(`/image-moves/${move.id}/report.sig`)}
                  leftSection={<IconDownload size={14} aria-hidden />}
                >
                  {t('signature')}
                </Button>
              </>
            )}
          </>
        }
      >
        {isRunning(move) && <ProgressBar of={move.title} share={shareDone(move)} idle={t(`states.${move.state}`)} />}
        {cancel.error && <ErrorState error={cancel.error} compact />}
        {move.failure && <FailureText failure={move.failure} />}
        {move.report && (
          <p className={styles.note}>
            {t('signedBy')} <code>{move.report.keyId.slice(0, 23)}…</code> · {t('checkWith')} <code>sallyport images verify-report</code>
          </p>
        )}
      </Panel>
      <Tiles>
        <Stat
          label={t('images')}
          value={progress.pairs > 0 ? progress.pairsDone : undefined}
          unit="number"
          note={t('ofImages', { done: progress.pairsDone, all: progress.pairs })}
        />
        <Stat label={t('counts.copied')} value={counts.copied} unit="number" />
        <Stat label={t('counts.unchanged')} value={counts.unchanged} unit="number" />
        <Stat label={t('counts.failed')} value={counts.failed} unit="number" />
        <Stat label={t('sent')} value={move.bytesSent} unit="bytes" />
        <Stat label={t('spared')} value={move.bytesSpared} unit="bytes" note={t('sparedNote')} />
        <Stat
          label={t('rate')}
          value={rateOf(move, endedAt ?? now)}
          unit="byteRate"
          note={left === undefined ? undefined : t('timeLeft', { time: formatDuration(left) })}
          missing={rateOf(move, endedAt ?? now) === undefined ? 'none' : undefined}
        />
      </Tiles>
      {move.notes.length > 0 && (
        <Panel title={t('notes')}>
          <ul className={styles.notes}>
            {move.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Panel>
      )}
      <Items move={move} />
    </div>
  )
}

function FailureText({ failure }: { failure: Failure }) {
  const language = useLanguage()
  const { message, next } = describeError(new CodedError(failure.code, failure.details), language)
  return (
    <p className={styles.failure}>
      <StatusMark status="error" text={message} /> {next}
    </p>
  )
}

function Items({ move }: { move: MoveSummary }) {
  const t = useWords()
  const { i18n } = useTranslation()
  const language = useLanguage()
  const [view, setView] = useUrlState(outcomeView)
  const path = `/image-moves/${move.id}/items`
  const load = useCallback<Load<Item>>(
    async ({ limit, offset, signal }) => {
      const { items, total } = await api.get<MoveItems>(path, { limit, offset, ...(view.outcome === 'all' ? {} : { outcome: view.outcome }) }, signal)
      return { rows: items as readonly Item[], total }
    },
    [path, view.outcome],
  )
  const columns = useMemo<Column<Item>[]>(
    () => [
      { id: 'outcome', title: t('outcome'), width: 120, cell: (item) => <StatusMark status={MARK[item.outcome]} text={t(`counts.${item.outcome}`)} /> },
      { id: 'source', title: t('source'), width: 260 },
      { id: 'target', title: t('target'), width: 260 },
      { id: 'bytesSent', title: t('sent'), unit: 'bytes', width: 100 },
      {
        id: 'why',
        title: t('why'),
        width: 320,
        cell: (item) =>
          item.failure
            ? `${item.failure.side ? `${t(`side.${item.failure.side}`)}: ` : ''}${describeError(new CodedError(item.failure.code, item.failure.details), language).message}`
            : item.notes.join(' '),
      },
      { id: 'digest', title: t('digest'), width: 200 },
      { id: 'rule', title: t('rule'), width: 200, hidden: true },
    ],
    [t, language],
  )
  return (
    <Panel title={t('itemsTitle')} flush>
      <DataTable
        id="items"
        label={t('itemsTitle')}
        columns={columns}
        rowKey={({ target }) => target}
        load={load}
        loadKey={[move.id, view.outcome, i18n.language]}
        refreshKey={[move.progress.pairsDone, move.state]}
        searchable={false}
        height="rows"
        empty={{ title: t(isRunning(move) ? 'itemsSoon' : 'itemsNone') }}
        toolbar={
          <SegmentedControl
            size="xs"
            aria-label={t('outcome')}
            value={view.outcome}
            onChange={(outcome) => setView({ outcome: outcome as 'all' })}
            data={[
              { value: 'all', label: t('everything') },
              ...OUTCOMES.map((outcome) => ({ value: outcome, label: t(`counts.${outcome}`) })),
              ...(move.pruned ? PRUNED.map((outcome) => ({ value: outcome, label: t(`counts.${outcome}`) })) : []),
            ]}
          />
        }
      />
    </Panel>
  )
}
