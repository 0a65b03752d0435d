/** Settings: the shell's sections and those that capabilities add, one address each. */
import { Link, useLocation, useParams } from '@tanstack/react-router'
import { type ComponentType, lazy, Suspense, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { PageHead } from '#kits/console-kit/panel.tsx'
import { parseSearch } from '#kits/console-kit/url-state.ts'
import { CAPABILITIES } from '../capabilities.ts'
import { keptSearch } from '../menu.ts'
import { NotFound } from '../page-faults.tsx'
import { SETTINGS_SECTIONS } from './sections.ts'
import styles from './settings.module.css'

const OWN: Record<(typeof SETTINGS_SECTIONS)[number], () => Promise<{ default: ComponentType }>> = {
  sources: () => import('./sources.tsx'),
  storage: () => import('./storage.tsx'),
  notifications: () => import('./notifications.tsx'),
  tokens: () => import('./tokens.tsx'),
  about: () => import('./about.tsx'),
}

interface Section {
  id: string
  title: string
  Page: ComponentType
}

export default function Settings() {
  const { t } = useTranslation('shell')
  const { section } = useParams({ strict: false }) as { section?: string }
  const search = keptSearch(parseSearch(useLocation({ select: (location) => location.searchStr })))
  const sections = useMemo<Section[]>(
    () => [
      ...CAPABILITIES.flatMap(({ capability, door }) =>
        (door.settings ?? []).map(({ id, title, load }) => ({ id, title: t(title, { ns: capability.id }), Page: lazy(load) })),
      ),
      ...SETTINGS_SECTIONS.map((id) => ({ id, title: t(`settings.sections.${id}`), Page: lazy(OWN[id]) })),
    ],
    [t],
  )
  const open = section === undefined ? sections[0] : sections.find(({ id }) => id === section)
  return (
    <>
      <PageHead title={t('groups.settings')} />
      <div className={styles.columns}>
        <nav className={styles.nav} aria-label={t('groups.settings')}>
          {sections.map(({ id, title }) => (
            <Link
              key={id}
              to="/settings/$section"
              params={{ section: id } as never}
              search={search as never}
              aria-current={id === open?.id ? 'page' : undefined}
            >
              {title}
            </Link>
          ))}
        </nav>
        <div className={styles.content}>
          {open ? (
            <Suspense fallback={null}>
              <open.Page />
            </Suspense>
          ) : (
            <NotFound />
          )}
        </div>
      </div>
    </>
  )
}
