/** How many pods there are and should be, and why: policies, the cluster's own autoscalers, schedules with their ledger; one policy with what it saw, expects and did. */
import { Button, Menu } from '@mantine/core'
import { IconArrowLeft, IconBolt, IconPlus } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import { z } from 'zod'
import { api } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { PageHead } from '#kits/console-kit/panel.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { FormKind, ScaleOverview } from '../domain/api.ts'
import { useAct } from './use-act.ts'
import { useWords } from './words.ts'

const ManifestDialog = lazy(() => import('./manifest-dialog.tsx'))
const PriceDialog = lazy(() => import('./price-dialog.tsx'))
const PolicyDetails = lazy(() => import('./policy-detail.tsx'))
const Overview = lazy(() => import('./scale-panels.tsx'))

const REFRESH_MS = 2_000
/** Reading thousands of policies is work for the API server. */
const CALM_MS = 15_000
const MANY = 200
const pageView = z.object({ policy: urlText })

export interface Editing {
  kind: FormKind
  object?: { namespace: string; name: string }
}

export default function ScalePage() {
  const t = useWords()
  const { path } = useCluster()
  const [view, setView] = useUrlState(pageView)
  const [many, setMany] = useState(false)
  const scale = useApi<ScaleOverview>(path('/scale'), undefined, { refreshMs: many ? CALM_MS : REFRESH_MS })
  const { data } = scale
  if (data && data.policies.length > MANY !== many) setMany(!many)
  const [editing, setEditing] = useState<Editing>()
  const [pricing, setPricing] = useState(false)
  const one = view.policy !== ''
  return (
    <>
      <PageHead title={one ? view.policy : t('title')} lead={t('lead')}>
        {one && (
          <Button size="xs" variant="subtle" color="gray" leftSection={<IconArrowLeft size={14} aria-hidden />} onClick={() => setView({ policy: '' })}>
            {t('all')}
          </Button>
        )}
        {data?.demo && <Burst url={path('/scale/burst')} />}
        {data && !one && (
          <>
            <Button size="xs" variant="default" onClick={() => setPricing(true)}>
              {t('price.open')}
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />}>
                  {t('new')}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item disabled={!data.installed} onClick={() => setEditing({ kind: 'ScalePolicy' })}>
                  ScalePolicy
                </Menu.Item>
                <Menu.Item onClick={() => setEditing({ kind: 'HorizontalPodAutoscaler' })}>HorizontalPodAutoscaler</Menu.Item>
                <Menu.Item disabled={!data.cronInstalled} onClick={() => setEditing({ kind: 'CronHorizontalPodAutoscaler' })}>
                  CronHorizontalPodAutoscaler
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </>
        )}
      </PageHead>
      <Suspense fallback={<LoadingState />}>
        {one ? (
          <PolicyDetails key={view.policy} id={view.policy} url={path('/scale')} price={data?.price ?? null} onEdit={setEditing} />
        ) : scale.error && !data ? (
          <ErrorState error={scale.error} onRetry={scale.refetch} />
        ) : !data ? (
          <LoadingState />
        ) : (
          <Overview data={data} updatedAt={scale.updatedAt} onOpen={({ namespace, name }) => setView({ policy: `${namespace}/${name}` })} onEdit={setEditing} />
        )}
      </Suspense>
      <Suspense>
        {editing && (
          <ManifestDialog
            url={path('/scale')}
            {...editing}
            onClose={() => setEditing(undefined)}
            onSaved={() => {
              setEditing(undefined)
              scale.refetch()
            }}
          />
        )}
        {pricing && (
          <PriceDialog
            onClose={() => {
              setPricing(false)
              scale.refetch()
            }}
          />
        )}
      </Suspense>
    </>
  )
}

function Burst({ url }: { url: string }) {
  const t = useWords()
  const { busy, error, act } = useAct()
  return (
    <>
      {error !== undefined && <ErrorState error={error} compact />}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconBolt size={14} aria-hidden />}
        loading={busy}
        onClick={() => act(() => api.send('POST', url, { factor: 10, seconds: 60 }))}
      >
        {t('burst')}
      </Button>
    </>
  )
}
