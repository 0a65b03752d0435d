/** A plan before anything is written: what stands in the way, what becomes of each object, and its text or its difference. */
import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { ObstacleView, PlanView, StepView } from '../domain/moves.ts'
import styles from './moves.module.css'
import { ACTION_STATUS, SEVERITY_STATUS, useWords } from './words.ts'

const ACTIONS = ['create', 'update', 'same', 'skip', 'later', 'blocked'] as const
const keyOf = ({ kind, namespace = '', name, apiVersion }: StepView) => `${apiVersion} ${kind} ${namespace}/${name}`

export function Plan({ plan }: { plan: PlanView }) {
  const t = useWords()
  const [opened, setOpened] = useState<string>()
  const [shown, setShown] = useState<'all' | StepView['action']>('all')
  const step = plan.steps.find((one) => keyOf(one) === opened)
  const steps = useMemo(() => plan.steps.filter(({ action }) => shown === 'all' || action === shown), [plan.steps, shown])
  const columns = useMemo<Column<StepView>[]>(
    () => [
      { id: 'wave', title: t('wave'), unit: 'number', width: 70 },
      {
        id: 'action',
        title: t('plan.action'),
        width: 140,
        value: ({ action }) => t(`actions.${action}`),
        cell: ({ action }) => <StatusMark status={ACTION_STATUS[action]} text={t(`actions.${action}`)} />,
      },
      { id: 'kind', title: t('plan.kind'), width: 170 },
      { id: 'namespace', title: t('plan.namespace'), width: 130, value: ({ namespace }) => namespace ?? '' },
      { id: 'name', title: t('plan.name'), width: 220 },
      { id: 'what', title: t('plan.what'), width: 320, value: ({ error, changes }) => error?.message ?? changes.map(({ path }) => path).join(', ') },
    ],
    [t],
  )
  return (
    <div className={styles.stack}>
      <Tiles>
        <Stat label={t('plan.objects')} value={plan.objects} unit="number" note={t('plan.inWaves', { count: plan.waves })} />
        <Stat label={t('actions.create')} value={plan.counts.create + plan.counts.later} unit="number" />
        <Stat label={t('actions.update')} value={plan.counts.update} unit="number" />
        <Stat label={t('plan.blocking')} value={plan.blocking} unit="number" />
      </Tiles>
      <Obstacles obstacles={plan.obstacles} />
      <Panel
        title={t('plan.steps')}
        note={t('plan.stepsNote')}
        actions={
          <SegmentedControl
            size="xs"
            aria-label={t('plan.action')}
            value={shown}
            onChange={(value) => setShown(value as typeof shown)}
            data={['all' as const, ...ACTIONS.filter((action) => plan.counts[action] > 0)].map((action) => ({ value: action, label: t(`actions.${action}`) }))}
          />
        }
        flush
      >
        <DataTable id="steps" label={t('plan.steps')} columns={columns} rowKey={keyOf} rows={steps} height="rows" onRowOpen={(one) => setOpened(keyOf(one))} />
      </Panel>
      {step && (
        <Panel title={`${step.kind} ${step.namespace === undefined ? '' : `${step.namespace}/`}${step.name}`} note={t('plan.asWritten')} flush>
          {step.changes.length > 0 && (
            <pre className={styles.text}>
              {step.changes.map(({ path, from, to }) => (
                <span key={path}>
                  {from !== undefined && <span className={styles.gone}>{`- ${path}: ${JSON.stringify(from)}\n`}</span>}
                  {to !== undefined && <span className={styles.made}>{`+ ${path}: ${JSON.stringify(to)}\n`}</span>}
                  {from === undefined && to === undefined && `~ ${path}\n`}
                </span>
              ))}
            </pre>
          )}
          <pre className={styles.text}>{step.manifest ?? t('plan.tooMany')}</pre>
        </Panel>
      )}
      {plan.converted.length > 0 && (
        <Panel title={t('plan.converted')} flush>
          <PlainTable head={[t('plan.name'), t('plan.from'), t('plan.to'), t('plan.lost')]}>
            {plan.converted.slice(0, 100).map(({ object, from, to, lost }) => (
              <tr key={object}>
                <td>{object}</td>
                <td>{from}</td>
                <td>{to}</td>
                <td>{lost.length === 0 ? t('plan.nothing') : lost.join(', ')}</td>
              </tr>
            ))}
          </PlainTable>
        </Panel>
      )}
      {plan.undecided.length > 0 && (
        <Panel title={t('plan.undecided')} note={t('plan.undecidedNote')} flush>
          <PlainTable head={[t('plan.name'), t('plan.field'), t('plan.text')]}>
            {plan.undecided.slice(0, 100).map(({ object, path, text }) => (
              <tr key={`${object} ${path}`}>
                <td>{object}</td>
                <td>{path}</td>
                <td>{text}</td>
              </tr>
            ))}
          </PlainTable>
        </Panel>
      )}
      {plan.left.length > 0 && (
        <Panel title={t('plan.left')}>
          <p>{plan.left.map(({ rule, count }) => `${rule} ${count}`).join(' · ')}</p>
        </Panel>
      )}
    </div>
  )
}

/** What stands in the way, the worst first. */
export function Obstacles({ obstacles }: { obstacles: readonly ObstacleView[] }) {
  const t = useWords()
  if (obstacles.length === 0) return null
  const order = ['error', 'unknown', 'warning']
  const sorted = [...obstacles].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
  return (
    <Panel title={t('plan.obstacles')} note={t('plan.obstaclesNote')} flush>
      <PlainTable head={[t('plan.severity'), t('plan.name'), t('plan.what')]}>
        {sorted.slice(0, 200).map(({ severity, object, text }) => (
          <tr key={`${severity}${object}${text}`}>
            <td>
              <StatusMark status={SEVERITY_STATUS[severity]} text={t(`severities.${severity}`)} />
            </td>
            <td>{object}</td>
            <td>{text}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}
