/** `?` shows the keys. What they do is beside what they act on; this page only lists and opens. */
import { Kbd, Modal } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isTyping } from '#kits/console-kit/key-sequence.ts'
import styles from './shell.module.css'

const KEYS: readonly (readonly [keys: readonly string[], text: string])[] = [
  [['Ctrl', 'K'], 'palette'],
  [['?'], 'keys'],
  [['t', 'e'], 'edit'],
  [['t', 'a'], 'freeze'],
  [['t', 's'], 'share'],
  [['t', '←'], 'earlier'],
  [['t', '→'], 'later'],
  [['t', 'z'], 'zoomOut'],
  [['t', 'r'], 'refresh'],
  [['/'], 'search'],
  [['↑', '↓'], 'row'],
  [['Enter'], 'open'],
]

const OPEN = 'sallyport-keys'
export const openKeys = (): void => void window.dispatchEvent(new Event(OPEN))

export function KeysHelp() {
  const { t } = useTranslation('shell')
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const show = () => setOpen(true)
    const press = (event: KeyboardEvent) => event.key === '?' && !isTyping(event) && setOpen(true)
    window.addEventListener(OPEN, show)
    window.addEventListener('keydown', press)
    return () => {
      window.removeEventListener(OPEN, show)
      window.removeEventListener('keydown', press)
    }
  }, [])
  return (
    <Modal opened={open} onClose={() => setOpen(false)} title={t('keys.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <dl className={styles.keys}>
        {KEYS.map(([keys, text]) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{t(`keys.${text}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
