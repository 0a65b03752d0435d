/** What `npm start` takes with the traffic paused: PSS of all its processes, and how long a second start takes until it is ready. Bar: ≤ 900 MB in all. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, family, pssMegabytes } from './processes.ts'

const BAR_MB = 900
const data = mkdtempSync(join(tmpdir(), 'sallyport-footprint-'))
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function up(): Promise<{ child: ChildProcess; seconds: number }> {
  const began = performance.now()
  const child = spawn(join(import.meta.dirname, '../bin/sallyport'), ['start', '--no-open', '--port', '0', '--data', data], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  for (;;) {
    await wait(200)
    if (child.exitCode !== null) throw new Error(`start ended with ${child.exitCode}`)
    try {
      const { url, pid } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { url: string; pid: number }
      if (family(child.pid!).includes(pid) && (await fetch(`${url}/readyz`)).ok) return { child, seconds: (performance.now() - began) / 1000 }
    } catch {}
  }
}
const down = (child: ChildProcess) =>
  new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGTERM')
  })

try {
  const first = await up()
  await wait(20_000) // traffic flows and everything that loads lazily is loaded
  const site = JSON.parse(readFileSync(join(data, 'sandbox/site.json'), 'utf8')) as { control: string; token: string }
  await fetch(`${site.control}/traffic`, { method: 'PUT', headers: { authorization: `Bearer ${site.token}` }, body: JSON.stringify({ base: 0 }) })
  await wait(15_000)
  let sum = 0
  for (const pid of family(first.child.pid!)) {
    const mb = pssMegabytes(pid)
    sum += mb
    console.log(`${mb.toFixed(1).padStart(8)} MB  ${commandOf(pid)}`)
  }
  console.log(`${sum.toFixed(1).padStart(8)} MB  in all, traffic paused; bar ${BAR_MB} MB: ${sum <= BAR_MB ? 'met' : 'NOT met'}`)
  await down(first.child)
  const second = await up()
  console.log(`first start ${first.seconds.toFixed(1)} s, second start ${second.seconds.toFixed(1)} s until ready (wall clock)`)
  await down(second.child)
} finally {
  rmSync(data, { recursive: true, force: true })
}
