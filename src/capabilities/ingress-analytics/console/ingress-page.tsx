/** Ingress: how much came, how well and how fast it was answered, who and what stands behind it. */
import { Button, NativeSelect, Switch } from '@mantine/core'
import { IconListSearch } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'
import { PageHead } from '#kits/console-kit/panel.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { EmptyState, ErrorState } from '#kits/console-kit/states.tsx'
import type { ApiState } from '#kits/console-kit/use-api.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { StatsAnswer } from '../domain/api.ts'
import { Charts } from './charts.tsx'
import { FilterBar } from './filter-bar.tsx'
import { addStatusClass } from './filters.ts'
import { HowToSend } from './how-to-send.tsx'
import styles from './ingress-page.module.css'
import { Ladder } from './ladder.tsx'
import { Foot, Incomplete } from './notices.tsx'
import { tiles } from './tiles.ts'
import { INGRESS_REQUESTS, type Ingress, useIngress, useStats, useStorage } from './use-ingress.ts'
import { COMPARISONS, type Comparison } from './view.ts'
import { useWords } from './words.ts'

const Breakdown = lazy(() => import('./breakdown.tsx'))
const LivePanel = lazy(() => import('./live-panel.tsx'))

export default function IngressPage() {
  const t = useWords()
  const ingress = useIngress()
  const stats = useStats(ingress)
  const { data } = stats
  const never = data !== undefined && data.newestAt === undefined && data.stats.requests === 0
  return (
    <>
      <PageHead title={t('title')} lead={t('subtitle')}>
        <NativeSelect
          size="xs"
          aria-label={t('compare.label')}
          value={ingress.compare}
          data={COMPARISONS.map((value) => ({ value, label: value === 'off' ? `${t('compare.label')}: ${t('compare.off')}` : t(`compare.${value}`) }))}
          onChange={(event) => ingress.setCompare(event.currentTarget.value as Comparison)}
        />
        <Switch size="sm" label={t('live.switch')} checked={ingress.live} onChange={(event) => ingress.setLive(event.currentTarget.checked)} />
        <Button
          size="xs"
          variant="default"
          leftSection={<IconListSearch size={14} aria-hidden />}
          onClick={() => ingress.open(INGRESS_REQUESTS, ingress.filters)}
        >
          {t('requestsTitle')}
        </Button>
      </PageHead>
      <div className={styles.filters}>
        <FilterBar ingress={ingress} />
        {ingress.offset === 'overlaps' && <p className={styles.note}>{t('compare.overlaps')}</p>}
        {data?.compared && data.compared.stats.requests === 0 && <p className={styles.note}>{t('compare.noEarlier')}</p>}
      </div>
      {stats.error && !data ? <ErrorState error={stats.error} onRetry={stats.refetch} /> : never ? <HowToSend /> : <Body ingress={ingress} stats={stats} />}
    </>
  )
}

function Body({ ingress, stats }: { ingress: Ingress; stats: ApiState<StatsAnswer> }) {
  const t = useWords()
  const storage = useStorage()
  const { data } = stats
  const quiet = data !== undefined && data.stats.requests === 0
  return (
    <>
      {data && <Incomplete reasons={data.incomplete} />}
      {ingress.live && (
        <Suspense>
          <LivePanel ingress={ingress} />
        </Suspense>
      )}
      {quiet ? (
        <NoneInRange ingress={ingress} />
      ) : (
        <>
          <div className={styles.tiles}>
            {tiles(data).map((tile) => (
              <div key={tile.id} title={tile.id === 'uv' || tile.id === 'success' ? t(`tile.${tile.id}Hint`) : undefined}>
                <Stat
                  label={t(`tile.${tile.id}`)}
                  value={tile.value}
                  before={tile.before}
                  unit={tile.unit}
                  better={tile.better}
                  loading={stats.loading}
                  stale={stats.stale}
                  onClick={tile.statusClass === undefined ? undefined : () => ingress.setFilters(addStatusClass(ingress.filters, tile.statusClass as number))}
                />
              </div>
            ))}
          </div>

          <Ladder stats={stats} />
          <Charts ingress={ingress} />
          <Suspense>
            <Breakdown ingress={ingress} />
          </Suspense>
        </>
      )}
      {data && <Foot answer={data} storage={storage} />}
    </>
  )
}

function NoneInRange({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const range = useTimeRange()
  return (
    <EmptyState
      title={t('empty.noneInRange')}
      action={
        <div className={styles.ways}>
          {ingress.filters.length > 0 && (
            <Button size="xs" variant="default" onClick={() => ingress.setFilters([])}>
              {t('empty.dropFilters')}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => range.set({ from: 'now-24h', to: 'now', zone: range.range.zone })}>
            {t('empty.widen')}
          </Button>
        </div>
      }
    >
      {t('empty.noneInRangeBody')}
    </EmptyState>
  )
}
