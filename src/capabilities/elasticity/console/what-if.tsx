/** What the policy would have done with the traffic that was stored, beside the HPA; its text may be changed to ask again. */
import { Button, Select, Textarea } from '@mantine/core'
import { useState } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { Chart } from '#kits/console-kit/chart.tsx'
import { useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { Price, WhatIf } from '../domain/api.ts'
import { costPerHour } from '../domain/cost.ts'
import styles from './scale.module.css'
import { useWords } from './words.ts'

const DAYS = ['1', '3', '7', '14', '30']

export default function WhatIfPanel(props: {
  url: string
  namespace: string
  name: string
  price: Price | null
  perPod: { cpu: number; memory: number } | null
}) {
  const { url, namespace, name, price, perPod } = props
  const t = useWords()
  const format = useFormat()
  const stored = useApi<{ yaml: string }>(`${url}/manifests/ScalePolicy/${namespace}/${name}`)
  const [typed, setTyped] = useState<string>()
  const [days, setDays] = useState('7')
  const [result, setResult] = useState<WhatIf>()
  const yaml = typed ?? stored.data?.yaml ?? ''
  const run = useSubmit(() => api.send<WhatIf>('POST', `${url}/what-if`, { yaml, days: Number(days), compare: ['hpa', 'keda'] }), setResult)
  const number = (value: number | undefined | null) => format.value(value ?? null, 'number')
  return (
    <Panel title={t('whatIf.title')} note={t('whatIf.note')}>
      <form
        className={styles.stack}
        onSubmit={(event) => {
          event.preventDefault()
          run.submit()
        }}
      >
        <Textarea
          label={t('whatIf.policy')}
          value={yaml}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autosize
          minRows={4}
          maxRows={14}
          spellCheck={false}
          classNames={{ input: styles.code }}
        />
        <div className={styles.row}>
          <Select
            aria-label={t('whatIf.days')}
            data={DAYS.map((value) => ({ value, label: t('whatIf.last', { count: Number(value) }) }))}
            value={days}
            allowDeselect={false}
            onChange={(value) => setDays(value ?? '7')}
          />
          <Button type="submit" size="xs" loading={run.busy} disabled={yaml === ''}>
            {t('whatIf.run')}
          </Button>
        </div>
        {run.error && <ErrorState error={run.error} compact />}
        {result && (
          <>
            <p className={styles.why}>
              {t('whatIf.of', {
                from: format.time(result.at[0] ?? 0),
                to: format.time(Date.parse(result.trace.to)),
                scored: format.time(Date.parse(result.trace.scored_from)),
              })}
            </p>
            {!result.trace.complete && <StatusMark status="unknown" text={t('whatIf.gaps', { count: result.trace.gaps.length })} />}
            <PlainTable
              head={[
                t('whatIf.who'),
                { title: t('whatIf.violations'), number: true },
                { title: t('whatIf.hours'), number: true },
                ...(price === null ? [] : [{ title: t('price.total', { currency: price.currency }), number: true as const }]),
                { title: t('whatIf.changes'), number: true },
                t('whatIf.worst'),
              ]}
            >
              {result.policies.map((one) => (
                <tr key={one.name}>
                  <td>{t(`whatIf.names.${one.name}`)}</td>
                  <td data-number>{number(one.violation_minutes)}</td>
                  <td data-number>{number(one.replica_hours)}</td>
                  {price !== null && <td data-number>{number(costPerHour(price, one.replica_hours, perPod))}</td>}
                  <td data-number>{number(one.scale_changes)}</td>
                  <td>
                    {one.worst
                      .slice(0, 3)
                      .map(({ at, violation_seconds }) => `${format.time(Date.parse(at))} (${violation_seconds} s)`)
                      .join(', ') || '–'}
                  </td>
                </tr>
              ))}
            </PlainTable>
            <Chart
              title={t('whatIf.pods')}
              unit="number"
              ts={result.at}
              from={result.at[0]}
              to={result.at.at(-1)}
              onZoom={() => {}}
              series={[
                ...result.policies.map((one) => ({ name: one.name, label: t(`whatIf.names.${one.name}`), values: one.pods ?? [] })),
                { name: 'needed', label: t('whatIf.needed'), values: result.load.map((rate) => (rate === null ? null : rate / result.world.pod_rps)) },
              ]}
            />
          </>
        )}
      </form>
    </Panel>
  )
}
