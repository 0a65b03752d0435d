/** Languages of the console: one namespace per capability, catalogs in the bundle, no string in the code. */
import i18next from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import type { Language } from '#core/kernel/errors.ts'
import en from './locales/en.json' with { type: 'json' }
import zh from './locales/zh-CN.json' with { type: 'json' }

export const LANGUAGES = ['en', 'zh-CN'] as const satisfies readonly Language[]
export type Catalogs = { en: Record<string, unknown>; 'zh-CN': Record<string, unknown> }

const STORED = 'sallyport-language'

/** The stored choice, else the first of the browser's languages that we speak, else English. */
export function initialLanguage(stored: string | null = read(), wanted: readonly string[] = navigator.languages): Language {
  if (stored === 'en' || stored === 'zh-CN') return stored
  for (const tag of wanted) {
    if (/^zh/i.test(tag)) return 'zh-CN'
    if (/^en/i.test(tag)) return 'en'
  }
  return 'en'
}

function read(): string | null {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}

/** Call once, before the first render. `catalogs` by namespace; the kit's own is `kit`. */
export function initI18n(language: Language, catalogs: Readonly<Record<string, Catalogs>>): void {
  const all: Record<string, Catalogs> = { ...catalogs, kit: { en, 'zh-CN': zh } }
  const resources = Object.fromEntries(LANGUAGES.map((lng) => [lng, Object.fromEntries(Object.entries(all).map(([ns, catalog]) => [ns, catalog[lng]]))]))
  i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources,
    defaultNS: 'kit',
    interpolation: { escapeValue: false },
    initAsync: false,
    react: { useSuspense: false },
  })
  document.documentElement.lang = language
}

/** Switches at once and remembers. */
export async function setLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(STORED, language)
  } catch {
    // A browser that refuses storage still switches for this visit.
  }
  document.documentElement.lang = language
  await i18next.changeLanguage(language)
}

export function useLanguage(): Language {
  const { i18n } = useTranslation('kit')
  return i18n.language === 'zh-CN' ? 'zh-CN' : 'en'
}
