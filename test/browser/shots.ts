/** Pictures of every page in light and dark, en and zh-CN, to look at: `node test/browser/shots.ts FOLDER [mode] [path…]`. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Mode } from './canned-answers.ts'
import { axeViolations, openPage, startChromium } from './chromium.ts'
import { LOGIN_TOKEN, startFixture } from './fixture-server.ts'

export const PAGES = [
  '/',
  '/workloads',
  '/objects',
  '/objects?kind=apps/v1/Deployment&object=shop/cart',
  '/objects?kind=apps/v1/Deployment&object=shop/cart&tab=timeline',
  '/objects?kind=apps/v1/Deployment&object=shop/cart&tab=relations',
  '/objects?kind=apps/v1/Deployment&object=shop/cart&tab=yaml',
  '/releases',
  '/releases?canary=shop/cart',
  '/releases?canary=shop/orders',
  '/image-moves',
  '/image-moves?move=0199aa00-0000-7000-8000-00000000000b',
  '/audit',
  '/inspections',
  '/inspections?name=nightly',
  '/inspections?name=nightly&finding=f0',
  '/nodes',
  '/nodes?node=worker-0001',
  '/ingress',
  '/ingress/requests',
  '/ingress/alerts',
  '/logs',
  '/logs?view=patterns',
  '/metrics',
  '/metrics?query=rate(process_cpu_seconds_total[5m])',
  '/metrics?query=rate(up',
  '/dashboards?dashboard=collection',
  '/rules',
  '/targets',
  '/settings/sources',
  '/settings/storage',
  '/settings/notifications',
  '/settings/tokens',
  '/settings/about',
  '/nowhere',
]

const [folder = 'shots', mode = 'normal', ...paths] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const fixture = await startFixture({ mode: mode as Mode })
const browser = await startChromium()
try {
  for (const [scheme, language] of [
    ['light', 'en'],
    ['dark', 'zh-CN'],
    ['dark', 'en'],
    ['light', 'zh-CN'],
  ] as const) {
    const context = await browser.newContext({ colorScheme: scheme, locale: language, viewport: { width: 1440, height: 900 } })
    const { page, complaints } = await openPage(context)
    await page.goto(`${fixture.url}/login#${LOGIN_TOKEN}`)
    await page.waitForURL((url) => url.pathname === '/')
    for (const path of paths.length > 0 ? paths : PAGES) {
      await page.goto(fixture.url + path)
      await page.waitForLoadState('load')
      // What may pass by itself is asked again twice before it is said.
      await page.waitForTimeout(mode === 'error' ? 5_000 : 2_000)
      await page.screenshot({ path: join(folder, `${mode}-${scheme}-${language}-${path.replaceAll(/[/?=&]/g, '_')}.png`) })
      const violations = await axeViolations(page)
      console.log(scheme, language, path, [...complaints.splice(0), ...violations].join('\n   ') || 'ok')
    }
    await context.close()
  }
} finally {
  await browser.close()
  await fixture.close()
}
