/** The cluster that the page is about: one URL parameter for the whole console. */
import { z } from 'zod'
import { useUrlState } from './url-state.ts'

const schema = z.object({
  cluster: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/)
    .default('local'),
})

export function useCluster(): { cluster: string; setCluster(cluster: string): void; path(path: string): string } {
  const [state, set] = useUrlState(schema)
  return { cluster: state.cluster, setCluster: (cluster) => set({ cluster }), path: (path) => `/clusters/${encodeURIComponent(state.cluster)}${path}` }
}
