/** The cluster that the page is about: one URL parameter for the whole console. */
import { z } from 'zod'
import { useUrlState } from './url-state.ts'

/** Of links that name none. */
export const DEFAULT_CLUSTER = 'local'

const schema = z.object({
  cluster: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/)
    .default(DEFAULT_CLUSTER),
})

export function useCluster(): { cluster: string; setCluster(cluster: string, options?: { replace?: boolean }): void; path(path: string): string } {
  const [state, set] = useUrlState(schema)
  return {
    cluster: state.cluster,
    setCluster: (cluster, options) => set({ cluster }, options),
    path: (path) => `/clusters/${encodeURIComponent(state.cluster)}${path}`,
  }
}
