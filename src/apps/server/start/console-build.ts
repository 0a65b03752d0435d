import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { CodedError } from '#core/kernel/errors.ts'

const ROOT = resolve(import.meta.dirname, '../../../..')
const BUILD = resolve(ROOT, 'src/apps/console/build.ts')

/**
 * Folder of the built console; built first when it is missing or older than its sources, in a child process, because the builder's memory must not stay with
 * the server. `onBuild` is called when there is something to build. Throws BUILD_FAILED.
 */
export async function builtConsole(onBuild: () => void): Promise<string> {
  const folder = resolve(ROOT, 'dist/console')
  // A release carries the built console and no sources.
  if (!existsSync(BUILD)) return folder
  const { consoleIsFresh } = (await import(BUILD)) as typeof import('#apps/console/build.ts')
  if (await consoleIsFresh()) return folder
  onBuild()
  try {
    await promisify(execFile)(process.execPath, [BUILD], { cwd: ROOT, timeout: 300_000 })
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new CodedError('BUILD_FAILED', { what: 'the console', reason: (stderr || message).trim().slice(-2000) }, { cause: error })
  }
  return folder
}
