import type { ConsoleDoor } from '#kits/console-kit/door.ts'
import en from '../locales/en.json' with { type: 'json' }
import zh from '../locales/zh-CN.json' with { type: 'json' }

export const door: ConsoleDoor = {
  id: 'ingress-analytics',
  pages: {
    ingress: () => import('./ingress-page.tsx'),
    'ingress-requests': () => import('./requests-page.tsx'),
    'ingress-alerts': () => import('./alerts-page.tsx'),
  },
  locales: { en, 'zh-CN': zh },
}
