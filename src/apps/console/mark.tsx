/** The product's sign: a gate in a wall. */
import styles from './shell.module.css'

export function Mark() {
  return (
    <span className={styles.mark}>
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="var(--sp-accent)" />
        <path d="M8 25V13a8 8 0 0 1 16 0v12h-4.5v-7.5a3.5 3.5 0 0 0-7 0V25z" fill="var(--sp-accent-text)" />
      </svg>
      <span>Sallyport</span>
    </span>
  )
}
