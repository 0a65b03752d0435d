/** What happened to an object and to what it owns, newest first, from every source that says something. Pure. */
import type { KubeObject } from '#core/kube/objects.ts'
import { conditionsOf, count, moment, record, records, statusFieldsOf, text } from './fields.ts'

export interface Happening {
  /** ms since the epoch. */
  at: number
  source: 'event' | 'condition' | 'object' | 'container' | 'audit' | 'finding'
  level: 'ok' | 'info' | 'warning' | 'error'
  /** `Pod cart-7d9 `; empty for the object itself. */
  about: string
  title: string
  text: string
  /** How often, when more than once. */
  times?: number
  /** First of several, ms. */
  since?: number
  by?: string
}

const about = (object: KubeObject, one: { kind: string; name: string }) =>
  one.kind === object.kind && one.name === object.metadata.name ? '' : `${one.kind} ${one.name}`

/** @param events of the namespace @param uids the object and what it owns */
export function eventHappenings(object: KubeObject, events: readonly KubeObject[], uids: ReadonlySet<string>): readonly Happening[] {
  return events.flatMap((event): Happening[] => {
    const target = record(event.involvedObject ?? event.regarding)
    if (!uids.has(text(target.uid))) return []
    const series = record(event.series)
    const at = moment(series.lastObservedTime) ?? moment(event.lastTimestamp) ?? moment(event.eventTime) ?? moment(event.metadata.creationTimestamp)
    if (at === undefined) return []
    const since = moment(event.firstTimestamp)
    const times = count(series.count) ?? count(event.count) ?? 1
    const by = text(record(event.source).component) || text(event.reportingComponent)
    return [
      {
        at,
        source: 'event',
        level: text(event.type) === 'Warning' ? 'warning' : 'info',
        about: about(object, { kind: text(target.kind), name: text(target.name) }),
        title: text(event.reason),
        text: text(event.message) || text(event.note),
        ...(times > 1 ? { times } : {}),
        ...(since !== undefined && since < at ? { since } : {}),
        ...(by === '' ? {} : { by }),
      },
    ]
  })
}

/** What the object and what it owns say of their own past. */
export function ownHappenings(object: KubeObject, owned: readonly KubeObject[]): readonly Happening[] {
  return [object, ...owned].flatMap((one): Happening[] => {
    const of = about(object, { kind: one.kind, name: one.metadata.name })
    const created = moment(one.metadata.creationTimestamp)
    const deleted = moment(one.metadata.deletionTimestamp)
    const revision = one.metadata.annotations?.['deployment.kubernetes.io/revision']
    return [
      ...(created === undefined
        ? []
        : [
            {
              at: created,
              source: 'object' as const,
              level: 'info' as const,
              about: of,
              title: 'Created',
              text: one.kind === 'ReplicaSet' && revision ? `revision ${revision}` : '',
            },
          ]),
      ...(deleted === undefined
        ? []
        : [{ at: deleted, source: 'object' as const, level: 'warning' as const, about: of, title: 'Deletion asked for', text: '' }]),
      ...conditionsOf(one).flatMap(({ since, type, status, reason, message }): Happening[] =>
        since === undefined
          ? []
          : [
              {
                at: since,
                source: 'condition',
                level: isBad(type, status) ? 'warning' : 'ok',
                about: of,
                title: `${type}=${status}`,
                text: [reason, message].filter(Boolean).join(': '),
              },
            ],
      ),
      ...(one.kind === 'Pod' ? containerHappenings(one, of) : []),
    ]
  })
}

/** Conditions that are good when they are false. */
const GOOD_WHEN_FALSE = /Pressure|Failure|Failed|Unavailable|Degraded|DisruptionTarget|Stalled/
const isBad = (type: string, status: string) => status === 'Unknown' || (GOOD_WHEN_FALSE.test(type) ? status === 'True' : status === 'False')

function containerHappenings(pod: KubeObject, of: string): readonly Happening[] {
  const status = statusFieldsOf(pod)
  return [...records(status.initContainerStatuses), ...records(status.containerStatuses)].flatMap((one): Happening[] => {
    const name = text(one.name)
    const found: Happening[] = []
    for (const state of [record(one.state), record(one.lastState)]) {
      const started = moment(record(state.running).startedAt)
      if (started !== undefined) found.push({ at: started, source: 'container', level: 'info', about: of, title: 'Container started', text: name })
      const ended = record(state.terminated)
      const at = moment(ended.finishedAt)
      if (at === undefined) continue
      const bad = ended.exitCode !== 0
      const why = `${text(ended.reason)}, exit code ${String(ended.exitCode)}`
      found.push({
        at,
        source: 'container',
        level: bad ? 'error' : 'info',
        about: of,
        title: 'Container ended',
        text: `${name}: ${why}${text(ended.message) ? `: ${text(ended.message).slice(0, 300)}` : ''}`,
      })
    }
    return found
  })
}

const MOST = 500
/** Newest first, the same said twice once, at most 500. */
export function joinHappenings(...lists: readonly (readonly Happening[])[]): { happenings: readonly Happening[]; more: number } {
  const seen = new Set<string>()
  const all = lists
    .flat()
    .filter((one) => {
      const key = JSON.stringify([one.at, one.about, one.title, one.text])
      return !seen.has(key) && seen.add(key)
    })
    .sort((a, b) => b.at - a.at)
  return { happenings: all.slice(0, MOST), more: Math.max(0, all.length - MOST) }
}
