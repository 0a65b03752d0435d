/** Login by one-time link: the secret comes after `#`, so that it never reaches a server log, and leaves the address bar at once. */
import { Button, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, asApiError } from '#kits/console-kit/api.ts'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { LanguageSwitch, ThemeSwitch } from './choices.tsx'
import styles from './login.module.css'
import { Mark } from './mark.tsx'
import { tokenOf, useSession } from './session.tsx'

/** The form alone: on the login page, and in the dialog when a session ended. */
export function LoginForm({ initial = '', onDone }: { initial?: string; onDone?: () => void }) {
  const { t } = useTranslation('shell')
  const { login } = useSession()
  const [text, setText] = useState(initial)
  const [error, setError] = useState<ApiError | undefined>()
  const [busy, setBusy] = useState(false)
  const tried = useRef(false)

  const send = async (pasted: string) => {
    setBusy(true)
    setError(undefined)
    try {
      await login(tokenOf(pasted))
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

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void send(text)
      }}
    >
      <TextInput
        label={t('login.link')}
        description={t('login.hint')}
        type="password"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <pre className={styles.command}>sallyport login-link</pre>
      {error && <ErrorState error={error} compact />}
      <Button type="submit" loading={busy} disabled={text.trim() === ''}>
        {t('login.button')}
      </Button>
    </form>
  )
}

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
