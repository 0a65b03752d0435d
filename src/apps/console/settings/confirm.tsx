/** For what cannot be undone: the name must be typed. */
import { Button, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, asApiError } from '#kits/console-kit/api.ts'
import { ErrorState } from '#kits/console-kit/states.tsx'
import styles from './settings.module.css'

export function Confirm(props: { title: string; text: string; word: string; button: string; act: () => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation('shell')
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError | undefined>()
  const act = async () => {
    setBusy(true)
    try {
      await props.act()
      props.onClose()
    } catch (thrown) {
      setError(asApiError(thrown))
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={props.onClose} title={props.title} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void act()
        }}
      >
        <p>{props.text}</p>
        <TextInput label={t('confirm', { word: props.word })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
        {error && <ErrorState error={error} compact />}
        <div className={styles.buttons}>
          <Button variant="default" onClick={props.onClose}>
            {t('cancel')}
          </Button>
          <Button type="submit" color="red" disabled={typed !== props.word} loading={busy}>
            {props.button}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
