/** Is the clock right? The offset is measured, by the machine's time daemon or by asking servers; that a daemon runs proves nothing. */
import type { Host, Ran, Reading } from '#core/shapes/ports/host.ts'
import { absent, blind, type Detector, looked, type Trouble } from '../detector.ts'
import { lineSeconds } from '../line.ts'

/** What one source says of this machine's clock. */
export interface ClockReading {
  source: string
  /** This clock minus the right time, ms; undefined when the source does not know. */
  offsetMs?: number
  /** Does the source itself have the time from somewhere? */
  synchronized: boolean
  /** Why there is no offset. */
  reason?: string
}
export interface TimeFacts {
  readings: readonly ClockReading[]
  /** Time daemons that run. */
  daemons: readonly string[]
  /** How they were looked for, when that failed. */
  blind?: string
}

const DAEMONS = ['chronyd', 'ntpd', 'systemd-timesyn', 'ntpsec', 'openntpd', 'ptp4l', 'phc2sys']

export const timeSync: Detector<TimeFacts> = {
  id: 'time-sync',
  condition: 'TimeUnsynchronized',
  title: { en: 'Time synchronization', 'zh-CN': '时间同步' },
  everyMs: 15_000,
  async gather(host, { time }) {
    const daemons = await daemonsOf(host)
    const readings: ClockReading[] = []
    const ask = async (source: string, command: string, args: string[], read: (stdout: string) => Omit<ClockReading, 'source'>) => {
      const ran = await host.run(command, args, { timeoutMs: 3_000 })
      if (!ran.ok && ran.why === 'absent') readings.push({ source, synchronized: false, reason: `${command} is not installed` })
      else readings.push({ source, ...readRan(ran, read) })
    }
    if (daemons.has('chronyd')) await ask('chronyd', 'chronyc', ['-c', '-n', 'tracking'], readChrony)
    if (daemons.has('ntpd') || daemons.has('ntpsec')) await ask('ntpd', 'ntpq', ['-c', 'rv 0 leap,stratum,offset,refid'], readNtpq)
    if (daemons.has('systemd-timesyn')) await ask('timesyncd', 'timedatectl', ['show-timesync', '--all'], readTimesync)
    for (const server of time.servers) readings.push(await sntp(host, server))
    return { readings, daemons: [...daemons] }
  },
  judge({ readings, daemons }, { time }) {
    const known = readings.filter(({ offsetMs, synchronized }) => offsetMs !== undefined && synchronized)
    const off = known.filter(({ offsetMs }) => Math.abs(offsetMs!) > time.maxOffsetMs)
    const troubles: Trouble[] = off.map(({ source, offsetMs }) => ({
      key: `offset ${source}`,
      reason: 'ClockOffset',
      severity: Math.abs(offsetMs!) > 10 * time.maxOffsetMs ? 'critical' : 'error',
      message: `the clock is ${offsetMs!.toFixed(1)} ms ${offsetMs! > 0 ? 'ahead' : 'behind'} by ${source} (allowed: ${time.maxOffsetMs} ms)`,
    }))
    if (troubles.length > 0) return { verdict: looked(...troubles) }
    const unsynchronized = readings.filter(({ synchronized, reason }) => !synchronized && reason === undefined)
    if (known.length === 0 && unsynchronized.length > 0)
      return {
        verdict: looked({
          key: 'unsynchronized',
          reason: 'ClockUnsynchronized',
          severity: 'error',
          message: `${unsynchronized.map(({ source }) => source).join(', ')} runs and has the time from nobody`,
        }),
      }
    if (known.length > 0) return { verdict: looked() }
    if (daemons.length === 0 && time.servers.length === 0)
      return {
        verdict: looked({
          key: 'no-daemon',
          reason: 'NoTimeDaemon',
          severity: 'error',
          message: 'no time daemon runs (chronyd, ntpd, timesyncd): the clock drifts',
        }),
      }
    const why = readings.map(({ source, reason }) => `${source}: ${reason ?? 'no offset'}`).join('; ')
    return { verdict: readings.length === 0 ? absent(`${daemons.join(', ')} keeps the time, and tells no offset`) : blind(why) }
  },
}

async function daemonsOf(host: Host): Promise<Set<string>> {
  const names = await host.list('/proc')
  const found = new Set<string>()
  for (const pid of names.ok ? names.value : []) {
    if (!/^\d+$/.test(pid)) continue
    const comm = await host.read(`/proc/${pid}/comm`, 64)
    const name = comm.ok ? comm.value.trim() : ''
    if (DAEMONS.includes(name)) found.add(name)
  }
  return found
}

function readRan(ran: Reading<Ran>, read: (stdout: string) => Omit<ClockReading, 'source'>): Omit<ClockReading, 'source'> {
  if (!ran.ok) return { synchronized: false, reason: ran.reason }
  if (ran.value.timedOut) return { synchronized: false, reason: 'it did not answer in time' }
  if (ran.value.code !== 0) return { synchronized: false, reason: (ran.value.stderr || ran.value.stdout).trim().slice(0, 200) || `exit code ${ran.value.code}` }
  return read(ran.value.stdout)
}

/**
 * `chronyc -c tracking`: reference id, address, stratum, time, system offset (s, positive: this clock is slow of NTP time), last offset, … leap status last.
 * https://chrony-project.org/doc/4.3/chronyc.html
 */
export function readChrony(stdout: string): Omit<ClockReading, 'source'> {
  const fields = stdout.trim().split(',')
  if (fields.length < 14) return { synchronized: false, reason: 'its answer has another form than is known' }
  if (fields[13] === 'Not synchronised' || Number(fields[2]) === 0) return { synchronized: false }
  return { synchronized: true, offsetMs: -Number(fields[4]) * 1000 || 0 }
}

/** `ntpq -c rv`: `leap=00, stratum=3, offset=-0.12` in ms, positive when this clock is behind. */
export function readNtpq(stdout: string): Omit<ClockReading, 'source'> {
  const field = (name: string) => new RegExp(`\\b${name}=([^,\\s]+)`).exec(stdout)?.[1]
  const offset = field('offset')
  if (offset === undefined) return { synchronized: false, reason: 'its answer has another form than is known' }
  if (Number(field('stratum') ?? 16) >= 16 || /^(?:11|3)$/.test(field('leap') ?? '')) return { synchronized: false }
  return { synchronized: true, offsetMs: -Number(offset) || 0 }
}

/** `timedatectl show-timesync`: the packet of the last answer, of which the offset is computed as RFC 5905, section 8, says. */
export function readTimesync(stdout: string): Omit<ClockReading, 'source'> {
  const message = /^NTPMessage=\{ (.*) \}$/m.exec(stdout)?.[1]
  if (message === undefined) return { synchronized: false }
  const at = (name: string) => {
    const text = new RegExp(`\\b${name}=([^,]+?)(?:,|$)`).exec(message)?.[1]?.trim() ?? ''
    const found = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?(?: UTC)?$/.exec(text)
    return found ? (lineSeconds(`${found[1]}T${found[2]}`)! + Number(found[3] ?? 0)) * 1000 : Number.NaN
  }
  const offset = offsetOf(at('OriginateTimestamp'), at('ReceiveTimestamp'), at('TransmitTimestamp'), at('DestinationTimestamp'))
  return Number.isNaN(offset) ? { synchronized: true, reason: 'it tells no offset' } : { synchronized: true, offsetMs: offset }
}

/** This clock minus the server's, ms. */
const offsetOf = (sent: number, received: number, answered: number, got: number): number => (sent - received + (got - answered)) / 2

const NTP_EPOCH_SECONDS = 2_208_988_800

/** One question of RFC 4330 (SNTP): 48 bytes, of which only the mode is needed. */
async function sntp(host: Host, server: string): Promise<ClockReading> {
  const question = new Uint8Array(48)
  question[0] = 0x23
  const answer = await host.datagram({ host: server, port: 123 }, question, 2_000)
  if (!answer.ok) return { source: server, synchronized: false, reason: answer.reason }
  return { source: server, ...readSntp(answer.value.message, answer.value.sentAt, answer.value.gotAt) }
}

export function readSntp(message: Uint8Array, sentAt: number, gotAt: number): Omit<ClockReading, 'source'> {
  if (message.length < 48) return { synchronized: false, reason: 'its answer is too short' }
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const stamp = (at: number) => (view.getUint32(at) - NTP_EPOCH_SECONDS + view.getUint32(at + 4) / 2 ** 32) * 1000
  const stratum = message[1]!
  if (message[0]! >> 6 === 3 || stratum === 0 || stratum > 15) return { synchronized: false, reason: 'the server itself has no time' }
  return { synchronized: true, offsetMs: offsetOf(sentAt, stamp(32), stamp(40), gotAt) }
}

interface JumpMemory {
  /** Clock minus monotonic clock, ms, when last seen. */
  difference: number
  at: number
  jumps: readonly { at: number; byMs: number }[]
}

const JUMP_MS = 1_000
const REMEMBERED_MS = 300_000

export const clockJump: Detector<{ now: number; monotonic: number }, JumpMemory> = {
  id: 'clock-jump',
  condition: 'ClockJump',
  title: { en: 'Jumps of the clock', 'zh-CN': '时钟跳变' },
  everyMs: 5_000,
  clear: 1,
  gather: async (host) => ({ now: host.now(), monotonic: host.monotonic() }),
  judge({ now, monotonic }, _settings, before) {
    const difference = now - monotonic
    // the monotonic clock begins with the process: after a restart there is nothing to compare with
    const by = before && before.at <= monotonic ? difference - before.difference : 0
    // by the monotonic clock, because the other one cannot be trusted here
    const jumps = (before && before.at <= monotonic ? before.jumps : []).filter(({ at }) => at > monotonic - REMEMBERED_MS)
    if (Math.abs(by) >= JUMP_MS) jumps.push({ at: monotonic, byMs: by })
    const last = jumps.at(-1)
    return {
      memory: { difference, at: monotonic, jumps: jumps.slice(-20) },
      verdict: looked(
        last && {
          key: 'jump',
          reason: 'ClockJumped',
          severity: Math.abs(last.byMs) > 60_000 ? 'error' : 'warning',
          message: `the clock was set by ${(last.byMs / 1000).toFixed(1)} s while it ran`,
        },
      ),
    }
  },
}
