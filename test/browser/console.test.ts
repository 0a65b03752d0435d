/** The built console in Debian's Chromium under the server's CSP: every page in both languages and themes, with no complaint and no axe violation. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildConsole } from '#apps/console/build.ts'
import { describeReal } from '#test/real.ts'
import type { Mode } from './canned-answers.ts'
import { axeViolations, openPage, startChromium } from './chromium.ts'
import { CLUSTER_TOKEN, type Fixture, LOGIN_TOKEN, startFixture } from './fixture-server.ts'
import { MARKUP } from './workload-fixtures.ts'

const PAGES = [
  '/',
  '/workloads',
  '/objects',
  '/objects?kind=apps/v1/Deployment&object=shop/cart',
  '/objects?kind=apps/v1/Deployment&object=shop/cart&tab=timeline',
  '/objects?kind=apps/v1/Deployment&object=shop/cart&tab=relations',
  '/objects?kind=apps/v1/Deployment&object=shop/cart&tab=yaml',
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
/** A busy machine takes its time; what never comes fails all the same. */
const PATIENCE_MS = 120_000

describeReal('console in a browser', ['chromium'], () => {
  let browser: Browser
  let fixture: Fixture
  beforeAll(async () => {
    await buildConsole()
    browser = await startChromium()
    fixture = await startFixture()
  }, PATIENCE_MS)
  afterAll(async () => {
    await browser?.close()
    await fixture?.close()
  })

  async function loggedIn(options: { mode?: Mode; scheme?: 'light' | 'dark'; language?: string } = {}) {
    fixture.mode = options.mode ?? 'normal'
    const context = await browser.newContext({
      colorScheme: options.scheme ?? 'light',
      locale: options.language ?? 'en',
      viewport: { width: 1440, height: 900 },
    })
    const opened = await openPage(context)
    await opened.page.goto(`${fixture.url}/login#${LOGIN_TOKEN}`)
    await opened.page.getByRole('navigation').first().waitFor()
    return { ...opened, context }
  }
  const settled = (page: Page) =>
    page.waitForFunction(() => document.querySelector('h1') !== null && document.querySelector('[aria-busy="true"]') === null, undefined, { timeout: 90_000 })

  for (const [scheme, language] of [
    ['light', 'en'],
    ['dark', 'zh-CN'],
  ] as const) {
    for (const mode of ['normal', 'empty', 'error'] as const) {
      test(
        `every page, ${scheme}, ${language}, ${mode}: no complaint, no violation`,
        async () => {
          const { page, complaints, context } = await loggedIn({ scheme, language, mode })
          expect(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe(scheme)
          const found: string[] = []
          for (const path of PAGES) {
            await page.goto(fixture.url + path)
            await settled(page)
            found.push(...(await axeViolations(page)).map((violation) => `${path} ${violation}`))
            found.push(...complaints.splice(0).map((complaint) => `${path} ${complaint}`))
          }
          expect(found).toEqual([])
          await context.close()
        },
        // Every page there is, one after the other.
        3 * PATIENCE_MS,
      )
    }
  }

  test(
    'an object of more than a megabyte, full of markup, is shown as it is written',
    async () => {
      const { page, complaints, context } = await loggedIn()
      const at = `${fixture.url}/objects?kind=apps/v1/Deployment&object=shop/hostile`
      await page.goto(at)
      await page.getByText(MARKUP, { exact: false }).first().waitFor()
      await page.goto(`${at}&tab=yaml`)
      await page.locator('.cm-content').getByText('hostile').first().waitFor()
      expect(await page.locator('img[src="x"], main b').count()).toBe(0)
      expect(await page.title()).not.toBe('1')
      expect(complaints).toEqual([])
      await context.close()
    },
    PATIENCE_MS,
  )

  test(
    'the login link logs in once, leaves no secret in the address, and a bad one says why',
    async () => {
      const context = await browser.newContext({ locale: 'en' })
      const { page } = await openPage(context)
      await page.goto(`${fixture.url}/ingress?from=now-6h`)
      await page.waitForURL((url) => url.pathname === '/login')
      await page.getByLabel('Login link').fill('http://host/login#wrong')
      await page.getByRole('button', { name: 'Log in', exact: true }).click()
      await page.getByText('LOGIN_LINK_USED').waitFor()
      await page.getByLabel('Login link').fill(LOGIN_TOKEN)
      await page.getByRole('button', { name: 'Log in', exact: true }).click()
      await page.waitForURL((url) => url.pathname === '/ingress' && url.searchParams.get('from') === 'now-6h')
      expect(await page.evaluate(() => location.href)).not.toContain(LOGIN_TOKEN)
      await context.close()
    },
    PATIENCE_MS,
  )

  test(
    'a Kubernetes token logs in to its cluster, and the identity provider is offered where there is one',
    async () => {
      for (const [scheme, language] of [
        ['light', 'en'],
        ['dark', 'zh-CN'],
      ] as const)
        for (const mode of ['normal', 'empty', 'error'] as const) {
          fixture.mode = mode
          const context = await browser.newContext({ locale: language, colorScheme: scheme })
          const opened = await openPage(context)
          await opened.page.goto(`${fixture.url}/login`)
          await settled(opened.page)
          await opened.page
            .getByText(language === 'en' ? 'Log in with id.example.com' : '通过 id.example.com 登录')
            .waitFor({ state: mode === 'normal' ? 'visible' : 'detached' })
          expect(await axeViolations(opened.page), `${mode} ${language}`).toEqual([])
          await context.close()
        }
      fixture.mode = 'normal'
      const context = await browser.newContext({ locale: 'en' })
      const { page } = await openPage(context)
      await page.goto(`${fixture.url}/login?next=/settings/about`)
      expect(await page.getByRole('link', { name: 'Log in with id.example.com' }).getAttribute('href')).toBe('/api/v1/login/oidc')
      await page.getByRole('button', { name: 'Use a Kubernetes token' }).click()
      await page.getByLabel('Kubernetes token').fill(CLUSTER_TOKEN)
      await page.getByRole('button', { name: 'Log in', exact: true }).click()
      await page.getByText('TOKEN_UNKNOWN').waitFor()
      expect(await axeViolations(page)).toEqual([])
      await page.getByLabel('Cluster').selectOption('edge-01')
      await page.getByRole('button', { name: 'Log in', exact: true }).click()
      await page.waitForURL((url) => url.pathname === '/settings/about')
      await context.close()
    },
    PATIENCE_MS,
  )

  test(
    'a session that ends asks for a new link above the page, which stays',
    async () => {
      const { page, context } = await loggedIn()
      await page.goto(`${fixture.url}/settings/storage`)
      await page.getByLabel('Budget: access').fill('33')
      fixture.endSessions()
      await page.getByRole('button', { name: 'Save' }).click()
      const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
      await dialog.getByLabel('Login link').fill(LOGIN_TOKEN)
      await dialog.getByRole('button', { name: 'Log in' }).click()
      await dialog.waitFor({ state: 'hidden' })
      expect(await page.getByLabel('Budget: access').inputValue()).toBe('33 GiB')
      fixture.changes.length = 0
      await page.getByRole('button', { name: 'Save' }).click()
      await expect.poll(() => fixture.changes).toEqual([{ method: 'PUT', path: '/settings/retention', body: { access: { budgetBytes: 33 * 1024 ** 3 } } }])
      await context.close()
    },
    PATIENCE_MS,
  )

  test(
    'theme, language and palette work by keyboard, and outlive a reload',
    async () => {
      const { page, complaints, context } = await loggedIn()
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Go to a page or do something').fill('Dark')
      await page.keyboard.press('Enter')
      await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'dark')
      await page.getByPlaceholder('Go to a page or do something').waitFor({ state: 'hidden' })
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Go to a page or do something').fill('中文')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: '总览' }).waitFor()
      await page.reload()
      await page.getByRole('heading', { name: '总览' }).waitFor()
      expect(await page.evaluate(() => [document.documentElement.dataset.mantineColorScheme, document.documentElement.lang])).toEqual(['dark', 'zh-CN'])
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: '快捷键' }).waitFor()
      expect(await axeViolations(page)).toEqual([])
      expect(complaints).toEqual([])
      await context.close()
    },
    PATIENCE_MS,
  )

  test(
    'the time range is typed, frozen, shared and kept from page to page',
    async () => {
      const { page, context } = await loggedIn()
      await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      await page.goto(`${fixture.url}/ingress`)
      await settled(page)
      await page.keyboard.press('t')
      await page.keyboard.press('e')
      await page.getByLabel('Time range').fill('6h')
      await page.keyboard.press('Enter')
      await page.waitForURL((url) => url.searchParams.get('from') === 'now-6h')
      await page.getByRole('link', { name: 'Requests', exact: true }).first().click()
      await page.waitForURL((url) => url.pathname === '/ingress/requests' && url.searchParams.get('from') === 'now-6h')
      await settled(page)
      await page.keyboard.press('t')
      await page.keyboard.press('s')
      await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/from=\d{4}-\d\d-\d\dT/)
      await page.keyboard.press('t')
      await page.keyboard.press('a')
      await page.waitForURL((url) => /^\d{4}-/.test(url.searchParams.get('from') ?? ''))
      await context.close()
    },
    PATIENCE_MS,
  )

  test(
    'a table of 100,000 rows on the server: scrolled to its end, sorted and opened by keyboard, state in the address',
    async () => {
      const { page, complaints, context } = await loggedIn({ mode: 'huge' })
      await page.goto(`${fixture.url}/ingress/requests`)
      await settled(page)
      const grid = page.getByRole('grid')
      expect(await grid.getAttribute('aria-rowcount')).toBe('100001')
      await grid.focus()
      await page.keyboard.press('End')
      await page.locator('[role=row][aria-rowindex="100001"]').getByText('203.0.113.').first().waitFor()
      await page.getByRole('columnheader').getByRole('button').first().click()
      await page.waitForURL((url) => [...url.searchParams.keys()].some((key) => key.endsWith('.order') || key.endsWith('.sort')))
      expect(complaints).toEqual([])
      await context.close()
    },
    PATIENCE_MS,
  )

  test(
    'dragging over a chart zooms the time range of the page',
    async () => {
      const { page, context } = await loggedIn()
      await page.goto(`${fixture.url}/ingress`)
      const plot = page.locator('.u-over').first()
      await plot.waitFor()
      const box = (await plot.boundingBox()) as { x: number; y: number; width: number; height: number }
      await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2, { steps: 5 })
      await page.mouse.up()
      await page.waitForURL((url) => url.searchParams.has('from'))
      const search = new URL(page.url()).searchParams
      const length = Date.parse(search.get('to') as string) - Date.parse(search.get('from') as string)
      expect(length).toBeGreaterThan(12 * 60_000)
      expect(length).toBeLessThan(18 * 60_000)
      await context.close()
    },
    PATIENCE_MS,
  )
})
