/** What a core and a GiB of memory cost for an hour: makes costs of replicas. */
import { TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { FieldPair, FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useSettings } from '#kits/console-kit/use-settings.ts'
import type { Price } from '../domain/api.ts'
import { useWords } from './words.ts'

interface Section {
  cronTimezone?: string
  price?: Price
}

export default function PriceDialog({ onClose }: { onClose: () => void }) {
  const t = useWords()
  const settings = useSettings<Section>('elasticity')
  const [typed, setTyped] = useState({ currency: '', cpuHour: '', memoryHour: '' })
  const held = settings.value?.price
  useEffect(() => {
    if (held) setTyped({ currency: held.currency, cpuHour: String(held.cpuHour), memoryHour: String(held.memoryHour) })
  }, [held])
  const form = useSubmit(async () => {
    const { price: _, ...rest } = settings.value ?? {}
    const none = Object.values(typed).every((text) => text.trim() === '')
    const price = { currency: typed.currency.trim(), cpuHour: amount(typed.cpuHour), memoryHour: amount(typed.memoryHour) }
    await settings.save((none ? rest : { ...rest, price }) as Section)
  }, onClose)
  const field = (name: keyof typeof typed, placeholder: string) => (
    <TextInput
      label={t(`price.${name}`)}
      placeholder={placeholder}
      value={typed[name]}
      error={form.problem(`price.${name}`)}
      onChange={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
    />
  )
  return (
    <FormDialog title={t('price.title')} form={form} onClose={onClose} disabled={settings.value === undefined}>
      {settings.error ? (
        <ErrorState error={settings.error} onRetry={settings.reload} compact />
      ) : settings.loading ? (
        <LoadingState />
      ) : (
        <>
          <p>{t('price.hint')}</p>
          {field('currency', 'EUR')}
          <FieldPair>
            {field('cpuHour', '0.03')}
            {field('memoryHour', '0.004')}
          </FieldPair>
        </>
      )}
    </FormDialog>
  )
}

/** What is no number goes as it is, so that the server says so. */
const amount = (text: string): number | string => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text)
