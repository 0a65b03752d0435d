/** Which cluster the pages are about. With one there is nothing to switch, and it only says its name. */
import { Select } from '@mantine/core'
import { IconHexagons } from '@tabler/icons-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { DEFAULT_CLUSTER, useCluster } from '#kits/console-kit/cluster.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { ClustersAnswer } from './endpoints.ts'
import styles from './shell.module.css'

export function ClusterSwitch() {
  const { t } = useTranslation('shell')
  const { cluster, setCluster } = useCluster()
  const { data } = useApi<ClustersAnswer>('/clusters')
  const first = data?.clusters[0]?.id
  const elsewhere = cluster === DEFAULT_CLUSTER && first !== undefined && !data?.clusters.some(({ id }) => id === cluster)
  // A link that names no cluster is about the first where there is no `local`.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is known of clusters decides.
  useEffect(() => {
    if (elsewhere) setCluster(first, { replace: true })
  }, [elsewhere, first])
  const label = (id: string) => (data?.clusters.some((one) => one.id === id && one.source === 'sandbox') ? t('demoCluster', { cluster: id }) : id)
  const names = data?.clusters.map(({ id }) => id) ?? [cluster]
  if (names.length <= 1 && names[0] === cluster) {
    return (
      <span className={styles.cluster} title={t('cluster')}>
        <IconHexagons size={16} stroke={1.6} aria-hidden />
        {label(cluster)}
      </span>
    )
  }
  return (
    <Select
      size="xs"
      aria-label={t('cluster')}
      leftSection={<IconHexagons size={16} stroke={1.6} aria-hidden />}
      searchable={names.length > 8}
      data={(names.includes(cluster) ? names : [cluster, ...names]).map((id) => ({ value: id, label: label(id) }))}
      value={cluster}
      onChange={(next) => next && setCluster(next)}
    />
  )
}
