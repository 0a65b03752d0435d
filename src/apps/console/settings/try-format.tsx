/** What a format makes of sample lines, before any sender uses it. */
import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RequestRow, TryFormatAnswer } from '#capabilities/ingress-analytics/domain/api.ts'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { type Format, useFormat } from '#kits/console-kit/use-format.ts'
import styles from './settings.module.css'

/** As many as the server takes. */
const MOST_LINES = 50
/** What a row has in any case tells nothing about the format. */
const ALWAYS = new Set(['source', 'cluster', 'route'])

export function TryFormat({ format }: { format: string }) {
  const { t } = useTranslation('shell')
  const { path } = useCluster()
  const [text, setText] = useState('')
  const [answer, setAnswer] = useState<TryFormatAnswer | undefined>()
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const form = useSubmit(() => api.send<TryFormatAnswer>('POST', path('/ingress/formats/try'), { format, lines: lines.slice(0, MOST_LINES) }), setAnswer)
  return (
    <>
      <Textarea
        label={t('formats.samples')}
        description={t('formats.samplesHint', { count: MOST_LINES })}
        classNames={{ input: styles.sample }}
        autosize
        minRows={2}
        maxRows={6}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div>
        <Button size="xs" variant="default" loading={form.busy} disabled={format.trim() === '' || lines.length === 0} onClick={form.submit}>
          {t('formats.try')}
        </Button>
      </div>
      <div aria-live="polite">{form.error ? <ErrorState error={form.error} compact /> : answer && <Tried answer={answer} />}</div>
    </>
  )
}

function Tried({ answer }: { answer: TryFormatAnswer }) {
  const { t } = useTranslation('shell')
  const words = useTranslation('ingress-analytics').t
  const format = useFormat()
  const rows = answer.lines.map((line) => ('row' in line ? line.row : undefined))
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row ?? {}).filter((name) => !ALWAYS.has(name) && shown(row?.[name]))))]
  return (
    <>
      <p>
        <StatusMark
          status={answer.rejected === 0 ? 'ok' : answer.accepted === 0 ? 'error' : 'warning'}
          text={t('formats.tried', { accepted: answer.accepted, count: answer.lines.length })}
        />
      </p>
      <PlainTable head={['#', t('formats.result'), ...fields.map((name) => words(`field.${name}`, { defaultValue: name }))]}>
        {answer.lines.map((line, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are told apart by their place.
          <tr key={i}>
            <th scope="row">{i + 1}</th>
            <td>
              {'row' in line ? (
                <StatusMark status="ok" text={t('formats.read')} />
              ) : (
                <StatusMark status="error" text={t(`sources.reasons.${line.reason}`, { defaultValue: line.reason })} />
              )}
            </td>
            {fields.map((name) => (
              <td key={name} className={styles.value}>
                {'row' in line ? textOf(name, line.row[name], format) : ''}
              </td>
            ))}
          </tr>
        ))}
      </PlainTable>
    </>
  )
}

const shown = (value: RequestRow[string] | undefined) => value !== undefined && value !== null && value !== '' && value !== 0

const textOf = (name: string, value: RequestRow[string] | undefined, format: Format): string =>
  name === 'ts'
    ? format.time(Number(value), { millis: true })
    : name.endsWith('_time')
      ? format.value(value, 'seconds')
      : name.startsWith('bytes_')
        ? format.value(value, 'bytes')
        : format.value(String(value ?? ''), 'text')
