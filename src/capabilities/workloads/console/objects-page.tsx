/** Objects of any kind: the list, or one of them. */
import { Select, TextInput } from '@mantine/core'
import { lazy, Suspense, useCallback, useMemo, useState } from 'react'
import { z } from 'zod'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useEventSource } from '#kits/console-kit/use-event-source.ts'
import type { CollectionChange, KindsAnswer, ObjectsAnswer } from '../domain/api.ts'
import { columnsOf } from '../domain/columns.ts'
import { Missing } from './missing.tsx'
import { NamespaceSelect } from './namespace-select.tsx'
import styles from './pages.module.css'
import { StatusCell } from './status-cell.tsx'
import { kindOf, objectsView, objectText } from './view.ts'
import { useWords, type Words } from './words.ts'

const ObjectPage = lazy(() => import('./object-page.tsx'))

export default function ObjectsPage() {
  const [view, setView] = useUrlState(objectsView)
  if (view.object !== '')
    return (
      <Suspense fallback={<LoadingState />}>
        <ObjectPage kind={view.kind} object={view.object} tab={view.tab} onTab={(tab) => setView({ tab }, { replace: true })} />
      </Suspense>
    )
  return <List />
}

type Row = ObjectsAnswer['rows'][number]
type Spec = ObjectsAnswer['columns'][number]
const labelView = z.object({ labels: urlText })

function List() {
  const t = useWords()
  const { path, cluster } = useCluster()
  const [view, setView] = useUrlState(objectsView)
  const [{ labels }, setLabels] = useUrlState(labelView)
  const kinds = useApi<KindsAnswer>(path('/kinds'))
  const { apiVersion, kind } = kindOf(view.kind)
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  // Columns of built-in kinds are known here; those of others come with the first answer.
  const built = useMemo(() => columnsOf(group, kind)?.map(({ read: _, ...column }) => column), [group, kind])
  const [told, setTold] = useState<{ of: string; answer: ObjectsAnswer; count: number }>()
  const about = told?.of === `${cluster} ${view.kind} ${view.namespace}` ? told.answer : undefined
  const namespaced = about?.namespaced ?? kinds.data?.kinds.find((one) => one.apiVersion === apiVersion && one.kind === kind)?.namespaced ?? true
  const query = useMemo(
    () => ({ kind: view.kind, namespace: namespaced && view.namespace !== '' ? view.namespace : undefined, labels: labels || undefined }),
    [view.kind, view.namespace, namespaced, labels],
  )
  const changes = useEventSource<CollectionChange>(path('/objects/changes'), 'change', query)
  const specs = about?.columns ?? built
  const spec = JSON.stringify(specs)
  // biome-ignore lint/correctness/useExhaustiveDependencies: equal columns are the same columns.
  const columns = useMemo(() => columnsFor(t, specs ?? [], namespaced && query.namespace === undefined), [t, spec, namespaced, query.namespace])
  // Until all was read for a search or an order, each answer is followed by the next question: changes come faster than answers then, and nobody reads a list that grows.
  const reading = about?.missing.some(({ code }) => code === 'reading') ?? false
  const version = changes.data?.version
  const url = path('/objects')
  const load = useCallback<Load<Row>>(
    async ({ sort, order, search, limit, offset, signal }) => {
      const answer = await api.get<ObjectsAnswer>(url, { ...query, sort: sort ?? 'name', order, search: search || undefined, limit, offset }, signal)
      setTold((before) => ({ of: `${cluster} ${view.kind} ${view.namespace}`, answer: { ...answer, rows: [] }, count: (before?.count ?? 0) + 1 }))
      return { rows: answer.rows, total: answer.total }
    },
    [url, query, cluster, view.kind, view.namespace],
  )
  return (
    <>
      <PageHead title={t('objects.title')} lead={t('objects.lead')} />
      {kinds.error && !kinds.data && <ErrorState error={kinds.error} onRetry={kinds.refetch} compact />}
      {kinds.data && <Missing parts={kinds.data.unknown.map(({ apiVersion: what, reason }) => ({ what, code: 'CLUSTER_FAILED', message: reason }))} />}
      {about && <Missing parts={about.missing} />}
      <Panel flush>
        <DataTable
          key={view.kind}
          id="objects"
          label={kind}
          columns={columns}
          rowKey={({ uid, namespace, name }) => uid || `${namespace}/${name}`}
          load={load}
          loadKey={[cluster, query, reading && told?.count]}
          refreshKey={[reading || version]}
          initialSort={namespaced && query.namespace === undefined ? BY_NAMESPACE : BY_NAME}
          onRowOpen={(row) => setView({ object: objectText(row) })}
          empty={{ title: t('objects.none', { kind }) }}
          toolbar={
            <>
              <KindSelect kinds={kinds.data} value={view.kind} onChange={(next) => setView({ kind: next })} />
              {namespaced && <NamespaceSelect value={view.namespace} onChange={(namespace) => setView({ namespace })} />}
              <LabelFilter key={labels} value={labels} onChange={(next) => setLabels({ labels: next })} />
            </>
          }
        />
      </Panel>
      <p className={styles.note} role="status">
        {!about ? ' ' : changes.state === 'lost' ? t('objects.lost') : changes.state === 'live' ? t('objects.live') : ' '}
        {about?.state === 'part' && about.missing.length === 0 && ` ${t('objects.part')}`}
      </p>
    </>
  )
}

const BY_NAMESPACE = { id: 'namespace', order: 'asc' } as const
const BY_NAME = { id: 'name', order: 'asc' } as const
const WIDTHS: Readonly<Record<string, number>> = {
  readyOf: 72,
  restarts: 100,
  message: 360,
  images: 260,
  ports: 160,
  hosts: 200,
  updated: 84,
  available: 84,
  entries: 84,
  times: 72,
}

function columnsFor(t: Words, specs: readonly Spec[], withNamespace: boolean): Column<Row>[] {
  return [
    { id: 'name', title: t('column.name'), width: 240, sortable: true, cell: (row) => <span className={styles.link}>{row.name}</span> },
    ...(withNamespace ? [{ id: 'namespace', title: t('column.namespace'), width: 130, sortable: true }] : []),
    { id: 'status', title: t('column.status'), width: 220, sortable: true, value: (row) => row.status.word, cell: (row) => <StatusCell status={row.status} /> },
    ...specs.map(
      ({ id, own, unit, wide }, i): Column<Row> => ({
        id,
        title: own ?? t(`column.${id}`),
        unit,
        width: WIDTHS[id] ?? 120,
        sortable: true,
        hidden: wide ?? false,
        value: (row) => row.cells[i],
      }),
    ),
    { id: 'created', title: t('column.created'), unit: 'time', sortable: true },
  ]
}

/** Most clusters serve some hundred kinds; the ones looked for most stand first. */
const FIRST = [
  'v1/Pod',
  'apps/v1/Deployment',
  'apps/v1/StatefulSet',
  'apps/v1/DaemonSet',
  'batch/v1/Job',
  'batch/v1/CronJob',
  'v1/Service',
  'networking.k8s.io/v1/Ingress',
  'v1/ConfigMap',
  'v1/Secret',
  'v1/Node',
  'v1/Namespace',
  'v1/PersistentVolumeClaim',
  'v1/Event',
]

function KindSelect({ kinds, value, onChange }: { kinds: KindsAnswer | undefined; value: string; onChange: (kind: string) => void }) {
  const t = useWords()
  const data = useMemo(() => {
    const served = kinds?.kinds ?? []
    const textOf = ({ apiVersion, kind }: { apiVersion: string; kind: string }) => `${apiVersion}/${kind}`
    const items = served
      .filter(
        (one) => one.preferred || textOf(one) === value || !served.some(({ preferred, group, kind }) => preferred && group === one.group && kind === one.kind),
      )
      .map((one) => ({ value: textOf(one), label: one.group === '' ? one.kind : `${one.kind} · ${one.apiVersion}`, group: one.group }))
    const known = items.some((item) => item.value === value) ? items : [...items, { value, label: kindOf(value).kind, group: '' }]
    const often = FIRST.flatMap((text) => known.find((item) => item.value === text) ?? [])
    const rest = known.filter((item) => !often.includes(item)).sort((a, b) => (a.label < b.label ? -1 : 1))
    return [
      { group: t('objects.often'), items: often.map(({ group: _, ...item }) => item) },
      { group: t('objects.others'), items: rest.map(({ group: _, ...item }) => item) },
    ].filter(({ items: some }) => some.length > 0)
  }, [kinds, value, t])
  return (
    <Select
      className={styles.kind}
      size="xs"
      aria-label={t('objects.kind')}
      data={data}
      searchable
      allowDeselect={false}
      maxDropdownHeight={420}
      value={value}
      onChange={(next) => next && onChange(next)}
    />
  )
}

function LabelFilter({ value, onChange }: { value: string; onChange: (labels: string) => void }) {
  const t = useWords()
  const [typed, setTyped] = useState(value)
  const submit = () => typed.trim() !== value && onChange(typed.trim())
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <TextInput
        className={styles.labels}
        size="xs"
        aria-label={t('objects.labels')}
        placeholder={t('objects.labelsHint')}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={submit}
      />
    </form>
  )
}
