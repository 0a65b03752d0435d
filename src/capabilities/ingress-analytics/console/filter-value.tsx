/** A value that can be clicked to see only what has it. */
import styles from './filter-value.module.css'
import type { Field } from './filters.ts'
import { useFieldWords, useWords } from './words.ts'

export function FilterValue({ field, value, onPick }: { field: Field; value: string; onPick: (field: Field, value: string) => void }) {
  const t = useWords()
  const words = useFieldWords()
  const shown = words.value(field, value)
  return (
    <button
      type="button"
      className={styles.value}
      data-empty={value === '' || undefined}
      title={t('filter.only', { value: shown })}
      onClick={(event) => {
        // The row below the value opens something of its own.
        event.stopPropagation()
        onPick(field, value)
      }}
    >
      {shown}
    </button>
  )
}
