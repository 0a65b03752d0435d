/** What processes cost, read from /proc: CPU seconds and proportional memory (PSS) of a process and all its descendants. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100 // USER_HZ, fixed by the Linux ABI

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // it ended meanwhile
  }
}

/** Fields of /proc/PID/stat after the command, which may hold spaces and brackets: [0] is the state (proc(5), field 3). */
const statOf = (pid: number): string[] | undefined =>
  read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')

/** `pid` and everything below it. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? Number(statOf(Number(name))?.[1]) : Number.NaN
    if (Number.isFinite(parent)) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const found = [pid]
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]!) ?? []))
  return found
}

/** CPU seconds (user and system) that a process has used so far, its ended children not counted. */
export function cpuSeconds(pid: number): number {
  const stat = statOf(pid)
  return stat === undefined ? 0 : (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND
}

/** Proportional set size in MB (10^6 bytes). */
export const pssMegabytes = (pid: number): number => (Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0) * 1024) / 1e6

/** What the process was started as, shortened for tables. */
export const commandOf = (pid: number): string =>
  (read(`/proc/${pid}/cmdline`) ?? '')
    .split('\0')
    .filter((word) => /\.(ts|js|cjs|mjs)$/.test(word) || /^(start|server|agent)$/.test(word))
    .map((word) => word.split('/').slice(-2).join('/'))
    .join(' ') || String(pid)
