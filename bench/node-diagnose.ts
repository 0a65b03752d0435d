/** Kernel logs in a flood: CPU-seconds per 500,000 lines, memory, and whether every kind of problem is found. `node bench/node-diagnose.ts [LINES]` */
import { machineSpeed, median } from '#bench/measure.ts'
import { createLineCutter } from '#capabilities/node-doctor/domain/cut-lines.ts'
import { createDiagnosis } from '#capabilities/node-doctor/domain/diagnose.ts'
import { seededRandom } from '#core/kernel/random.ts'

type Random = () => number
const int = (random: Random, below: number) => Math.floor(random() * below)
const hex = (random: Random) =>
  int(random, 2 ** 32)
    .toString(16)
    .padStart(8, '0')

const lines = Number(process.argv[2] ?? 500_000)
const CHUNK = 256 * 1024
/** Written again and again, so that the memory seen is not that of the input. */
const BLOCK_LINES = 10_000

const CHATTER: readonly ((random: Random) => string)[] = [
  (random) => `veth${hex(random)}: renamed from eth0`,
  (random) => `cni0: port ${int(random, 200)}(veth${hex(random)}) entered forwarding state`,
  (random) =>
    `audit: type=1400 audit(1700000000.${int(random, 999)}:${int(random, 99999)}): apparmor="STATUS" operation="profile_load" profile="unconfined" name="cri-containerd.apparmor.d" pid=${int(random, 32000)} comm="apparmor_parser"`,
  (random) => `IPv6: ADDRCONF(NETDEV_CHANGE): veth${hex(random)}: link becomes ready`,
  (random) => `device veth${hex(random)} entered promiscuous mode`,
  (random) => `TCP: request_sock_TCP: Possible SYN flooding on port ${int(random, 65000)}. Sending cookies.`,
]
const DISK = (random: Random) => [`blk_update_request: I/O error, dev sd${'abcd'[int(random, 4)]}, sector ${int(random, 1e9)} op 0x0:(READ) flags 0x80700`]
const OOM = (random: Random) => {
  const pid = int(random, 32000)
  const pod = `0a1b2c3d-0000-4000-8000-${String(int(random, 40)).padStart(12, '0')}`
  return [
    'java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=999',
    `CPU: 1 PID: ${pid} Comm: java Not tainted 6.1.0 #1`,
    'Call Trace:',
    ' <TASK>',
    ' dump_stack_lvl+0x34/0x48',
    ' dump_header+0x4a/0x1c5',
    ' oom_kill_process.cold+0xb/0x10',
    ' mem_cgroup_out_of_memory+0x136/0x150',
    'memory: usage 524288kB, limit 524288kB, failcnt 931',
    `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/kubepods/pod${pod},task_memcg=/kubepods/pod${pod}/c,task=java,pid=${pid},uid=0`,
    `Memory cgroup out of memory: Killed process ${pid} (java) total-vm:700000kB, anon-rss:520000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1100kB oom_score_adj:999`,
  ]
}
/** One line of each class that must not drown. */
const RARE: Record<string, string> = {
  hang: 'INFO: task dockerd:1212 blocked for more than 120 seconds.',
  lockup: 'watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [java:88]',
  'rcu-stall': 'rcu: INFO: rcu_sched self-detected stall on CPU',
  oops: 'BUG: kernel NULL pointer dereference, address: 0000000000000008',
  bug: 'kernel BUG at mm/slub.c:379!',
  warning: 'WARNING: CPU: 1 PID: 3697 at lib/refcount.c:153 refcount_inc+0x47/0x50',
  'fs-error': 'EXT4-fs error (device sda1): ext4_lookup:1601: inode #2: comm ls: deleted inode referenced: 12',
  'hw-error': 'EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0',
  'netdev-leak': 'unregister_netdevice: waiting for eth0 to become free. Usage count = 1',
  limit: 'nf_conntrack: nf_conntrack: table full, dropping packet',
}
const FLOODS: Record<string, (random: Random) => string[]> = {
  chatter: (random) => [CHATTER[int(random, CHATTER.length)]!(random)],
  'disk errors': DISK,
  'out of memory': OOM,
  mixed: (random) => (int(random, 10) === 0 ? OOM(random) : int(random, 2) === 0 ? DISK(random) : [CHATTER[int(random, CHATTER.length)]!(random)]),
}

console.log(`machine: ${machineSpeed().toFixed(0)} MB per CPU-second in a plain byte loop`)
for (const [name, make] of Object.entries(FLOODS)) {
  const block = blockOf(make)
  const rounds = Math.ceil(lines / BLOCK_LINES)
  const rare = Object.values(RARE).map((line) => Buffer.from(`[  1.000000] ${line}\n`))
  const seconds: number[] = []
  const memory: number[] = []
  let missing: string[] = []
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    const diagnosis = createDiagnosis('en')
    const cutter = createLineCutter(diagnosis.line)
    for (let i = 0; i < rounds; i++) {
      for (let at = 0; at < block.length; at += CHUNK) cutter.push(block.subarray(at, at + CHUNK))
      if (i < rare.length) cutter.push(rare[i]!)
    }
    cutter.end()
    const { problems } = diagnosis.finish()
    const used = process.cpuUsage(before)
    seconds.push(((used.user + used.system) / 1e6) * (500_000 / (rounds * BLOCK_LINES)))
    memory.push(process.memoryUsage().rss / 1e6)
    missing = Object.keys(RARE).filter((kind) => !problems.some((problem) => problem.kind === kind))
  }
  console.log(
    `${name.padEnd(14)} ${(block.length / BLOCK_LINES).toFixed(0)} B/line  ${median(seconds).toFixed(2)} CPU-s per 500,000 lines  RSS ${memory.map((mb) => mb.toFixed(0)).join(' ')} MB  kinds lost: ${missing.join(', ') || 'none'}`,
  )
  if (missing.length > 0) process.exitCode = 1
}

function blockOf(make: (random: Random) => string[]): Buffer {
  const random = seededRandom(8)
  const all: string[] = []
  while (all.length < BLOCK_LINES) all.push(...make(random))
  return Buffer.from(
    all
      .slice(0, BLOCK_LINES)
      .map((line, i) => `[${(i / 100_000).toFixed(6).padStart(12)}] ${line}\n`)
      .join(''),
  )
}
