/** One object: Summary · Timeline · Signals · Relations · YAML, and what may be done to it. */
import { Button, Tabs } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { Act, Right } from '../domain/acts.ts'
import { type ObjectAnswer, objectPath } from '../domain/api.ts'
import styles from './object-page.module.css'
import { StatusCell } from './status-cell.tsx'
import { SummaryTab } from './summary-tab.tsx'
import { objectsView, refOf, TABS, type Tab } from './view.ts'
import { useWords } from './words.ts'

const TimelineTab = lazy(() => import('./timeline-tab.tsx'))
const SignalsTab = lazy(() => import('./signals-tab.tsx'))
const RelationsTab = lazy(() => import('./relations-tab.tsx'))
const YamlTab = lazy(() => import('./yaml-tab.tsx'))
const ActDialog = lazy(() => import('./act-dialog.tsx'))
const Terminal = lazy(() => import('./terminal.tsx'))

/** Also how old what is shown may be, at most, ms. */
const REFRESH_MS = 5_000

export default function ObjectPage({ kind, object, tab, onTab }: { kind: string; object: string; tab: Tab; onTab: (tab: Tab) => void }) {
  const t = useWords()
  const { path } = useCluster()
  const [, setView] = useUrlState(objectsView)
  const ref = refOf(kind, object)
  const url = path(objectPath(ref))
  const { data, error, refetch } = useApi<ObjectAnswer>(url, undefined, { refreshMs: REFRESH_MS, keep: false })
  const [acting, setActing] = useState<Act | undefined>()
  const [terminal, setTerminal] = useState(false)
  const back = () => setView({ object: '', tab: 'summary' })
  return (
    <>
      <PageHead title={ref.name} lead={`${ref.kind}${ref.namespace === undefined ? '' : ` · ${ref.namespace}`} · ${ref.apiVersion}`}>
        <Button size="xs" variant="subtle" color="gray" leftSection={<IconArrowLeft size={14} aria-hidden />} onClick={back}>
          {t('object.back', { kind: ref.kind })}
        </Button>
        {data && <Acts answer={data} onAct={setActing} onTerminal={() => setTerminal(true)} />}
      </PageHead>
      {error && !data ? (
        <Panel>
          <ErrorState error={error} onRetry={refetch} />
        </Panel>
      ) : !data ? (
        <Panel>
          <LoadingState lines={6} />
        </Panel>
      ) : (
        <>
          <div className={styles.state}>
            <StatusCell status={data.status} whole />
            {error && <ErrorState error={error} compact />}
          </div>
          {terminal && (
            <Suspense fallback={<LoadingState />}>
              <Terminal url={url} containers={data.containers} onClose={() => setTerminal(false)} />
            </Suspense>
          )}
          <Tabs value={tab} onChange={(next) => onTab((TABS.find((one) => one === next) ?? 'summary') satisfies Tab)} keepMounted={false}>
            <Tabs.List className={styles.tabs}>
              {TABS.map((one) => (
                <Tabs.Tab key={one} value={one}>
                  {t(`tab.${one}`)}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value={tab}>
              <Suspense fallback={<LoadingState lines={8} />}>
                {tab === 'summary' && <SummaryTab answer={data} url={url} />}
                {tab === 'timeline' && <TimelineTab url={url} />}
                {tab === 'signals' && <SignalsTab answer={data} url={url} />}
                {tab === 'relations' && <RelationsTab url={url} self={ref} />}
                {tab === 'yaml' && <YamlTab answer={data} url={url} onDone={refetch} />}
              </Suspense>
            </Tabs.Panel>
          </Tabs>
        </>
      )}
      {acting && data && (
        <Suspense>
          <ActDialog
            act={acting}
            answer={data}
            url={url}
            onClose={() => setActing(undefined)}
            onDone={() => {
              setActing(undefined)
              if (acting === 'delete') back()
              else refetch()
            }}
          />
        </Suspense>
      )}
    </>
  )
}

function Acts({ answer, onAct, onTerminal }: { answer: ObjectAnswer; onAct: (act: Act) => void; onTerminal: () => void }) {
  const t = useWords()
  const button = (right: Right, onClick: () => void, danger = false) => {
    const may = answer.rights[right]
    if (!may) return null
    const why = may.allowed ? undefined : t('object.needs', { needs: may.needs })
    return (
      <Button
        key={right}
        size="xs"
        variant="default"
        className={danger ? styles.danger : undefined}
        data-disabled={!may.allowed || undefined}
        aria-disabled={!may.allowed}
        title={[why, may.reason].filter(Boolean).join(' — ')}
        onClick={() => may.allowed && onClick()}
      >
        {t(`act.${right}`)}
        {why && <span className={styles.needs}>{why}</span>}
      </Button>
    )
  }
  return (
    <>
      {button('exec', onTerminal)}
      {button('scale', () => onAct('scale'))}
      {button('restart', () => onAct('restart'))}
      {button('delete', () => onAct('delete'), true)}
    </>
  )
}
