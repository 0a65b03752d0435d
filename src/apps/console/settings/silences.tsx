import { Button, Select, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantMs, type Silence } from '#core/alerting/config.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { PlainTable, RowAct } from '#kits/console-kit/plain-table.tsx'
import { EmptyState } from '#kits/console-kit/states.tsx'
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
          <PlainTable head={[t('notify.state'), t('notify.matchers'), t('notify.until'), t('notify.why'), t('tokens.actions')]}>
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
                    <RowAct
                      about={silence.comment}
                      onClick={() =>
                        void put(
                          state === 'active'
                            ? config.silences.toSpliced(i, 1, { ...silence, endsAt: new Date().toISOString() })
                            : config.silences.toSpliced(i, 1),
                        ).catch(() => {})
                      }
                    >
                      {t(state === 'active' ? 'notify.endNow' : 'remove')}
                    </RowAct>
                  </td>
                </tr>
              )
            })}
          </PlainTable>
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
  const form = useSubmit(() => {
    const now = Date.now()
    return onSave({
      // `crypto.randomUUID` is missing where the page came over plain HTTP.
      id: uuidv7(now, crypto.getRandomValues(new Uint8Array(10))),
      matchers: linesOf(matchers),
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + Number(hours) * 3_600_000).toISOString(),
      createdBy: me?.user ?? '',
      comment,
    })
  }, onClose)
  return (
    <FormDialog title={t('notify.addSilence')} form={form} onClose={onClose} disabled={linesOf(matchers).length === 0}>
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
    </FormDialog>
  )
}
