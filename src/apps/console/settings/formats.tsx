/** Line formats of users' own, written as nginx writes `log_format`; senders refer to them by name. */
import { Button, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable, RowAct, RowActs } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useSettings } from '#kits/console-kit/use-settings.ts'
import styles from './settings.module.css'
import { TryFormat } from './try-format.tsx'

interface FormatSettings {
  formats: Record<string, string>
}
type Editing = { name: string; pattern: string; existing: boolean }

export function Formats() {
  const { t } = useTranslation('shell')
  const settings = useSettings<FormatSettings>('ingressFormats')
  const [editing, setEditing] = useState<Editing | undefined>()
  const formats = settings.value?.formats ?? {}
  const rows = Object.entries(formats).sort(([a], [b]) => a.localeCompare(b))
  return (
    <Panel
      title={t('formats.title')}
      note={t('formats.note')}
      actions={
        <Button size="xs" disabled={!settings.value} onClick={() => setEditing({ name: '', pattern: '', existing: false })}>
          {t('formats.add')}
        </Button>
      }
    >
      {settings.error && !settings.value ? (
        <ErrorState error={settings.error} onRetry={settings.reload} compact />
      ) : !settings.value ? (
        <LoadingState />
      ) : rows.length === 0 ? (
        <EmptyState title={t('formats.none')} />
      ) : (
        <PlainTable head={(['name', 'pattern', 'actions'] as const).map((column) => t(`formats.${column}`))}>
          {rows.map(([name, pattern]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={styles.line}>
                <code>{pattern}</code>
              </td>
              <td>
                <RowActs>
                  <RowAct about={name} onClick={() => setEditing({ name, pattern, existing: true })}>
                    {t('edit')}
                  </RowAct>
                  <RowAct
                    about={name}
                    onClick={() => {
                      const { [name]: _, ...others } = formats
                      settings.save({ formats: others }).catch(() => {})
                    }}
                  >
                    {t('remove')}
                  </RowAct>
                </RowActs>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {settings.saveError && !editing && <ErrorState error={settings.saveError} onRetry={settings.reload} compact />}
      {editing && (
        <FormatForm
          initial={editing}
          taken={Object.keys(formats)}
          onClose={() => {
            settings.clearError()
            setEditing(undefined)
          }}
          onSave={(name, pattern) => settings.save({ formats: { ...formats, [name]: pattern } })}
        />
      )}
    </Panel>
  )
}

interface FormatFormProps {
  initial: Editing
  taken: readonly string[]
  onSave: (name: string, pattern: string) => Promise<void>
  onClose: () => void
}

function FormatForm({ initial, taken, onSave, onClose }: FormatFormProps) {
  const { t } = useTranslation('shell')
  const [name, setName] = useState(initial.name)
  const [pattern, setPattern] = useState(initial.pattern)
  const twice = !initial.existing && taken.includes(name)
  const joined = pattern.replace(/\s*\n\s*/g, '')
  const form = useSubmit(() => onSave(name, joined), onClose)
  return (
    <FormDialog title={t(initial.existing ? 'formats.edit' : 'formats.add')} form={form} onClose={onClose} size="xl" disabled={twice}>
      <TextInput
        label={t('formats.name')}
        description={t('formats.nameHint')}
        value={name}
        disabled={initial.existing}
        error={twice ? t('formats.twice') : undefined}
        pattern="[a-z0-9][a-z0-9_.\-]{0,63}"
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <Textarea
        label={t('formats.pattern')}
        description={t('formats.patternHint')}
        placeholder={'$remote_addr - [$time_local] "$request" $status $body_bytes_sent $request_time'}
        autosize
        minRows={3}
        value={pattern}
        onChange={(event) => setPattern(event.currentTarget.value)}
        required
      />
      <TryFormat format={joined} />
    </FormDialog>
  )
}
