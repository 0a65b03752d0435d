/** One server per data folder. The engine has a lock of its own; this one says who it is. */
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '#core/kernel/errors.ts'

/** When a process started, in clock ticks since boot (proc(5), stat field 22), so that a pid that was given again is not taken for its predecessor. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function alive(pid: number, start: string): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return start === '' || startOf(pid) === start
}

/** Takes the lock of `dir` or throws DATA_IN_USE. A lock whose owner is dead is taken over. Returns how to give it back. */
export function lockFolder(dir: string): () => void {
  const path = join(dir, 'lock')
  const mine = `${path}.${process.pid}.${Math.trunc(performance.timeOrigin + performance.now())}`
  const text = `${process.pid} ${startOf(process.pid)}\n`
  writeFileSync(mine, text)
  try {
    linkSync(mine, path)
    unlinkSync(mine)
  } catch (error) {
    const [pid = '', start = ''] = readOwner(path)
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || alive(Number(pid), start)) {
      unlinkSync(mine)
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      throw new CodedError('DATA_IN_USE', { path: dir, pid })
    }
    renameSync(mine, path)
  }
  return () => {
    if (readOwner(path)[0] === String(process.pid)) unlinkSync(path)
  }
}

/** Pid and start of who holds the lock, for messages. */
function readOwner(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ')
  } catch {
    return []
  }
}
