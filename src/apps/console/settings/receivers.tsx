import { Button, NumberInput, PasswordInput, Select, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ReceiverConfig, ReceiverKind } from '#core/alerting/receivers.ts'
import { api, asApiError } from '#kits/console-kit/api.ts'
import { Confirm } from '#kits/console-kit/confirm.tsx'
import { FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { PlainTable, RowAct, RowActs } from '#kits/console-kit/plain-table.tsx'
import { EmptyState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { PartProps } from './notifications.tsx'
import { FIELDS, type Field, KINDS, receiverOf } from './receiver-fields.ts'
import { namedIn } from './route-edit.ts'
import styles from './settings.module.css'

/** Whom the first rule tells: the first receiver there ever was, and nobody that is gone, where there is no choice. */
function toldBy({ route: { receiver }, receivers: before }: PartProps['config'], receivers: readonly ReceiverConfig[]): typeof receiver {
  const told = [receiver ?? []].flat()
  if (told.length === 0) return before.length === 0 ? receivers[0]?.name : receiver
  return receivers.length > 1 || told.every((name) => receivers[0]?.name === name) ? receiver : receivers[0]?.name
}

/** Ways to reach people. */
export function Receivers({ config, save }: PartProps) {
  const { t } = useTranslation('shell')
  const [editing, setEditing] = useState<number | undefined>()
  const [removing, setRemoving] = useState<number | undefined>()
  const put = (receivers: ReceiverConfig[]) => save({ ...config, receivers, route: { ...config.route, receiver: toldBy(config, receivers) } })
  const add = (
    <Button size="xs" onClick={() => setEditing(config.receivers.length)}>
      {t('notify.addReceiver')}
    </Button>
  )
  const gone = removing === undefined ? undefined : config.receivers[removing]
  return (
    <>
      {config.receivers.length === 0 ? (
        <EmptyState title={t('notify.noReceivers')} action={add}>
          {t('notify.noReceiversHint')}
        </EmptyState>
      ) : (
        <>
          <PlainTable head={[t('notify.name'), t('notify.kind'), t('notify.language'), t('notify.test'), t('tokens.actions')]}>
            {config.receivers.map((receiver, i) => (
              <tr key={receiver.name}>
                <th scope="row">{receiver.name}</th>
                <td>{t(`notify.kinds.${receiver.kind}`)}</td>
                <td>{receiver.language}</td>
                <td>
                  <TestButton receiver={receiver} />
                </td>
                <td>
                  <RowActs>
                    <RowAct about={receiver.name} onClick={() => setEditing(i)}>
                      {t('edit')}
                    </RowAct>
                    <RowAct about={receiver.name} onClick={() => setRemoving(i)}>
                      {t('remove')}
                    </RowAct>
                  </RowActs>
                </td>
              </tr>
            ))}
          </PlainTable>
          <div className={styles.buttons}>{add}</div>
        </>
      )}
      {editing !== undefined && (
        <ReceiverForm
          receiver={config.receivers[editing]}
          path={`receivers[${editing}]`}
          onClose={() => setEditing(undefined)}
          onSave={(receiver) => put(config.receivers.toSpliced(editing, 1, receiver))}
        />
      )}
      {gone && (
        <Confirm
          title={t('notify.removeTitle', { name: gone.name })}
          text={t(namedIn(config.route, gone.name) ? 'notify.removeUsed' : 'notify.removeText')}
          word={gone.name}
          button={t('remove')}
          onClose={() => setRemoving(undefined)}
          act={() => put(config.receivers.filter(({ name }) => name !== gone.name))}
        />
      )}
    </>
  )
}

/** Sends one message through what is stored, and says what came of it. */
function TestButton({ receiver }: { receiver: ReceiverConfig }) {
  const { t } = useTranslation('shell')
  const [state, setState] = useState<'idle' | 'busy' | { ok: boolean; text: string }>('idle')
  const send = async () => {
    setState('busy')
    try {
      const answer = await api.send<{ delivered: boolean; reason?: string }>('POST', '/notifications/test', { receiver })
      setState({ ok: answer.delivered, text: answer.delivered ? t('notify.delivered') : (answer.reason ?? '') })
    } catch (thrown) {
      const error = asApiError(thrown)
      setState({ ok: false, text: error.message || error.code })
    }
  }
  return (
    <span className={styles.row}>
      <Button
        size="compact-sm"
        variant="default"
        loading={state === 'busy'}
        aria-label={`${t('notify.sendTest')}: ${receiver.name}`}
        onClick={() => void send()}
      >
        {t('notify.sendTest')}
      </Button>
      <span aria-live="polite">{typeof state === 'object' && <StatusMark status={state.ok ? 'ok' : 'error'} text={state.text} />}</span>
    </span>
  )
}

function ReceiverForm({
  receiver,
  path,
  onSave,
  onClose,
}: {
  receiver: ReceiverConfig | undefined
  path: string
  onSave: (receiver: ReceiverConfig) => Promise<void>
  onClose: () => void
}) {
  const { t } = useTranslation('shell')
  const [kind, setKind] = useState<ReceiverKind>(receiver?.kind ?? 'webhook')
  const [values, setValues] = useState<Record<string, unknown>>({ ...receiver })
  const set = (name: string, value: unknown) => setValues((before) => ({ ...before, [name]: value }))
  const form = useSubmit(() => onSave(receiverOf(kind, values)), onClose)
  const problem = (name: string) => form.problem(`${path}.${name}`)
  return (
    <FormDialog title={t(receiver ? 'notify.editReceiver' : 'notify.addReceiver')} form={form} onClose={onClose}>
      <Select
        label={t('notify.kind')}
        data={KINDS.map((value) => ({ value, label: t(`notify.kinds.${value}`) }))}
        value={kind}
        disabled={receiver !== undefined}
        onChange={(value) => value && setKind(value as ReceiverKind)}
      />
      <TextInput
        label={t('notify.name')}
        value={String(values.name ?? '')}
        error={problem('name')}
        onChange={(event) => set('name', event.currentTarget.value)}
        required
        data-autofocus
      />
      {FIELDS[kind].map((field) => (
        <FieldInput
          key={`${kind}.${field.name}`}
          field={field}
          value={values[field.name] ?? field.initial}
          stored={receiver !== undefined}
          error={problem(field.name)}
          onChange={(value) => set(field.name, value)}
        />
      ))}
      <Select
        label={t('notify.language')}
        data={[
          { value: 'en', label: 'English' },
          { value: 'zh-CN', label: '简体中文' },
        ]}
        value={String(values.language ?? 'en')}
        onChange={(value) => set('language', value)}
      />
      <Switch label={t('notify.sendResolved')} checked={values.sendResolved !== false} onChange={(event) => set('sendResolved', event.currentTarget.checked)} />
    </FormDialog>
  )
}

function FieldInput({
  field,
  value,
  stored,
  error,
  onChange,
}: {
  field: Field
  value: unknown
  stored: boolean
  error: string | undefined
  onChange: (value: unknown) => void
}) {
  const { t } = useTranslation('shell')
  const shared = {
    label: t(`notify.fields.${field.name}`),
    error,
    placeholder: field.example,
    required: field.required && !(stored && field.type === 'secret'),
  }
  const text = Array.isArray(value) ? value.join(', ') : String(value ?? '')
  switch (field.type) {
    case 'choice':
      return <Select {...shared} data={[...(field.choices ?? [])]} value={text} onChange={onChange} />
    case 'number':
      return <NumberInput {...shared} value={Number(text)} min={1} max={65_535} allowDecimal={false} hideControls onChange={onChange} />
    case 'secret':
      return (
        <PasswordInput
          {...shared}
          autoComplete="off"
          description={stored ? t('notify.secretKept') : undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('notify.reveal') }}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    default:
      return <TextInput {...shared} value={text} onChange={(event) => onChange(event.currentTarget.value)} />
  }
}
