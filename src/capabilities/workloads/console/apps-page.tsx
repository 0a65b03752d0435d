/** Apps: pods under the owner on top of them, the worst first. */
import { IconChevronRight } from '@tabler/icons-react'
import { useCallback, useMemo, useState } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { MISSING } from '#kits/console-kit/format.ts'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useEventSource } from '#kits/console-kit/use-event-source.ts'
import type { AppRow, AppsAnswer, AppsLine, CollectionChange } from '../domain/api.ts'
import { Missing } from './missing.tsx'
import { NamespaceSelect } from './namespace-select.tsx'
import styles from './pages.module.css'
import { MARKS, StatusCell } from './status-cell.tsx'
import { appsView, useOpenObject } from './view.ts'
import { useWords, type Words } from './words.ts'

const WORST_FIRST = { id: 'status', order: 'desc' } as const

export default function AppsPage() {
  const t = useWords()
  const { path, cluster } = useCluster()
  const [view, setView] = useUrlState(appsView)
  const open = useOpenObject()
  const namespace = view.namespace === '' ? undefined : view.namespace
  const changes = useEventSource<CollectionChange>(path('/apps/changes'), 'change', { namespace })
  const [missing, setMissing] = useState<AppsAnswer['missing']>([])
  const expanded = view.expand.join()
  const toggle = useCallback(
    (uid: string) => setView({ expand: view.expand.includes(uid) ? view.expand.filter((one) => one !== uid) : [...view.expand, uid] }, { replace: true }),
    [setView, view.expand],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is expanded is what changes the toggle.
  const columns = useMemo(() => columnsFor(t, new Set(view.expand), toggle), [t, expanded, toggle])
  const url = path('/apps')
  const load = useCallback<Load<AppsLine>>(
    async ({ sort, order, search, limit, offset, signal }) => {
      const answer = await api.get<AppsAnswer>(
        url,
        { namespace, expand: expanded === '' ? undefined : expanded.split(','), sort: sort ?? 'status', order, search: search || undefined, limit, offset },
        signal,
      )
      setMissing(answer.missing)
      return { rows: answer.lines, total: answer.total }
    },
    [url, namespace, expanded],
  )
  return (
    <>
      <PageHead title={t('apps.title')} lead={t('apps.lead')} />
      <Missing parts={missing} />
      <Panel flush>
        <DataTable
          id="apps"
          label={t('apps.title')}
          columns={columns}
          rowKey={(line) => ('pod' in line ? line.pod.uid : line.app.uid)}
          load={load}
          loadKey={[cluster, namespace, expanded]}
          refreshKey={[changes.data?.version]}
          initialSort={WORST_FIRST}
          onRowOpen={(line) => open('pod' in line ? line.pod : line.app)}
          empty={{ title: t(missing.length > 0 ? 'apps.notKnown' : 'apps.none') }}
          toolbar={<NamespaceSelect value={view.namespace} onChange={(next) => setView({ namespace: next })} />}
        />
      </Panel>
    </>
  )
}

function columnsFor(t: Words, expanded: ReadonlySet<string>, toggle: (uid: string) => void): Column<AppsLine>[] {
  const ofApp =
    <T,>(read: (app: AppRow) => T) =>
    (line: AppsLine): T | undefined =>
      'app' in line ? read(line.app) : undefined
  return [
    {
      id: 'name',
      title: t('column.name'),
      width: 220,
      sortable: true,
      value: (line) => ('app' in line ? line.app.name : line.pod.name),
      cell: (line) => <Name line={line} expanded={expanded} toggle={toggle} />,
    },
    { id: 'namespace', title: t('column.namespace'), width: 120, sortable: true, value: (line) => ('app' in line ? line.app.namespace : line.pod.namespace) },
    { id: 'kind', title: t('column.kind'), width: 110, sortable: true, value: (line) => ('app' in line ? line.app.kind : 'Pod') },
    {
      id: 'status',
      title: t('column.status'),
      width: 220,
      sortable: true,
      value: (line) => ('app' in line ? line.app.status.word : line.pod.status.word),
      cell: (line) => <StatusCell status={'app' in line ? line.app.status : line.pod.status} />,
    },
    {
      id: 'pods',
      title: t('column.pods'),
      width: 110,
      sortable: true,
      value: ofApp((app) => app.pods?.total),
      cell: (line) => ('app' in line ? <Pods app={line.app} /> : ''),
    },
    {
      id: 'restarts',
      title: t('column.restarts'),
      unit: 'number',
      width: 100,
      sortable: true,
      value: (line) => ('app' in line ? line.app.restarts : line.pod.restarts),
    },
    { id: 'node', title: t('column.node'), width: 120, value: (line) => ('pod' in line ? line.pod.node : undefined) },
    { id: 'images', title: t('column.images'), width: 220, hidden: true, value: (line) => ('app' in line ? line.app : line.pod).images.join(', ') },
    { id: 'created', title: t('column.created'), unit: 'time', sortable: true, value: (line) => ('app' in line ? line.app.created : line.pod.created) },
  ]
}

function Name({ line, expanded, toggle }: { line: AppsLine; expanded: ReadonlySet<string>; toggle: (uid: string) => void }) {
  const t = useWords()
  if ('pod' in line)
    return (
      <span className={`${styles.name} ${styles.pod}`}>
        <span>{line.pod.name}</span>
      </span>
    )
  const { app } = line
  const open = expanded.has(app.uid)
  const opens = app.kind !== 'Pod' && (app.pods === null ? app.selector !== null && app.desired !== 0 : app.pods.total > 0)
  return (
    <span className={styles.name}>
      <button
        type="button"
        className={styles.caret}
        aria-expanded={open}
        aria-label={t(open ? 'apps.collapse' : 'apps.expand', { name: app.name })}
        disabled={!opens}
        onClick={(event) => {
          event.stopPropagation()
          toggle(app.uid)
        }}
      >
        {opens && <IconChevronRight size={14} aria-hidden />}
      </button>
      <span className={styles.link}>{app.name}</span>
    </span>
  )
}

/** How many pods, and how many of them in each state; what is not known is no number. */
function Pods({ app }: { app: AppRow }) {
  const t = useWords()
  if (app.pods === null) return <StatusMark status="unknown" text={app.desired === null ? MISSING : t('apps.desired', { count: app.desired })} />
  const levels = (['error', 'warning', 'unknown', 'running', 'ok'] as const).filter((level) => app.pods?.byLevel[level])
  return (
    <span className={styles.levels} title={t('apps.podsOf', { count: app.pods.total, desired: app.desired ?? MISSING })}>
      {levels.length === 0 ? (
        <span className={styles.dim}>{app.pods.total}</span>
      ) : (
        levels.map((level) => <StatusMark key={level} status={MARKS[level]} text={String(app.pods?.byLevel[level])} />)
      )}
    </span>
  )
}
