import { useCallback, useMemo } from 'react'
import { z } from 'zod'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { urlFlag, urlList, urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'

/** Everything that the page is about stands in the URL; alarms link to it. */
const view = z.object({ f: urlList, q: urlText, sensitive: urlFlag })

export function useAudit() {
  const [state, setState] = useUrlState(view)
  const { from, to } = useTimeRange()
  const { path } = useCluster()
  const filters = state.f
  const query = useMemo(() => {
    const sensitive = state.sensitive ? ['severity:eq:warning', 'severity:eq:error', 'severity:eq:critical'] : []
    return { from, to, filter: [...filters, ...sensitive], ...(state.q === '' ? {} : { search: state.q }) }
  }, [from, to, filters, state.q, state.sensitive])
  const only = useCallback(
    (field: string, value: string) => {
      const text = `${field}:eq:${value}`
      setState({ f: filters.includes(text) ? filters : [...filters, text] })
    },
    [filters, setState],
  )
  return {
    filters,
    search: state.q,
    sensitive: state.sensitive,
    query,
    only,
    setState,
    path: (rest: string) => path(`/audit${rest}`),
  }
}
export type Audit = ReturnType<typeof useAudit>
