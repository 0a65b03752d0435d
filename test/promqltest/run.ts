/** `npm run promqltest -- FILE…`: prints `FILE passed/total` for the bare evaluator and for the store behind the API, and each case that fails; ends with 1 when one did. */
import { readFileSync } from 'node:fs'
import { bareEvaluator, runScript } from './script.ts'
import { openApiTarget } from './through-api.ts'

const api = await openApiTarget()
const ways = [
  { name: 'evaluator', target: bareEvaluator, passed: 0 },
  { name: 'store and API', target: api.target, passed: 0 },
]
let total = 0
for (const file of process.argv.slice(2)) {
  const script = readFileSync(file, 'utf8')
  let count = 0
  for (const way of ways) {
    const results = await runScript(script, way.target)
    const good = results.filter(({ failure }) => failure === undefined).length
    console.log(`${file} ${good}/${results.length} ${way.name}`)
    for (const { line, text, failure } of results) if (failure !== undefined) console.log(`  line ${line}: ${text}\n    ${failure}`)
    way.passed += good
    count = results.length
  }
  total += count
}
for (const { name, passed } of ways) console.log(`total ${passed}/${total} ${name}`)
await api.close()
process.exitCode = total > 0 && ways.every(({ passed }) => passed === total) ? 0 : 1
