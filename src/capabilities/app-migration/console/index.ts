import type { ConsoleDoor } from '#kits/console-kit/door.ts'
import en from '../locales/en.json' with { type: 'json' }
import zh from '../locales/zh-CN.json' with { type: 'json' }

export const door: ConsoleDoor = {
  id: 'app-migration',
  pages: { 'app-moves': () => import('./moves-page.tsx') },
  locales: { en, 'zh-CN': zh },
}
