/** The inspection page in real Chromium: much found, nothing yet, an error; a finding with its fix; in both languages and themes, with 100,000 findings. */
import { expect, it } from 'vitest'
import { describeReal } from '#test/real.ts'
import { axeViolations } from './chromium.ts'
import { openPages } from './pages.ts'
import { MARKUP } from './workload-fixtures.ts'

describeReal('the inspection page', ['chromium'], () => {
  const pages = openPages()
  const { visit } = pages

  it('goes from the list to a finding, its documentation and its fix; no name becomes markup', async () => {
    const { page, complaints } = await visit('/inspections')
    await page.getByText(`spec.schedule: ${MARKUP}`).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'nightly' }).click()
    await page.getByText('forbidden: list is not allowed here').waitFor()
    await page.getByText(`Deployment ${MARKUP}`, { exact: true }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByText('Deployment app-0', { exact: true }).click()
    expect(await page.getByRole('link', { name: 'container-privileged' }).getAttribute('href')).toBe('/api/v1/inspection-checks/container-privileged')
    await page.getByRole('dialog').getByRole('button').filter({ hasText: /fix/i }).first().click()
    await page.getByText('the 3 pods of Deployment app-0', { exact: false }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    expect(await page.evaluate(() => document.querySelectorAll('main img, main script').length)).toBe(0)
    expect(complaints).toEqual([])
  }, 60_000)

  it('speaks Chinese in the dark', async () => {
    const { page } = await visit('/inspections?name=nightly', { locale: 'zh-CN', colorScheme: 'dark' })
    await page.getByText('forbidden: list is not allowed here').waitFor()
    await page.getByText('Deployment app-0', { exact: true }).waitFor()
    expect(await axeViolations(page)).toEqual([])
  }, 60_000)

  it('scrolls through a hundred thousand findings', async () => {
    pages.fixture.mode = 'huge'
    const { page, complaints } = await visit('/inspections?name=nightly')
    await page.getByText('Deployment app-0', { exact: true }).waitFor()
    expect(await page.locator('[role=row], tr').count()).toBeLessThan(400)
    expect(complaints).toEqual([])
    pages.fixture.mode = 'normal'
  }, 60_000)

  it('says that there is nothing, that nothing was found, and what went wrong', async () => {
    pages.fixture.mode = 'empty'
    const { page } = await visit('/inspections')
    await page.getByRole('button', { name: 'Inspect every night' }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    pages.fixture.mode = 'normal'
    await page.goto(`${pages.fixture.url}/inspections?name=clean`)
    await page.getByText('It has not run yet').waitFor()
    expect(await axeViolations(page)).toEqual([])
    pages.fixture.mode = 'error'
    await page.goto(`${pages.fixture.url}/inspections?name=nightly`)
    await page
      .getByRole('button', { name: /try again/i })
      .first()
      .waitFor()
    expect(await axeViolations(page)).toEqual([])
    pages.fixture.mode = 'normal'
  }, 60_000)
})
