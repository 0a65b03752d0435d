/** The frame of every page: rail, top bar, palette, keys; and the dialog when the session ended. */
import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { IconLogout, IconMenu2, IconSearch, IconUser } from '@tabler/icons-react'
import { Link, Outlet, useLocation, useRouter } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Capability, MenuGroup } from '#core/shapes/capability.ts'
import { useLanguage } from '#kits/console-kit/i18n.ts'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { TimeRangeControl } from '#kits/console-kit/time-range-control.tsx'
import { parseSearch } from '#kits/console-kit/url-state.ts'
import { TimeRangeProvider } from '#kits/console-kit/use-time-range.tsx'
import { LanguageSwitch, ThemeSwitch } from './choices.tsx'
import { ClusterSwitch } from './cluster-switch.tsx'
import { KeysHelp } from './keys.tsx'
import { Mark } from './mark.tsx'
import { keptSearch, type MenuEntry, menuOf, openPath } from './menu.ts'
import { GROUP_ICONS, OWN_PAGES } from './own-pages.ts'
import { openPalette, Palette } from './palette.tsx'
import { useSession } from './session.tsx'
import styles from './shell.module.css'

const LoginForm = lazy(() => import('./login.tsx').then(({ LoginForm }) => ({ default: LoginForm })))

export function Shell({ capabilities }: { capabilities: readonly { capability: Capability }[] }) {
  const { t } = useTranslation('shell')
  const { state, error, retry } = useSession()
  const pathname = useLocation({ select: (location) => location.pathname })
  const language = useLanguage()
  const [railOpen, setRailOpen] = useState(false)
  const menu = menuOf(
    OWN_PAGES,
    capabilities.map(({ capability }) => capability),
  )
  const all = menu.flatMap(({ pages }) => pages)
  const open = openPath(
    all.map(({ path }) => path),
    pathname,
  )
  const title = all.find(({ path }) => path === open)?.title[language]
  const settings = pathname.startsWith('/settings')
  // biome-ignore lint/correctness/useExhaustiveDependencies: going to a page closes the rail.
  useEffect(() => setRailOpen(false), [pathname])
  useEffect(() => {
    document.title = title ? `${title} · Sallyport` : 'Sallyport'
  }, [title])

  if (state === 'out') return <ToLogin />
  if (state === 'failed') return <ErrorState error={error} onRetry={retry} />
  if (state === 'asking') return null
  return (
    <TimeRangeProvider>
      <a className={styles.skip} href="#page">
        {t('skip')}
      </a>
      <div className={styles.shell}>
        <nav className={styles.rail} data-open={railOpen || undefined} aria-label={t('menu')}>
          <Mark />
          <Rail menu={menu} open={open} />
        </nav>
        <div className={styles.main}>
          <section className={styles.top} aria-label={t('top')}>
            <ActionIcon
              className={styles.burger}
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('menu')}
              aria-expanded={railOpen}
              onClick={() => setRailOpen(!railOpen)}
            >
              <IconMenu2 size={18} aria-hidden />
            </ActionIcon>
            <ClusterSwitch />
            <div className={styles.controls}>
              {!settings && <TimeRangeControl />}
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={t('palette.open')}
                title={`${t('palette.open')} (${MOD_K})`}
                onClick={openPalette}
              >
                <IconSearch size={18} aria-hidden />
              </ActionIcon>
              <LanguageSwitch />
              <ThemeSwitch />
              <UserMenu />
            </div>
          </section>
          <main id="page" className={styles.page} tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </div>
      <Palette menu={menu} />
      <KeysHelp />
      <Expired open={state === 'expired'} />
    </TimeRangeProvider>
  )
}

/** Goes to the login once; where the way leads back to is where it began. */
function ToLogin() {
  const router = useRouter()
  // Taken before the way to the login begins: an effect may run twice, and the second time this is the login itself.
  const [next] = useState(() => router.state.location.href)
  useEffect(() => void router.navigate({ to: '/login', search: { next } as never, replace: true }), [router, next])
  return null
}

/** The router marks the page itself; a page below one is marked by us. */
const EXACTLY = { exact: true, includeSearch: false }
const MOD_K = /Mac|iP(hone|ad)/.test(navigator.platform) ? '⌘K' : 'Ctrl K'

function Rail({ menu, open }: { menu: readonly MenuEntry[]; open: string | undefined }) {
  const { t } = useTranslation('shell')
  const language = useLanguage()
  const search = useLocation({ select: (location) => location.searchStr })
  const kept = keptSearch(parseSearch(search))
  return (
    <ul className={styles.groups}>
      {menu.map(({ group, pages }) => (
        <li key={group}>
          {pages.length > 1 && <GroupTitle group={group} text={t(`groups.${group}`)} />}
          <ul>
            {pages.map(({ path, title }) => (
              <li key={path}>
                <Link to={path} search={kept as never} className={styles.link} activeOptions={EXACTLY} data-open={path === open || undefined}>
                  {pages.length === 1 && <GroupIcon group={group} />}
                  {title[language]}
                </Link>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  )
}

const GroupIcon = ({ group }: { group: MenuGroup }) => {
  const Icon = GROUP_ICONS[group]
  return <Icon size={16} stroke={1.6} aria-hidden />
}
const GroupTitle = ({ group, text }: { group: MenuGroup; text: string }) => (
  <span className={styles.group}>
    <GroupIcon group={group} />
    {text}
  </span>
)

function UserMenu() {
  const { t } = useTranslation('shell')
  const { me, logout } = useSession()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('user.menu')} title={me?.user}>
          <IconUser size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('user.as', { user: me?.user })}</Menu.Label>
        <Menu.Item leftSection={<IconLogout size={14} aria-hidden />} onClick={() => void logout()}>
          {t('user.logout')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Nothing on the page is lost: it is still there when the new link was accepted. */
function Expired({ open }: { open: boolean }) {
  const { t } = useTranslation('shell')
  const [hidden, setHidden] = useState(false)
  return (
    <>
      <Modal opened={open && !hidden} onClose={() => setHidden(true)} title={t('expired.title')} closeButtonProps={{ 'aria-label': t('close') }}>
        <p className={styles.lead}>{t('expired.text')}</p>
        <Suspense>
          <LoginForm onDone={() => setHidden(false)} />
        </Suspense>
      </Modal>
      {open && hidden && (
        <Button className={styles.expired} color="red" onClick={() => setHidden(false)}>
          {t('expired.title')}
        </Button>
      )}
    </>
  )
}
