/** The releases page in real Chromium: what people see and press, in both languages, empty and failing, and on paper. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildConsole } from '#apps/console/build.ts'
import { describeReal } from '#test/real.ts'
import { axeViolations, openPage, startChromium } from './chromium.ts'
import { type Fixture, LOGIN_TOKEN, startFixture } from './fixture-server.ts'

describeReal('the releases page', ['chromium'], () => {
  let browser: Browser
  let fixture: Fixture
  beforeAll(async () => {
    await buildConsole()
    fixture = await startFixture({ answer: (method) => (method === 'POST' ? { status: 200, body: {} } : undefined) })
    browser = await startChromium()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await fixture?.close()
  })

  async function visit(path: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<{ page: Page; complaints: string[] }> {
    const opened = await openPage(await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, ...options }))
    await opened.page.goto(`${fixture.url}/login#${LOGIN_TOKEN}`)
    await opened.page.waitForURL((url) => url.pathname === '/')
    await opened.page.goto(fixture.url + path)
    return opened
  }

  it('lists releases, opens one, and asks before it promotes', async () => {
    const { page, complaints } = await visit('/releases')
    await page.getByText('shop/orders').waitFor()
    await page.getByText('At this traffic a promotion takes about 38 min after its start.').waitFor()
    await page.getByText('shop/cart', { exact: true }).click()
    await page.getByRole('heading', { name: 'Evidence' }).waitFor()
    for (const text of ['queue-length', 'A/A check passed', 'HTTP 503 busy', 'Metric is gone']) await page.getByText(text).first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect.poll(() => fixture.changes.at(-1)?.body).toEqual({ command: 'pause' })
    await page.getByRole('button', { name: 'Promote' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('cart')
    await page.getByRole('dialog').getByRole('button', { name: 'Promote' }).click()
    await expect.poll(() => fixture.changes.at(-1)?.body).toEqual({ command: 'promote' })
    expect(complaints).toEqual([])
  }, 60_000)

  it('speaks Chinese, also what the cluster says in English', async () => {
    const { page } = await visit('/releases?canary=shop/orders', { locale: 'zh-CN', colorScheme: 'dark' })
    await page
      .getByText(/金丝雀超出预算：errors/)
      .first()
      .waitFor()
    await page.getByText('第 1 步（共 2 步）：10 % 的流量。金丝雀已就绪。').waitFor()
    expect(await axeViolations(page)).toEqual([])
  }, 60_000)

  it('fits on paper: without what is pressed, with nothing cut off', async () => {
    const { page } = await visit('/releases?canary=shop/cart')
    await page.getByRole('heading', { name: 'Evidence' }).waitFor()
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize({ width: 720, height: 1000 })
    expect(await page.getByRole('button', { name: 'Promote' }).isVisible()).toBe(false)
    await expect
      .poll(() => page.evaluate(() => [...document.querySelectorAll('table')].filter((table) => table.getBoundingClientRect().right > innerWidth + 1).length))
      .toBe(0)
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000)
  }, 60_000)

  it('says that there is nothing, and what went wrong', async () => {
    fixture.mode = 'empty'
    const { page } = await visit('/releases')
    await page.getByText('No canary is declared in this cluster').waitFor()
    fixture.mode = 'error'
    await page.goto(`${fixture.url}/releases`)
    await page
      .getByRole('button', { name: /try again|retry/i })
      .first()
      .waitFor()
    fixture.mode = 'normal'
  }, 60_000)
})
