import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'

/**
 * Makes the folder if need be and marks it as ours; throws DATA_IN_USE while another process that lives has it, FILE_UNREADABLE when it cannot be written.
 * A process is known by its pid and start time, because pids come back (in a container every agent is 1). Returns how to let go.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  const mine = `${process.pid} ${startOf(process.pid)}`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (let attempt = 0; ; attempt++) {
      try {
        writeFileSync(path, mine, { flag: 'wx', mode: 0o600 })
        return () => rmSync(path, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) throw error
      }
      const holder = readFileSync(path, 'utf8')
      const pid = Number(holder.split(' ')[0])
      if (holder !== mine && startOf(pid) !== undefined && holder === `${pid} ${startOf(pid)}`) throw new CodedError('DATA_IN_USE', { path: folder, pid })
      rmSync(path, { force: true })
    }
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw fileUnreadable(folder, error)
  }
}

/** Start time in clock ticks since boot (proc(5), field 22); `0` where there is no /proc, undefined when no such process lives. */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
  }
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19]
  } catch {
    return '0'
  }
}
