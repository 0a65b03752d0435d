import type { ConsoleDoor } from '#kits/console-kit/door.ts'
import en from '../locales/en.json' with { type: 'json' }
import zh from '../locales/zh-CN.json' with { type: 'json' }

export const door: ConsoleDoor = {
  id: 'metrics',
  pages: {
    metrics: () => import('./explorer-page.tsx'),
    dashboards: () => import('./dashboards-page.tsx'),
    rules: () => import('./rules-page.tsx'),
    targets: () => import('./targets-page.tsx'),
  },
  locales: { en, 'zh-CN': zh },
}
