/** Who is logged in. A session that ends does not throw the page away: a dialog asks for a new link above it. */
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react'
import { type ApiError, api, asApiError, configureApi } from '#kits/console-kit/api.ts'
import { useLanguage } from '#kits/console-kit/i18n.ts'

export interface Me {
  user: string
  csrf?: string
  expiresAt?: number
  version?: string
}

interface Session {
  me: Me | undefined
  /** `asking` before the first answer, `out` not logged in, `expired` was logged in. */
  state: 'asking' | 'in' | 'out' | 'expired' | 'failed'
  error: ApiError | undefined
  /** By one of the ways of `/login…`, each with its own body. */
  login(path: string, body: object): Promise<void>
  logout(): Promise<void>
  retry(): void
}

const Context = createContext<Session | undefined>(undefined)

export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const language = useLanguage()
  const [me, setMe] = useState<Me | undefined>()
  const [state, setState] = useState<Session['state']>('asking')
  const [error, setError] = useState<ApiError | undefined>()
  // Child effects run before ours: the language of the first request must be set while rendering.
  configureApi({ language })

  const accept = useCallback((answer: Me) => {
    configureApi({ csrf: answer.csrf })
    setMe(answer)
    setError(undefined)
    setState('in')
  }, [])

  const ask = useCallback(() => {
    api.get<Me | { user: null }>('/me').then(
      (answer) => {
        if (answer.user === null) setState('out')
        else accept(answer)
      },
      (thrown) => {
        setError(asApiError(thrown))
        setState('failed')
      },
    )
  }, [accept])

  useEffect(() => {
    configureApi({ onExpired: () => setState((before) => (before === 'in' ? 'expired' : before)) })
    ask()
  }, [ask])

  const session = useMemo<Session>(
    () => ({
      me,
      state,
      error,
      async login(path, body) {
        await api.send('POST', path, body)
        accept(await api.get<Me>('/me'))
        await client.invalidateQueries()
      },
      async logout() {
        await api.send('POST', '/logout')
        client.clear()
        setMe(undefined)
        setState('out')
      },
      retry() {
        setState('asking')
        ask()
      },
    }),
    [me, state, error, accept, ask, client],
  )
  return <Context value={session}>{children}</Context>
}

export function useSession(): Session {
  const session = use(Context)
  if (!session) throw new Error('useSession needs a SessionProvider')
  return session
}

/** The secret in a login link, in what follows its `#`, or alone. */
export function tokenOf(pasted: string): string {
  const text = pasted.trim()
  const at = text.lastIndexOf('#')
  return at >= 0 ? text.slice(at + 1) : text
}
