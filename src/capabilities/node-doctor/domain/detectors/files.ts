/** Open files: of the system, of each process, and how far a process may raise its own limit. https://docs.kernel.org/admin-guide/sysctl/fs.html */
import type { Host, Reading } from '#core/shapes/ports/host.ts'
import { blind, type Detector, HIDDEN, isOver, looked, numbersIn, pressure, seesAll, share, type Trouble, unseen } from '../detector.ts'

export interface OpenFilesFacts {
  /** `file-nr`: allocated, unused, file-max. */
  system: Reading<string>
  nrOpen: Reading<string>
  processes: readonly ProcessFiles[]
  /** Processes whose files may not be counted. */
  hidden: number
  all: boolean
}
export interface ProcessFiles {
  pid: number
  name: string
  open: number
  /** Soft limit; Infinity when there is none. */
  limit: number
}

/** Unsigned 64-bit limits of which nothing is ever reached. */
const ENDLESS = 2 ** 60
const MOST = 20

export const openFiles: Detector<OpenFilesFacts> = {
  id: 'open-files',
  condition: 'FDPressure',
  title: { en: 'Open files', 'zh-CN': '打开的文件' },
  everyMs: 15_000,
  async gather(host, { watermarks }) {
    const [system, nrOpen, names] = await Promise.all([host.read('/proc/sys/fs/file-nr'), host.read('/proc/sys/fs/nr_open'), host.list('/proc')])
    const highest = highestOf(nrOpen)
    const processes: ProcessFiles[] = []
    let hidden = 0
    for (const pid of names.ok ? names.value.filter((name) => /^\d+$/.test(name)) : []) {
      const one = await filesOf(host, Number(pid), highest, watermarks.files)
      if (one === 'hidden') hidden++
      else if (one) processes.push(one)
    }
    return { system, nrOpen, processes, hidden, all: await seesAll(host) }
  },
  judge({ system, nrOpen, processes, hidden, all }, { watermarks: { files } }) {
    if (!system.ok) return { verdict: unseen('/proc/sys/fs/file-nr', system) }
    const troubles: Trouble[] = []
    const [allocated = 0, free = 0, max = 0] = numbersIn(system.value)
    if (max < ENDLESS && isOver(allocated - free, max, files))
      troubles.push({
        key: 'system',
        reason: 'SystemOpenFiles',
        severity: pressure(allocated - free, max),
        message: `${share(allocated - free, max)} open files of the system (fs.file-max)`,
      })
    const highest = highestOf(nrOpen)
    const full = processes
      .filter(({ open, limit }) => isOver(open, Math.min(limit, highest), files))
      .sort((a, b) => b.open / b.limit - a.open / a.limit)
      .slice(0, MOST)
    for (const { pid, name, open, limit } of full) {
      const byKernel = highest < limit
      troubles.push({
        key: `process ${pid} ${name}`,
        reason: byKernel ? 'NrOpen' : 'ProcessOpenFiles',
        severity: pressure(open, Math.min(limit, highest)),
        message: `${name}[${pid}] has ${share(open, Math.min(limit, highest))} files open (${byKernel ? 'fs.nr_open' : 'its RLIMIT_NOFILE'})`,
      })
    }
    if (troubles.length === 0 && !all) return { verdict: blind(HIDDEN) }
    if (troubles.length === 0 && hidden > 0) return { verdict: blind(`open files of ${hidden} processes: a privilege is missing (CAP_SYS_PTRACE)`) }
    return { verdict: looked(...troubles) }
  },
}

const highestOf = (nrOpen: Reading<string>) => (nrOpen.ok ? Number(nrOpen.value) : Number.POSITIVE_INFINITY)

async function filesOf(host: Host, pid: number, highest: number, watermark: number): Promise<ProcessFiles | 'hidden' | undefined> {
  const limits = await host.read(`/proc/${pid}/limits`)
  if (!limits.ok) return limits.why === 'forbidden' ? 'hidden' : undefined
  const soft = /^Max open files +(\S+)/m.exec(limits.value)?.[1]
  const limit = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
  const status = await host.read(`/proc/${pid}/status`)
  if (!status.ok) return undefined
  const name = /^Name:\t(.*)/m.exec(status.value)?.[1] ?? '?'
  // the table's size is never below what is open in it: it spares counting nearly everywhere
  const table = Number(/^FDSize:\t(\d+)/m.exec(status.value)?.[1] ?? 0)
  if (!isOver(table, Math.min(limit, highest), watermark)) return { pid, name, open: 0, limit }
  const open = await host.list(`/proc/${pid}/fd`)
  if (!open.ok) return open.why === 'forbidden' ? 'hidden' : undefined
  return { pid, name, open: open.value.length, limit }
}
