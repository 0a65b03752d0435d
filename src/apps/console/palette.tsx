/** The palette (⌘K, Ctrl-K): every page and every switch, by typing. */

import { useMantineColorScheme } from '@mantine/core'
import { Spotlight, spotlight } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { setLanguage, useLanguage } from '#kits/console-kit/i18n.ts'
import { openKeys } from './keys.tsx'
import { keptSearch, type MenuEntry } from './menu.ts'
import { SETTINGS_SECTIONS } from './settings/sections.ts'

export const openPalette = (): void => spotlight.open()

export function Palette({ menu }: { menu: readonly MenuEntry[] }) {
  const { t } = useTranslation('shell')
  const language = useLanguage()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const go = (to: string) => () => void navigate({ to, search: ((previous: Record<string, unknown>) => keptSearch(previous)) as never })
  const pages = menu.flatMap(({ group, pages: found }) =>
    found.map(({ path, title }) => ({
      id: path,
      label: title[language],
      description: found.length > 1 ? t(`groups.${group}`) : undefined,
      // Found by its name in either language.
      keywords: [title.en, title['zh-CN'], path],
      onClick: go(path),
    })),
  )
  const settings = SETTINGS_SECTIONS.map((id) => ({
    id: `settings-${id}`,
    label: t(`settings.sections.${id}`),
    description: t('groups.settings'),
    keywords: [id],
    onClick: go(`/settings/${id}`),
  }))
  const switches = [
    ...(['light', 'dark', 'auto'] as const).map((scheme) => ({
      id: scheme,
      label: t(`choices.schemes.${scheme}`),
      description: t('choices.theme'),
      keywords: ['theme', '主题'],
      onClick: () => setColorScheme(scheme),
    })),
    {
      id: 'language',
      label: language === 'en' ? '简体中文' : 'English',
      description: t('choices.language'),
      keywords: ['language', '语言'],
      onClick: () => void setLanguage(language === 'en' ? 'zh-CN' : 'en'),
    },
    { id: 'keys', label: t('keys.title'), keywords: ['keyboard', '快捷键'], onClick: openKeys },
  ]
  return (
    <Spotlight
      actions={[
        { group: t('palette.pages'), actions: [...pages, ...settings] },
        { group: t('palette.actions'), actions: switches },
      ]}
      lockScroll={false}
      shortcut="mod + K"
      scrollable
      maxHeight="60vh"
      highlightQuery
      nothingFound={t('palette.nothing')}
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: t('palette.placeholder'), 'aria-label': t('palette.placeholder') }}
    />
  )
}
