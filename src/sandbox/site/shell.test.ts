import { describe, expect, it } from 'vitest'
import type { PodStreams } from '../api/pod-runtime.ts'
import { createShell } from './shell.ts'
import { runInShell } from './shell-session.ts'

const pod = { name: 'cart-1', namespace: 'shop', address: '127.20.1.1', node: 'node-1', service: 'cart', labels: { app: 'cart' } }
const world = {
  now: Date.now,
  log: async () => ['GET /v1/cart/1 200'],
  get: async (url: string) => ({ status: url.includes('gone') ? 404 : 200, body: url }),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}

async function run(command: string[], { keys = [] as string[], tty = false } = {}) {
  let [out, err] = ['', '']
  const streams: PodStreams = {
    stdin: (async function* () {
      for (const key of keys) {
        yield Buffer.from(key)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })(),
    tty,
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    signal: new AbortController().signal,
  }
  const code = await runInShell(createShell(pod, world), command, streams)
  return { code, out, err }
}
const sh = (line: string) => run(['sh', '-c', line])

describe('the shell of a demo pod', () => {
  it('runs lists, conditions, quotes and variables as a shell does', async () => {
    expect(await sh('A=1; echo "$A" \'$A\' ${A}b; false || echo c && echo d; true || echo no')).toEqual({ code: 0, out: '1 $A 1b\nc\nd\n', err: '' })
    expect((await sh('if command -v bash >/dev/null 2>&1; then echo bash; else if true; then echo sh; fi; fi')).out).toBe('sh\n')
    expect(await sh('false; echo $?; exit 7; echo never')).toEqual({ code: 7, out: '1\n', err: '' })
    expect((await sh('cat /etc/hostname /var/log/app.log; wget -qO- catalog/v1')).out).toBe('cart-1\nGET /v1/cart/1 200\nhttp://catalog/v1\n')
  })

  it('says what it does not know, and with which code', async () => {
    expect(await sh('curl x')).toEqual({ code: 127, out: '', err: 'sh: curl: not found\n' })
    expect((await sh('echo a | cat')).err).toContain('pipes are not there')
    expect((await sh('echo a > file')).code).toBe(2)
    expect((await sh('cat /etc/passwd')).err).toContain('No such file')
    expect((await sh('wget gone')).code).toBe(1)
    for (const broken of ["echo 'a", 'if true; then', 'then', 'fi']) expect((await sh(broken)).code).toBe(2)
  })

  it('reads commands from lines, and at a terminal from keys', async () => {
    expect(await run(['sh'], { keys: ['echo a\nec', 'ho b\n', 'exit 3\n'] })).toEqual({ code: 3, out: 'a\nb\n', err: '' })
    const typed = await run(['sh'], { tty: true, keys: ['echo hx', '\x7f', 'i\r', '\x1b[A', 'sleep 60\r', '\x03', 'echo é\r', '\x04'] })
    expect(typed.out).toContain('/ $ echo hx\b \bi\r\nhi\r\n/ $ sleep 60\r\n/ $ echo é\r\né\r\n')
    expect(typed.code).toBe(0)
  })
})
