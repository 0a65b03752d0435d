/** The frames of a page: its head, its panels, a grid of tiles. No inline styles, so that the CSP stays strict. */
import type { ReactNode } from 'react'
import styles from './panel.module.css'

/** Title, one line of what the page answers, and its actions at the right. */
export function PageHead({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <header className={styles.head}>
      <div>
        <h1>{title}</h1>
        {lead && <p>{lead}</p>}
      </div>
      {children && <div className={styles.actions}>{children}</div>}
    </header>
  )
}

/** A titled box. `flush` leaves its padding to the content (tables). */
export function Panel({
  title,
  note,
  actions,
  flush = false,
  children,
}: {
  title?: string
  note?: ReactNode
  actions?: ReactNode
  flush?: boolean
  children: ReactNode
}) {
  return (
    <section className={styles.panel} data-flush={flush || undefined}>
      {(title || actions) && (
        <div className={styles.bar}>
          {title && <h2>{title}</h2>}
          {note && <span className={styles.note}>{note}</span>}
          {actions && <div className={styles.actions}>{actions}</div>}
        </div>
      )}
      <div className={styles.body}>{children}</div>
    </section>
  )
}

/** Equal columns that wrap: `tiles` for Stat, `half` for charts side by side, `third` for top lists. */
export function Tiles({ kind = 'tiles', children }: { kind?: 'tiles' | 'half' | 'third'; children: ReactNode }) {
  return (
    <div className={styles.grid} data-kind={kind}>
      {children}
    </div>
  )
}
