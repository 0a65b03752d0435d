import { useTranslation } from 'react-i18next'
import styles from './progress-bar.module.css'

/** A native bar, so that it needs no inline style. @param share from 0 to 1; undefined: it is at work, and `idle` says at what */
export function ProgressBar({ of, share, idle = '' }: { of: string; share: number | undefined; idle?: string }) {
  const { t, i18n } = useTranslation('kit')
  const percent = share === undefined ? idle : new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 0 }).format(share)
  return (
    <span className={styles.box}>
      <progress className={styles.bar} aria-label={t('progressOf', { of })} {...(share === undefined ? {} : { value: share, max: 1 })} />
      <span className={styles.text}>{percent}</span>
    </span>
  )
}
