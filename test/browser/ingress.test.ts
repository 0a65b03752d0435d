/** The ingress pages in real Chromium over seeded rows: clicked through, with no complaint of the console and no violation that axe can find. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildConsole } from '#apps/console/build.ts'
import type { RequestRow } from '#capabilities/ingress-analytics/domain/api.ts'
import { describeReal } from '#test/real.ts'
import { axeViolations, openPage, startChromium } from './chromium.ts'
import { type Fixture, LOGIN_TOKEN, startFixture } from './fixture-server.ts'
import { ingressAnswer, shopRows, shopRules } from './ingress-fixtures.ts'

const ROWS = 120_000
/** Patient: the machine may be busy with other tests. */
const poll = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 15_000 })

describeReal('ingress pages in a browser', ['chromium'], () => {
  const now = Date.now()
  const data = { rows: [] as RequestRow[], rules: shopRules(), now }
  let refuse = false
  let browser: Browser
  let fixture: Fixture

  beforeAll(async () => {
    data.rows = shopRows(now, ROWS)
    await buildConsole()
    fixture = await startFixture({
      answer: (method, path, query, body) =>
        refuse && path.startsWith('/ingress/')
          ? {
              status: 503,
              body: {
                error: { code: 'ENGINE_UNAVAILABLE', message: 'The telemetry engine is restarting.', next: 'Try again in a few seconds.', request: 'req-42' },
              },
            }
          : ingressAnswer(data, method, path, query, body),
    })
    browser = await startChromium()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await fixture?.close()
  })

  async function visit(
    path: string,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ page: Page; complaints: string[]; context: BrowserContext }> {
    const context = await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, ...options })
    const opened = await openPage(context)
    await opened.page.goto(`${fixture.url}/login#${LOGIN_TOKEN}`)
    await opened.page.waitForURL((url) => url.pathname === '/')
    await opened.page.goto(fixture.url + path)
    return { ...opened, context }
  }
  const search = (page: Page) => new URL(page.url()).searchParams
  const tile = (page: Page, label: string) => page.locator('main').getByText(label, { exact: true }).first().locator('..')
  const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor()

  it('drills from the picture to the rows that prove it', async () => {
    const { page, complaints, context } = await visit('/ingress?from=now-1h')
    await heading(page, 'Rankings')
    const before = await tile(page, 'Requests (PV)').innerText()

    // A value of a ranking narrows the page and moves to the next finer dimension.
    await page.getByRole('button', { name: 'shop/cart', exact: true }).click()
    await page.getByRole('tab', { name: 'Path pattern', selected: true }).waitFor()
    expect(search(page).getAll('f')).toEqual(['route:eq:shop/cart'])
    await poll(() => tile(page, 'Requests (PV)').innerText()).not.toBe(before)
    await poll(() => page.getByRole('grid', { name: 'Rankings: Path pattern' }).getByRole('row').count()).toBe(4)

    // A tile filters by its status class; the chip can be turned round and removed.
    await tile(page, '5xx').click()
    await page.getByRole('button', { name: 'Remove filter Status is 5xx' }).waitFor()
    await page.getByTitle('Turn Route is shop/cart into its opposite').click()
    await poll(() => search(page).getAll('f')).toContain('route:ne:shop/cart')
    await page.goBack()

    // Raw rows keep filters and range.
    await page.getByRole('button', { name: 'Open requests of /cart', exact: true }).click()
    await page.waitForURL((url) => url.pathname === '/ingress/requests')
    expect(search(page).getAll('f')).toEqual(['route:eq:shop/cart', 'status:gte:500', 'status:lte:599', 'path_pattern:eq:/cart'])
    expect(search(page).get('from')).toBe('now-1h')
    const rows = page.getByRole('grid', { name: 'Requests' }).getByRole('row')
    await poll(() => rows.nth(1).innerText()).toContain('/cart')

    // One row with all its fields, by keyboard.
    await page.getByRole('grid', { name: 'Requests' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('dialog', { name: 'Request details' })
    await drawer.getByText('Deployment/cart').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await drawer.getByRole('button', { name: 'Filter out Status' }).first().click()
    await poll(() =>
      search(page)
        .getAll('f')
        .some((f) => f.startsWith('status:ne:5')),
    ).toBe(true)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('says what is missing instead of drawing it', async () => {
    const { page, complaints, context } = await visit('/ingress?from=now-15m&f=service:eq:orders')
    await page.getByText('Not enough requests for P9999 yet (needs 10,000)').first().waitFor()
    await page.goto(`${fixture.url}/ingress?from=now-12h&f=service:eq:orders`)
    await page.getByText('This answer may be short of the truth').waitFor()
    await page.getByText(/^Rows before \d{4}-.* are gone or never were\.$/).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.goto(`${fixture.url}/ingress?from=2020-01-01T00:00:00.000Z&to=2020-01-01T01:00:00.000Z&f=service:eq:orders`)
    await page.getByText('No requests match').waitFor()
    await page.getByRole('button', { name: 'Remove all filters' }).click()
    await poll(() => search(page).getAll('f')).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
  })

  it('shows how to send lines when none ever came', async () => {
    const rows = data.rows
    data.rows = []
    const { page, complaints, context } = await visit('/ingress')
    await page.getByText('No access log line has arrived yet').waitFor()
    expect(await page.locator('code').allInnerTexts()).toContain(`${fixture.url}/loki/api/v1/push`)
    expect(await axeViolations(page)).toEqual([])
    expect(complaints).toEqual([])
    data.rows = rows
    await context.close()
  })

  it('shows an error with its code, the next step and the request id, and recovers', async () => {
    refuse = true
    const { page, context } = await visit('/ingress?from=now-1h')
    const alert = page.getByRole('alert').first()
    await alert.waitFor({ timeout: 20_000 })
    const text = await alert.innerText()
    for (const part of ['ENGINE_UNAVAILABLE', 'Try again in a few seconds.', 'req-42']) expect(text).toContain(part)
    refuse = false
    await alert
      .getByRole('button', { name: 'Try again' })
      .or(alert.getByRole('button', { name: 'Retry' }))
      .click()
    await tile(page, 'Requests (PV)').waitFor()
    await context.close()
  })

  it('compares with the period before and zooms by dragging', async () => {
    const { page, complaints, context } = await visit('/ingress?from=now-3h')
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('previous')
    await page.getByRole('button', { name: /All requests, earlier/ }).waitFor()
    await page.getByText('Total, earlier').waitFor()
    const plot = page.getByRole('img', { name: /^Requests by status\. / })
    await plot.scrollIntoViewIfNeeded()
    const box = (await plot.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 })
    await page.mouse.up()
    await page.waitForURL((url) => /^\d{4}-/.test(url.searchParams.get('from') ?? ''))
    const length = Date.parse(search(page).get('to')!) - Date.parse(search(page).get('from')!)
    expect(length).toBeGreaterThan(20 * 60_000)
    expect(length).toBeLessThan(60 * 60_000)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('moves while it is live', async () => {
    const { page, complaints, context } = await visit('/ingress?from=now-1h')
    await page.getByRole('switch', { name: 'Live' }).click({ force: true })
    const live = page.getByRole('region', { name: 'Last 60 seconds' })
    await live.getByText(/^Newest line/).waitFor()
    const bars = () => live.getByRole('img', { name: /^Requests per second/ }).getAttribute('aria-label')
    const first = await bars()
    await poll(bars).not.toBe(first)
    expect(search(page).get('live')).toBe('true')
    expect(complaints).toEqual([])
    await context.close()
  })

  it('pages through 100,000 rows', async () => {
    const { page, complaints, context } = await visit('/ingress/requests?from=now-6h&requests.sort=request_time')
    await page.getByText('Only the first 100,000 requests').waitFor()
    const grid = page.getByRole('grid', { name: 'Requests' })
    await poll(() => grid.getAttribute('aria-rowcount')).toBe('100001')
    await grid.focus()
    await page.keyboard.press('End')
    await page.locator('[role=row][aria-rowindex="100001"]').getByText(/ms|µs/).first().waitFor()
    expect(await page.locator('[role=row]').count()).toBeLessThan(80)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    const chunks: Buffer[] = []
    for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer)
    const lines = Buffer.concat(chunks).toString('utf8').split('\r\n').slice(0, -1)
    expect(lines).toHaveLength(10_001)
    expect(lines[0]).toBe('\uFEFFTime,Method,Host,Path,Status,Total time,Upstream time,Bytes out,Client,Upstream')
    expect(complaints).toEqual([])
    await context.close()
  }, 60_000)

  it('keeps, previews and deletes a rule', async () => {
    const { page, complaints, context } = await visit('/ingress/alerts')
    await page.getByText('Firing', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'New rule' }).click()
    const form = page.getByRole('dialog')
    await form.getByText('Would have fired once in the last 24 hours.', { exact: false }).waitFor()
    await form.getByRole('textbox', { name: 'Name' }).fill('Cart fails')
    await form.getByRole('textbox', { name: 'Threshold (%)' }).fill('plenty')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Enter a number.').waitFor()
    await form.getByRole('textbox', { name: 'Threshold (%)' }).fill('7')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('There is a rule with this name already.').waitFor()
    await form.getByRole('textbox', { name: 'Name' }).fill('Shop fails')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.waitFor({ state: 'hidden' })
    expect(data.rules.find((r) => r.name === 'Shop fails')).toMatchObject({ threshold: 0.07, number: 'rate_5xx' })

    await page.getByRole('button', { name: 'Shop fails' }).click()
    await form.getByRole('button', { name: 'Delete' }).click()
    expect(await form.getByRole('button', { name: 'Delete' }).isDisabled()).toBe(true)
    await form.getByLabel('It stops firing at once.', { exact: false }).fill('Shop fails')
    await form.getByRole('button', { name: 'Delete' }).click()
    await form.waitFor({ state: 'hidden' })
    expect(data.rules.some((r) => r.name === 'Shop fails')).toBe(false)
    expect(complaints).toEqual([])
    await context.close()
  })

  it.each([
    ['en', 'light', 1440],
    ['zh-CN', 'dark', 1440],
    ['zh-CN', 'light', 340],
  ] as const)(
    'is whole in %s, %s, %i px',
    async (locale, colorScheme, width) => {
      const { page, complaints, context } = await visit('/ingress?from=now-1h&compare=previous&f=service:eq:cart', {
        locale,
        colorScheme,
        viewport: { width, height: 900 },
      })
      for (const path of [
        '/ingress?from=now-1h&compare=previous&f=service:eq:cart',
        '/ingress/requests?from=now-1h',
        '/ingress/alerts',
        '/ingress/alerts?template=slow',
      ]) {
        await page.goto(fixture.url + path)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.waitForLoadState('networkidle')
        expect(await axeViolations(page), path).toEqual([])
        // Nothing but tables and strips of tabs may scroll sideways.
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), path).toBeLessThanOrEqual(0)
        const text = await page.locator('body').innerText()
        expect(text, path).not.toMatch(/\{\{|undefined|NaN|\[object|(^|\s)(alerts|number|field|panel|tile|rung|top|foot)\.[a-z]/m)
        if (locale === 'zh-CN') expect(text).toMatch(/[\u4e00-\u9fff]/)
      }
      expect(complaints).toEqual([])
      await context.close()
    },
    60_000,
  )
})
