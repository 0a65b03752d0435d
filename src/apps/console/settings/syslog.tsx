/** Ports on which the server listens for syslog; changes take effect at once. */
import { Button, NumberInput, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { FieldPair, FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable, RowAct } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useSettings } from '#kits/console-kit/use-settings.ts'
import type { SyslogAnswer, SyslogListener } from '../endpoints.ts'
import styles from './settings.module.css'

interface SyslogSettings {
  listeners: SyslogListener[]
}

const placeOf = ({ protocol, address, port }: SyslogListener) => `${protocol} ${address}:${port}`

export function Syslog() {
  const { t } = useTranslation('shell')
  const settings = useSettings<SyslogSettings>('syslog')
  const state = useApi<SyslogAnswer>('/syslog', undefined, { refreshMs: 5_000 })
  const [adding, setAdding] = useState(false)
  const listeners = settings.value?.listeners ?? []
  const put = async (next: SyslogListener[]) => {
    await settings.save({ listeners: next })
    state.refetch()
  }
  return (
    <Panel
      title={t('syslog.title')}
      note={t('syslog.note')}
      actions={
        <Button size="xs" disabled={!settings.value} onClick={() => setAdding(true)}>
          {t('syslog.add')}
        </Button>
      }
    >
      {settings.error && !settings.value ? (
        <ErrorState error={settings.error} onRetry={settings.reload} compact />
      ) : !settings.value ? (
        <LoadingState />
      ) : listeners.length === 0 ? (
        <EmptyState title={t('syslog.none')} />
      ) : (
        <PlainTable head={(['place', 'state', 'cluster', 'source', 'format', 'actions'] as const).map((column) => t(`syslog.${column}`))}>
          {listeners.map((listener, i) => (
            <tr key={placeOf(listener)}>
              <th scope="row">
                <code>{placeOf(listener)}</code>
              </th>
              <td>
                <ListenerState answer={state.data?.listeners.find((other) => placeOf(other) === placeOf(listener))} />
              </td>
              <td>{listener.cluster}</td>
              <td>{listener.source}</td>
              <td>{listener.format ?? t('syslog.found')}</td>
              <td>
                <RowAct about={placeOf(listener)} onClick={() => void put(listeners.toSpliced(i, 1)).catch(() => {})}>
                  {t('remove')}
                </RowAct>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {settings.saveError && !adding && <ErrorState error={settings.saveError} onRetry={settings.reload} compact />}
      {adding && (
        <ListenerForm
          index={listeners.length}
          onClose={() => {
            settings.clearError()
            setAdding(false)
          }}
          onSave={(listener) => put([...listeners, listener])}
        />
      )}
    </Panel>
  )
}

function ListenerState({ answer }: { answer: SyslogAnswer['listeners'][number] | undefined }) {
  const { t } = useTranslation('shell')
  if (!answer) return <StatusMark status="unknown" />
  if (answer.listening) return <StatusMark status="ok" text={t('syslog.listening')} />
  return <StatusMark status="error" text={answer.error ? `${answer.error.code}: ${answer.error.message}` : t('syslog.notListening')} />
}

function ListenerForm({ index, onSave, onClose }: { index: number; onSave: (listener: SyslogListener) => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation('shell')
  const { cluster } = useCluster()
  const [listener, setListener] = useState<SyslogListener>({ protocol: 'udp', address: '127.0.0.1', port: 5514, cluster, source: 'syslog' })
  const form = useSubmit(() => onSave(listener), onClose)
  const change = (part: Partial<SyslogListener>) => setListener((before) => ({ ...before, ...part }))
  const problem = (field: string) => form.problem(`listeners[${index}].${field}`)
  const text = (field: 'address' | 'cluster' | 'source') => ({
    label: t(`syslog.${field}`),
    value: listener[field],
    error: problem(field),
    required: true,
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => change({ [field]: event.currentTarget.value }),
  })
  return (
    <FormDialog title={t('syslog.add')} form={form} onClose={onClose}>
      <p className={styles.dim}>{t('syslog.open')}</p>
      <FieldPair>
        <Select
          label={t('syslog.protocol')}
          data={['udp', 'tcp']}
          value={listener.protocol}
          onChange={(protocol) => change({ protocol: protocol === 'tcp' ? 'tcp' : 'udp' })}
        />
        <NumberInput
          label={t('syslog.port')}
          value={listener.port}
          min={1}
          max={65_535}
          allowDecimal={false}
          error={problem('port')}
          onChange={(port) => typeof port === 'number' && change({ port })}
          required
        />
      </FieldPair>
      <TextInput {...text('address')} description={t('syslog.addressHint')} />
      <FieldPair>
        <TextInput {...text('cluster')} />
        <TextInput {...text('source')} />
      </FieldPair>
      <TextInput
        label={t('syslog.format')}
        description={t('syslog.formatHint')}
        value={listener.format ?? ''}
        error={problem('format')}
        onChange={(event) => change({ format: event.currentTarget.value || undefined })}
      />
    </FormDialog>
  )
}
