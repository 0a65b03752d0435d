/** One finding: where, what else it is called, what to set, what that would do, and living with it for a while. */
import { Button, Checkbox, Drawer, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '#kits/console-kit/api.ts'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { FindingDetail, FixPreview } from '../domain/api.ts'
import styles from './inspections-page.module.css'

interface DrawerProps {
  base: string
  inspection: string
  fingerprint: string
  onClose: () => void
  onChanged: () => void
}

export function FindingDrawer(props: DrawerProps) {
  const { t } = useTranslation('inspection')
  return (
    // locking the scroll would write a style sheet, which the CSP refuses
    <Drawer.Root opened={props.fingerprint !== ''} onClose={props.onClose} position="right" size="xl" lockScroll={false}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className={styles.head}>
          <Drawer.Title className={styles.title}>{t('detail')}</Drawer.Title>
          <Drawer.CloseButton aria-label={t('close')} />
        </div>
        <Drawer.Body>{props.fingerprint !== '' && <Finding key={props.fingerprint} {...props} />}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

function Finding({ base, fingerprint, onClose, onChanged }: DrawerProps) {
  const { t } = useTranslation('inspection')
  const format = useFormat()
  const at = `${base}/findings/${fingerprint}`
  const { data, error, loading, refetch } = useApi<FindingDetail>(at, undefined, { keep: false })
  const [previewed, setPreviewed] = useState(false)
  if (error) return <ErrorState error={error} onRetry={refetch} />
  if (loading || !data) return <LoadingState />
  const { kind, namespace, name, path, what, message, check, aliases, severity, since, fix } = data
  const object = `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  return (
    <>
      <p>
        <StatusMark status={severity} /> {message}
      </p>
      <dl className={styles.fields}>
        <dt>{t('column.object')}</dt>
        <dd>{object}</dd>
        <dt>{t('evidence')}</dt>
        <dd>
          <code>{path || object}</code>
        </dd>
        {what !== '' && (
          <>
            <dt>{t('value')}</dt>
            <dd>{what}</dd>
          </>
        )}
        <dt>{t('column.since')}</dt>
        <dd>{format.time(since)}</dd>
        <dt>{t('column.check')}</dt>
        <dd>
          {check.startsWith('user/') ? (
            check
          ) : (
            <a href={`/api/v1/inspection-checks/${encodeURIComponent(check)}`} target="_blank" rel="noreferrer">
              {check}
            </a>
          )}
        </dd>
        {aliases.length > 0 && (
          <>
            <dt>{t('aliases')}</dt>
            <dd>{aliases.join(', ')}</dd>
          </>
        )}
        <dt>{t('fix')}</dt>
        <dd>
          {fix.length === 0
            ? t('noFix')
            : fix.map((edit) => (
                <div key={edit.path}>
                  <code>{edit.path}</code> → <code>{edit.value === undefined ? t('remove_value') : JSON.stringify(edit.value)}</code>
                  {edit.guess && ` (${t('guess')})`}
                </div>
              ))}
        </dd>
      </dl>
      {fix.length > 0 && !previewed && (
        <Button size="xs" variant="default" onClick={() => setPreviewed(true)}>
          {t('previewButton')}
        </Button>
      )}
      {previewed && <Preview at={`${at}/fix`} check={check} namespace={namespace} />}
      <Suppress base={base} check={check} object={object} onDone={() => [onChanged(), onClose()]} />
    </>
  )
}

function Preview({ at, check, namespace }: { at: string; check: string; namespace: string }) {
  const { t } = useTranslation('inspection')
  const { data, error, loading, refetch } = useApi<FixPreview>(at, undefined, { keep: false })
  if (error) return <ErrorState error={error} onRetry={refetch} compact />
  if (loading || !data) return <LoadingState />
  const budgets = data.budgets.map(({ name, allowed }) => (allowed === null ? t('budgetUnknown', { name }) : t('budget', { name, allowed })))
  return (
    <>
      <dl className={styles.fields}>
        {data.refused !== undefined && (
          <>
            <dt>{t('refused')}</dt>
            <dd>
              <StatusMark status="warning" text={data.refused} />
            </dd>
          </>
        )}
        <dt>{t('restarts')}</dt>
        <dd>{data.restarts}</dd>
        <dt>{t('budgets')}</dt>
        <dd>{budgets.join('; ') || t('noBudget')}</dd>
      </dl>
      {data.diff !== '' && (
        <section className={styles.diff} aria-label={t('preview')}>
          {data.diff.split('\n').map((line, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text never move.
            <span key={i} data-mark={line.startsWith('---') || line.startsWith('+++') ? undefined : line.charAt(0)}>
              {line || ' '}
            </span>
          ))}
        </section>
      )}
      <p className={styles.note}>{t('apply', { command: `sallyport inspect --fix --check ${check}${namespace === '' ? '' : ` -n ${namespace}`}` })}</p>
    </>
  )
}

const MONTH_MS = 30 * 86_400_000

function Suppress({ base, check, object, onDone }: { base: string; check: string; object: string; onDone: () => void }) {
  const { t } = useTranslation('inspection')
  const now = useNow(60_000)
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState(() => new Date(now + MONTH_MS).toISOString().slice(0, 10))
  const [everywhere, setEverywhere] = useState(false)
  const form = useSubmit(() => api.send('POST', `${base}/suppressions`, { check, ...(everywhere ? {} : { object }), reason, until }), onDone)
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        form.submit()
      }}
    >
      <TextInput
        size="xs"
        label={t('suppressReason')}
        value={reason}
        maxLength={1000}
        error={form.problem('reason')}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        type="date"
        label={t('suppressUntil')}
        value={until}
        error={form.problem('until')}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
      <Checkbox size="xs" label={t('suppressEverywhere')} checked={everywhere} onChange={(event) => setEverywhere(event.currentTarget.checked)} />
      {form.error && <ErrorState error={form.error} compact />}
      <div>
        <Button size="xs" type="submit" variant="default" loading={form.busy} disabled={reason.trim().length < 3}>
          {t('suppress')}
        </Button>
      </div>
    </form>
  )
}
