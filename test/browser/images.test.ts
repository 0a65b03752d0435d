/** The page of image moves in real Chromium: under way, ended in part, refused; in both languages and themes, empty, failing, with 100,000 images. */
import { expect, it } from 'vitest'
import { describeReal } from '#test/real.ts'
import { axeViolations } from './chromium.ts'
import { openPages } from './pages.ts'
import { MARKUP } from './workload-fixtures.ts'

describeReal('the page of image moves', ['chromium'], () => {
  const pages = openPages()
  const visit = (options = {}) => pages.visit('/image-moves', options)

  it('shows moves and syncs, one of them whole, and stops what runs; no name becomes markup', async () => {
    const { page, complaints } = await visit()
    await page.getByText('shop/nightly').first().waitFor()
    await page.getByText(MARKUP, { exact: true }).first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByText(MARKUP, { exact: true }).first().click()
    await page.getByText(/Target: registry\.example\.com has no room/).waitFor()
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Report' }).getAttribute('href')).toMatch(/\/image-moves\/[\w-]+\/report$/)
    await page.getByRole('radiogroup', { name: 'Outcome' }).getByText('Failed').click()
    await expect.poll(() => page.getByText('docker.io/shop/cart:1.3').count()).toBe(0)
    await page.getByText('docker.io/shop/cart:1.4').first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'All moves' }).click()
    await page.getByText('shop to the new registry').first().click()
    await page.getByText(/left$/).first().waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await expect.poll(() => pages.fixture.changes.map(({ path }) => path)).toContain('/image-moves/0199aa00-0000-7000-8000-00000000000a/cancel')
    expect(await page.evaluate(() => document.querySelectorAll('main img, main script').length)).toBe(0)
    // The fixture has no answer to the cancel, and the page says so; nothing else went wrong.
    expect(complaints.filter((line) => !line.includes('404'))).toEqual([])
  }, 60_000)

  it('speaks Chinese in the dark, also of what failed', async () => {
    const { page } = await visit({ locale: 'zh-CN', colorScheme: 'dark' })
    await page.getByRole('heading', { name: '镜像迁移' }).waitFor()
    await page.getByText('what edge-01 uses').first().click()
    await page
      .getByText(/没有空间存放/)
      .first()
      .waitFor()
    expect(await axeViolations(page)).toEqual([])
  }, 60_000)

  it('scrolls through a hundred thousand images', async () => {
    pages.fixture.mode = 'huge'
    const { page, complaints } = await visit()
    await page.getByText(MARKUP, { exact: true }).first().click()
    await page.getByText('docker.io/shop/cart:1.0').first().waitFor()
    expect(await page.locator('[role=row], tr').count()).toBeLessThan(400)
    expect(complaints).toEqual([])
    pages.fixture.mode = 'normal'
  }, 60_000)

  it('says that there is nothing, and what went wrong', async () => {
    pages.fixture.mode = 'empty'
    const { page } = await visit()
    await page.getByText(/sallyport images copy/).waitFor()
    expect(await axeViolations(page)).toEqual([])
    pages.fixture.mode = 'error'
    await page.goto(`${pages.fixture.url}/image-moves`)
    await page
      .getByRole('button', { name: /try again/i })
      .first()
      .waitFor()
    expect(await axeViolations(page)).toEqual([])
    pages.fixture.mode = 'normal'
  }, 60_000)
})
