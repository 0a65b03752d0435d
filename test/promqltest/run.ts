/** `npm run promqltest -- FILE…`: prints `FILE passed/total` and each case that fails; ends with 1 when one did. */
import { readFileSync } from 'node:fs'
import { runScript } from './script.ts'

let passed = 0
let total = 0
for (const file of process.argv.slice(2)) {
  const results = await runScript(readFileSync(file, 'utf8'))
  const good = results.filter(({ failure }) => failure === undefined).length
  console.log(`${file} ${good}/${results.length}`)
  for (const { line, text, failure } of results) if (failure !== undefined) console.log(`  line ${line}: ${text}\n    ${failure}`)
  passed += good
  total += results.length
}
console.log(`total ${passed}/${total}`)
process.exitCode = total > 0 && passed === total ? 0 : 1
