/** Builds the console into dist/console, unless what is there was built from the same files. `--force` builds anyway. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const DIST = join(ROOT, 'dist')
const OUT = join(DIST, 'console')
const STAMP = '.built-from'

/** Everything that can reach the bundle: the browser's folders, what they import of core, and the versions of what they use. */
async function sourceHash(): Promise<string> {
  const hash = createHash('sha256')
  const files = [join(ROOT, 'package-lock.json')]
  for (const folder of ['src/core', 'src/kits/console-kit', 'src/apps/console', 'src/capabilities']) {
    const names = await readdir(join(ROOT, folder), { recursive: true })
    files.push(...names.filter((name) => /\.(tsx?|css|json|html|svg|js)$/.test(name) && !/\.test\.tsx?$/.test(name)).map((name) => join(ROOT, folder, name)))
  }
  for (const file of files.sort())
    hash
      .update(relative(ROOT, file))
      .update('\0')
      .update(await readFile(file))
      .update('\0')
  return hash.digest('hex')
}

const stamped = () => readFile(join(OUT, STAMP), 'utf8').catch(() => '')

/** Was what is in dist/console built from the files of now? */
export const consoleIsFresh = async (): Promise<boolean> => (await stamped()) === (await sourceHash())

/** True when something was built. */
export async function buildConsole(options: { force?: boolean } = {}): Promise<boolean> {
  const hash = await sourceHash()
  if (!options.force && (await stamped()) === hash) return false
  // Loaded only when there is something to build.
  const { build } = await import('vite')
  await mkdir(DIST, { recursive: true })
  // Built aside: others may be serving, or building, what is there now.
  const aside = await mkdtemp(join(DIST, '.console-'))
  const environment = process.env.NODE_ENV
  // Whoever asks (a test run names another environment), what is built is what is shipped, not React's development build.
  process.env.NODE_ENV = 'production'
  try {
    const built = join(aside, 'new')
    await build({ configFile: join(import.meta.dirname, 'vite.config.ts'), build: { outDir: built } })
    await writeFile(join(built, STAMP), hash)
    if (!options.force && (await stamped()) === hash) return false
    await rename(OUT, join(aside, 'old')).catch(() => {})
    await rename(built, OUT)
  } finally {
    if (environment === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = environment
    await rm(aside, { recursive: true, force: true })
  }
  return true
}

if (import.meta.main) await buildConsole({ force: process.argv.includes('--force') })
