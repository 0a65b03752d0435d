/** Language, theme and density: kept in the browser, in force at once. */
import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import { IconCheck, IconDeviceDesktop, IconLanguage, IconMoon, IconSun } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LANGUAGES, setLanguage, useLanguage } from '#kits/console-kit/i18n.ts'

const NAMES = { en: 'English', 'zh-CN': '简体中文' } as const

export function LanguageSwitch() {
  const { t } = useTranslation('shell')
  const language = useLanguage()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('choices.language')} title={t('choices.language')}>
          <IconLanguage size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map((one) => (
          <Menu.Item key={one} lang={one} onClick={() => void setLanguage(one)} rightSection={one === language ? <IconCheck size={14} /> : undefined}>
            {NAMES[one]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

const SCHEMES = [
  ['light', IconSun],
  ['dark', IconMoon],
  ['auto', IconDeviceDesktop],
] as const
const DENSITIES = ['dense', 'roomy'] as const

export function ThemeSwitch() {
  const { t } = useTranslation('shell')
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const [density, setDensity] = useState(document.documentElement.dataset.density ?? 'dense')
  const Icon = SCHEMES.find(([scheme]) => scheme === colorScheme)?.[1] ?? IconSun
  const choose = (next: string) => {
    document.documentElement.dataset.density = next
    setDensity(next)
    try {
      localStorage.setItem('sallyport-density', next)
    } catch {
      // A browser that refuses storage still switches for this visit.
    }
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('choices.theme')} title={t('choices.theme')}>
          <Icon size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(([scheme, SchemeIcon]) => (
          <Menu.Item
            key={scheme}
            leftSection={<SchemeIcon size={14} aria-hidden />}
            rightSection={scheme === colorScheme ? <IconCheck size={14} /> : undefined}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`choices.schemes.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {DENSITIES.map((one) => (
          <Menu.Item key={one} rightSection={one === density ? <IconCheck size={14} /> : undefined} onClick={() => choose(one)}>
            {t(`choices.densities.${one}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
