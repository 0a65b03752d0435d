/** Top N by one dimension: sortable by every number, a click narrows down, the icon opens the raw rows. */
import { ActionIcon, Tabs } from '@mantine/core'
import { IconListSearch } from '@tabler/icons-react'
import { useCallback, useMemo } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { type Column, DataTable, type Load } from '#kits/console-kit/data-table.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { type Dimension, NUMBERS, type NumberName, type TopAnswer, type TopRow } from '../domain/api.ts'
import { FilterValue } from './filter-value.tsx'
import { addFilter, type Field, finer } from './filters.ts'
import { Time } from './ladder.tsx'
import { unitOf } from './numbers.ts'
import styles from './rankings.module.css'
import { INGRESS_REQUESTS, type Ingress } from './use-ingress.ts'
import { rankingView } from './view.ts'
import { useFieldWords, useWords } from './words.ts'

/** Tabs in the order in which people ask: where, what, how answered, who, by whom. */
const TABS = [
  'route',
  'host',
  'service',
  'path_pattern',
  'method',
  'status',
  'client',
  'country',
  'ua_family',
  'referer',
  'upstream_addr',
  'namespace',
] as const satisfies readonly Dimension[]

const SHOWN: readonly NumberName[] = ['requests', 'qps', 'success_rate', 'rate_5xx', 'mean', 'p99', 'bytes_out', 'visitors']
const isTime = (number: NumberName): number is NumberName & keyof TopRow => unitOf(number) === 'seconds'

export function Rankings({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const [{ by }, setView] = useUrlState(rankingView)
  const tabs = (TABS as readonly Dimension[]).includes(by) ? TABS : [...TABS, by]
  return (
    <Panel title={t('top.title')} flush>
      <Tabs value={by} onChange={(next) => next && setView({ by: next as Dimension })} className={styles.tabs} keepMounted={false}>
        <Tabs.List aria-label={t('top.tabs')}>
          {tabs.map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {t(`field.${tab}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={by}>
          <Ranking key={by} ingress={ingress} by={by} onDrill={(next) => setView({ by: next })} />
        </Tabs.Panel>
      </Tabs>
    </Panel>
  )
}

function Ranking({ ingress, by, onDrill }: { ingress: Ingress; by: Dimension; onDrill: (next: Dimension) => void }) {
  const t = useWords()
  const words = useFieldWords()
  const { filters, setFilters, open, query, path } = ingress
  const url = path('/top')
  const load = useCallback<Load<TopRow>>(
    async ({ sort, order, search, limit, offset, signal }) => {
      const number = NUMBERS.find((n) => n === sort) ?? 'requests'
      return api.get<TopAnswer>(url, { ...query, by, sort: number, order, ...(search ? { search } : {}), limit, offset }, signal)
    },
    [url, query, by],
  )
  const columns = useMemo<Column<TopRow>[]>(() => {
    const drill = (field: Field, value: string) => {
      const next = addFilter(filters, { field, op: 'eq', value })
      setFilters(next)
      onDrill(finer(by, next))
    }
    const numbers = [...SHOWN, ...NUMBERS.filter((n) => !SHOWN.includes(n) && n !== 'error_rate')].map(
      (number): Column<TopRow> => ({
        id: number,
        title: t(`number.${number}`),
        unit: unitOf(number),
        width: unitOf(number) === 'share' ? 116 : 104,
        sortable: true,
        hidden: !SHOWN.includes(number),
        ...(isTime(number) ? { cell: (row: TopRow) => <Time value={row[number] as TopRow['p99']} /> } : {}),
      }),
    )
    return [
      {
        id: 'key',
        title: t(`field.${by}`),
        width: 230,
        sortable: false,
        cell: (row) => (
          <span className={styles.key}>
            <FilterValue field={by} value={row.key} onPick={drill} />
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              className={styles.open}
              aria-label={t('top.openRequestsOf', { value: words.value(by, row.key) })}
              title={t('top.openRequests')}
              onClick={() => open(INGRESS_REQUESTS, addFilter(filters, { field: by, op: 'eq', value: row.key }))}
            >
              <IconListSearch size={15} aria-hidden />
            </ActionIcon>
          </span>
        ),
      },
      { id: 'share', title: t('number.share'), width: 120, sortable: false, align: 'start', cell: (row) => <Bar share={row.share} /> },
      ...numbers,
    ]
  }, [t, words, by, filters, setFilters, onDrill, open])
  return (
    <DataTable
      id="top"
      label={`${t('top.title')}: ${t(`field.${by}`)}`}
      columns={columns}
      rowKey={(row) => row.key}
      load={load}
      loadKey={[by, query.filter]}
      refreshKey={[query.from, query.to]}
      initialSort={{ id: 'requests', order: 'desc' }}
      height="rows"
      empty={{ title: t('top.none') }}
    />
  )
}

/** The share of all requests as a bar with its number. */
export function Bar({ share }: { share: number }) {
  const percent = Math.max(0, Math.min(1, share)) * 100
  return (
    <span className={styles.share}>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <rect className={styles.track} width="100" height="10" />
        <rect className={styles.fill} width={percent} height="10" />
      </svg>
      <span>{percent < 10 ? percent.toFixed(1) : Math.round(percent)}%</span>
    </span>
  )
}
