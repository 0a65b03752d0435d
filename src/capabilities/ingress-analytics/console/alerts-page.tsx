/** Alerts: what fires now, and the rules that watch. */
import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { lazy, Suspense, useMemo } from 'react'
import { z } from 'zod'
import type { AlertingConfig } from '#core/alerting/config.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { EmptyState, ErrorState } from '#kits/console-kit/states.tsx'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi, useInvalidate } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useSettings } from '#kits/console-kit/use-settings.ts'
import type { AlertRule, AlertRulesAnswer, RuleState } from '../domain/api.ts'
import styles from './alerts-page.module.css'
import { unitOf } from './numbers.ts'
import { TEMPLATES } from './rule-form.ts'
import { useRuleSentence } from './rule-sentence.ts'
import { useWords } from './words.ts'

const editorView = z.object({ rule: urlText, template: z.enum(['', 'errors', 'slow', 'success', 'absent']).default('') })

/** One line of what is wrong now. */
interface Active extends RuleState {
  rule: AlertRule
}

const REFRESH_MS = 10_000
const MARK: Record<RuleState['state'], Status> = { ok: 'ok', pending: 'running', firing: 'error', unknown: 'unknown' }
const WORST: readonly RuleState['state'][] = ['firing', 'unknown', 'pending', 'ok']

const RuleEditor = lazy(() => import('./rule-editor.tsx'))

export default function AlertsPage() {
  const t = useWords()
  const { path } = useCluster()
  const url = path('/ingress/alert-rules')
  const answer = useApi<AlertRulesAnswer>(url, undefined, { refreshMs: REFRESH_MS })
  const invalidate = useInvalidate()
  const [editor, setEditor] = useUrlState(editorView)
  const rules = answer.data?.rules
  const edited = rules?.find(({ rule }) => rule.name === editor.rule)?.rule
  const close = () => setEditor({ rule: '', template: '' })
  return (
    <>
      <PageHead title={t('alertsTitle')} lead={`${t('alertsSubtitle')} ${t('alerts.receivers')}`}>
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setEditor({ template: 'errors' })}>
          {t('alerts.new')}
        </Button>
      </PageHead>
      {answer.error && !rules ? (
        <ErrorState error={answer.error} onRetry={answer.refetch} />
      ) : rules?.length === 0 ? (
        <NoRules onStart={(template) => setEditor({ template })} />
      ) : (
        <div className={styles.stack}>
          <ActiveAlerts answer={answer.data} updatedAt={answer.updatedAt} loading={answer.loading} />
          <Rules answer={answer.data} updatedAt={answer.updatedAt} loading={answer.loading} onOpen={(name) => setEditor({ rule: name })} />
        </div>
      )}
      {(edited || editor.template !== '') && (
        <Suspense>
          <RuleEditor
            key={edited?.name ?? editor.template}
            url={url}
            initial={edited ?? { name: '', ...TEMPLATES[editor.template === '' ? 'errors' : editor.template] }}
            existing={edited?.name}
            onClose={close}
            onChanged={() => {
              void invalidate(url)
              close()
            }}
          />
        </Suspense>
      )}
    </>
  )
}

function NoRules({ onStart }: { onStart: (template: keyof typeof TEMPLATES) => void }) {
  const t = useWords()
  return (
    <EmptyState title={t('alerts.noRules')}>
      <p>{t('alerts.noRulesBody')}</p>
      <p>{t('alerts.startWith')}</p>
      <div className={styles.templates}>
        {(Object.keys(TEMPLATES) as (keyof typeof TEMPLATES)[]).map((name) => (
          <Button key={name} size="xs" variant="default" onClick={() => onStart(name)}>
            {t(`alerts.template.${name}`)}
          </Button>
        ))}
      </div>
    </EmptyState>
  )
}

interface ListProps {
  answer: AlertRulesAnswer | undefined
  updatedAt: number
  loading: boolean
}

function ActiveAlerts({ answer, updatedAt, loading }: ListProps) {
  const t = useWords()
  const format = useFormat()
  const sentence = useRuleSentence()
  const rows = useMemo(
    () =>
      answer?.rules
        .flatMap(({ rule, states }) => states.filter((s) => s.state !== 'ok').map((s): Active => ({ ...s, rule })))
        .sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state)),
    [answer],
  )
  const columns = useMemo<Column<Active>[]>(
    () => [
      {
        id: 'state',
        title: t('alerts.state'),
        width: 110,
        value: (row) => t(`alerts.${row.state}`),
        cell: (row) => <StatusMark status={row.state === 'firing' ? row.rule.severity : MARK[row.state]} text={t(`alerts.${row.state}`)} />,
      },
      { id: 'rule', title: t('alerts.rule'), width: 160, value: (row) => row.rule.name },
      { id: 'group', title: t('alerts.group'), width: 140, value: (row) => row.group || t('alerts.everything') },
      {
        id: 'value',
        title: t('alerts.value'),
        unit: row0Unit,
        width: 90,
        cell: (row) => (row.rule.absent ? format.value(row.requests, 'number') : format.value(row.value, unitOf(row.rule.number))),
      },
      {
        id: 'condition',
        title: t('alerts.condition'),
        width: 240,
        value: (row) => (row.reason ? t('alerts.unknownBecause', { reason: row.reason }) : sentence(row.rule)),
      },
      { id: 'since', title: t('alerts.since'), unit: 'time', align: 'start', width: 180 },
      { id: 'silence', title: t('alerts.action'), width: 240, sortable: false, cell: (row) => (row.state === 'firing' ? <Silence alert={row} /> : null) },
    ],
    [t, format, sentence],
  )
  return (
    <Panel title={t('alerts.active')} flush>
      <DataTable
        id="active"
        label={t('alerts.active')}
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.rule.name}|${row.group}`}
        loading={loading}
        updatedAt={updatedAt}
        height="rows"
        searchable={(rows?.length ?? 0) > 12}
        empty={{
          title: t('alerts.noneActive'),
          hint: t('alerts.noneActiveBody', { rules: format.value(answer?.rules.filter(({ rule }) => rule.enabled).length, 'number') }),
        }}
      />
    </Panel>
  )
}

/** Values of different rules have different units: the column is numeric, each cell formats its own. */
const row0Unit = 'number' as const

const SILENCE_MS = 2 * 3_600_000
/** Not `instantMs` of core/alerting: it brings all of alerting to the page. */
const endOf = ({ endsAt }: AlertingConfig['silences'][number]) => new Date(endsAt).getTime()

/** Silences live in the settings of notifications, where they can be ended. */
function Silence({ alert }: { alert: Active }) {
  const t = useWords()
  const format = useFormat()
  const settings = useSettings<AlertingConfig>('notifications')
  const matchers = [
    `alertname=${JSON.stringify(alert.rule.name)}`,
    ...(alert.rule.groupBy && alert.group ? [`${alert.rule.groupBy}=${JSON.stringify(alert.group)}`] : []),
  ]
  const silenced = settings.value?.silences.find((silence) => silence.matchers.join() === matchers.join() && endOf(silence) > Date.now())
  if (silenced) return <span>{t('alerts.silenceDone', { time: format.time(endOf(silenced), { seconds: false }) })}</span>
  const run = async () => {
    if (!settings.value) return settings.reload()
    const now = Date.now()
    const silence = {
      id: uuidv7(now, crypto.getRandomValues(new Uint8Array(10))),
      matchers,
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + SILENCE_MS).toISOString(),
      createdBy: '',
      comment: '',
    }
    // What was refused is in `saveError` and shown below.
    await settings.save({ ...settings.value, silences: [...settings.value.silences, silence] }).catch(() => {})
  }
  const refused = settings.saveError ?? settings.error
  return (
    <Button size="compact-xs" variant="default" onClick={run} loading={settings.saving} title={refused?.message}>
      {refused ? refused.code : t('alerts.silence')}
    </Button>
  )
}

function Rules({ answer, updatedAt, loading, onOpen }: ListProps & { onOpen: (name: string) => void }) {
  const t = useWords()
  const sentence = useRuleSentence()
  const columns = useMemo<Column<AlertRulesAnswer['rules'][number]>[]>(
    () => [
      {
        id: 'state',
        title: t('alerts.state'),
        width: 120,
        value: ({ rule, states }) => (rule.enabled ? t(`alerts.${worst(states)}`) : t('alerts.disabled')),
        cell: ({ rule, states }) =>
          rule.enabled ? (
            <StatusMark status={MARK[worst(states)]} text={t(`alerts.${worst(states)}`)} />
          ) : (
            <span className={styles.dim}>{t('alerts.disabled')}</span>
          ),
      },
      {
        id: 'name',
        title: t('alerts.name'),
        width: 220,
        value: ({ rule }) => rule.name,
        cell: ({ rule }) => (
          <button
            type="button"
            className={styles.name}
            onClick={(event) => {
              event.stopPropagation()
              onOpen(rule.name)
            }}
          >
            {rule.name}
          </button>
        ),
      },
      { id: 'condition', title: t('alerts.condition'), width: 340, value: ({ rule }) => sentence(rule) },
      { id: 'filter', title: t('alerts.filter'), width: 200, value: ({ rule }) => (rule.filter.length > 0 ? rule.filter.join(', ') : t('alerts.everything')) },
      { id: 'groupBy', title: t('alerts.groupBy'), width: 120, value: ({ rule }) => (rule.groupBy ? t(`field.${rule.groupBy}`) : '') },
      { id: 'severity', title: t('alerts.severity'), width: 90, value: ({ rule }) => t(`severity.${rule.severity}`) },
    ],
    [t, sentence, onOpen],
  )
  return (
    <Panel title={t('alerts.rules')} flush>
      <DataTable
        id="rules"
        label={t('alerts.rules')}
        columns={columns}
        rows={answer?.rules}
        rowKey={({ rule }) => rule.name}
        loading={loading}
        updatedAt={updatedAt}
        initialSort={{ id: 'name', order: 'asc' }}
        height="rows"
        onRowOpen={({ rule }) => onOpen(rule.name)}
      />
    </Panel>
  )
}

/** The state that matters most among a rule's groups; a rule that was never looked at is unknown, not ok. */
const worst = (states: readonly RuleState[]): RuleState['state'] => WORST.find((state) => states.some((s) => s.state === state)) ?? 'unknown'
