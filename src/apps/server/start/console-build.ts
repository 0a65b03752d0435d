/** Builds the console when it is missing or its sources changed, in a child process: the builder's memory must not stay with the server. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { CodedError } from '#core/kernel/errors.ts'
import { readIfThere } from '#kits/server-kit/files.ts'

const ROOT = resolve(import.meta.dirname, '../../../..')
const OUT = join(ROOT, 'dist/console')
const STAMP = join(OUT, 'sources.sha256')
const CONFIG = join(ROOT, 'src/apps/console/vite.config.ts')
/** What may go into the console. */
const SOURCES = ['src/apps/console', 'src/kits/console-kit', 'src/capabilities', 'src/core', 'package-lock.json']

/** Folder of the built console; `onBuild` is called when there is something to build. Throws BUILD_FAILED. */
export async function builtConsole(onBuild: () => void): Promise<string> {
  // A release carries the built console and no sources.
  if (!existsSync(CONFIG)) return OUT
  const wanted = await hashOf(SOURCES)
  if ((await readIfThere(STAMP))?.trim() === wanted) return OUT
  onBuild()
  const script = `import { build } from 'vite'; await build({ configFile: ${JSON.stringify(CONFIG)}, configLoader: 'native' })`
  try {
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production' },
      timeout: 300_000,
    })
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new CodedError('BUILD_FAILED', { what: 'the console', reason: (stderr || message).trim().slice(-2000) }, { cause: error })
  }
  await writeFile(STAMP, `${wanted}\n`)
  return OUT
}

async function hashOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) {
    const names = await readdir(join(ROOT, path), { recursive: true, withFileTypes: true }).then(
      (entries) => entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
      () => [join(ROOT, path)],
    )
    for (const name of names.filter((name) => !/\.test\.tsx?$/.test(name)).sort())
      hash
        .update(`${name.slice(ROOT.length)}\0`)
        .update(await readFile(name))
        .update('\0')
  }
  return hash.digest('hex')
}
