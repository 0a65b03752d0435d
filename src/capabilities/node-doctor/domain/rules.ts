/** What the kernel says when something is wrong, as families of wording. The first rule that matches a line names it. */
import type { Severity } from '#core/shapes/severity.ts'
import type { Kind } from './kinds.ts'
import { REBOOT_WORDS } from './reboot.ts'
import { createWordSearch } from './words.ts'

export interface Rule {
  kind: Kind
  reason: string
  severity: Severity
  /** Every line that the pattern matches holds one of these: what keeps a flood of other lines cheap. */
  words: readonly string[]
  pattern: RegExp
  /** Part of the report that is open, if one is: an oops ends in a panic, an out-of-memory kill has four lines. */
  continues?: true
  /** Often said right before the line that tells the kind; alone it is the problem. */
  preamble?: true
  /** A report of many lines follows (registers, stack); without it the line stands for itself. */
  report?: true
}

/** A device of removable media that is simply not there. */
const NO_MEDIUM = '(?!fd\\d|sr\\d)'

export const RULES: readonly Rule[] = [
  // memory checkers
  {
    kind: 'memory-safety',
    reason: 'MemoryCheckerReport',
    words: ['BUG: K', 'kmemcheck: '],
    severity: 'error',
    report: true,
    // before 4.15: "WARNING: kmemcheck: Caught 32-bit read from uninitialized memory"
    pattern: /\bBUG: (?:KASA[Nn]|KASan|KHWASAN|KMSAN|KFENCE): |\bkmemcheck: Caught \d+-bit (?:read|write) (?:from|to) /,
  },
  { kind: 'data-race', reason: 'DataRace', words: ['BUG: K'], severity: 'warning', report: true, pattern: /\bBUG: KCSAN: / },
  { kind: 'memory-safety', reason: 'UndefinedBehavior', words: ['UBSAN'], severity: 'error', report: true, pattern: /\bUBSAN: \S/ },
  {
    kind: 'leak',
    reason: 'KernelMemoryLeak',
    words: ['BUG: memory leak', 'kmemleak'],
    severity: 'warning',
    report: true,
    pattern: /\bBUG: memory leak\b|\bkmemleak: \d+ new suspected memory leaks/,
  },
  {
    kind: 'leak',
    reason: 'KernelMemoryLeak',
    words: ['unreferenced object'],
    severity: 'warning',
    report: true,
    continues: true,
    pattern: /^unreferenced object\b/,
  },

  // no progress
  {
    kind: 'hang',
    reason: 'TaskHung',
    words: ['for more than'],
    severity: 'error',
    report: true,
    pattern: /\btask .{1,64}:\d+ (?:blocked (?:in I\/O wait )?|can't die )for more than \d+ seconds/,
  },
  {
    kind: 'rcu-stall',
    reason: 'RcuStall',
    words: ['stall', 'grace period number'],
    severity: 'error',
    report: true,
    pattern:
      /\brcu\w*:? (?:INFO: )?(?:self-)?detect(?:ed)? (?:expedited )?stalls? on |\brcu_tasks\w* grace period number \d+ .*\bis \d+ jiffies old|\bRCU detected CPU (?:\d+ )?stalls?\b/,
  },
  {
    kind: 'rcu-stall',
    reason: 'RcuStall',
    words: ['kthread starved', 'kthread timer'],
    severity: 'error',
    report: true,
    continues: true,
    pattern: /\brcu\w*:? (?:\w+ )?kthread (?:starved for \d+ jiffies|timer wakeup didn't happen)/,
  },
  {
    kind: 'lockup',
    reason: 'SoftLockup',
    words: ['soft lockup'],
    severity: 'critical',
    report: true,
    pattern: /\bsoft lockup(?: - CPU#\d+ stuck for| detected on CPU#)/,
  },
  {
    kind: 'lockup',
    reason: 'HardLockup',
    words: ['LOCKUP'],
    severity: 'critical',
    report: true,
    // powerpc: "CPU 3 Hard LOCKUP", "Watchdog CPU:3 Hard LOCKUP"; before 2010: "NMI Watchdog detected LOCKUP on CPU 0"
    pattern: /\b(?:self-)?detected hard LOCKUP\b|\b[Ww]atchdog:? CPU[: ]?\d+ Hard LOCKUP\b|\bNMI Watchdog detected LOCKUP on CPU/,
  },
  { kind: 'lockup', reason: 'WorkqueueLockup', words: ['BUG: workqueue'], severity: 'error', report: true, pattern: /\bBUG: workqueue lockup - / },
  {
    kind: 'lockup',
    reason: 'SpinlockLockup',
    words: ['lock lockup', 'lock-lockup'],
    severity: 'critical',
    report: true,
    pattern: /\bBUG: \w*lock[ -]lockup\b/,
  },

  // locks used against their rules
  {
    kind: 'deadlock',
    reason: 'LockOrder',
    words: ['locking', 'lock inversion', 'lock order', 'lock state'],
    severity: 'warning',
    report: true,
    pattern:
      /\bpossible (?:circular|recursive) locking\b|\bcircular locking deadlock detected|\bpossible irq lock inversion\b|\bpossible \w+ locking dependency\b|-unsafe lock order detected|\binconsistent lock state\b/,
  },
  {
    kind: 'deadlock',
    reason: 'LockMisuse',
    words: [
      'unlock balance',
      'contention',
      'RCU usage',
      'suspicious rcu_',
      'ested lock',
      'locks held',
      'locks still held',
      'lock freed',
      'lock held',
      'wait context',
      'non-static key',
      'DEBUG_LOCKS',
    ],
    severity: 'warning',
    report: true,
    pattern:
      /\bbad unlock balance detected|\bbad contention detected|\b(?:WARNING|INFO): suspicious (?:RCU|rcu_\w+\(\)) usage\b|\bis leaving the kernel with locks still held!|\b[Nn]ested lock was not taken|\bstill has locks held!|\bheld lock freed!|\block held (?:when returning to user space|at task exit)|\bInvalid wait context\b|INFO: trying to register non-static key|^DEBUG_LOCKS_WARN_ON\(/,
  },
  {
    kind: 'deadlock',
    reason: 'LockMisuse',
    words: ['BUG: '],
    severity: 'error',
    report: true,
    pattern:
      /\bBUG: (?:(?:raw_)?(?:spin|rw|write|read)-?lock|workqueue leaked (?:lock|atomic)|using \w+ with interrupts|MAX_LOCK\w+ |looking up invalid subclass|key \S+ (?:has not been registered|not in \.data)|MAX_STACK_TRACE_ENTRIES |[\w ]*\block\b)/,
  },
  {
    kind: 'deadlock',
    reason: 'LockMisuse',
    words: ['lockdep.c'],
    severity: 'warning',
    report: true,
    continues: true,
    pattern: /\bWARNING: CPU: \d+ PID: \d+ at \S*\blocking\/lockdep\.c:|\bWARNING: \S*\blocking\/lockdep\.c:\d+ at /,
  },

  // the kernel stopped a part of itself
  { kind: 'bug', reason: 'KernelBug', words: ['ernel BUG at'], severity: 'critical', report: true, pattern: /\b[Kk]ernel BUG at \S/ },
  // arm, riscv, powerpc and mips count theirs without that line
  {
    kind: 'bug',
    reason: 'KernelBug',
    words: ['[#'],
    severity: 'critical',
    report: true,
    continues: true,
    pattern: /\bOops - BUG(?:: [0-9a-f]+)? \[#\d+\]|^Kernel (?:BUG|bug detected) ?\[#\d+\]/,
  },
  {
    kind: 'divide-error',
    reason: 'DivideError',
    words: ['divide error', 'divide exception', 'Division by zero'],
    severity: 'critical',
    report: true,
    pattern: /\bdivide (?:error|exception): [0-9a-f]{4,}(?: ilc:\d)? \[#\d+\]|^Division by zero in kernel\./,
  },
  {
    kind: 'oops',
    reason: 'NullPointerDereference',
    words: ['NULL pointer'],
    severity: 'critical',
    report: true,
    pattern: /\b[Uu]nable to handle kernel NULL pointer dereference\b|\bBUG: [Kk]ernel NULL pointer dereference\b/,
  },
  {
    kind: 'oops',
    reason: 'PagingRequest',
    words: ['nable to handle'],
    severity: 'critical',
    report: true,
    pattern: /\bBUG: [Uu]nable to handle\b|\b[Uu]nable to handle kernel +(?:paging|access|execut|data|instruction|pointer|read|write|unknown|unaligned|$)/,
  },
  {
    kind: 'oops',
    reason: 'GeneralProtectionFault',
    words: ['general protection'],
    severity: 'critical',
    report: true,
    pattern: /\bgeneral protection fault(?:[:,] | maybe | for ).*[0-9a-f]{4} \[#\d+\]/,
  },
  {
    kind: 'oops',
    reason: 'StackOverflow',
    words: ['guard page', 'Insufficient stack', 'ernel stack overflow'],
    severity: 'critical',
    report: true,
    pattern: /\bstack guard page was hit at\b|\bInsufficient stack space to handle exception|\b[Kk]ernel stack overflow\b/,
  },
  {
    kind: 'panic',
    reason: 'DoubleFault',
    words: ['double fault'],
    severity: 'critical',
    report: true,
    pattern: /\bPANIC: double fault\b|\bdouble fault: [0-9a-f]{4,} \[#\d+\]/,
  },
  { kind: 'panic', reason: 'KernelPanic', words: ['PANIC: early'], severity: 'critical', report: true, pattern: /\bPANIC: early exception\b/ },
  {
    kind: 'oops',
    reason: 'UnhandledFault',
    words: ['Unhandled', 'Bad mode', 'SError Interrupt', 'to execute ', 'Fault in ', 'Kernel Fault', 'CFI failure'],
    severity: 'critical',
    report: true,
    pattern:
      /^Unhandled (?:fault|prefetch abort): |^Unhandled \d\d-bit \w+ \w+ exception on CPU|^Bad mode in .* handler detected|^SError Interrupt on CPU|^kernel tried to execute \S+ page\b.*exploit attempt|^Fault in \w+ space mode while using kernel ASCE|^Kernel Fault: Code=\d+|^CFI failure (?:at |\()/,
  },
  // every architecture counts its oopses: "… [#1]"
  {
    kind: 'oops',
    reason: 'KernelOops',
    words: ['[#'],
    severity: 'critical',
    report: true,
    continues: true,
    pattern:
      /(?:^|\] )(?:[A-Za-z][\w ,()/-]*: )+(?:[A-Za-z ]*: )?[0-9a-f]{1,16}(?: ilc:\d)? \[#\d+\]|^(?:\S{1,64}\(\d+\): )?Oops\b.*\[#\d+\]|^\S{1,64}\(\d+\): Kernel [\w ]{3,60} \[#\d+\]|\bInternal error: .*\[#\d+\]|^[A-Z][\w ]{4,60}\[#\d+\]:?/,
  },
  {
    kind: 'panic',
    reason: 'KernelPanic',
    words: ['Kernel panic'],
    severity: 'critical',
    report: true,
    continues: true,
    // before 2.6.10 without its second half
    pattern: /\bKernel panic(?: - not syncing\b|: \S)/,
  },
  {
    kind: 'bug',
    reason: 'AtomicSleep',
    words: ['scheduling ', 'sleeping function'],
    severity: 'error',
    report: true,
    pattern: /\b(?:BUG|bad): scheduling (?:while atomic|from the idle thread)\b|\b(?:BUG|Debug): sleeping function called from invalid context/,
  },
  { kind: 'bug', reason: 'SlabCorruption', words: ['BUG '], severity: 'error', report: true, pattern: /\bBUG [\w.:-]+ \((?:Not tainted|Tainted)[^)]*\): / },
  {
    kind: 'bug',
    reason: 'SlabCorruption',
    words: ['INFO: '],
    severity: 'error',
    report: true,
    continues: true,
    pattern: /\bINFO: (?:(?:Allocated|Freed) in \S+ age=\d+ cpu=\d+ pid=\d+|(?:Slab|Object) 0x[0-9a-f]+ (?:objects=|@offset=))/,
  },
  { kind: 'bug', reason: 'ReferenceCount', words: ['VFS: '], severity: 'error', pattern: /\bVFS: Close: file count is 0\b|\bVFS: Busy inodes after unmount\b/ },
  {
    kind: 'bug',
    reason: 'KernelBug',
    words: ['BUG: ', 'Bad page state'],
    severity: 'error',
    report: true,
    pattern: /(?:^|\] |\[ |: )BUG: [A-Za-z][\w-]*(?: +[\w{}(),.=/'-]+){2,}|^Bad page state in process /,
  },
  {
    kind: 'warning',
    reason: 'KernelWarning',
    words: ['WARNING: '],
    severity: 'warning',
    report: true,
    pattern: /\bWARNING: (?:CPU: \d+ PID: \d+ )?at \S|\bWARNING: (?:\[.{1,200}\] )?\S+:\d+ at \S/,
  },
  {
    kind: 'warning',
    reason: 'KernelWarning',
    words: ['WARNING: '],
    severity: 'warning',
    pattern: /\bWARNING: (?:kernel stack (?:regs|frame pointer) at \S+ in \S+ has bad|stack recursion on stack type|can't (?:access|dereference) registers at)/,
  },
  {
    kind: 'warning',
    reason: 'KernelWarning',
    words: ['RTNL: ', 'refcount_t: ', 'Badness '],
    severity: 'warning',
    report: true,
    preamble: true,
    pattern: /\bRTNL: assertion failed at \S|^refcount_t: \w|^Badness (?:at \S+:\d+|in \w+ at \S+:\d+)/,
  },

  // memory ran out
  { kind: 'oom', reason: 'OutOfMemory', words: ['oom-killer'], severity: 'error', report: true, pattern: /\binvoked oom-killer: / },
  {
    kind: 'oom',
    reason: 'OutOfMemory',
    words: ['oom-kill:', 'Task in ', 'Kill process', 'Killed process'],
    severity: 'error',
    continues: true,
    report: true,
    pattern:
      /\boom-kill:constraint=|\bTask in \S+ killed as a result of limit of |\b(?:Out of memory|Memory cgroup out of memory|out of memory \(\w+\)): Kill(?:ed)? process \d+|^Killed process \d+ \(/,
  },

  // storage
  {
    kind: 'fs-error',
    reason: 'FilesystemReadOnly',
    words: ['read-only', 'readonly'],
    severity: 'critical',
    pattern: /\bRemounting filesystem read-only\b|\bforced readonly\b|\bFilesystem has been set read-only\b/,
  },
  {
    kind: 'fs-error',
    reason: 'FilesystemShutdown',
    words: ['XFS ('],
    severity: 'critical',
    pattern: /\bXFS \(\S+\):.*\b(?:Shutting down filesystem|[Ff]ilesystem has been shut down|Please (?:umount|unmount) the filesystem)/,
  },
  {
    kind: 'fs-error',
    reason: 'FilesystemError',
    words: ['EXT2-fs', 'EXT3-fs', 'EXT4-fs', 'XFS (', 'BTRFS', 'JBD', 'Aborting journal', 'FAT-fs', 'F2FS-fs'],
    severity: 'error',
    pattern:
      /\bEXT[234]-fs (?:error|panic|\(\S+\): (?:error|failed to convert|delayed block allocation failed))|\bXFS \(\S+\):.*(?:[Cc]orruption|Internal error|metadata I\/O error|log I\/O error)|\bBTRFS(?:: error| critical| error| \(device \S+\): (?:error|parent transid))|\bJBD2?: (?:Error|Detected (?:aborted journal|IO errors))|\bAborting journal on device|\bFAT-fs \(\S+\): error|\bF2FS-fs \(\S+\):.*(?:corrupt|inconsisten)/,
  },
  { kind: 'fs-error', reason: 'FilesystemWarning', words: ['EXT2-fs', 'EXT3-fs', 'EXT4-fs'], severity: 'warning', pattern: /\bEXT[234]-fs warning\b/ },
  {
    kind: 'fs-error',
    reason: 'OverlayCorrupt',
    words: ['overlayfs'],
    severity: 'error',
    pattern: /\boverlayfs: .*\b(?:failed to resolve|invalid origin|corrupt)/,
  },
  {
    kind: 'io-error',
    reason: 'IoTimeout',
    words: ['nvme'],
    severity: 'error',
    pattern: /\bnvme\d* ?\S*: I\/O (?:tag )?\d+.* timeout\b|\bnvme nvme\d+: (?:controller is down|Device not ready|Removing after probe failure)/,
  },
  {
    kind: 'io-error',
    reason: 'IoError',
    words: ['I/O error', 'error, dev', 'ata', 'Sense Key', 'page write'],
    severity: 'error',
    pattern: new RegExp(
      `\\bBuffer I/O error on (?:dev|device) ${NO_MEDIUM}\\w|\\b(?:I/O|critical (?:medium|target|nexus|space allocation)|protection|data integrity|timeout) error, dev ${NO_MEDIUM}\\w|\\bata\\d+(?:\\.\\d+)?: (?:failed command|exception Emask|link is slow to respond|SError: \\{)|\\[sd[a-z]+\\].*Sense Key : (?:Medium|Hardware) Error|\\blost (?:async )?page write\\b`,
    ),
  },

  // hardware
  {
    kind: 'hw-error',
    reason: 'HardwareErrorFatal',
    words: ['Hardware Error', 'Uncorrect', 'mce: ', 'EDAC'],
    severity: 'critical',
    pattern:
      /\[Hardware Error\]: event severity: fatal|\bUncorrect(?:ed|able).*\b(?:memory error|\[Hardware Error\])|\bmce: .*Fatal machine check|\bEDAC \S+: \d+ UE /,
  },
  { kind: 'hw-error', reason: 'MemoryPagePoisoned', words: ['Memory failure'], severity: 'error', pattern: /\bMemory failure: 0x[0-9a-f]+: / },
  {
    kind: 'hw-error',
    reason: 'HardwareErrorCorrected',
    words: ['Hardware Error', 'EDAC', 'CE memory', 'Machine check'],
    severity: 'warning',
    pattern:
      /\[Hardware Error\]: event severity: (?:corrected|info)|\bEDAC \S+: \d+ CE |\bCE memory (?:read|scrubbing|write) error|\bMachine check events logged/,
  },
  {
    kind: 'hw-error',
    reason: 'HardwareError',
    words: ['Hardware Error', 'PCIe Bus', 'NVRM', 'NMI: ', 'NMI received'],
    severity: 'error',
    pattern:
      /\[Hardware Error\]: (?:event severity: recoverable|CPU \d+: Machine Check)|\bPCIe Bus Error: severity=Uncorrect|\bNVRM: Xid \(|\bNMI: (?:PCI system error|IOCK error|[Mm]emory parity error)|\bUhhuh\. NMI received for unknown reason/,
  },
  {
    kind: 'hw-error',
    reason: 'CpuThrottled',
    words: ['above threshold'],
    severity: 'warning',
    pattern: /\b(?:Core|Package) temperature (?:is )?above threshold\b/,
  },

  // network, and tables that are full
  {
    kind: 'netdev-leak',
    reason: 'UnregisterNetDevice',
    words: ['unregister_netdevice'],
    severity: 'error',
    pattern: /\bunregister_netdevice: waiting for \S+ to become free\b/,
  },
  {
    kind: 'net-error',
    reason: 'TransmitTimeout',
    words: ['NETDEV WATCHDOG'],
    severity: 'error',
    continues: true,
    pattern: /\bNETDEV WATCHDOG: .*transmit queue \d+ timed out/,
  },
  {
    kind: 'limit',
    reason: 'ConntrackFull',
    words: ['table full'],
    severity: 'error',
    pattern: /\bnf_conntrack: (?:nf_conntrack: )?table full, dropping packet/,
  },
  { kind: 'limit', reason: 'OpenFilesFull', words: ['VFS: '], severity: 'critical', pattern: /\bVFS: file-max limit \d+ reached/ },
  {
    kind: 'limit',
    reason: 'NeighborTableFull',
    words: ['overflow!'],
    severity: 'error',
    pattern: /\bneighbou?r(?: table overflow|: \w+: neighbor table overflow)!/,
  },
  { kind: 'limit', reason: 'PidsFull', words: ['fork rejected'], severity: 'error', pattern: /\bcgroup: fork rejected by pids controller in / },
  { kind: 'limit', reason: 'TcpMemoryFull', words: ['tcp_mem'], severity: 'warning', pattern: /\bTCP: out of memory -- consider tuning tcp_mem/ },
]

const WORDS = [...new Set([...RULES.flatMap(({ words }) => words), ...REBOOT_WORDS])]
/** Of each word, the places of its rules in RULES, upwards. */
const PLACES = WORDS.map((word) => [...RULES.entries()].flatMap(([place, { words }]) => (words.includes(word) ? [place] : [])))
const SEARCH = createWordSearch(WORDS)

/** False for nearly every line of a healthy log, and quick about it; no rule matches those, nor `reboot.ts`. */
export const mayMatter = SEARCH.inText
export const mayMatterInBytes = SEARCH.inBytes

/** The first of RULES that matches. */
export function ruleFor(message: string): Rule | undefined {
  let best = RULES.length
  SEARCH.each(message, (word) => {
    for (const place of PLACES[word]!) {
      if (place >= best) break
      if (RULES[place]!.pattern.test(message)) best = place
    }
  })
  return RULES[best]
}
