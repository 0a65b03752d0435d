import { spawn } from 'node:child_process'
import type { Ran, Reading, RunLimits } from '#core/shapes/ports/host.ts'

const TIMEOUT_MS = 5_000
const MAX_BYTES = 64 << 10
/** What was written before the end is still read for this long. */
const LINGER_MS = 250

/** A program without a shell, in a process group of its own, so that what it started goes with it when its time is over. Never rejects. */
export function run(command: string, args: readonly string[], { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES }: RunLimits = {}): Promise<Reading<Ran>> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let timedOut = false
    let cut = false
    let answered = false
    const killAll = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // it is gone already
      }
    }
    const keep = (stream: NodeJS.ReadableStream) => {
      const chunks: Buffer[] = []
      let length = 0
      stream.on('data', (chunk: Buffer) => {
        if (length >= maxBytes) {
          cut = true
          return
        }
        const part = chunk.subarray(0, maxBytes - length)
        cut ||= part.length < chunk.length
        chunks.push(part)
        length += part.length
      })
      return () => Buffer.concat(chunks).toString('utf8')
    }
    const stdout = keep(child.stdout)
    const stderr = keep(child.stderr)
    const timer = setTimeout(() => {
      timedOut = true
      killAll()
    }, timeoutMs)
    const answer = (value: Reading<Ran>) => {
      if (answered) return
      answered = true
      clearTimeout(timer)
      child.stdout.destroy()
      child.stderr.destroy()
      resolve(value)
    }
    child.on('error', (error: NodeJS.ErrnoException) =>
      answer({ ok: false, why: error.code === 'ENOENT' ? 'absent' : error.code === 'EACCES' ? 'forbidden' : 'failed', reason: error.message }),
    )
    child.on('exit', (code) => {
      killAll()
      const ended = () => answer({ ok: true, value: { code: timedOut ? null : code, stdout: stdout(), stderr: stderr(), timedOut, cut } })
      child.on('close', ended)
      // what it left in a session of its own may hold the pipes open for ever
      setTimeout(ended, LINGER_MS).unref()
    })
  })
}
