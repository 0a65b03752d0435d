/** What the object has to do with: above it, below it, what it uses and what leads to it. */
import { lazy, Suspense } from 'react'
import type { ObjectRef } from '#core/kube/objects.ts'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { RelationsAnswer } from '../domain/api.ts'
import { RELATIONS } from '../domain/relations.ts'
import { Missing } from './missing.tsx'
import styles from './object-page.module.css'
import { StatusCell } from './status-cell.tsx'
import { useOpenObject } from './view.ts'
import { useWords } from './words.ts'

const MOST_SHOWN = 100
const RelationsGraph = lazy(() => import('./relations-graph.tsx'))

export default function RelationsTab({ url, self }: { url: string; self: Pick<ObjectRef, 'kind' | 'name'> }) {
  const t = useWords()
  const open = useOpenObject()
  const { data, error, refetch } = useApi<RelationsAnswer>(`${url}/relations`, undefined, { refreshMs: 10_000 })
  if (error && !data) return <ErrorState error={error} onRetry={refetch} />
  if (!data)
    return (
      <Panel>
        <LoadingState lines={5} />
      </Panel>
    )
  const groups = RELATIONS.map((relation) => ({ relation, related: data.related.filter((one) => one.relation === relation) })).filter(
    ({ related }) => related.length > 0,
  )
  return (
    <>
      <Missing parts={data.missing} />
      {groups.length === 0 && (
        <Panel>
          <EmptyState title={t(data.missing.length > 0 ? 'relations.notKnown' : 'relations.none')} />
        </Panel>
      )}
      {groups.length > 0 && (
        <Suspense fallback={<LoadingState lines={5} />}>
          <RelationsGraph self={self} related={data.related} />
        </Suspense>
      )}
      {groups.map(({ relation, related }) => (
        <Panel key={relation} title={t(`relations.${relation}`)} note={String(related.length)}>
          <PlainTable head={[t('column.kind'), t('column.name'), t('column.status')]}>
            {related.slice(0, MOST_SHOWN).map((one) => (
              <tr key={`${one.kind}/${one.namespace ?? ''}/${one.name}`}>
                <td>{one.kind}</td>
                <th scope="row">
                  <button type="button" className={styles.open} onClick={() => open(one)}>
                    {one.namespace === undefined ? '' : `${one.namespace}/`}
                    {one.name}
                  </button>
                </th>
                <td>{one.status ? <StatusCell status={one.status} whole /> : <span className={styles.dim}>{t('relations.named')}</span>}</td>
              </tr>
            ))}
          </PlainTable>
          {related.length > MOST_SHOWN && <p className={styles.dim}>{t('relations.more', { count: related.length - MOST_SHOWN })}</p>}
        </Panel>
      ))}
    </>
  )
}
