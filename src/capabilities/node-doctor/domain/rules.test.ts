import { describe, expect, it } from 'vitest'
import { ADVICE } from './advice.ts'
import { createDiagnosis } from './diagnose.ts'
import { KINDS, type Kind } from './kinds.ts'
import { RULES, ruleFor } from './rules.ts'

/** Reason, kind, lines that must fire, and lines like them that must not. */
const CASES: readonly [reason: string, kind: Kind, fire: readonly string[], silent: readonly string[]][] = [
  [
    'MemoryCheckerReport',
    'memory-safety',
    [
      'BUG: KASAN: slab-use-after-free in shop_queue_pop+0x1c/0x90',
      'BUG: KFENCE: out-of-bounds write in ring_put+0x9/0x40',
      'BUG: KMSAN: uninit-value in parse_tag+0x1/0x2',
      'BUG: KMSAN: kernel-infoleak-after-free in shop_read+0x1/0x2',
      'BUG: KASan: use after free in shop_queue_pop+0x1c/0x90',
      'BUG: KASAN: null-ptr-deref on address 0000000000000008',
      'BUG: KHWASAN: use-after-free in shop_queue_pop+0x1c/0x90',
      'WARNING: kmemcheck: Caught 32-bit read from uninitialized memory (c7c0a1b0)',
    ],
    ['kasan: KernelAddressSanitizer initialized', 'kfence: initialized - using 2097152 bytes for 255 objects'],
  ],
  ['DataRace', 'data-race', ['BUG: KCSAN: data-race in ring_put / ring_get'], ['kcsan: enabled early']],
  [
    'UndefinedBehavior',
    'memory-safety',
    ['UBSAN: array-index-out-of-bounds in drivers/net/x.c:12:3', 'UBSAN: Undefined behaviour in fs/x.c:1:2'],
    ['ubsan enabled'],
  ],
  [
    'KernelMemoryLeak',
    'leak',
    ['kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)', 'BUG: memory leak', 'unreferenced object 0xffff888109 (size 64):'],
    ['kmemleak: Kernel memory leak detector initialized'],
  ],
  [
    'TaskHung',
    'hang',
    [
      'INFO: task dockerd:1212 blocked for more than 120 seconds.',
      'INFO: task jbd2/sda1-8:300 blocked in I/O wait for more than 245 seconds.',
      "INFO: task a b:77 can't die for more than 143 seconds.",
    ],
    [
      '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
      'Future hung task reports are suppressed, see sysctl kernel.hung_task_warnings',
    ],
  ],
  [
    'RcuStall',
    'rcu-stall',
    [
      'rcu: INFO: rcu_preempt self-detected stall on CPU',
      'INFO: rcu_sched detected stalls on CPUs/tasks: { 1} (detected by 0, t=60002 jiffies)',
      'rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 3-... } 22 jiffies',
      'rcu: rcu_preempt kthread starved for 6002 jiffies! g77 f0x0',
      'INFO: rcu_bh detected stall on CPU 1 (t=15000 jiffies)',
      'INFO: rcu_tasks detected stalls on tasks:',
      'rcu_tasks_wait_gp: rcu_tasks grace period number 9 (since boot) is 30001 jiffies old.',
      'INFO: RCU detected CPU 1 stall (t=4295146590/2500 jiffies)',
      'RCU detected CPU stalls: 0 (detected by 1, t=2502 jiffies)',
      'INFO: rcu_tasks_trace detected stalls on tasks:',
    ],
    [
      'INFO: Stall ended before state dump start',
      'rcu: Hierarchical RCU implementation.',
      'rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.',
    ],
  ],
  [
    'SoftLockup',
    'lockup',
    [
      'watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [kswapd0:88]',
      'NMI watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [java:991]',
      'BUG: soft lockup detected on CPU#0!',
    ],
    ['watchdog: soft lockup threshold changed'],
  ],
  [
    'HardLockup',
    'lockup',
    [
      'watchdog: Watchdog detected hard LOCKUP on cpu 2',
      'watchdog: CPU 4 self-detected hard LOCKUP @ foo+0x1/0x2',
      'NMI watchdog: Watchdog detected hard LOCKUP on cpu 1',
      'watchdog: CPU 12 detected hard LOCKUP on other CPUs 5',
      'watchdog: CPU 5 Hard LOCKUP',
      'Watchdog CPU:5 Hard LOCKUP',
      'NMI Watchdog detected LOCKUP on CPU 0',
    ],
    ['NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.'],
  ],
  ['WorkqueueLockup', 'lockup', ['BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 34s!'], ['workqueue: max_active 512 requested']],
  [
    'SpinlockLockup',
    'lockup',
    ['BUG: spinlock lockup suspected on CPU#1, nginx/712', 'BUG: rwlock-lockup on CPU#0, java/7, c0ffee'],
    ['spinlock debugging enabled'],
  ],
  [
    'LockOrder',
    'deadlock',
    [
      'WARNING: possible circular locking dependency detected',
      '[ INFO: possible recursive locking detected ]',
      'WARNING: inconsistent lock state',
      'WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected',
      '[ INFO: HARDIRQ-READ-safe -> HARDIRQ-READ-unsafe lock order detected ]',
      'WARNING: possible irq lock inversion dependency detected',
      '[ BUG: circular locking deadlock detected! ]',
      'WARNING: possible recursive locking detected',
      '[ INFO: possible circular locking dependency detected ]',
      '[ INFO: inconsistent lock state ]',
      'WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected',
    ],
    ['Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar'],
  ],
  [
    'LockMisuse',
    'deadlock',
    [
      'WARNING: suspicious RCU usage',
      '[ BUG: bad unlock balance detected! ]',
      'BUG: spinlock bad magic on CPU#0, swapper/1',
      'INFO: trying to register non-static key.',
      'BUG: workqueue leaked lock or atomic: kworker/0:1/0x1/353',
      '[ BUG: Invalid wait context ]',
      '[ BUG: nginx/712 still has locks held! ]',
      'nginx/712 is leaving the kernel with locks still held!',
      'WARNING: held lock freed!',
      '[ INFO: suspicious rcu_dereference_check() usage. ]',
      'BUG: key ffff888012345678 has not been registered!',
      'BUG: key ffffffff81000000 not in .data!',
      'BUG: workqueue leaked atomic, lock or RCU: kworker/0:1[353]',
      'BUG: spinlock recursion on CPU#0, java/7',
      'BUG: rwlock recursion on CPU#0, java/7, c0ffee',
      'BUG: spinlock wrong CPU on CPU#1, java/7',
      'WARNING: bad unlock balance detected!',
      'WARNING: Nested lock was not taken',
      'WARNING: lock held when returning to user space!',
      'WARNING: java/77 still has locks held!',
      'DEBUG_LOCKS_WARN_ON(lock->magic != lock)',
      'include/linux/inetdevice.h:223 WARNING: suspicious RCU usage',
      'BUG: MAX_LOCKDEP_ENTRIES too low!',
      '[ BUG: bad contention detected! ]',
      '[ BUG: lock held at task exit time! ]',
    ],
    ['INFO: lockdep is turned off.', 'lockd: cannot monitor 10.0.0.3', 'block device autoloading is deprecated'],
  ],
  [
    'KernelBug',
    'bug',
    [
      'kernel BUG at mm/slub.c:379!',
      'Oops - BUG [#1]',
      'Internal error: Oops - BUG: 0 [#1] PREEMPT SMP ARM',
      'Kernel bug detected[#1]:',
      'BUG: Bad page state in process java  pfn:7deea',
      'BUG: Bad rss-counter state mm:00000000 type:MM_ANONPAGES val:1',
      'Bad page state in process java',
      'BUG: Bad page map in process java  pte:8000000 pmd:7deea',
      'BUG: using __this_cpu_read() in preemptible [00000000] code: java/7',
      'BUG: non-zero pgtables_bytes on freeing mm: 4096',
      'BUG: Dentry 00000000{i=1,n=a}  still in use (1) [unmount of ext4 sda]',
    ],
    ['DEBUG: scheduler has started now', 'ACPI BIOS BUG workaround applied', 'Spectre V2 : BUGS: none known here'],
  ],
  [
    'DivideError',
    'divide-error',
    [
      'Division by zero in kernel.',
      'divide error: 0000 [#1] SMP PTI',
      'Oops: divide error: 0000 [#1] SMP NOPTI',
      'divide error: 0000 [#2] PREEMPT SMP KASAN',
      'fixpoint divide exception: 0009 ilc:2 [#1] SMP',
    ],
    ['traps: calc[71] trap divide error ip:4005 sp:7ffc error:0 in calc[400000+1000]'],
  ],
  [
    'NullPointerDereference',
    'oops',
    [
      'BUG: kernel NULL pointer dereference, address: 0000000000000008',
      'BUG: unable to handle kernel NULL pointer dereference at 0000000000000008',
      'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010',
    ],
    ['null_blk: module loaded'],
  ],
  [
    'PagingRequest',
    'oops',
    [
      'BUG: unable to handle page fault for address: ffffea0000f0e440',
      'Unable to handle kernel paging request at virtual address dead000000000108',
      'BUG: Unable to handle kernel data access on read at 0xc000',
      'Unable to handle kernel pointer dereference in virtual kernel address space',
      'Unable to handle kernel access to user memory outside uaccess routines at virtual address 0000000020000000',
      'CPU 0 Unable to handle kernel paging request at virtual address 00000004, epc == 80100000, ra == 80100008',
    ],
    ['Unable to handle the requested mode'],
  ],
  [
    'GeneralProtectionFault',
    'oops',
    [
      'general protection fault: 0000 [#1] SMP',
      'general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] PREEMPT SMP NOPTI',
      'Oops: general protection fault, maybe for address 0x1: 0000 [#3] SMP',
    ],
    ['traps: nginx[812] general protection fault ip:7f0 sp:7ff error:0 in libc.so.6[7f0+1000]'],
  ],
  [
    'StackOverflow',
    'oops',
    [
      'BUG: stack guard page was hit at 00000000397c6d92 (stack is 0000000a..0000000e)',
      'BUG: TASK stack guard page was hit at 0000 (stack is 1..2)',
      'Insufficient stack space to handle exception!',
      'Kernel stack overflow.',
      'do_IRQ: kernel stack overflow: 488',
    ],
    ['stackdepot: allocating hash table'],
  ],
  [
    'DoubleFault',
    'panic',
    ['traps: PANIC: double fault, error_code: 0x0', 'PANIC: double fault, error_code: 0x0', 'Oops: double fault: 0000 [#1] SMP NOPTI'],
    ['double fault stack guard ready'],
  ],
  [
    'UnhandledFault',
    'oops',
    [
      'Unhandled fault: page domain fault (0x01b) at 0x00000e30',
      'Bad mode in Error handler detected on CPU1, code 0xbf000002 -- SError',
      'Unhandled 64-bit el1h sync exception on CPU1, ESR 0x0000000002000000',
      'SError Interrupt on CPU0, code 0x00000000bf000002 -- SError',
      'kernel tried to execute NX-protected page - exploit attempt? (uid: 0)',
      'Fault in home space mode while using kernel ASCE.',
      'Kernel Fault: Code=15 (Data TLB miss fault) at addr 00000008',
      'CFI failure at shop_call+0x1/0x2 (target: shop_b+0x0/0x9; expected type: 0x1)',
      'CFI failure (target: shop_b+0x0/0x9):',
    ],
    ['agent: Unhandled fault in request', 'shopd tried to execute a page'],
  ],
  [
    'KernelOops',
    'oops',
    [
      'Oops: 0002 [#1] SMP',
      'invalid opcode: 0000 [#1] PREEMPT SMP',
      'Internal error: Oops - undefined instruction: 0 [#1] SMP ARM',
      'Internal error: synchronous external abort: 96000010 [#1] PREEMPT SMP',
      'Oops [#1]',
      'int3: 0000 [#1] SMP',
      'stack segment: 0000 [#1] SMP PTI',
      'illegal operation: 0001 ilc:1 [#1] PREEMPT SMP',
      'Unhandled kernel unaligned access[#1]:',
      'Oops: Kernel access of bad area, sig: 11 [#1]',
      'Oops - illegal instruction [#1]',
      'swapper(1): Oops [#1]',
      'sshd(123): Kernel bad sw trap 5 [#1]',
      'Oops: 0000 [#1] PREEMPT SMP KASAN PTI',
      'Oops[#1]:',
      'Reserved instruction in kernel code[#1]:',
      'addressing exception: 0005 ilc:2 [#1] SMP',
      'alignment check: 0000 [#1] SMP',
      'Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP',
      'Internal error: Oops - CFI: 0 [#1] SMP',
    ],
    ['nginx: request 1f [#1] done later', 'Internal error: retrying'],
  ],
  [
    'KernelPanic',
    'panic',
    [
      'PANIC: early exception 0x0e IP 10:ffffffff81000000 error 0 cr2 0x0',
      'Kernel panic - not syncing: Fatal exception in interrupt',
      'Kernel panic: Attempted to kill init!',
      'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
    ],
    ['panic_on_oops set', 'pstore: panic handler registered'],
  ],
  [
    'AtomicSleep',
    'bug',
    [
      'BUG: scheduling while atomic: nginx/812/0x00000002',
      'BUG: sleeping function called from invalid context at mm/slab.h:421',
      'bad: scheduling while atomic!',
      'Debug: sleeping function called from invalid context at mm/slab.c:2082',
    ],
    ['sched: atomic features on'],
  ],
  [
    'SlabCorruption',
    'bug',
    [
      'BUG kmalloc-64 (Tainted: G    B): Redzone overwritten',
      'BUG task_struct (Not tainted): Poison overwritten',
      'INFO: Allocated in ring_open+0x2/0x9 age=1 cpu=1 pid=60',
      'INFO: Slab 0xffffea0004a3c000 objects=21 used=21 fp=0x0000000000000000 flags=0x2fffc0000010200',
    ],
    ['SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=4, Nodes=1'],
  ],
  [
    'ReferenceCount',
    'bug',
    ['VFS: Close: file count is 0', 'VFS: Busy inodes after unmount of sda1. Self-destruct in 5 seconds.'],
    ['VFS: Mounted root (ext4 filesystem) readonly on device 8:1.', 'VFS: Disk quotas dquot_6.6.0'],
  ],
  [
    'KernelWarning',
    'warning',
    [
      'WARNING: CPU: 1 PID: 3697 at lib/refcount.c:153 refcount_inc+0x47/0x50',
      'WARNING: fs/dcache.c:829 at fast_dput+0x334/0x430, CPU#0: nginx/6007',
      'WARNING: at net/core/dev.c:1 foo+0x1/0x2()',
      "WARNING: kernel stack regs at ffff8801d100fea8 in java:1 has bad 'bp' value ffff8801",
      'WARNING: stack recursion on stack type 4',
      'RTNL: assertion failed at net/core/dev.c (1686)',
      'refcount_t: underflow; use-after-free.',
      'Badness at kernel/softirq.c:159',
      'Badness in local_bh_enable at kernel/softirq.c:119',
    ],
    ['WARNING: the option is deprecated', 'WARNING: /etc/hosts does not exist', 'WARNING: No route to host at all'],
  ],
  [
    'OutOfMemory',
    'oom',
    [
      'java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=999',
      'Out of memory: Killed process 4242 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0',
      'Out of memory: Kill process 4242 (java) score 900 or sacrifice child',
    ],
    ['Out of memory handler registered', 'systemd-oomd: swap is used'],
  ],
  [
    'FilesystemReadOnly',
    'fs-error',
    ['EXT4-fs (sda1): Remounting filesystem read-only', 'BTRFS info (device sdb): forced readonly'],
    ['EXT4-fs (sda1): mounted filesystem with ordered data mode', 'VFS: Mounted root (ext4 filesystem) readonly on device 8:1.'],
  ],
  [
    'FilesystemShutdown',
    'fs-error',
    ['XFS (dm-0): Log I/O Error Detected. Shutting down filesystem', 'XFS (sdb1): Please unmount the filesystem and rectify the problem(s)'],
    ['XFS (sdb1): Ending clean mount'],
  ],
  [
    'FilesystemError',
    'fs-error',
    [
      'EXT4-fs error (device sda1): ext4_lookup:1601: inode #2: comm ls: deleted inode referenced: 12',
      'XFS (dm-3): Metadata corruption detected at xfs_agf_verify',
      'BTRFS error (device sdb): parent transid verify failed',
      'Aborting journal on device sda1-8.',
      'JBD2: Detected IO errors while flushing file data on sda1-8',
    ],
    ['EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro', 'BTRFS info (device sdb): disk space caching is enabled'],
  ],
  ['FilesystemWarning', 'fs-error', ['EXT4-fs warning (device sda1): ext4_dx_add_entry:2461: Directory index full!'], ['EXT4-fs (sda1): recovery complete']],
  ['OverlayCorrupt', 'fs-error', ["overlayfs: failed to resolve '/var/lib/x/work': -2"], ['overlayfs: upper fs does not support tmpfile.']],
  [
    'IoTimeout',
    'io-error',
    [
      'nvme nvme0: I/O 12 QID 3 timeout, aborting',
      'nvme nvme1: I/O tag 77 (104d) opcode 0x2 (I/O Cmd) QID 4 timeout, reset controller',
      'nvme nvme0: controller is down; will reset: CSTS=0xffffffff',
    ],
    ['nvme nvme0: 4/0/0 default/read/poll queues'],
  ],
  [
    'IoError',
    'io-error',
    [
      'blk_update_request: I/O error, dev sda, sector 2048 op 0x0:(READ)',
      'print_req_error: critical medium error, dev sdb, sector 77',
      'Buffer I/O error on dev dm-0, logical block 12, lost async page write',
      'ata1.00: failed command: READ FPDMA QUEUED',
    ],
    ['blk_update_request: I/O error, dev fd0, sector 0', 'Buffer I/O error on dev sr0, logical block 0, async page read', 'ata1.00: configured for UDMA/133'],
  ],
  [
    'HardwareErrorFatal',
    'hw-error',
    ['{1}[Hardware Error]: event severity: fatal', 'EDAC MC0: 1 UE memory read error on CPU_SrcID#0'],
    ['EDAC MC: Ver: 3.0.0'],
  ],
  ['MemoryPagePoisoned', 'hw-error', ['Memory failure: 0x7f001: recovery action for dirty LRU page: Recovered'], ['Memory: 7680M available']],
  [
    'HardwareErrorCorrected',
    'hw-error',
    [
      '{2}[Hardware Error]: event severity: corrected',
      'EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0',
      'mce: [Hardware Error]: Machine check events logged',
    ],
    ['mce: CPU0: Thermal monitoring enabled (TM1)', 'mce: Using 32 MCE banks'],
  ],
  [
    'HardwareError',
    'hw-error',
    [
      '{3}[Hardware Error]: event severity: recoverable',
      'pcieport 0000:00:1c.0: PCIe Bus Error: severity=Uncorrectable (Fatal), type=Transaction Layer',
      'NVRM: Xid (PCI:0000:65:00): 79, pid=1, GPU has fallen off the bus.',
      'mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 5',
      'NMI: PCI system error (SERR) for reason b1 on CPU 0.',
      'Uhhuh. NMI received for unknown reason 2d on CPU 0.',
    ],
    ['pcieport 0000:00:1c.0: AER: enabled with IRQ 24', 'NVRM: loading NVIDIA UNIX x86_64 Kernel Module'],
  ],
  [
    'CpuThrottled',
    'hw-error',
    [
      'CPU2: Core temperature above threshold, cpu clock throttled (total events = 1)',
      'mce: CPU2: Package temperature is above threshold, cpu clock is throttled',
    ],
    ['CPU2: Core temperature/speed normal'],
  ],
  ['UnregisterNetDevice', 'netdev-leak', ['unregister_netdevice: waiting for eth0 to become free. Usage count = 1'], ['eth0: link becomes ready']],
  ['TransmitTimeout', 'net-error', ['NETDEV WATCHDOG: eth0 (virtio_net): transmit queue 0 timed out'], ['virtio_net virtio0 eth0: renamed from ens3']],
  ['ConntrackFull', 'limit', ['nf_conntrack: nf_conntrack: table full, dropping packet'], ['nf_conntrack version 0.5.0 (65536 buckets, 262144 max)']],
  ['OpenFilesFull', 'limit', ['VFS: file-max limit 1024 reached'], ['VFS: Dquot-cache hash table entries: 512']],
  ['NeighborTableFull', 'limit', ['neighbour: arp_cache: neighbor table overflow!'], ['IPv4: neighbor discovery on']],
  [
    'PidsFull',
    'limit',
    ['cgroup: fork rejected by pids controller in /kubepods/burstable/pod0a1b2c3d-0000-1111-2222-333344445555/abc'],
    ['cgroup: cgroup2: unknown option'],
  ],
  ['TcpMemoryFull', 'limit', ['TCP: out of memory -- consider tuning tcp_mem'], ['TCP: Hash tables configured (established 65536 bind 65536)']],
]

describe('rules', () => {
  it.each(CASES)('%s', (reason, kind, fire, silent) => {
    for (const line of fire) expect({ line, ...pick(ruleFor(line)) }).toEqual({ line, reason, kind })
    for (const line of silent) expect({ line, ...pick(ruleFor(line)) }).toEqual({ line })
  })
  it('have a case each, for every kind', () => {
    for (const { reason, kind } of RULES)
      expect(
        CASES.some(([named, of]) => named === reason && of === kind),
        reason,
      ).toBe(true)
    expect(new Set(CASES.map(([, kind]) => kind))).toEqual(new Set(KINDS.filter((kind) => kind !== 'custom' && kind !== 'reboot')))
    for (const kind of KINDS) expect(ADVICE[kind]['zh-CN']).not.toBe('')
  })
  it('find the same behind every carrier, and nothing in lines of other programs', () => {
    const message = 'EXT4-fs error (device sda1): ext4_lookup:1601: inode #2: comm ls: deleted inode referenced: 12'
    const found = (line: string) => {
      const diagnosis = createDiagnosis('en')
      diagnosis.line(line)
      return diagnosis.finish().problems.map(({ reason, title, where }) => ({ reason, title, where }))
    }
    for (const carrier of [
      '',
      '<3>',
      '3,339,5140900,-;',
      '[   12.345678] ',
      '[Mon Nov 23 20:00:00 2026] ',
      '<3>[  12.3][  T77] ',
      '[ 12.3][    C1] ',
      'Nov 23 20:00:00 node-1 kernel: [   12.345678] ',
      '2026-11-23T20:00:00.123456+00:00 node-1 kernel: ',
    ])
      expect(found(carrier + message), carrier).toEqual([{ reason: 'FilesystemError', title: message, where: 'sda1' }])
    expect(found(JSON.stringify({ MESSAGE: message, SYSLOG_IDENTIFIER: 'kernel' }))).toHaveLength(1)
    expect(found(JSON.stringify({ MESSAGE: message, SYSLOG_IDENTIFIER: 'myapp' }))).toEqual([])
    expect(found(`Nov 23 20:00:00 node-1 myapp[33]: ${message}`)).toEqual([])
    expect(found('{"MESSAGE": torn')).toEqual([])
  })
})

const pick = (rule: { reason: string; kind: Kind } | undefined) => (rule ? { reason: rule.reason, kind: rule.kind } : {})
