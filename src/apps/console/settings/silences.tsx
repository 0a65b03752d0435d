import { Button, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantMs, type Silence } from '#core/alerting/config.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { type ApiError, asApiError } from '#kits/console-kit/api.ts'
import { EmptyState, ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import { useSession } from '../session.tsx'
import type { PartProps } from './notifications.tsx'
import { linesOf } from './route-edit.ts'
import styles from './settings.module.css'

const HOURS = ['1', '2', '4', '8', '24', '72', '168'] as const

/** Alerts that nobody is told about for a while. Ending one keeps it in the list until it is removed. */
export function Silences({ config, save }: PartProps) {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const now = useNow(10_000)
  const [adding, setAdding] = useState(false)
  const put = (silences: Silence[]) => save({ ...config, silences })
  const add = (
    <Button size="xs" onClick={() => setAdding(true)}>
      {t('notify.addSilence')}
    </Button>
  )
  return (
    <>
      {config.silences.length === 0 ? (
        <EmptyState title={t('notify.noSilences')} action={add} />
      ) : (
        <>
          <div className={styles.scroll}>
            <table className={styles.plain}>
              <thead>
                <tr>
                  <th scope="col">{t('notify.state')}</th>
                  <th scope="col">{t('notify.matchers')}</th>
                  <th scope="col">{t('notify.until')}</th>
                  <th scope="col">{t('notify.why')}</th>
                  <th scope="col">{t('tokens.actions')}</th>
                </tr>
              </thead>
              <tbody>
                {config.silences.map((silence, i) => {
                  const state = instantMs(silence.endsAt) <= now ? 'over' : instantMs(silence.startsAt) > now ? 'pending' : 'active'
                  return (
                    <tr key={silence.id}>
                      <td>
                        <StatusMark status={state === 'active' ? 'running' : 'unknown'} text={t(`notify.silence.${state}`)} />
                      </td>
                      <td>
                        {silence.matchers.map((matcher) => (
                          <div key={matcher}>
                            <code>{matcher}</code>
                          </div>
                        ))}
                      </td>
                      <td>{format.time(instantMs(silence.endsAt), { seconds: false })}</td>
                      <td>{[silence.comment, silence.createdBy].filter(Boolean).join(' · ')}</td>
                      <td>
                        <Button
                          size="compact-sm"
                          variant="default"
                          onClick={() =>
                            void put(
                              state === 'active'
                                ? config.silences.toSpliced(i, 1, { ...silence, endsAt: new Date().toISOString() })
                                : config.silences.toSpliced(i, 1),
                            ).catch(() => {})
                          }
                        >
                          {t(state === 'active' ? 'notify.endNow' : 'remove')}
                        </Button>
                      </td>
                    </tr>
                  )
                })}
              </tbody>
            </table>
          </div>
          <div className={styles.buttons}>{add}</div>
        </>
      )}
      {adding && <SilenceForm onClose={() => setAdding(false)} onSave={(silence) => put([...config.silences, silence])} />}
    </>
  )
}

function SilenceForm({ onSave, onClose }: { onSave: (silence: Silence) => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation('shell')
  const { me } = useSession()
  const [matchers, setMatchers] = useState('')
  const [hours, setHours] = useState('2')
  const [comment, setComment] = useState('')
  const [error, setError] = useState<ApiError | undefined>()
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    setBusy(true)
    const now = Date.now()
    try {
      await onSave({
        // `crypto.randomUUID` is missing where the page came over plain HTTP.
        id: uuidv7(now, crypto.getRandomValues(new Uint8Array(10))),
        matchers: linesOf(matchers),
        startsAt: new Date(now).toISOString(),
        endsAt: new Date(now + Number(hours) * 3_600_000).toISOString(),
        createdBy: me?.user ?? '',
        comment,
      })
      onClose()
    } catch (thrown) {
      setError(asApiError(thrown))
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={t('notify.addSilence')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <Textarea
          label={t('notify.matchers')}
          description={t('notify.matchersHint')}
          placeholder={'alertname="HighErrorRate"'}
          autosize
          minRows={2}
          value={matchers}
          onChange={(event) => setMatchers(event.currentTarget.value)}
          required
          data-autofocus
        />
        <Select
          label={t('notify.for')}
          data={HOURS.map((value) => ({ value, label: t('notify.hours', { count: Number(value) }) }))}
          value={hours}
          onChange={(value) => value && setHours(value)}
        />
        <TextInput label={t('notify.why')} value={comment} onChange={(event) => setComment(event.currentTarget.value)} required />
        {error && <ErrorState error={error} compact />}
        <div className={styles.buttons}>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button type="submit" loading={busy} disabled={linesOf(matchers).length === 0}>
            {t('save')}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
