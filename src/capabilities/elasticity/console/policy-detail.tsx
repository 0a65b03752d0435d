/** One policy: pods that are, should be and are expected, the traffic behind it, what it did and why, and what it would have done. */
import { Button } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { parseDuration } from '#core/kernel/duration.ts'
import { api } from '#kits/console-kit/api.ts'
import { Chart } from '#kits/console-kit/chart.tsx'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { PolicyDetail, Price, ScaleTarget } from '../domain/api.ts'
import { costPerHour, policyCost } from '../domain/cost.ts'
import styles from './scale.module.css'
import type { Editing } from './scale-page.tsx'
import { useAct } from './use-act.ts'
import { PHASE_STATUS, useSaid, useWords } from './words.ts'

const WhatIfPanel = lazy(() => import('./what-if.tsx'))
const REFRESH_MS = 2_000

export default function PolicyPage({ id, url, price, onEdit }: { id: string; url: string; price: Price | null; onEdit: (what: Editing) => void }) {
  const t = useWords()
  const said = useSaid()
  const { data, error, refetch } = useApi<PolicyDetail>(`${url}/policies/${id}`, undefined, { refreshMs: REFRESH_MS })
  if (error && !data) return <ErrorState error={error} onRetry={refetch} />
  if (!data) return <LoadingState />
  const { namespace, name, phase, problems, targets, mode } = data
  const first = targets[0]
  const cost = price === null ? undefined : policyCost(price, data)
  return (
    <>
      <Panel
        title={t('why')}
        actions={
          <>
            <StatusMark status={PHASE_STATUS[phase]} text={t(`phases.${phase}`)} />
            <Button size="xs" variant="default" onClick={() => onEdit({ kind: 'ScalePolicy', object: { namespace, name } })}>
              {t('edit')}
            </Button>
            {mode && <ModeButton url={`${url}/policies/${id}/mode`} mode={mode} />}
          </>
        }
      >
        <p className={styles.why}>{said(data.message)}</p>
      </Panel>
      {problems.length > 0 && (
        <Panel title={t('problem')} flush>
          <PlainTable head={[t('field'), t('problem')]}>
            {problems.map(({ path, message }) => (
              <tr key={`${path} ${message}`}>
                <td>
                  <code>{path}</code>
                </td>
                <td>{message}</td>
              </tr>
            ))}
          </PlainTable>
        </Panel>
      )}
      {first && (
        <Tiles>
          <Stat label={t('ready')} value={first.ready} unit="number" note={t('ofActual', { count: first.wanted ?? '–' })} />
          <Stat label={t('desired')} value={first.desired} unit="number" note={t('within', { min: first.min, max: first.max })} />
          <Stat label={t('predicted')} value={first.predicted} unit="number" note={t('predictedHelp')} />
          <Stat label={t('requestsNow')} value={data.requestsPerSecond} unit="rate" />
          <Stat label={t('aheadNow')} value={data.ahead} unit="rate" note={t('within1', { start: data.spec?.podStart ?? '' })} />
          <Stat
            label={price ? t('price.perHour', { currency: price.currency }) : t('price.open')}
            value={cost ?? null}
            unit="number"
            note={price === null ? t('price.none') : cost === undefined ? t('price.unknown') : t('price.perMonth', { amount: Math.round(cost * 730) })}
          />
        </Tiles>
      )}
      {first && <Charts data={data} />}
      {targets.length > 0 && <Targets data={data} price={price} />}
      {data.status.calls && <Calls data={data} />}
      <Changes data={data} />
      {data.spec && (
        <Suspense fallback={<LoadingState />}>
          <WhatIfPanel url={url} namespace={namespace} name={name} price={price} perPod={first?.perPod ?? null} />
        </Suspense>
      )}
    </>
  )
}

function Charts({ data: { history, spec, targets } }: { data: PolicyDetail }) {
  const t = useWords()
  if (history === null || history.at.length < 2) return <EmptyState title={t('young')} />
  const { at, min, max, rate, ahead } = history
  const pods = history.targets[0]!
  const start = spec ? (parseDuration(spec.podStart) ?? 0) : 0
  const end = at.at(-1)! + start
  // What is expected is drawn at the time for which it is.
  const step = at.length > 1 ? Math.max(1, Math.round(start / ((at.at(-1)! - at[0]!) / (at.length - 1)))) : 0
  const later = Array.from({ length: step }, (_, i) => at.at(-1)! + ((i + 1) * start) / step)
  const times = [...at, ...later]
  const shifted = [...Array.from({ length: step }, () => null), ...ahead]
  const blank = later.map(() => null)
  return (
    <Tiles kind="half">
      <Chart
        title={t('podsOf', { name: targets[0]!.name })}
        unit="number"
        ts={at}
        from={at[0]}
        to={at.at(-1)}
        onZoom={() => {}}
        series={[
          { name: 'ready', label: t('ready'), values: pods.ready },
          { name: 'actual', label: t('actual'), values: pods.actual },
          { name: 'desired', label: t('desired'), values: pods.desired },
          { name: 'predicted', label: t('predicted'), values: pods.predicted },
          { name: 'min', label: t('min'), values: min },
          { name: 'max', label: t('max'), values: max },
        ]}
      />
      <Chart
        title={t('trafficAhead')}
        unit="rate"
        ts={times}
        from={at[0]}
        to={end}
        onZoom={() => {}}
        series={[
          { name: 'rate', label: t('requests'), values: [...rate, ...blank] },
          { name: 'ahead', label: t('expected'), values: shifted },
        ]}
      />
    </Tiles>
  )
}

function Targets({ data, price }: { data: PolicyDetail; price: Price | null }) {
  const t = useWords()
  const said = useSaid()
  const format = useFormat()
  const number = (value: number | null | undefined) => format.value(value ?? null, 'number')
  const costOf = ({ wanted, perPod }: ScaleTarget) => (price === null || wanted === null ? null : costPerHour(price, wanted, perPod))
  const answers = (name: string, i: number): string => {
    const given = i === 0 ? data.spec?.loadPerPod : data.spec?.services[i - 1]?.loadPerPod
    if (given !== undefined) return `${format.value(given, 'rate')}`
    const learned = data.status.loads?.find((one) => one.name === name)
    return t('learnedLoad', {
      load: learned && learned.load > 0 ? format.value(learned.load, 'rate') : '–',
      percent: Math.round((learned?.confidence ?? 0) * 100),
    })
  }
  return (
    <Panel title={t('tiers')} flush>
      <PlainTable
        head={[
          t('workload'),
          { title: t('ready'), number: true },
          { title: t('actual'), number: true },
          { title: t('desired'), number: true },
          { title: t('predicted'), number: true },
          t('bounds'),
          t('podAnswers'),
          ...(price === null ? [] : [{ title: t('price.perHour', { currency: price.currency }), number: true as const }]),
          t('why'),
        ]}
      >
        {data.targets.map((target, i) => (
          <tr key={`${target.kind} ${target.name}`}>
            <td>
              {target.kind} {target.name}
            </td>
            <td data-number>{number(target.ready)}</td>
            <td data-number>{number(target.wanted)}</td>
            <td data-number>{number(target.desired)}</td>
            <td data-number>{number(target.predicted)}</td>
            <td>
              {target.min}–{target.max}
              {i === 0 && data.windows.length > 0 && ` (${data.windows.join(', ')})`}
            </td>
            <td>{answers(target.name, i)}</td>
            {price !== null && <td data-number>{number(costOf(target))}</td>}
            <td>{said(target.why || data.message)}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}

function Calls({ data }: { data: PolicyDetail }) {
  const t = useWords()
  const format = useFormat()
  const number = (value: number | undefined) => format.value(value ?? null, 'number')
  return (
    <Panel title={t('matrix')} note={t('matrixNote')} flush>
      <PlainTable head={[t('workload'), { title: t('calls'), number: true }, t('callsFrom'), t('callsLearned')]}>
        {(data.status.calls ?? []).map(({ name, used, how, learned }) => (
          <tr key={name}>
            <td>{name}</td>
            <td data-number>{number(used)}</td>
            <td>{t(`callsHow.${how}`)}</td>
            <td>
              {learned.length === 0
                ? '–'
                : learned.map(({ entry, calls, confidence }) => `${entry}: ${number(calls)} (${Math.round(confidence * 100)} %)`).join(', ')}
            </td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}

function Changes({ data: { changes, mode } }: { data: PolicyDetail }) {
  const t = useWords()
  const said = useSaid()
  const format = useFormat()
  return (
    <Panel title={t('changes')} flush={changes.length > 0}>
      {changes.length === 0 ? (
        <p>{t(mode === 'preview' ? 'noChangesPreview' : 'noChanges')}</p>
      ) : (
        <PlainTable head={[t('when'), t('change'), t('why'), t('outcome')]}>
          {changes.slice(0, 50).map(({ at, what, why, state }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two steps of one plan may say the same
            <tr key={`${at} ${what} ${i}`}>
              <td>{format.time(at, { seconds: true })}</td>
              <td>{said(what)}</td>
              <td>{said(why)}</td>
              <td>
                <StatusMark status={state === 'applied' ? 'ok' : 'error'} text={t(`runStates.${state}`)} />
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}

function ModeButton({ url, mode }: { url: string; mode: 'preview' | 'active' }) {
  const t = useWords()
  const { busy, error, act } = useAct()
  const other = mode === 'active' ? 'preview' : 'active'
  return (
    <>
      {error !== undefined && <ErrorState error={error} compact />}
      <Button size="xs" variant={mode === 'active' ? 'default' : 'filled'} loading={busy} onClick={() => act(() => api.send('POST', url, { mode: other }))}>
        {t(mode === 'active' ? 'preview' : 'act')}
      </Button>
    </>
  )
}
