/** `npm run soak [-- NAME …]`: kills, floods and long runs; minutes, not seconds. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const asked = process.argv.slice(2)
const all = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3))
let failed = 0
for (const name of all.filter((name) => asked.length === 0 || asked.includes(name))) {
  console.log(`\n== ${name}`)
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' })
  console.log(`${status === 0 ? '✔' : '✖'} ${name}`)
  if (status !== 0) failed++
}
process.exit(failed > 0 ? 1 : 0)
