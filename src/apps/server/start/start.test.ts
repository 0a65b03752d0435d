import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { keepRunning } from './children.ts'

const CLI = resolve(import.meta.dirname, '../../../../bin/sallyport')
let data: string
let started: ChildProcess[]
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-start-'))
  started = []
})
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL')
  await rm(data, { recursive: true, force: true, maxRetries: 5 })
})

async function until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (let i = 0; i < 1200; i++) {
    const found = await look()
    if (found) return found
    await systemClock.sleep(100)
  }
  throw new Error(`never: ${what}`)
}

const processes = async () => {
  const found: { pid: number; parent: number; command: string }[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state && state !== 'Z')
      found.push({ pid: Number(pid), parent: Number(parent), command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })
  }
  return found
}

/** Processes that have our data folder in their command line. */
const ours = async () => (await processes()).filter(({ command }) => command.includes(data)).map(({ pid }) => pid)

/** A process and all that it started, and what those started. */
async function family(pid: number): Promise<number[]> {
  const all = await processes()
  const below = (parent: number): number[] => all.filter((each) => each.parent === parent).flatMap((each) => [each.pid, ...below(each.pid)])
  return [pid, ...below(pid)]
}
const gone = async (pids: readonly number[]) => {
  const all = await processes()
  return pids.every((pid) => !all.some((each) => each.pid === pid))
}

function run(...args: string[]) {
  const child = spawn(CLI, [...args, '--data', data, '--lang', 'en'], { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (text.out += chunk))
  child.stderr.on('data', (chunk) => (text.err += chunk))
  const exit = new Promise<number | null>((done) => child.once('exit', done))
  return { child, text, exit }
}
const serverUrl = () =>
  until('server.json', async () => {
    const text = await readFile(join(data, 'server.json'), 'utf8').catch(() => undefined)
    return text && (JSON.parse(text) as { url: string }).url
  })
const ready = async (url: string) =>
  (await (await fetch(`${url}/readyz`)).json()) as { ready: boolean; conditions: { name: string; ready: boolean; message: string }[] }

describe.skipIf(process.platform !== 'linux')('sallyport start', { timeout: 240_000 }, () => {
  it('runs the demo, starts again what dies, and leaves no process when it is killed', async () => {
    const { child, text } = run('start', '--port', '0', '--no-open')
    const url = await serverUrl()
    await until('the link', () => text.out.includes('/login#'))
    await until('all is ready', async () => (await ready(url)).ready)
    await until('the access log', async () => (await readFile(join(data, 'sandbox/logs/access.log'), 'utf8').catch(() => '')).length > 0)
    const agent = Number(/\d+/.exec((await ready(url)).conditions.find(({ name }) => name === 'demo agent')!.message)![0])
    process.kill(agent, 'SIGKILL')
    await until('it is seen', async () => !(await ready(url)).ready)
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    await until('it is back', async () => (await ready(url)).ready)
    const all = await family(child.pid!)
    // Ourselves, the engine, the site with its two nodes, the agent.
    expect(all.length).toBeGreaterThanOrEqual(6)
    child.kill('SIGKILL')
    await until('no orphan', () => gone(all))
    // What it left does not stand in the way of the next one.
    const again = run('start', '--port', '0', '--no-open', '--no-demo')
    await until('ready again', () => again.text.out.includes('/login#'))
    expect((await ready(await serverUrl())).conditions.map(({ name }) => name)).toEqual(['store'])
    again.child.kill('SIGINT')
    expect(await again.exit).toBe(0)
    expect(await ours()).toEqual([])
  })

  it('ends in order on Ctrl-C, also when npm hands it on', async () => {
    const { child, text, exit } = run('start', '--port', '0', '--no-open')
    await until('the link', () => text.out.includes('Ctrl-C'))
    const all = await family(child.pid!)
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await exit).toBe(0)
    await until('no orphan', () => gone(all))
    expect(text.err).toBe('')
  })

  it('refuses flags that it does not know, with the nearest one, and all bad values at once', async () => {
    const unknown = run('start', '--no-opne')
    expect(await unknown.exit).toBe(2)
    expect(unknown.text.err).toContain('--no-open')
    const bad = run('server', '--log-level', 'lod', '--listen', 'a b', '--host', 'UPPER')
    expect(await bad.exit).toBe(2)
    for (const flag of ['--log-level', '--listen', '--host']) expect(bad.text.err).toContain(flag)
  })

  it('logs in once with the printed link, and makes new ones by CLI', async () => {
    const { child, text, exit } = run('server', '--port', '0')
    const url = await serverUrl()
    const made = run('login-link')
    expect(await made.exit).toBe(0)
    const [page, token] = made.text.out.trim().split('#')
    expect(page).toBe(`${url}/login`)
    const login = () => fetch(`${url}/api/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
    expect([(await login()).status, (await login()).status]).toEqual([200, 401])
    child.kill('SIGTERM')
    expect(await exit).toBe(0)
    expect(text.err).not.toContain(token)
  })
})

describe('a child', { timeout: 120_000 }, () => {
  const log = pino({ level: 'silent' })

  it('is started again with growing pauses, and shown', async () => {
    const script = join(data, 'dies.mjs')
    await writeFile(script, "process.stderr.write('no such file\\n'); process.exit(3)")
    const child = keepRunning({ name: 'dies', script, args: [] }, { clock: systemClock, log })
    await until('it died twice', () => child.condition().message.includes('after 2s'))
    expect(child.condition()).toEqual({ name: 'dies', ready: false, message: 'exited with code 3: no such file; started again after 2s' })
    await child.stop()
    expect(child.condition().message).toBe('stopped')
  })

  it('that does not end when asked is killed', async () => {
    const script = join(data, 'stays.mjs')
    await writeFile(script, "process.on('SIGTERM', () => {}); process.stdin.resume(); setInterval(() => {}, 1000); process.stderr.write('up\\n')")
    const child = keepRunning({ name: 'stays', script, args: [] }, { clock: systemClock, log })
    await until('it runs', () => child.condition().ready)
    await systemClock.sleep(500)
    await child.stop()
    expect(await ours()).toEqual([])
  })
})

describe('a server that cannot go on', { timeout: 240_000 }, () => {
  const script = async (capability: string) => {
    const path = join(data, 'server.mts')
    const at = (name: string) => JSON.stringify(resolve(import.meta.dirname, name))
    await writeFile(
      path,
      `import { createLog } from ${at('../logging.ts')}
import { runServer } from ${at('./run.ts')}
import { systemClock } from ${at('../../../kits/cli-kit/clock.ts')}
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
const start = async ({ http }) => (${capability})
await runServer({ data: ${JSON.stringify(data)}, port: 0, listen: '127.0.0.1', host: [], demo: false, log: createLog('info'), clock: systemClock,
  signal: stop.signal, onReady: () => {}, capabilities: [async () => ({ id: 'x', start })] })`,
    )
    const child = spawn(process.execPath, [path], { stdio: ['ignore', 'ignore', 'pipe'] })
    started.push(child)
    const text = { err: '' }
    child.stderr.on('data', (chunk) => (text.err += chunk))
    return { child, text, exit: new Promise((done) => child.once('exit', done)) }
  }

  it('logs an error that nobody caught and exits with 1', async () => {
    const { text, exit } = await script("(setTimeout(() => Promise.reject(new Error('nobody caught this')), 500), { stop: async () => {} })")
    expect(await exit).toBe(1)
    expect(text.err).toContain('nobody caught this')
  })

  it('stops within 10 s even if a part of it does not', async () => {
    const { child, exit } = await script('({ stop: () => new Promise((resolve) => setTimeout(resolve, 60_000)) })')
    await serverUrl()
    const since = performance.now()
    child.kill('SIGTERM')
    expect(await exit).toBe(1)
    expect(performance.now() - since).toBeLessThan(30_000)
  })
})
