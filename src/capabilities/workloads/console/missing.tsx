/** What could not be read, above what was: a list that is forbidden is unknown, not empty. */
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { Missing as Part } from '../domain/api.ts'
import styles from './missing.module.css'
import { useWords } from './words.ts'

const PARTLY: ReadonlySet<string> = new Set(['TOO_LARGE', 'many'])

export function Missing({ parts }: { parts: readonly Part[] }) {
  const t = useWords()
  const refused = parts.filter(({ code }) => code !== 'reading')
  const reading = parts.filter(({ code }) => code === 'reading')
  if (parts.length === 0) return null
  return (
    <ul className={styles.list} aria-label={t('missing.title')}>
      {refused.map(({ what, code, message, progress }) => (
        <li key={what + code}>
          <StatusMark status="unknown" text={t(PARTLY.has(code) ? 'missing.partly' : 'missing.unknown', { what })} />
          <span className={styles.why}>
            {code === 'many' ? t('missing.many', { count: Number(message) }) : progress ? t('missing.first', { count: progress.read }) : message}{' '}
            {!PARTLY.has(code) && <code>{code}</code>}
          </span>
        </li>
      ))}
      {reading.length > 0 && (
        <li>
          <StatusMark
            status="running"
            text={t('missing.reading', {
              what: reading
                .map(({ what, progress }) =>
                  progress ? t(progress.total === undefined ? 'missing.readSoFar' : 'missing.readOf', { what, ...progress }) : what,
                )
                .join('; '),
            })}
          />
        </li>
      )}
    </ul>
  )
}
