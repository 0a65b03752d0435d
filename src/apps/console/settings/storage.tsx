/** What is stored, what it costs, how long it lasts; budgets and days of each signal. */
import { Button, NumberInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignalStatus, StoreStatus } from '#core/shapes/ports/telemetry.ts'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useSettings } from '#kits/console-kit/use-settings.ts'
import styles from './settings.module.css'

type Limits = { budgetBytes?: number | string; retentionDays?: number }
type Retention = Record<string, Limits>
const GIB = 1024 ** 3
const MOST_DAYS = 3650

export default function Storage() {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const { data, error, loading, refetch } = useApi<StoreStatus>('/store', undefined, { refreshMs: 10_000 })
  if (error && !data) return <ErrorState error={error} onRetry={refetch} />
  return (
    <>
      <Tiles>
        <Stat label={t('storage.used')} value={data?.disk.usedBytes} unit="bytes" loading={loading} />
        <Stat label={t('storage.free')} value={data?.disk.freeBytes} unit="bytes" loading={loading} />
        <Stat
          label={t('storage.queue')}
          value={data?.queue.bytes}
          unit="bytes"
          note={data && t('storage.batches', { count: data.queue.batches })}
          loading={loading}
        />
        <Stat label={t('storage.overhead')} value={data?.disk.overheadBytes} unit="bytes" loading={loading} />
      </Tiles>
      {data && data.refused.batches > 0 && (
        <Panel title={t('storage.refused')}>
          <StatusMark status="error" text={t('storage.refusedText', { count: data.refused.batches, bytes: format.value(data.refused.bytes, 'bytes') })} />
          {data.refused.lastReason && <p className={styles.dim}>{t('storage.refusedReason', { reason: data.refused.lastReason })}</p>}
        </Panel>
      )}
      <Panel
        title={t('storage.signals')}
        note={data && <StatusMark status={data.engine.state === 'ready' ? 'ok' : 'error'} text={t(`storage.engine.${data.engine.state}`)} />}
      >
        {data ? <Signals signals={data.signals} onSaved={refetch} /> : <LoadingState lines={6} />}
      </Panel>
    </>
  )
}

function Signals({ signals, onSaved }: { signals: readonly SignalStatus[]; onSaved: () => void }) {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const settings = useSettings<Retention>('retention')
  const [draft, setDraft] = useState<Retention>({})
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was saved or read anew replaces the draft.
  useEffect(() => setDraft({}), [settings.value])
  const changed = Object.keys(draft).length > 0
  const change = (signal: string, limits: Limits) => setDraft((before) => ({ ...before, [signal]: { ...before[signal], ...limits } }))
  const save = async () => {
    const merged: Retention = { ...settings.value }
    for (const [signal, limits] of Object.entries(draft)) merged[signal] = { ...merged[signal], ...limits }
    await settings.save(merged).then(onSaved, () => {})
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <p className={styles.dim}>{t('storage.how')}</p>
      <PlainTable
        head={[
          t('storage.signal'),
          { title: t('storage.rows'), number: true },
          { title: t('storage.size'), number: true },
          t('storage.oldest'),
          t('storage.left'),
          t('storage.budget'),
          t('storage.days'),
        ]}
      >
        {signals.map((s) => (
          <tr key={s.signal}>
            <th scope="row">{t(`signals.${s.signal}`, { defaultValue: s.signal })}</th>
            <td data-number>{format.value(s.rows, 'number')}</td>
            <td data-number>{format.value(s.bytes, 'bytes')}</td>
            <td>{s.oldestAt === undefined ? '–' : format.time(s.oldestAt, { seconds: false })}</td>
            <td>
              {s.daysLeft === undefined ? (
                <StatusMark status="unknown" text={t('storage.notYet')} />
              ) : (
                t('storage.daysLeft', { days: format.exact(Math.round(s.daysLeft * 10) / 10) })
              )}
            </td>
            <td>
              <NumberInput
                className={styles.number}
                size="xs"
                aria-label={`${t('storage.budget')}: ${s.signal}`}
                suffix=" GiB"
                min={0.0625}
                decimalScale={2}
                hideControls
                value={Math.round((Number(draft[s.signal]?.budgetBytes ?? s.budgetBytes) / GIB) * 100) / 100}
                onChange={(value) =>
                  typeof value === 'number' &&
                  value > 0 &&
                  Math.round(value * GIB) !== s.budgetBytes &&
                  change(s.signal, { budgetBytes: Math.round(value * GIB) })
                }
              />
            </td>
            <td>
              <NumberInput
                className={styles.number}
                size="xs"
                aria-label={`${t('storage.days')}: ${s.signal}`}
                min={1}
                max={MOST_DAYS}
                allowDecimal={false}
                hideControls
                value={draft[s.signal]?.retentionDays ?? s.retentionDays}
                onChange={(value) => typeof value === 'number' && value >= 1 && value !== s.retentionDays && change(s.signal, { retentionDays: value })}
              />
            </td>
          </tr>
        ))}
      </PlainTable>
      {settings.saveError && <ErrorState error={settings.saveError} compact />}
      <div className={styles.buttons}>
        <Button size="xs" variant="default" disabled={!changed} onClick={() => setDraft({})}>
          {t('discard')}
        </Button>
        <Button size="xs" type="submit" disabled={!changed} loading={settings.saving}>
          {t('save')}
        </Button>
      </div>
    </form>
  )
}
