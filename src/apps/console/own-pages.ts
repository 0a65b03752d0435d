/** Pages of the shell itself, and the sign of each menu group. */
import {
  IconArrowsShuffle,
  IconChartLine,
  IconGauge,
  IconHome,
  IconPackageImport,
  IconRocket,
  IconServer,
  IconSettings,
  IconShieldCheck,
  IconStethoscope,
  type TablerIcon,
} from '@tabler/icons-react'
import type { MenuGroup } from '#core/shapes/capability.ts'
import type { MenuPage } from './menu.ts'

export const OWN_PAGES: readonly (MenuPage & { group: MenuGroup })[] = [
  { group: 'overview', path: '/', title: { en: 'Overview', 'zh-CN': '总览' } },
  { group: 'settings', path: '/settings', title: { en: 'Settings', 'zh-CN': '设置' } },
]

export const GROUP_ICONS: Readonly<Record<MenuGroup, TablerIcon>> = {
  overview: IconHome,
  workloads: IconArrowsShuffle,
  'move-in': IconPackageImport,
  scale: IconGauge,
  release: IconRocket,
  observe: IconChartLine,
  diagnose: IconStethoscope,
  nodes: IconServer,
  govern: IconShieldCheck,
  settings: IconSettings,
}
