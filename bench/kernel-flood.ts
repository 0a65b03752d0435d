/**
 * A flood through the real /dev/kmsg, as the agent follows it: CPU-seconds per 500,000 lines, records overwritten unread, kinds of problems lost. Needs root.
 * `node bench/kernel-flood.ts [LINES [PER_SECOND]]`; a first flood, which is not counted, finds the reader as an agent is that runs for a while. The limit on what programs may write there is lifted meanwhile.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { machineSpeed } from '#bench/measure.ts'
import { watchKernelLog } from '#capabilities/node-doctor/agent/kernel-log.ts'
import { EMPTY, type NodeState } from '#capabilities/node-doctor/domain/conditions.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { createMachine } from '#edges/host/machine.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'

const [lines = 500_000, perSecond = 100_000] = process.argv.slice(2).map(Number).filter(Boolean)
const LIMIT = '/proc/sys/kernel/printk_devkmsg'
const LEVEL = '/proc/sys/kernel/printk'
const WARM_LINES = 200_000

/** What stands in the flood, each three times, with the reason it must be found as. */
const RARE: Record<string, string> = {
  TaskHung: 'INFO: task dockerd:4194301 blocked for more than 120 seconds.',
  SoftLockup: 'watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [java:88]',
  RcuStall: 'rcu: INFO: rcu_sched self-detected stall on CPU',
  NullPointerDereference: 'BUG: kernel NULL pointer dereference, address: 0000000000000008',
  KernelBug: 'kernel BUG at mm/slub.c:379!',
  KernelWarning: 'WARNING: CPU: 1 PID: 3697 at lib/refcount.c:153 refcount_inc+0x47/0x50',
  FilesystemError: 'EXT4-fs error (device sda1): ext4_lookup:1601: inode #2: comm ls: deleted inode referenced: 12',
  HardwareErrorCorrected: 'EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0',
  UnregisterNetDevice: 'unregister_netdevice: waiting for eth0 to become free. Usage count = 1',
  ConntrackFull: 'nf_conntrack: nf_conntrack: table full, dropping packet',
  OutOfMemory: 'Out of memory: Killed process 4194302 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB',
}

if (process.argv[2] === 'write') await write()
else await measure()

/** The child: so many lines a second, in small steps. */
async function write(): Promise<void> {
  const [count, rate] = process.argv.slice(3).map(Number) as [number, number]
  const random = seededRandom(8)
  const int = (below: number) => Math.floor(random() * below)
  const chatter = Array.from({ length: 2000 }, () => {
    const veth = int(2 ** 32)
      .toString(16)
      .padStart(8, '0')
    return [
      `veth${veth}: renamed from eth0`,
      `cni0: port ${int(200)}(veth${veth}) entered forwarding state`,
      `IPv6: ADDRCONF(NETDEV_CHANGE): veth${veth}: link becomes ready`,
      `blk_update_request: I/O error, dev sd${'abcd'[int(4)]}, sector ${int(1e9)} op 0x0:(READ) flags 0x80700`,
    ][int(4)]!
  }).map((line) => Buffer.from(`<6>${line}\n`))
  const rare = Object.values(RARE).flatMap((line) => Array<Buffer>(3).fill(Buffer.from(`<3>${line}\n`)))
  const every = Math.floor(count / (rare.length + 1))
  const fd = openSync('/dev/kmsg', 'w')
  const begun = process.hrtime.bigint()
  for (let i = 0; i < count; ) {
    const due = Math.min(count, Math.floor((Number(process.hrtime.bigint() - begun) / 1e9) * rate))
    for (; i < due; i++)
      writeSync(fd, i > 0 && i % every === 0 && i / every <= rare.length ? rare[((i / every) * 7) % rare.length]! : chatter[i % chatter.length]!)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  }
  console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - begun) / 1e9 }))
}

/** Writes so many lines; seconds that it took. */
async function flood(count: number, rate: number): Promise<number> {
  const writer = spawn(process.execPath, [import.meta.filename, 'write', String(count), String(rate)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  writer.stdout.on('data', (text: Buffer) => {
    said += text
  })
  await new Promise((resolve) => writer.once('close', resolve))
  return (JSON.parse(said) as { seconds: number }).seconds
}

async function measure(): Promise<void> {
  try {
    accessSync('/dev/kmsg', constants.W_OK)
  } catch {
    console.log('skipped: /dev/kmsg may not be written here')
    return
  }
  const before = { limit: readFileSync(LIMIT, 'utf8'), level: readFileSync(LEVEL, 'utf8') }
  writeFileSync(LIMIT, 'on\n')
  // a slow serial console would be measured instead
  writeFileSync(LEVEL, '1\n')
  try {
    console.log(`machine: ${machineSpeed().toFixed(0)} MB per CPU-second in a plain byte loop`)
    const state = structuredClone(EMPTY) as NodeState
    const watch = watchKernelLog(createMachine(), state, () => undefined)
    while (watch.read());
    // what stood there before, also of a flood before
    watch.drain(Date.now())
    watch.drain(Date.now())
    state.troubles = {}
    const found = new Set<string>()
    const warm = new AbortController()
    const warming = watch.follow(systemClock, warm.signal)
    await flood(WARM_LINES, perSecond)
    warm.abort()
    await warming
    watch.drain(Date.now())
    watch.drain(Date.now())
    state.troubles = {}
    const start = { lines: watch.lines, dropped: state.dropped, cpu: process.cpuUsage() }
    const stop = new AbortController()
    const following = watch.follow(systemClock, stop.signal)
    const drain = setInterval(() => {
      for (const { trouble } of watch.drain(Date.now())) found.add(trouble.reason)
    }, 1000)
    const seconds = await flood(lines, perSecond)
    await systemClock.sleep(2500)
    clearInterval(drain)
    stop.abort()
    await following
    for (const { trouble } of watch.drain(Date.now())) found.add(trouble.reason)
    const used = process.cpuUsage(start.cpu)
    const read = watch.lines - start.lines
    const dropped = state.dropped - start.dropped
    const missing = Object.keys(RARE).filter((reason) => !found.has(reason))
    console.log(
      `${lines} lines in ${seconds.toFixed(1)} s: ${read} read, ${dropped} overwritten unread (${((100 * dropped) / (read + dropped)).toFixed(1)} %); ` +
        `${((((used.user + used.system) / 1e6) * 500_000) / read).toFixed(2)} CPU-s per 500,000 read (user ${(used.user / 1e6).toFixed(2)}, system ${(used.system / 1e6).toFixed(2)}), ` +
        `RSS ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB; kinds lost: ${missing.join(', ') || 'none'}`,
    )
    watch.close()
    if (missing.length > 0) process.exitCode = 1
  } finally {
    writeFileSync(LIMIT, before.limit)
    writeFileSync(LEVEL, before.level)
  }
}
