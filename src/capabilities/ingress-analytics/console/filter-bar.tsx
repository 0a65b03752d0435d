/** What the page is about: chips that can be turned round and removed, and a form to add one. */
import { Autocomplete, Button, NativeSelect, Popover } from '@mantine/core'
import { IconFilterPlus, IconX } from '@tabler/icons-react'
import { type FormEvent, Fragment, useState } from 'react'
import { DIMENSIONS, type Dimension, OPERATORS } from '../domain/api.ts'
import styles from './filter-bar.module.css'
import { addFilter, chips, FIELDS, type Field, MEASURES, type Operator, removeFilters, turnFilter } from './filters.ts'
import { type Ingress, useTop } from './use-ingress.ts'
import { useFieldWords, useWords } from './words.ts'

export function FilterBar({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const words = useFieldWords()
  const { filters, setFilters } = ingress
  const shown = chips(filters)
  return (
    <fieldset className={styles.bar}>
      <legend className={styles.legend}>{t('filter.bar')}</legend>
      {shown.map((chip) => {
        const text = words.chip(chip)
        const turns = chip.op === 'eq' || chip.op === 'ne'
        const [first] = chip.filters
        return (
          <Fragment key={`${chip.field}:${chip.op}:${chip.value}`}>
            {chip.or && <span className={styles.or}>{t('filter.or')}</span>}
            <span className={styles.chip} data-not={chip.op === 'ne' || undefined}>
              {turns && first ? (
                <button type="button" className={styles.text} title={t('filter.turn', { filter: text })} onClick={() => setFilters(turnFilter(filters, first))}>
                  <ChipText field={chip.field} op={chip.op} value={chip.value} />
                </button>
              ) : (
                <span className={styles.text}>
                  <ChipText field={chip.field} op={chip.op} value={chip.value} />
                </span>
              )}
              <button
                type="button"
                className={styles.remove}
                aria-label={t('filter.remove', { filter: text })}
                onClick={() => setFilters(removeFilters(filters, chip.filters))}
              >
                <IconX size={12} aria-hidden />
              </button>
            </span>
          </Fragment>
        )
      })}
      {shown.length === 0 && <span className={styles.all}>{t('filter.all')}</span>}
      <AddFilter ingress={ingress} />
      {shown.length > 1 && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setFilters([])}>
          {t('filter.clear')}
        </Button>
      )}
    </fieldset>
  )
}

function ChipText({ field, op, value }: { field: Field; op: Operator | 'class'; value: string }) {
  const t = useWords()
  const words = useFieldWords()
  return (
    <>
      <span className={styles.field}>{words.field(field)}</span> <span className={styles.op}>{t(`op.${op}`)}</span> <b>{words.value(field, value)}</b>
    </>
  )
}

const isDimension = (field: Field): field is Dimension => (DIMENSIONS as readonly Field[]).includes(field)

function AddFilter({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const [opened, setOpened] = useState(false)
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button size="compact-sm" variant="default" leftSection={<IconFilterPlus size={14} aria-hidden />} onClick={() => setOpened((o) => !o)}>
          {t('filter.add')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('filter.addTitle')}>{opened && <AddForm ingress={ingress} onDone={() => setOpened(false)} />}</Popover.Dropdown>
    </Popover>
  )
}

function AddForm({ ingress, onDone }: { ingress: Ingress; onDone: () => void }) {
  const t = useWords()
  const words = useFieldWords()
  const [field, setField] = useState<Field>('host')
  const measure = (MEASURES as readonly Field[]).includes(field)
  const [op, setOp] = useState<Operator>('eq')
  const [value, setValue] = useState('')
  const [problem, setProblem] = useState<string>()
  const numeric = measure || field === 'status' || field === 'upstream_status'
  const operators: readonly Operator[] = measure ? ['gte', 'lte'] : numeric ? ['eq', 'ne', 'gte', 'lte'] : OPERATORS.filter((o) => o !== 'gte' && o !== 'lte')
  const chosen = operators.includes(op) ? op : (operators[0] as Operator)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const text = value.trim()
    if (text === '' && chosen !== 'eq' && chosen !== 'ne') return setProblem(t('filter.valueNeeded'))
    if (numeric && !Number.isFinite(Number(text || 'none'))) return setProblem(t('filter.numberNeeded'))
    ingress.setFilters(addFilter(ingress.filters, { field, op: chosen, value: text }))
    onDone()
  }

  const label = t(field === 'request_time' || field === 'upstream_time' ? 'filter.valueSeconds' : measure ? 'filter.valueBytes' : 'filter.value')
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <NativeSelect
        size="xs"
        label={t('filter.field')}
        value={field}
        data={FIELDS.map((f) => ({ value: f, label: words.field(f) }))}
        onChange={(event) => setField(event.currentTarget.value as Field)}
      />
      <NativeSelect
        size="xs"
        label={t('filter.operator')}
        value={chosen}
        data={operators.map((o) => ({ value: o, label: t(`op.${o}`) }))}
        onChange={(event) => setOp(event.currentTarget.value as Operator)}
      />
      <ValueInput
        ingress={ingress}
        field={isDimension(field) ? field : undefined}
        label={label}
        value={value}
        problem={problem}
        onChange={(next) => {
          setValue(next)
          setProblem(undefined)
        }}
      />
      <Button size="xs" type="submit">
        {t('filter.apply')}
      </Button>
    </form>
  )
}

interface ValueInputProps {
  ingress: Ingress
  /** Whose most frequent values are suggested. */
  field: Dimension | undefined
  label: string
  value: string
  problem: string | undefined
  onChange: (value: string) => void
}

function ValueInput({ ingress, field, label, value, problem, onChange }: ValueInputProps) {
  const found = useTop(ingress, field && { by: field, limit: 20, ...(value ? { search: value } : {}) })
  const suggestions = found.data && found.data.by === field ? [...new Set(found.data.rows.map((row) => row.key).filter((key) => key !== ''))] : []
  return <Autocomplete size="xs" label={label} value={value} data={suggestions} limit={12} error={problem} onChange={onChange} data-autofocus maxLength={300} />
}
