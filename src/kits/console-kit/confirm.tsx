/** For what cannot be undone: the name must be typed. */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormDialog, useSubmit } from './form-dialog.tsx'

export function Confirm(props: { title: string; text: string; word: string; button: string; act: () => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation('kit')
  const [typed, setTyped] = useState('')
  const form = useSubmit(props.act, props.onClose)
  return (
    <FormDialog title={props.title} form={form} onClose={props.onClose} action={props.button} disabled={typed !== props.word} danger>
      <p>{props.text}</p>
      <TextInput label={t('dialog.confirm', { word: props.word })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
    </FormDialog>
  )
}
