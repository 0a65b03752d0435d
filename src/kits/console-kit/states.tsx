/** What stands where data should be: nothing there yet, or an error with what to do next. */
import { Button } from '@mantine/core'
import { IconInbox } from '@tabler/icons-react'
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, asApiError } from './api.ts'
import styles from './states.module.css'
import { StatusMark } from './status-mark.tsx'

/** `title` says what is missing, `children` how to get it. */
export function EmptyState({ title, children, action, icon }: { title: string; children?: ReactNode; action?: ReactNode; icon?: ReactNode }) {
  return (
    <div className={styles.state} role="status">
      <span className={styles.icon} aria-hidden="true">
        {icon ?? <IconInbox size={28} stroke={1.4} />}
      </span>
      <p className={styles.title}>{title}</p>
      {children && <div className={styles.text}>{children}</div>}
      {action}
    </div>
  )
}

/** What is on its way: grey lines in its place. */
export function LoadingState({ lines = 3 }: { lines?: number }) {
  const { t } = useTranslation('kit')
  return (
    <div className={styles.loading} role="status" aria-label={t('loading')} aria-busy="true">
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all are alike.
        <div key={i} />
      ))}
    </div>
  )
}

/** What failed, its code, what to do next, and the request id for the log. */
export function ErrorState({ error, onRetry, compact = false }: { error: unknown; onRetry?: () => void; compact?: boolean }) {
  const { t } = useTranslation('kit')
  const api = asApiError(error)
  const { message, next } = errorWords(api, t)
  return (
    <div className={styles.state} role="alert" data-compact={compact || undefined}>
      <p className={styles.title}>
        <StatusMark status="error" text={message} />
      </p>
      {next && <p className={styles.text}>{next}</p>}
      {api.problems.length > 0 && (
        <ul className={styles.problems}>
          {api.problems.map((problem) => (
            <li key={`${problem.path}${problem.message}`}>
              {problem.path && <code>{problem.path}</code>} {problem.message}
              {problem.suggestion && ` ${t('error.suggestion', { name: problem.suggestion })}`}
            </li>
          ))}
        </ul>
      )}
      <p className={styles.code}>
        <code>{api.code}</code>
        {api.request && (
          <>
            {' '}
            · {t('error.request')} <code>{api.request}</code>
          </>
        )}
      </p>
      {onRetry && (
        <Button size="xs" variant="default" onClick={onRetry}>
          {t('error.retry')}
        </Button>
      )}
    </div>
  )
}

/** The server's words where it had some, else ours for the code. */
export function errorWords(error: ApiError, t: TFunction<'kit'>): { message: string; next: string } {
  const known = ['UNREACHABLE', 'TIMED_OUT', 'CONSOLE_FAULT'].includes(error.code) ? error.code : 'INTERNAL'
  return {
    message:
      error.code === 'CONSOLE_FAULT' ? t('error.codes.CONSOLE_FAULT.message', { message: error.message }) : error.message || t(`error.codes.${known}.message`),
    next: error.next || (error.message && error.code !== 'CONSOLE_FAULT' ? '' : t(`error.codes.${known}.next`)),
  }
}
