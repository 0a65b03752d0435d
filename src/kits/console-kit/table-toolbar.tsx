/** Above a table: search, what is shown, how old it is, and the column chooser. */
import { ActionIcon, Button, Checkbox, Popover, TextInput } from '@mantine/core'
import { IconChevronDown, IconChevronUp, IconColumns3, IconSearch } from '@tabler/icons-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './data-table.module.css'
import { useKeySequences } from './key-sequence.ts'
import { StatusMark } from './status-mark.tsx'
import type { Column } from './table-rows.ts'
import { useFormat } from './use-format.ts'
import { useNow } from './use-now.ts'
import type { TableData } from './use-table-data.ts'

interface ToolbarProps<Row> {
  columns: readonly Column<Row>[]
  shown: readonly Column<Row>[]
  onColumns: (ids: readonly string[]) => void
  /** Undefined: no search. */
  search: string | undefined
  onSearch: (text: string) => void
  onSearchFocus: (() => void) | undefined
  typingMs: number
  data: TableData<Row>
  paused: boolean
  children?: ReactNode
}

const OLD_MS = 60_000

export function TableToolbar<Row>({ columns, shown, onColumns, search, onSearch, onSearchFocus, typingMs, data, paused, children }: ToolbarProps<Row>) {
  const { t } = useTranslation('kit')
  const format = useFormat()
  const now = useNow(10_000)
  const old = data.updatedAt !== undefined && data.updatedAt > 0 && now - data.updatedAt > OLD_MS
  return (
    <div className={styles.toolbar}>
      {search !== undefined && <Search value={search} onChange={onSearch} onFocus={onSearchFocus} typingMs={typingMs} />}
      {children}
      <span className={styles.count} aria-live="polite">
        {paused && `${t('table.paused')} · `}
        {data.error && data.count > 0 && <StatusMark status="warning" text={`${data.error.code} · `} />}
        {(old || data.error) && data.updatedAt ? `${t('table.age', { age: format.age(data.updatedAt, now) })} · ` : ''}
        {!data.loading &&
          !(data.error && data.count === 0) &&
          (data.count === data.total
            ? t('table.rows', { count: data.total, rows: format.value(data.total, 'number') })
            : t('table.rowsOf', { shown: format.value(data.count, 'number'), total: format.value(data.total, 'number') }))}
      </span>
      <Chooser columns={columns} shown={shown} onColumns={onColumns} />
    </div>
  )
}

interface SearchProps {
  value: string
  onChange: (text: string) => void
  onFocus: (() => void) | undefined
  typingMs: number
}

function Search({ value, onChange, onFocus, typingMs }: SearchProps) {
  const { t } = useTranslation('kit')
  const [text, setText] = useState(value)
  const input = useRef<HTMLInputElement>(null)
  useKeySequences({ '/': () => input.current?.focus() })
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), typingMs)
    return () => clearTimeout(timer)
  }, [text, value, onChange, typingMs])
  return (
    <TextInput
      ref={input}
      className={styles.search}
      size="xs"
      type="search"
      aria-label={t('table.search')}
      placeholder={t('table.search')}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={text}
      onFocus={onFocus}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && setText('')}
    />
  )
}

function Chooser<Row>({ columns, shown, onColumns }: Pick<ToolbarProps<Row>, 'columns' | 'shown' | 'onColumns'>) {
  const { t } = useTranslation('kit')
  const ids = shown.map((column) => column.id)
  const ordered = [...shown, ...columns.filter((column) => !ids.includes(column.id))]
  const move = (from: number, by: number) => {
    const next = [...ids]
    const [id] = next.splice(from, 1)
    if (id !== undefined) next.splice(from + by, 0, id)
    onColumns(next)
  }
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<IconColumns3 size={14} aria-hidden />}>
          {t('table.columns')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.choices}>
          {ordered.map((column) => {
            const at = ids.indexOf(column.id)
            return (
              <div key={column.id} className={styles.choice}>
                <Checkbox
                  size="xs"
                  label={column.title}
                  checked={at >= 0}
                  disabled={at >= 0 && ids.length === 1}
                  onChange={() => onColumns(at >= 0 ? ids.filter((id) => id !== column.id) : [...ids, column.id])}
                />
                {at >= 0 && (
                  <span className={styles.moves}>
                    <ActionIcon
                      size="xs"
                      variant="subtle"
                      color="gray"
                      aria-label={t('table.up', { column: column.title })}
                      disabled={at === 0}
                      onClick={() => move(at, -1)}
                    >
                      <IconChevronUp size={12} />
                    </ActionIcon>
                    <ActionIcon
                      size="xs"
                      variant="subtle"
                      color="gray"
                      aria-label={t('table.down', { column: column.title })}
                      disabled={at === ids.length - 1}
                      onClick={() => move(at, 1)}
                    >
                      <IconChevronDown size={12} />
                    </ActionIcon>
                  </span>
                )}
              </div>
            )
          })}
          <Button size="compact-xs" variant="subtle" onClick={() => onColumns([])}>
            {t('table.reset')}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
