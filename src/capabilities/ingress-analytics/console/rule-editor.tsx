/** One rule as a form, tried on the last 24 hours while it is written. */
import { Button, Checkbox, NativeSelect, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { formatDuration } from '#core/kernel/duration.ts'
import { SEVERITIES } from '#core/shapes/severity.ts'
import { type ApiError, api, asApiError } from '#kits/console-kit/api.ts'
import { Chart } from '#kits/console-kit/chart.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { type AlertRule, type AlertRuleInput, DIMENSIONS, NUMBERS, type NumberName, type PreviewAnswer } from '../domain/api.ts'
import { unitOf } from './numbers.ts'
import styles from './rule-editor.module.css'
import { displayFactor, displayUnit, type FormProblems, formOf, placeProblems, type RuleForm, ruleOf } from './rule-form.ts'
import { SidePanel } from './side-panel.tsx'
import { useWords } from './words.ts'

interface EditorProps {
  url: string
  initial: AlertRuleInput
  /** Name of the rule that is edited; undefined: a new one. */
  existing: string | undefined
  onClose: () => void
  onChanged: () => void
}

export default function RuleEditor({ url, initial, existing, onClose, onChanged }: EditorProps) {
  const t = useWords()
  const [form, setForm] = useState(() => formOf(initial))
  const [touched, setTouched] = useState(false)
  const [found, setFound] = useState<FormProblems>({})
  const [error, setError] = useState<ApiError>()
  const [busy, setBusy] = useState(false)
  const read = ruleOf(form, { number: t('alerts.needNumber'), duration: t('alerts.needDuration'), name: t('alerts.needName') })
  const problems: FormProblems = { ...found, ...(touched && 'problems' in read ? read.problems : {}) }

  const change = (patch: Partial<RuleForm>) => {
    setForm((f) => ({ ...f, ...patch }))
    setFound({})
    setError(undefined)
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTouched(true)
    if (!('rule' in read)) return
    await attempt(() => (existing === undefined ? api.send('POST', url, read.rule) : api.send('PUT', `${url}/${encodeURIComponent(existing)}`, read.rule)))
  }
  const attempt = async (call: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await call()
      onChanged()
    } catch (cause) {
      const failed = asApiError(cause)
      const placed = placeProblems(failed.problems, form)
      setFound(placed.problems)
      if (placed.rest.length > 0 || failed.problems.length === 0) setError(failed)
    } finally {
      setBusy(false)
    }
  }

  return (
    <SidePanel opened onClose={onClose} size="xl" title={t(existing === undefined ? 'alerts.new' : 'alerts.edit')}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <TextInput
          className={styles.wide}
          label={t('alerts.name')}
          description={t('alerts.nameHint')}
          value={form.name}
          error={problems.name}
          maxLength={120}
          required
          data-autofocus
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <div className={styles.wide}>
          <SegmentedControl
            aria-label={t('alerts.kind')}
            value={form.absent ? 'absent' : 'number'}
            data={[
              { value: 'number', label: t('alerts.kindNumber') },
              { value: 'absent', label: t('alerts.kindAbsent') },
            ]}
            onChange={(kind) => change({ absent: kind === 'absent' })}
          />
        </div>
        {!form.absent && <Condition form={form} problems={problems} onChange={change} />}
        <TextInput label={t('alerts.window')} value={form.window} error={problems.window} onChange={(event) => change({ window: event.currentTarget.value })} />
        <TextInput
          label={t('alerts.for')}
          description={t('alerts.forHint')}
          value={form.for}
          error={problems.for}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          onChange={(event) => change({ for: event.currentTarget.value })}
        />
        <Textarea
          className={styles.wide}
          label={t('alerts.filter')}
          description={t('alerts.filterHint')}
          value={form.filter}
          error={problems.filter}
          autosize
          minRows={1}
          maxRows={6}
          onChange={(event) => change({ filter: event.currentTarget.value })}
        />
        <NativeSelect
          label={t('alerts.groupBy')}
          description={t('alerts.groupByHint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={form.groupBy}
          data={[{ value: '', label: '–' }, ...DIMENSIONS.map((d) => ({ value: d, label: t(`field.${d}`) }))]}
          onChange={(event) => change({ groupBy: event.currentTarget.value as RuleForm['groupBy'] })}
        />
        <NativeSelect
          label={t('alerts.severity')}
          value={form.severity}
          data={SEVERITIES.map((s) => ({ value: s, label: t(`severity.${s}`) }))}
          onChange={(event) => change({ severity: event.currentTarget.value as RuleForm['severity'] })}
        />
        <TextInput
          className={styles.wide}
          label={t('alerts.summary')}
          description={t('alerts.summaryHint')}
          value={form.summary}
          error={problems.summary}
          maxLength={500}
          onChange={(event) => change({ summary: event.currentTarget.value })}
        />
        <TextInput
          className={styles.wide}
          label={t('alerts.runbook')}
          description={t('alerts.runbookHint')}
          placeholder="https://"
          value={form.runbook}
          error={problems.runbook}
          onChange={(event) => change({ runbook: event.currentTarget.value })}
        />
        <Checkbox
          className={styles.wide}
          label={t('alerts.enabled')}
          checked={form.enabled}
          onChange={(event) => change({ enabled: event.currentTarget.checked })}
        />
        <div className={styles.wide}>
          <Preview url={url} rule={'rule' in read ? read.rule : nameless(form, t)} />
        </div>
        {error && (
          <div className={styles.wide}>
            <ErrorState error={error} compact />
          </div>
        )}
        <div className={styles.actions}>
          {existing !== undefined && (
            <Delete name={existing} busy={busy} onDelete={() => attempt(() => api.send('DELETE', `${url}/${encodeURIComponent(existing)}`))} />
          )}
          {touched && 'problems' in read && (
            <span role="alert" className={styles.problem}>
              {t('alerts.needsFix')}
            </span>
          )}
          <Button variant="default" onClick={onClose}>
            {t('alerts.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('alerts.save')}
          </Button>
        </div>
      </form>
    </SidePanel>
  )
}

/** A rule can be tried before it has a name. */
function nameless(form: RuleForm, t: (key: string) => string): AlertRule | undefined {
  const read = ruleOf({ ...form, name: form.name.trim() || t('alerts.preview') }, { number: '', duration: '', name: '' })
  return 'rule' in read ? read.rule : undefined
}

function Condition({ form, problems, onChange }: { form: RuleForm; problems: FormProblems; onChange: (patch: Partial<RuleForm>) => void }) {
  const t = useWords()
  return (
    <>
      <NativeSelect
        label={t('alerts.number')}
        value={form.number}
        data={NUMBERS.map((n) => ({ value: n, label: t(`number.${n}`) }))}
        onChange={(event) => {
          const number = event.currentTarget.value as NumberName
          // 5 % means nothing as milliseconds: the threshold is asked for again when the unit changes.
          onChange({ number, ...(displayFactor(number) === displayFactor(form.number) ? {} : { threshold: '' }) })
        }}
      />
      <div className={styles.pair}>
        <NativeSelect
          label={t('alerts.comparison')}
          value={form.comparison}
          data={[
            { value: '>', label: t('alerts.above') },
            { value: '<', label: t('alerts.below') },
          ]}
          onChange={(event) => onChange({ comparison: event.currentTarget.value as RuleForm['comparison'] })}
        />
        <TextInput
          label={`${t('alerts.threshold')} (${t(`alerts.unit.${displayUnit(form.number)}`)})`}
          inputMode="decimal"
          value={form.threshold}
          error={problems.threshold}
          onChange={(event) => onChange({ threshold: event.currentTarget.value })}
        />
      </div>
      <TextInput
        className={styles.wide}
        label={t('alerts.minRequests')}
        description={t('alerts.minRequestsHint')}
        inputMode="numeric"
        value={form.minRequests}
        error={problems.minRequests}
        onChange={(event) => onChange({ minRequests: event.currentTarget.value })}
      />
    </>
  )
}

const SETTLE_MS = 500

function Preview({ url, rule }: { url: string; rule: AlertRule | undefined }) {
  const t = useWords()
  const format = useFormat()
  const wanted = rule && JSON.stringify({ ...rule, enabled: true })
  const [settled, setSettled] = useState(wanted)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(wanted), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [wanted])
  const preview = useQuery<PreviewAnswer, ApiError>({
    queryKey: ['preview', url, settled],
    queryFn: ({ signal }) => api.send<PreviewAnswer>('POST', `${url}/preview`, { rule: JSON.parse(settled as string), hours: 24 }, signal),
    enabled: settled !== undefined,
  })
  if (preview.error) return <ErrorState error={preview.error} onRetry={() => void preview.refetch()} compact />
  const { data } = preview
  const fired = data?.fired ?? 0
  const verdict = !data
    ? t('alerts.previewRunning')
    : fired === 0
      ? t('alerts.previewNone')
      : `${fired === 1 ? t('alerts.previewOnce') : t('alerts.previewSome', { times: format.value(fired, 'number') })} (${t('alerts.previewFor', { time: format.value(data.firingMs / 1000, 'seconds') })})`
  const number = rule?.absent ? 'requests' : (rule?.number ?? 'requests')
  const limit =
    rule && !rule.absent && data
      ? [{ name: 'threshold', label: t('alerts.threshold'), values: data.ts.map(() => rule.threshold), color: 'error' as const, compared: true }]
      : []
  return (
    <section aria-label={t('alerts.preview')} className={styles.preview}>
      <p role="status" className={styles.verdict}>
        {verdict}
      </p>
      <Chart
        title={t('alerts.previewChart', { number: t(`number.${number}`) })}
        unit={unitOf(number)}
        ts={data?.ts}
        series={data ? [{ name: number, label: t(`number.${number}`), values: data.values, color: 1 }, ...limit] : []}
        marks={
          data?.episodes.map((e) => ({ ts: e.from, label: e.group ? `${t('alerts.firing')}: ${e.group}` : t('alerts.firing'), tone: 'error' as const })) ?? []
        }
        {...(data ? { from: data.from, to: data.to } : {})}
        onZoom={ignore}
        height={120}
        loading={preview.isFetching}
      />
      {data && <p className={styles.note}>{t('alerts.previewStep', { step: formatDuration(data.step) })}</p>}
    </section>
  )
}
const ignore = () => {}

function Delete({ name, busy, onDelete }: { name: string; busy: boolean; onDelete: () => void }) {
  const t = useWords()
  const [asked, setAsked] = useState(false)
  const [typed, setTyped] = useState('')
  if (!asked) {
    return (
      <Button variant="subtle" color="red" className={styles.delete} onClick={() => setAsked(true)}>
        {t('alerts.delete')}
      </Button>
    )
  }
  return (
    <fieldset className={styles.confirm}>
      <legend>{t('alerts.deleteTitle', { name })}</legend>
      <TextInput
        size="xs"
        label={t('alerts.deleteBody')}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          // Enter here must not save the rule.
          if (event.key === 'Enter') event.preventDefault()
        }}
      />
      <Button size="xs" color="red" disabled={typed !== name} loading={busy} onClick={onDelete}>
        {t('alerts.delete')}
      </Button>
    </fieldset>
  )
}
