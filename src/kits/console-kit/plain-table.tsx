/** A table of the few rows that fit on the page: no search, no sort. Longer ones are `DataTable`. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './plain-table.module.css'

/** A column's title; `number` aligns at the end. */
export type PlainHead = string | { title: string; number: true }

/** Children are `<tr>`s: `<th scope="row">` for what a row is called, `<td data-number>` for numbers. */
export function PlainTable({ head, children }: { head: readonly PlainHead[]; children: ReactNode }) {
  return (
    <div className={styles.scroll}>
      <table className={styles.plain}>
        <thead>
          <tr>
            {head.map((column) => {
              const { title, number } = typeof column === 'string' ? { title: column, number: undefined } : column
              return (
                <th key={title} scope="col" data-number={number}>
                  {title}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

/** Acts of a row, side by side. */
export const RowActs = ({ children }: { children: ReactNode }) => <div className={styles.acts}>{children}</div>

/** One act; `about` names the row for those who do not see where it stands. */
export function RowAct({ about, danger, onClick, children }: { about: string; danger?: boolean; onClick: () => void; children: string }) {
  return (
    <Button size="compact-sm" variant="default" color={danger ? 'red' : undefined} aria-label={`${children}: ${about}`} onClick={onClick}>
      {children}
    </Button>
  )
}
