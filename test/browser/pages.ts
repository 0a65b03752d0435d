/** The built console over canned answers in a real browser, for the tests of one page. Called in their `describe`. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { buildConsole } from '#apps/console/build.ts'
import { openPage, startChromium } from './chromium.ts'
import { type Fixture, LOGIN_TOKEN, startFixture } from './fixture-server.ts'

export function openPages() {
  let browser: Browser
  const pages = {
    fixture: undefined as unknown as Fixture,
    /** The path, logged in; in English and light unless said. */
    async visit(path: string, options: Parameters<Browser['newContext']>[0] = {}) {
      const opened = await openPage(await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, ...options }))
      await opened.page.goto(`${pages.fixture.url}/login#${LOGIN_TOKEN}`)
      await opened.page.waitForURL((url) => url.pathname === '/')
      await opened.page.goto(pages.fixture.url + path)
      return opened
    },
  }
  beforeAll(async () => {
    await buildConsole()
    pages.fixture = await startFixture()
    browser = await startChromium()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await pages.fixture?.close()
  })
  return pages
}
