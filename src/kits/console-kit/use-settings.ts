/** One section of the settings: read with its version, replaced as a whole, never over someone else's change. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ApiError, api, type Tagged } from './api.ts'

export interface SettingsState<T> {
  value: T | undefined
  error: ApiError | undefined
  loading: boolean
  /** Rejects with the ApiError, whose `problems` name the fields. */
  save(value: T): Promise<void>
  saving: boolean
  saveError: ApiError | undefined
  /** Forget the last refusal. */
  clearError(): void
  reload(): void
}

export function useSettings<T>(section: string): SettingsState<T> {
  const client = useQueryClient()
  const path = `/settings/${section}`
  const key = ['settings', section]
  const query = useQuery<Tagged<T>, ApiError>({ queryKey: key, queryFn: ({ signal }) => api.getTagged<T>(path, signal) })
  const mutation = useMutation<Tagged<T>, ApiError, T>({
    mutationFn: (value) => api.putTagged<T>(path, value, query.data?.tag),
    onSuccess: (saved) => client.setQueryData(key, saved),
  })
  return {
    value: query.data?.value,
    error: query.error ?? undefined,
    loading: query.isLoading,
    save: async (value) => void (await mutation.mutateAsync(value)),
    saving: mutation.isPending,
    saveError: mutation.error ?? undefined,
    clearError: mutation.reset,
    reload: () => void query.refetch(),
  }
}
