/** One move: how far it is, what stood in its way, what was found at the end, and the way back. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { formatBytes } from '#core/kernel/quantity.ts'
import { api } from '#kits/console-kit/api.ts'
import { Confirm } from '#kits/console-kit/confirm.tsx'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { ProgressBar } from '#kits/console-kit/progress-bar.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { UNDER_WAY } from '../domain/move-states.ts'
import type { AppMove } from '../domain/moves.ts'
import { ClaimDataTable } from './claim-data.tsx'
import styles from './moves.module.css'
import { Obstacles } from './plan-view.tsx'
import { STATE_STATUS, shareOf, useWords } from './words.ts'

export function MoveDetail({ move, lost, onGone }: { move: AppMove; lost: boolean; onGone: () => void }) {
  const t = useWords()
  const [asking, setAsking] = useState(false)
  const act = (what: string) => () => api.send<AppMove>('POST', `/app-moves/${move.id}/${what}`)
  const cancel = useSubmit(act('cancel'), () => {})
  const resume = useSubmit(act('resume'), () => {})
  const forget = useSubmit(() => api.send('DELETE', `/app-moves/${move.id}`), onGone)
  const running = UNDER_WAY.includes(move.state)
  const { progress, counts, verified, failedAt } = move
  const failed = cancel.error ?? resume.error ?? forget.error
  return (
    <div className={styles.stack}>
      <Panel
        title={t('howFar')}
        note={lost ? t('lost') : <StatusMark status={STATE_STATUS[move.state]} text={t(`states.${move.state}`)} />}
        actions={
          <>
            {running && (
              <Button size="xs" variant="default" color="red" loading={cancel.busy} onClick={cancel.submit}>
                {t('cancel')}
              </Button>
            )}
            {!running && ['stopped', 'failed', 'blocked'].includes(move.state) && (
              <Button size="xs" variant="default" loading={resume.busy} onClick={resume.submit}>
                {t('resume')}
              </Button>
            )}
            {!running && move.resumable && move.state !== 'rolled-back' && (
              <Button size="xs" variant="default" color="red" onClick={() => setAsking(true)}>
                {t('rollback')}
              </Button>
            )}
            {!running && (
              <Button size="xs" variant="subtle" color="gray" loading={forget.busy} onClick={forget.submit} title={t('forgetHint')}>
                {t('forget')}
              </Button>
            )}
          </>
        }
      >
        {running && <ProgressBar of={move.title} share={shareOf(progress.done, progress.objects)} />}
        <p>
          {t('progressLine', {
            done: progress.done,
            objects: progress.objects,
            wave: progress.wave,
            waves: progress.waves,
            bytes: formatBytes(progress.bytes),
          })}
        </p>
        {counts && <p>{t('countsLine', { ...counts })}</p>}
        {move.error && (
          <p>
            <StatusMark status="error" text={move.error.message} />
            {failedAt && ` ${t(failedAt.undone ? 'failedUndone' : 'failedLeft', { wave: failedAt.wave, object: failedAt.object })}`}
            {move.error.next && ` ${move.error.next}`}
          </p>
        )}
        {failed && <ErrorState error={failed} compact />}
      </Panel>
      <ClaimDataTable data={[...(move.data ?? [])]} />
      {verified && (
        <>
          <Tiles>
            <Stat label={t('verify.equal')} value={verified.equal} unit="number" />
            <Stat label={t('verify.different')} value={verified.different.length} unit="number" />
            <Stat label={t('verify.unready')} value={verified.unready.length} unit="number" />
            <Stat label={t('verify.failing')} value={verified.failing.length} unit="number" />
          </Tiles>
          {[...verified.different, ...verified.unready].length > 0 && (
            <Panel title={t('verify.toLookAt')}>
              <ul>
                {verified.different.map((name) => (
                  <li key={`d${name}`}>{t('verify.isDifferent', { name })}</li>
                ))}
                {verified.unready.map((name) => (
                  <li key={`u${name}`}>{t('verify.isUnready', { name })}</li>
                ))}
              </ul>
            </Panel>
          )}
          {verified.services.length > 0 && (
            <Panel title={t('verify.services')} note={t('verify.servicesNote')} flush>
              <PlainTable head={[t('verify.service'), t('verify.answers'), t('verify.endpoints'), t('verify.sourceEndpoints')]}>
                {verified.services.map(({ service, answers, why, endpoints, sourceEndpoints }) => (
                  <tr key={service}>
                    <td>{service}</td>
                    <td>
                      <StatusMark
                        status={answers === 'yes' ? 'ok' : answers === 'no' ? (sourceEndpoints === 0 ? 'advice' : 'error') : 'unknown'}
                        text={why === undefined ? t(`verify.${answers}`) : `${t(`verify.${answers}`)} (${t(`verify.reasons.${why}`, { defaultValue: why })})`}
                      />
                    </td>
                    <td>{endpoints ?? t('verify.unknown')}</td>
                    <td>{sourceEndpoints ?? t('verify.unknown')}</td>
                  </tr>
                ))}
              </PlainTable>
            </Panel>
          )}
          <Panel title={t('verify.counts')} flush>
            <PlainTable head={[t('plan.kind'), t('verify.wanted'), t('verify.there')]}>
              {Object.entries(verified.counts)
                .sort(([a], [b]) => a.localeCompare(b))
                .map(([kind, { wanted, there }]) => (
                  <tr key={kind}>
                    <td>{kind}</td>
                    <td>{wanted}</td>
                    <td>{there}</td>
                  </tr>
                ))}
            </PlainTable>
          </Panel>
        </>
      )}
      <Obstacles obstacles={move.obstacles ?? []} />
      {asking && (
        <Confirm
          title={t('rollback')}
          text={t('rollbackText', { to: move.to })}
          word={move.to}
          button={t('rollback')}
          act={async () => void (await act('rollback')())}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  )
}
