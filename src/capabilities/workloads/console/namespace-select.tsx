/** One namespace or all; where they may not be listed, a name is typed. */
import { Autocomplete, Select } from '@mantine/core'
import { useState } from 'react'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { NamespacesAnswer } from '../domain/api.ts'
import styles from './pages.module.css'
import { useWords } from './words.ts'

/** More than this is not drawn; what is typed finds the rest. */
const MOST_SHOWN = 100

export function NamespaceSelect({ value, onChange }: { value: string; onChange: (namespace: string) => void }) {
  const t = useWords()
  const { path } = useCluster()
  const { data } = useApi<NamespacesAnswer>(path('/namespaces'))
  if (data && !data.known) return <TypedNamespace key={value} value={value} onChange={onChange} hint={data.reason} />
  const names = data?.names ?? []
  return (
    <Select
      className={styles.namespace}
      size="xs"
      aria-label={t('namespace')}
      placeholder={t('allNamespaces')}
      data={value !== '' && !names.includes(value) ? [value, ...names] : [...names]}
      limit={MOST_SHOWN}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t('allNamespaces') }}
      value={value === '' ? null : value}
      onChange={(next) => onChange(next ?? '')}
    />
  )
}

function TypedNamespace({ value, onChange, hint }: { value: string; onChange: (namespace: string) => void; hint: string | undefined }) {
  const t = useWords()
  const [typed, setTyped] = useState(value)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onChange(typed.trim())
      }}
    >
      <Autocomplete
        className={styles.namespace}
        size="xs"
        aria-label={t('namespace')}
        placeholder={t('typeNamespace')}
        title={hint}
        data={[]}
        value={typed}
        onChange={setTyped}
        onBlur={() => typed.trim() !== value && onChange(typed.trim())}
      />
    </form>
  )
}
