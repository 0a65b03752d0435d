/**
 * Login by one-time link (its secret comes after `#`, so that it never reaches a server log, and leaves the address bar at once), by a token of a cluster,
 * or by the identity provider: what the server says there is.
 */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, api, apiUrl, asApiError } from '#kits/console-kit/api.ts'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { LanguageSwitch, ThemeSwitch } from './choices.tsx'
import styles from './login.module.css'
import { Mark } from './mark.tsx'
import { tokenOf, useSession } from './session.tsx'

interface Methods {
  token: { clusters: string[] }
  oidc: { issuer: string } | null
}

/** The form alone: on the login page, and in the dialog when a session ended. */
export function LoginForm({ initial = '', onDone }: { initial?: string; onDone?: () => void }) {
  const { t } = useTranslation('shell')
  const { login } = useSession()
  const methods = useQuery({ queryKey: ['login-methods'], queryFn: () => api.get<Methods>('/login/methods'), retry: false })
  const [byToken, setByToken] = useState(false)
  const [text, setText] = useState(initial)
  const [cluster, setCluster] = useState<string | undefined>()
  const [error, setError] = useState<ApiError | undefined>()
  const [busy, setBusy] = useState(false)
  const tried = useRef(false)
  const clusters = methods.data?.token.clusters ?? []
  const oidc = methods.data?.oidc

  const send = async (pasted: string) => {
    setBusy(true)
    setError(undefined)
    try {
      await (byToken ? login('/login/token', { token: pasted.trim(), cluster: cluster ?? clusters[0] }) : login('/login', { token: tokenOf(pasted) }))
      onDone?.()
    } catch (thrown) {
      setError(asApiError(thrown))
      setBusy(false)
    }
  }
  // A link that was opened logs in by itself; once, also when React renders twice.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what the page was opened with.
  useEffect(() => {
    if (initial === '' || tried.current) return
    tried.current = true
    void send(initial)
  }, [])
  const turn = () => {
    setByToken(!byToken)
    setText('')
    setError(undefined)
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void send(text)
      }}
    >
      {byToken && clusters.length > 1 && (
        <NativeSelect label={t('login.cluster')} data={clusters} value={cluster} onChange={(event) => setCluster(event.currentTarget.value)} />
      )}
      <TextInput
        key={String(byToken)}
        label={t(byToken ? 'login.token' : 'login.link')}
        description={t(byToken ? 'login.tokenHint' : 'login.hint')}
        type="password"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <pre className={styles.command}>{byToken ? 'kubectl create token NAME' : 'sallyport login-link'}</pre>
      {error && <ErrorState error={error} compact />}
      <Button type="submit" loading={busy} disabled={text.trim() === ''}>
        {t('login.button')}
      </Button>
      {(clusters.length > 0 || oidc) && (
        <div className={styles.others}>
          {oidc && (
            <Button component="a" href={apiUrl('/login/oidc')} variant="default">
              {t('login.oidc', { issuer: hostOf(oidc.issuer) })}
            </Button>
          )}
          {clusters.length > 0 && (
            <Button variant="subtle" onClick={turn}>
              {t(byToken ? 'login.byLink' : 'login.byToken')}
            </Button>
          )}
        </div>
      )}
      {methods.isError && <p className={styles.note}>{t('login.unknown')}</p>}
    </form>
  )
}

const hostOf = (url: string): string => URL.parse(url)?.host ?? url

export function LoginPage() {
  const { t } = useTranslation('shell')
  const navigate = useNavigate()
  const { state } = useSession()
  const [token] = useState(() => tokenOf(location.hash))
  const [next] = useState(() => new URLSearchParams(location.search).get('next'))
  const leave = () => void navigate({ href: next?.startsWith('/') && !next.startsWith('//') ? next : '/', replace: true } as never)

  useEffect(() => {
    document.title = `${t('login.title')} · Sallyport`
    if (location.hash) history.replaceState(history.state, '', location.pathname + location.search)
  }, [t])
  // Logged in, by this link or before.
  // biome-ignore lint/correctness/useExhaustiveDependencies: leave reads the address of now.
  useEffect(() => {
    if (state === 'in') leave()
  }, [state])

  return (
    <main className={styles.page}>
      <div className={styles.box}>
        <Mark />
        <h1>{t('login.title')}</h1>
        <p>{t('login.lead')}</p>
        <LoginForm initial={token} />
      </div>
      <div className={styles.choices}>
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
    </main>
  )
}
