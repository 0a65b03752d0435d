/** What a browser loads before the first page stands: JavaScript and CSS of the entry and of the page, gzip. Fails over budget. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildConsole } from '#apps/console/build.ts'

const OUT = join(import.meta.dirname, '../dist/console')
const BUDGET = { first: 350_000, lazy: 150_000 }

interface Chunk {
  file: string
  isEntry?: boolean
  isDynamicEntry?: boolean
  imports?: string[]
  dynamicImports?: string[]
  css?: string[]
}

await buildConsole()
const manifest = JSON.parse(await readFile(join(OUT, 'manifest.json'), 'utf8')) as Record<string, Chunk>
const sizes = new Map<string, number>()
async function gzipped(file: string): Promise<number> {
  const known = sizes.get(file)
  if (known !== undefined) return known
  const size = gzipSync(await readFile(join(OUT, file)), { level: 9 }).length
  sizes.set(file, size)
  return size
}

/** A chunk and everything that it needs before it runs. */
function closure(name: string, into = new Set<string>()): Set<string> {
  if (into.has(name)) return into
  into.add(name)
  for (const next of manifest[name]?.imports ?? []) closure(next, into)
  return into
}
async function weight(names: Iterable<string>): Promise<{ js: number; css: number }> {
  let js = 0
  const styles = new Set<string>()
  for (const name of names) {
    const chunk = manifest[name]
    if (!chunk) continue
    if (chunk.file.endsWith('.js')) js += await gzipped(chunk.file)
    for (const file of chunk.css ?? []) styles.add(file)
  }
  let css = 0
  for (const file of styles) css += await gzipped(file)
  return { js, css }
}

const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry)
if (!entry) throw new Error('the manifest has no entry')
const shell = closure(entry)
const pages = Object.keys(manifest).filter((name) => manifest[name]?.isDynamicEntry)
if (pages.length === 0) throw new Error('the manifest has no page')

let failed = false
const report = (what: string, { js, css }: { js: number; css: number }, budget: number) => {
  const over = js > budget
  failed ||= over
  console.log(`${over ? '✖' : '✔'} ${what.padEnd(64)} ${kB(js).padStart(10)} JS of ${kB(budget)}, ${kB(css)} CSS`)
}
const base = await weight(shell)
report('shell alone', base, BUDGET.first)
for (const page of pages) {
  const all = closure(page, new Set(shell))
  const whole = await weight(all)
  const own = await weight([...all].filter((name) => !shell.has(name)))
  if (/page\.tsx$|overview\.tsx$|settings\.tsx$/.test(page)) report(`first load of ${page}`, whole, BUDGET.first)
  report(`lazy part of ${page}`, own, BUDGET.lazy)
}
if (failed) process.exitCode = 1
