/** A drawer at the right. Its head is no `<header>`: that would be a second banner of the page. Locking the scroll would write a style sheet, which the CSP refuses. */
import { Drawer } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './side-panel.module.css'
import { useWords } from './words.ts'

export function SidePanel({
  opened,
  onClose,
  title,
  size,
  children,
}: {
  opened: boolean
  onClose: () => void
  title: string
  size: 'lg' | 'xl'
  children: ReactNode
}) {
  const t = useWords()
  return (
    <Drawer.Root opened={opened} onClose={onClose} position="right" size={size} lockScroll={false}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className={styles.head}>
          <Drawer.Title className={styles.title}>{title}</Drawer.Title>
          <Drawer.CloseButton aria-label={t('rows.close')} />
        </div>
        <Drawer.Body>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}
