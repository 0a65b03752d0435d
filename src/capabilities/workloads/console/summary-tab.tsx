/** What an object is: facts, conditions, containers, and the pods that it owns. */
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { ObjectAnswer, RelationsAnswer } from '../domain/api.ts'
import { columnsOf } from '../domain/columns.ts'
import { count, moment, podSpecOf, record, records, statusFieldsOf, text } from '../domain/fields.ts'
import { Missing } from './missing.tsx'
import styles from './object-page.module.css'
import { StatusCell } from './status-cell.tsx'
import { useOpenObject } from './view.ts'
import { useWords } from './words.ts'

const WITH_PODS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Service'])

export function SummaryTab({ answer, url }: { answer: ObjectAnswer; url: string }) {
  const { object } = answer
  return (
    <>
      <Facts answer={answer} />
      {answer.conditions.length > 0 && <Conditions answer={answer} />}
      {records(podSpecOf(object).containers).length > 0 && <Containers answer={answer} />}
      {WITH_PODS.has(object.kind) && <Pods url={url} />}
    </>
  )
}

function Facts({ answer: { object } }: { answer: ObjectAnswer }) {
  const t = useWords()
  const format = useFormat()
  const now = useNow(10_000)
  const open = useOpenObject()
  const created = moment(object.metadata.creationTimestamp)
  const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : ''
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller) ?? object.metadata.ownerReferences?.[0]
  const { labels = {}, annotations = {} } = object.metadata
  return (
    <Panel title={t('summary.facts')}>
      <dl className={styles.facts}>
        <dt>{t('column.created')}</dt>
        <dd>{created === undefined ? t('unknown') : `${format.time(created)} (${format.age(created, now)})`}</dd>
        {owner && (
          <>
            <dt>{t('column.owner')}</dt>
            <dd>
              <button
                type="button"
                className={styles.open}
                onClick={() => open({ ...owner, namespace: owner.kind === 'Node' ? undefined : object.metadata.namespace })}
              >
                {owner.kind} {owner.name}
              </button>
            </dd>
          </>
        )}
        {(columnsOf(group, object.kind) ?? [])
          .filter(({ id }) => id !== 'owner')
          .map((column) => (
            <div key={column.id} style={{ display: 'contents' }}>
              <dt>{t(`column.${column.id}`)}</dt>
              <dd>{format.value(column.read(object), column.unit)}</dd>
            </div>
          ))}
        <dt>{t('summary.labels')}</dt>
        <dd>
          <Pairs pairs={labels} />
        </dd>
        <dt>{t('summary.annotations')}</dt>
        <dd>
          <Pairs pairs={annotations} />
        </dd>
      </dl>
    </Panel>
  )
}

const LONGEST = 160
function Pairs({ pairs }: { pairs: Readonly<Record<string, string>> }) {
  const t = useWords()
  const entries = Object.entries(pairs)
  if (entries.length === 0) return <span className={styles.dim}>{t('none')}</span>
  return (
    <span className={styles.labels}>
      {entries.map(([name, value]) => (
        <code key={name} title={`${name}=${value}`}>
          {name}={value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value}
        </code>
      ))}
    </span>
  )
}

function Conditions({ answer }: { answer: ObjectAnswer }) {
  const t = useWords()
  const format = useFormat()
  return (
    <Panel title={t('summary.conditions')}>
      <PlainTable head={[t('summary.condition'), t('column.status'), t('column.reason'), t('column.message'), t('summary.since')]}>
        {answer.conditions.map((one) => (
          <tr key={one.type}>
            <th scope="row">{one.type}</th>
            <td>{one.status}</td>
            <td>{one.reason}</td>
            <td className={styles.message}>{one.message}</td>
            <td className={styles.time}>{one.since === undefined ? t('unknown') : format.time(one.since)}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}

function Containers({ answer: { object } }: { answer: ObjectAnswer }) {
  const t = useWords()
  const format = useFormat()
  const isPod = object.kind === 'Pod'
  const status = statusFieldsOf(object)
  const states = [...records(status.containerStatuses), ...records(status.initContainerStatuses)]
  const spec = podSpecOf(object)
  const all = [...records(spec.initContainers).map((one) => ({ one, init: true })), ...records(spec.containers).map((one) => ({ one, init: false }))]
  const resources = (of: unknown) =>
    Object.entries(record(of))
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', ')
  return (
    <Panel title={t('summary.containers')}>
      <PlainTable
        head={[
          t('column.name'),
          ...(isPod ? [t('column.status'), { title: t('column.restarts'), number: true as const }] : []),
          t('summary.image'),
          t('summary.requests'),
          t('summary.limits'),
        ]}
      >
        {all.map(({ one, init }) => {
          const state = states.find(({ name }) => name === one.name)
          return (
            <tr key={text(one.name)}>
              <th scope="row">
                {text(one.name)} {init && <span className={styles.dim}>{t('summary.init')}</span>}
              </th>
              {isPod && (
                <>
                  <td>
                    <ContainerState state={record(state?.state)} known={state !== undefined} />
                  </td>
                  <td data-number>{format.value(count(state?.restartCount), 'number')}</td>
                </>
              )}
              <td className={styles.message}>
                <code>{text(one.image)}</code>
              </td>
              <td>{resources(record(one.resources).requests) || t('summary.notSet')}</td>
              <td>{resources(record(one.resources).limits) || t('summary.notSet')}</td>
            </tr>
          )
        })}
      </PlainTable>
    </Panel>
  )
}

function ContainerState({ state, known }: { state: Readonly<Record<string, unknown>>; known: boolean }) {
  const t = useWords()
  const format = useFormat()
  if (!known) return <StatusMark status="unknown" />
  if (state.running !== undefined) {
    const since = moment(record(state.running).startedAt)
    return <StatusMark status="ok" text={since === undefined ? t('status.running') : t('summary.runningSince', { time: format.time(since) })} />
  }
  const ended = record(state.terminated)
  if (ended.exitCode !== undefined)
    return <StatusMark status={ended.exitCode === 0 ? 'ok' : 'error'} text={t('summary.ended', { reason: text(ended.reason), code: String(ended.exitCode) })} />
  const waiting = record(state.waiting)
  return (
    <StatusMark
      status={/BackOff|Err/.test(text(waiting.reason)) ? 'error' : 'running'}
      text={[text(waiting.reason), text(waiting.message)].filter(Boolean).join(': ') || t('status.pending')}
    />
  )
}

const MOST_PODS = 100
function Pods({ url }: { url: string }) {
  const t = useWords()
  const open = useOpenObject()
  const { data } = useApi<RelationsAnswer>(`${url}/relations`, undefined, { refreshMs: 10_000 })
  const pods = data?.related.filter(({ kind, relation }) => kind === 'Pod' && (relation === 'owns' || relation === 'selects'))
  if (!pods) return null
  return (
    <Panel title={t('column.pods')} note={String(pods.length)}>
      <Missing parts={data?.missing ?? []} />
      <PlainTable head={[t('column.name'), t('column.status')]}>
        {pods.slice(0, MOST_PODS).map((pod) => (
          <tr key={pod.uid ?? pod.name}>
            <th scope="row">
              <button type="button" className={styles.open} onClick={() => open(pod)}>
                {pod.name}
              </button>
            </th>
            <td>{pod.status && <StatusCell status={pod.status} whole />}</td>
          </tr>
        ))}
      </PlainTable>
      {pods.length > MOST_PODS && <p className={styles.dim}>{t('summary.morePods', { count: pods.length - MOST_PODS })}</p>}
    </Panel>
  )
}
