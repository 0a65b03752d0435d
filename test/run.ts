/**
 * `npm test`: everything that this machine can run, one step after the other, ending in `N passed, N failed, N skipped`.
 * Arguments are handed to Vitest: `npm test -- src/core` runs one folder and nothing else.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { program, realKubeconfig } from './real.ts'

const bin = (name: string) => join(import.meta.dirname, '../node_modules/.bin', name)
const only = process.argv.slice(2)

const REAL = ['chromium', 'nginx', 'wrk', 'goaccess', 'docker-registry', 'skopeo'] as const
const missing = REAL.filter((name) => program(name) === undefined)
if (missing.length > 0) console.log(`not on this machine, so their tests are skipped: ${missing.join(', ')} (Debian packages of these names)`)

if (realKubeconfig() === undefined)
  console.log('E2E_KUBECONFIG names no cluster, so tests that need a real one are skipped: it is the kubeconfig of a disposable cluster, with all rights')

const steps: { title: string; command: string; args: readonly string[] }[] = [
  { title: 'format, lint and import rules', command: bin('biome'), args: ['check', '--diagnostic-level=error', '.'] },
  { title: 'types', command: bin('tsc'), args: ['-p', '.'] },
  { title: 'types of core, without Node', command: bin('tsc'), args: ['-p', 'src/core'] },
  { title: 'dead files, exports and dependencies', command: bin('knip'), args: ['--no-progress'] },
  { title: 'console', command: process.execPath, args: ['src/apps/console/build.ts'] },
  { title: 'first load of the console', command: process.execPath, args: ['bench/console-size.ts'] },
]

let failed = 0
if (only.length === 0) {
  for (const step of steps) {
    const began = performance.now()
    const { status } = spawnSync(step.command, step.args, { stdio: 'inherit' })
    console.log(`${status === 0 ? '✔' : '✖'} ${step.title} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    if (status !== 0) failed++
  }
}
const tests = spawnSync(bin('vitest'), ['run', ...only], { stdio: 'inherit', env: { ...process.env, SALLYPORT_FAILED_STEPS: String(failed) } })
process.exit(failed > 0 ? 1 : (tests.status ?? 1))
