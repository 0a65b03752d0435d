/** The audit page in real Chromium: in both languages and themes, empty and failing, with hostile names and a hundred thousand events. */
import { expect, it } from 'vitest'
import { describeReal } from '#test/real.ts'
import { axeViolations } from './chromium.ts'
import { openPages } from './pages.ts'
import { MARKUP } from './workload-fixtures.ts'

describeReal('the audit page', ['chromium'], () => {
  const pages = openPages()
  const visit = (options = {}, path = '/audit') => pages.visit(path, options)

  it('shows deeds, one event whole, and the timeline of a person; no name becomes markup', async () => {
    const { page, complaints } = await visit()
    await page.getByText('secrets-listed').first().waitFor()
    await page.getByText(MARKUP, { exact: true }).first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByText('pods/exec/cart-7d9f').first().click()
    await page.getByRole('dialog').getByText('ResponseStarted').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Timeline of this person' }).click()
    await expect.poll(() => new URL(page.url()).search).toContain('lee')
    await expect.poll(() => page.getByText('secrets-listed').count()).toBeLessThan(2)
    // what a page says that it cannot know
    await page.getByText(/typed after exec/).waitFor()
    const file = await page.getByRole('link', { name: 'Export as CSV' }).getAttribute('href')
    expect(file).toContain('filter=user%3Aeq%3Alee')
    expect(await page.evaluate(() => document.querySelectorAll('main img, main script').length)).toBe(0)
    expect(complaints).toEqual([])
  }, 60_000)

  it('speaks Chinese in the dark', async () => {
    const { page } = await visit({ locale: 'zh-CN', colorScheme: 'dark' })
    await page.getByRole('heading', { name: '审计' }).waitFor()
    await page.getByText('pods/exec/cart-7d9f').first().click()
    await page.getByRole('dialog').getByText('鉴权结果').waitFor()
    expect(await axeViolations(page)).toEqual([])
  }, 60_000)

  it('scrolls through a hundred thousand events', async () => {
    pages.fixture.mode = 'huge'
    const { page, complaints } = await visit()
    await page.getByText('pods/exec/cart-7d9f').first().waitFor()
    expect(await page.locator('[role=row], tr').count()).toBeLessThan(400)
    expect(complaints).toEqual([])
    pages.fixture.mode = 'normal'
  }, 60_000)

  it('says that there is nothing, and what went wrong', async () => {
    pages.fixture.mode = 'empty'
    const { page } = await visit()
    await page
      .getByText(/sallyport audit setup/)
      .first()
      .waitFor()
    expect(await axeViolations(page)).toEqual([])
    pages.fixture.mode = 'error'
    await page.goto(`${pages.fixture.url}/audit`)
    await page
      .getByRole('button', { name: /try again|retry/i })
      .first()
      .waitFor()
    expect(await axeViolations(page)).toEqual([])
    pages.fixture.mode = 'normal'
  }, 60_000)
})
