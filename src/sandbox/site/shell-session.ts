/** A shell that reads its commands from the client: plain lines, or at a terminal with echo, a prompt and the keys that people press without thinking. */
import type { PodStreams } from '../api/pod-runtime.ts'
import type { createShell, ShellIo } from './shell.ts'

type Shell = ReturnType<typeof createShell>
const PROMPT = '/ $ '
const MOST_LINE = 64 * 1024
const INTERRUPT = 3
const END = 4
const BACKSPACE = new Set([8, 127])

/** Runs `command`; resolves with its exit code. */
export async function runInShell(shell: Shell, command: readonly string[], streams: PodStreams): Promise<number> {
  // A terminal wants both, and output goes through it as it is.
  const forTerminal = (text: string) => (streams.tty ? text.replace(/\r?\n/g, '\r\n') : text)
  const stopped = new AbortController()
  const io: ShellIo = {
    out: (text) => streams.out(forTerminal(text)),
    err: (text) => (streams.tty ? streams.out : streams.err)(forTerminal(text)),
    interactive: () => (streams.tty ? atTerminal(shell, io, streams) : fromLines(shell, io, streams)),
  }
  streams.signal.addEventListener('abort', () => stopped.abort(), { once: true })
  return shell.exec(command, io, stopped.signal)
}

async function fromLines(shell: Shell, io: ShellIo, { stdin, signal }: PodStreams): Promise<number> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stdin) {
    rest += decoder.decode(bytes, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()!.slice(-MOST_LINE)
    for (const line of lines) {
      const { code, ended } = await shell.line(line, io, signal)
      if (ended) return code
    }
  }
  return (await shell.line(rest, io, signal)).code
}

async function atTerminal(shell: Shell, io: ShellIo, { stdin, signal }: PodStreams): Promise<number> {
  const keys: number[] = []
  let line: number[] = []
  /** Of the command that runs. */
  let running: AbortController | undefined
  let wake: (() => void) | undefined
  let gone = false
  void (async () => {
    for await (const bytes of stdin)
      for (const key of bytes) {
        if (key === INTERRUPT && running !== undefined) running.abort()
        else keys.push(key)
        wake?.()
      }
  })()
    .catch(() => {})
    .finally(() => {
      gone = true
      running?.abort()
      wake?.()
    })
  const next = async (): Promise<number | undefined> => {
    while (keys.length === 0) {
      if (gone || signal.aborted) return undefined
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return keys.shift()
  }
  io.out(PROMPT)
  for (let key = await next(); key !== undefined; key = await next()) {
    if (key === 13 || key === 10) {
      io.out('\n')
      running = new AbortController()
      const text = Buffer.from(line).toString('utf8')
      line = []
      const { code, ended } = await shell.line(text, io, running.signal)
      running = undefined
      if (ended) return code
      io.out(PROMPT)
    } else if (key === INTERRUPT) {
      line = []
      io.out(`^C\n${PROMPT}`)
    } else if (key === END) {
      if (line.length === 0) break
    } else if (BACKSPACE.has(key)) {
      // All bytes of one letter.
      let gone = false
      while (line.length > 0 && !gone) gone = (line.pop()! & 0xc0) !== 0x80
      if (gone) io.out('\b \b')
    } else if (key === 27) {
      // Arrows and the like: `ESC [ … letter`.
      if ((await next()) === 91) for (let part = await next(); part !== undefined && part < 64; part = await next());
    } else if (key >= 32 && line.length < MOST_LINE) {
      line.push(key)
      // Letters of several bytes are shown when they are whole.
      const text = Buffer.from(line).toString('utf8')
      if (key < 128) io.out(String.fromCharCode(key))
      else if (!text.endsWith('\ufffd')) io.out([...text].at(-1)!)
    }
  }
  return shell.code()
}
