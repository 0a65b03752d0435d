/**
 * Pictures of the ingress page for the README, from a demo that has run for some minutes:
 * `node docs/screenshots.ts "$(./bin/sallyport login-link)"`. Each link logs in once, and one is enough.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { startChromium } from '#test/browser/chromium.ts'

const FOLDER = join(import.meta.dirname, 'images')
const WIDTH = 1440
const HEIGHT = 1130
/** The README is read over the network. */
const MOST_BYTES = 300_000
const SHOTS = [
  { file: 'ingress-light.png', scheme: 'light', language: 'en' },
  { file: 'ingress-zh-dark.png', scheme: 'dark', language: 'zh-CN' },
] as const

const [link = '', range = 'now-15m'] = process.argv.slice(2)
if (!URL.canParse(link)) {
  process.stderr.write('usage: node docs/screenshots.ts URL-OF-LOGIN-LINK [from]\n')
  process.exit(2)
}
const browser = await startChromium()
try {
  const first = await browser.newContext()
  const page = await first.newPage()
  await page.goto(link)
  await page.getByRole('navigation').first().waitFor()
  const storageState = await first.storageState()
  for (const { file, scheme, language } of SHOTS) {
    const context = await browser.newContext({ storageState, colorScheme: scheme, locale: language, viewport: { width: WIDTH, height: HEIGHT } })
    const shot = await context.newPage()
    await shot.goto(`${new URL(link).origin}/ingress?from=${range}`)
    // Every chart is drawn and nothing is a skeleton.
    await shot.locator('.u-over').nth(3).waitFor()
    await shot.waitForFunction(() => document.querySelector('[aria-busy="true"], [class*="skeleton"]') === null)
    const path = join(FOLDER, file)
    await shot.screenshot({ path })
    const { size } = await stat(path)
    process.stdout.write(`${path} ${size} bytes\n`)
    if (size > MOST_BYTES) process.exitCode = 1
    await context.close()
  }
} finally {
  await browser.close()
}
