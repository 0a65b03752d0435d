/** A new user's first minutes, all of it real: server with engine, agent on a log that grows, login link, Chromium. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { agentConfig } from '#apps/agent/config.ts'
import { runAgent } from '#apps/agent/run.ts'
import { buildConsole } from '#apps/console/build.ts'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { accessLine } from '#sandbox/site/access-line.ts'
import { describeReal } from '#test/real.ts'
import { axeViolations, openPage, startChromium } from '../browser/chromium.ts'

const BEFORE = 4000
const poll = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 60_000, interval: 250 })

describeReal('the console over the real server', ['chromium'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-console-'))
  const log = join(folder, 'access.log')
  const stop = new AbortController()
  const random = seededRandom(7)
  let server: RunningServer
  let browser: Browser
  let agent: Promise<void> | undefined
  let written = 0
  let failed = 0

  /** Appends requests that end at `at`; every tenth is a 502 of the cart. */
  function write(count: number, at: () => number): void {
    let text = ''
    for (let i = 0; i < count; i++) {
      const bad = written++ % 10 === 0
      if (bad) failed++
      const service = bad || random() < 0.3 ? 'cart' : 'catalog'
      const time = 0.01 + random() / 10
      text += accessLine({
        at: at(),
        client: `203.0.113.${Math.floor(random() * 200)}`,
        method: 'GET',
        host: 'shop.example',
        path: service === 'cart' ? '/cart' : `/products/${1000 + Math.floor(random() * 50)}`,
        query: '',
        protocol: 'HTTP/1.1',
        status: bad ? 502 : 200,
        bytesSent: 1234,
        requestLength: 321,
        requestTime: time,
        referer: '',
        userAgent: 'curl/8.16.0',
        requestId: written.toString(16).padStart(32, '0'),
        namespace: 'shop',
        ingress: service,
        service,
        port: 8080,
        arm: '',
        tries: [{ address: service === 'cart' ? '10.0.1.11:8080' : '10.0.0.11:8080', status: bad ? 502 : 200, time, length: 1200 }],
      })
    }
    appendFileSync(log, text)
  }

  beforeAll(async () => {
    const now = Date.now()
    writeFileSync(log, '')
    write(BEFORE, () => now - 20 * 60_000 + Math.floor(random() * 19 * 60_000))
    await buildConsole()
    server = await startServer({ data: join(folder, 'server'), port: 0, listen: '127.0.0.1', host: [], log: pino({ level: 'silent' }) })
    const { token } = await server.tokens.issue({ name: 'agent', cluster: 'local' })
    const config = await agentConfig({ server: server.url, data: folder, file: [log] }, { SALLYPORT_TOKEN: token })
    agent = runAgent(config, { clock: systemClock, env: {}, write: () => {} }, stop.signal)
    agent.catch(() => {})
    browser = await startChromium()
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    stop.abort()
    await agent?.catch(() => {})
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const number = async (page: Page, label: string) => {
    const text = (await page.locator('main').getByText(label, { exact: true }).first().locator('..').textContent({ timeout: 5_000 })) ?? ''
    return Number(/[\d,]+/.exec(text.slice(label.length))?.[0].replaceAll(',', ''))
  }

  it('shows numbers that move, leads to the rows behind them, in both languages and schemes', async () => {
    const context = await browser.newContext({ locale: 'en', colorScheme: 'light', viewport: { width: 1440, height: 900 } })
    const { page, complaints } = await openPage(context)
    const whole = async (where: string) => {
      expect(await axeViolations(page), where).toEqual([])
      expect(complaints, where).toEqual([])
    }

    // The login link works, and only once.
    const link = server.loginLink()
    await page.goto(link)
    await page.waitForURL((url) => url.pathname === '/')
    await whole('overview')

    await page.getByRole('link', { name: 'Ingress', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Ingress' }).waitFor()
    // No reload: the page looks again by itself.
    await poll(() => number(page, 'Requests (PV)')).toBe(BEFORE)
    await page.getByText('Not enough requests for P9999 yet (needs 10,000)').first().waitFor()

    // Live: lines written now are counted within seconds, without a reload.
    await page.getByRole('switch', { name: 'Live' }).click({ force: true })
    const live = page.getByRole('region', { name: 'Last 60 seconds' })
    await live.getByText(/Newest line|No line has arrived yet|Quiet/).waitFor()
    write(50, Date.now)
    await live.getByRole('grid', { name: 'Latest lines' }).getByText('502').first().waitFor()
    await page.getByRole('switch', { name: 'Live' }).click({ force: true })
    await poll(() => number(page, 'Requests (PV)')).toBe(BEFORE + 50)
    await whole('ingress')

    // From the ranking to the raw rows that prove it.
    await page.getByRole('button', { name: 'shop/cart', exact: true }).click()
    await page.locator('main').getByText('5xx', { exact: true }).first().click()
    await poll(() => number(page, 'Requests (PV)')).toBe(failed)
    await page.getByRole('button', { name: 'Open requests of /cart', exact: true }).click()
    const grid = page.getByRole('grid', { name: 'Requests' })
    await poll(() => grid.getAttribute('aria-rowcount')).toBe(String(failed + 1))
    await poll(() => grid.getByRole('row').nth(1).textContent()).toMatch(/shop\.example\/cart502/)
    await whole('requests')

    // Another language and scheme at once, on this page, kept on the next.
    await page.getByRole('button', { name: 'Language' }).click()
    await page.getByText('简体中文').click()
    await page.getByRole('heading', { level: 1, name: '请求明细' }).waitFor()
    await page.getByRole('button', { name: '主题' }).click()
    await page.getByText('深色').click()
    await poll(() => page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe('dark')
    await page.getByRole('menu').waitFor({ state: 'hidden' })
    await whole('requests in Chinese, dark')
    await page.getByRole('button', { name: '返回入口流量' }).click()
    await page.getByRole('heading', { level: 1, name: '入口流量' }).waitFor()
    await poll(() => number(page, '请求量（PV）')).toBe(failed)
    await page.waitForLoadState('networkidle')
    await whole('ingress in Chinese, dark')

    // A used link does not work again.
    const other = await browser.newContext({ locale: 'en' })
    const second = await openPage(other)
    await second.page.goto(link)
    await second.page.getByText('LOGIN_LINK_USED').or(second.page.getByText('This login link was used already')).first().waitFor()
    await other.close()
    await context.close()
  }, 300_000)
})
