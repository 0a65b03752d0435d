/** Requests: raw rows over the filters and range of the Ingress page. */
import { Button } from '@mantine/core'
import { IconArrowLeft, IconDownload } from '@tabler/icons-react'
import { useCallback, useMemo, useState } from 'react'
import { type ApiError, api, asApiError } from '#kits/console-kit/api.ts'
import { DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import type { RequestRow, RequestsAnswer } from '../domain/api.ts'
import { toCsv } from './csv.ts'
import { FilterBar } from './filter-bar.tsx'
import { addFilter, type Field, type Operator } from './filters.ts'
import { Foot, Incomplete } from './notices.tsx'
import { requestColumns, requestKey } from './request-columns.tsx'
import { RequestDrawer } from './request-drawer.tsx'
import styles from './requests-page.module.css'
import { useIngress, useRequests, useStorage } from './use-ingress.ts'
import { useWords } from './words.ts'

/** The API pages this far; the table says so instead of ending in silence. */
const REACHABLE = 100_000
const SHOWN = ['ts', 'method', 'host', 'path', 'status', 'request_time', 'upstream_time', 'bytes_out', 'client', 'upstream_addr']
const EXPORT_ROWS = 10_000
const EXPORT_PAGE = 1000

/** What the table last asked for, so that the export is the same. */
interface Shown {
  sort: string | undefined
  order: 'asc' | 'desc'
  search: string
  columns: readonly string[]
}

export default function RequestsPage() {
  const t = useWords()
  const ingress = useIngress()
  const { filters, setFilters, query } = ingress
  const [opened, setOpened] = useState<RequestRow>()
  const [shown, setShown] = useState<Shown>({ sort: 'ts', order: 'desc', search: '', columns: [] })
  const storage = useStorage()
  const url = ingress.path('/requests')
  // One row, for what is known about the answer as a whole.
  const about = useRequests(ingress, { limit: 1 })
  const pick = useCallback((field: Field, value: string, op: Operator = 'eq') => setFilters(addFilter(filters, { field, op, value })), [filters, setFilters])
  const columns = useMemo(() => requestColumns(t, pick, SHOWN), [t, pick])
  const load = useCallback<Load<RequestRow>>(
    async ({ sort, order, search, limit, offset, columns: ids, signal }) => {
      setShown((s) =>
        s.sort === sort && s.order === order && s.search === search && s.columns.join() === ids.join() ? s : { sort, order, search, columns: ids },
      )
      const answer = await api.get<RequestsAnswer>(url, { ...query, sort: sort ?? 'ts', order, ...(search ? { search } : {}), limit, offset }, signal)
      return { rows: answer.rows, total: Math.min(answer.total, REACHABLE) }
    },
    [url, query],
  )
  return (
    <>
      <PageHead title={t('requestsTitle')} lead={t('requestsSubtitle')}>
        <Button size="xs" variant="subtle" color="gray" leftSection={<IconArrowLeft size={14} aria-hidden />} onClick={() => ingress.open('/ingress', filters)}>
          {t('rows.back')}
        </Button>
      </PageHead>
      <div className={styles.filters}>
        <FilterBar ingress={ingress} />
      </div>
      {about.data && <Incomplete reasons={about.data.incomplete} />}
      {about.data && about.data.total > REACHABLE && <p className={styles.note}>{t('rows.capped')}</p>}
      <Panel flush>
        <DataTable
          id="requests"
          label={t('rows.table')}
          columns={columns}
          rowKey={requestKey}
          load={load}
          loadKey={[query.filter]}
          refreshKey={[query.from, query.to]}
          initialSort={{ id: 'ts', order: 'desc' }}
          onRowOpen={setOpened}
          empty={{ title: t('rows.none') }}
          toolbar={<Export url={url} query={query} shown={shown} titles={new Map(columns.map((c) => [c.id, c.title]))} />}
        />
      </Panel>
      {about.data && <Foot answer={about.data} storage={storage} />}
      <RequestDrawer row={opened} onClose={() => setOpened(undefined)} onPick={pick} />
    </>
  )
}

interface ExportProps {
  url: string
  query: ReturnType<typeof useIngress>['query']
  shown: Shown
  titles: ReadonlyMap<string, string>
}

function Export({ url, query, shown, titles }: ExportProps) {
  const t = useWords()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError>()
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const rows: RequestRow[] = []
      for (let offset = 0; offset < EXPORT_ROWS; offset += EXPORT_PAGE) {
        const page = await api.get<RequestsAnswer>(url, {
          ...query,
          sort: shown.sort ?? 'ts',
          order: shown.order,
          ...(shown.search ? { search: shown.search } : {}),
          limit: EXPORT_PAGE,
          offset,
        })
        rows.push(...page.rows)
        if (page.rows.length < EXPORT_PAGE) break
      }
      save(
        toCsv(
          shown.columns.map((id) => titles.get(id) ?? id),
          rows.map((row) => shown.columns.map((id) => (id === 'ts' ? new Date(row.ts).toISOString() : (row[id] ?? null)))),
        ),
      )
    } catch (cause) {
      setError(asApiError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconDownload size={14} aria-hidden />}
        disabled={busy || shown.columns.length === 0}
        title={t('rows.exportHint')}
        onClick={run}
      >
        {busy ? t('rows.exporting') : t('rows.export')}
      </Button>
      {error && <ErrorState error={error} onRetry={run} compact />}
    </>
  )
}

function save(text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  link.download = 'requests.csv'
  link.click()
  URL.revokeObjectURL(link.href)
}
