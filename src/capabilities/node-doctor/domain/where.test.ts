/** Reports of every family, written as kernels of several ages and architectures print them: kind, and the function that is to blame. */
import { describe, expect, it } from 'vitest'
import { createDiagnosis } from './diagnose.ts'

function diagnose(lines: readonly string[]) {
  const diagnosis = createDiagnosis('en')
  for (const line of lines) diagnosis.line(line)
  return diagnosis.finish().problems
}
const stack = (...names: string[]) => ['Call Trace:', ' <TASK>', ...names.map((name) => ` ${name}+0x1f/0x2e0`), ' </TASK>']
const TAIL = ['do_syscall_64', 'entry_SYSCALL_64_after_hwframe']

const REPORTS: readonly [name: string, kind: string, where: string | RegExp, lines: readonly string[]][] = [
  [
    'use after free in a list',
    'memory-safety',
    'shop_del (in __list_del_entry_valid) < shop_ioctl',
    [
      'BUG: KASAN: use-after-free in __list_del_entry_valid+0xd6/0xf0 lib/list_debug.c:54',
      'Read of size 8 at addr ffff8880a2b4c8d0 by task shopd/7',
      ...stack('__dump_stack', 'dump_stack', 'print_address_description', 'kasan_report', '__list_del_entry_valid', 'shop_del', 'shop_ioctl', ...TAIL),
      'Allocated by task 7:',
      ' kmalloc+0x1/0x2',
      ' other_alloc+0x1/0x2',
    ],
  ],
  [
    'double free',
    'memory-safety',
    'shop_put',
    ['BUG: KASAN: double-free or invalid-free in shop_put+0x1/0x2', ...stack('kasan_report_invalid_free', '__kasan_slab_free', 'kfree', 'shop_put')],
  ],
  [
    'memory checker, decoded',
    'memory-safety',
    /^shop_parse\b/,
    ['BUG: KMSAN: uninit-value in shop_parse net/shop/parse.c:33 [inline]', ' shop_parse net/shop/parse.c:33 [inline]', ' shop_rcv+0x1/0x2 net/shop/in.c:9'],
  ],
  [
    'two that race',
    'data-race',
    /^ring_put < ring_get/,
    [
      'BUG: KCSAN: data-race in ring_put / ring_get',
      'write to 0xffff8881 of 8 bytes by task 12 on cpu 1:',
      ' ring_put+0x1/0x2',
      'read to 0xffff8881 of 8 bytes by task 13 on cpu 0:',
      ' ring_get+0x1/0x2',
    ],
  ],
  [
    'undefined behavior',
    'memory-safety',
    'shop_shift < shop_ioctl',
    [
      'UBSAN: shift-out-of-bounds in drivers/shop/shop.c:77:12',
      "shift exponent 64 is too large for 32-bit type 'int'",
      ...stack('dump_stack_lvl', 'ubsan_epilogue', '__ubsan_handle_shift_out_of_bounds.cold', 'shop_shift', 'shop_ioctl', ...TAIL),
    ],
  ],
  [
    'leak of before 5.0',
    'leak',
    'shop_open (in kmalloc_trace)',
    [
      'BUG: memory leak',
      'unreferenced object 0xffff88811 (size 64):',
      '  comm "shopd", pid 7, jiffies 4294944000 (age 12.0s)',
      '  backtrace:',
      '    [<00000000a>] kmalloc_trace+0x1/0x2',
      '    [<00000000b>] shop_open+0x1/0x2',
    ],
  ],
  [
    'a lock taken twice',
    'deadlock',
    'shop_flush < shop_close',
    [
      'WARNING: possible recursive locking detected',
      'shopd/7 is trying to acquire lock:',
      'ffff8880 (&shop->lock){+.+.}-{3:3}, at: shop_flush+0x1/0x2',
      'but task is already holding lock:',
      'ffff8880 (&shop->lock){+.+.}-{3:3}, at: shop_close+0x1/0x2',
      ...stack('dump_stack_lvl', '__lock_acquire', 'lock_acquire', '__mutex_lock', 'shop_flush', 'shop_close'),
    ],
  ],
  [
    'a state of a lock that cannot be, of old',
    'deadlock',
    /^shop_timer < shop_irq/,
    [
      '[ INFO: inconsistent lock state ]',
      'inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage.',
      'shopd/7 [HC0[0]:SC1[1]:HE1:SE0] takes:',
      ' (&(&shop->lock)->rlock){+.?...}, at: [<ffffffff81234567>] shop_timer+0x1/0x2',
      '{SOFTIRQ-ON-W} state was registered at:',
      '  [<ffffffff81234567>] other_open+0x1/0x2',
      'stack backtrace:',
      ' [<ffffffff81234567>] shop_irq+0x1/0x2',
    ],
  ],
  [
    'RCU used without its lock',
    'deadlock',
    'shop_lookup < shop_rcv',
    [
      'WARNING: suspicious RCU usage',
      'net/shop/in.c:77 suspicious rcu_dereference_check() usage!',
      ...stack('dump_stack', 'lockdep_rcu_suspicious', 'shop_lookup', 'shop_rcv'),
    ],
  ],
  [
    'an unlock too many',
    'deadlock',
    /^shop_stop\b/,
    [
      'WARNING: bad unlock balance detected!',
      'shopd/7 is trying to release lock (&x) at:',
      '[<ffffffff81234567>] shop_stop+0x1/0x2',
      'but there are no more locks to release!',
    ],
  ],
  [
    'a key that is not static',
    'deadlock',
    /^shop_exit \(in .*_raw_spin_lock/,
    [
      'INFO: trying to register non-static key.',
      'the code is fine but needs lockdep annotation.',
      ...stack('dump_stack', 'assign_lock_key', 'register_lock_class', '__lock_acquire', 'lock_acquire', '_raw_spin_lock_irqsave', 'shop_exit'),
    ],
  ],
  [
    'a task that hangs',
    'hang',
    'shop_sync (in wait_for_completion) < shop_close',
    [
      'INFO: task shopd:7 blocked for more than 143 seconds.',
      '      Not tainted 6.1.0 #1',
      'task:shopd state:D stack:0 pid:7',
      ...stack('context_switch', '__schedule', 'schedule', 'schedule_timeout', 'wait_for_completion', 'shop_sync', 'shop_close'),
    ],
  ],
  [
    'a processor that does not come back',
    'lockup',
    'shop_scan (in _raw_spin_lock, native_queued_spin_lock_slowpath) < shop_run',
    [
      'watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [shopd:7]',
      'CPU: 1 PID: 7 Comm: shopd Not tainted 6.1.0 #1',
      'RIP: 0010:native_queued_spin_lock_slowpath+0x1/0x2',
      ...stack('_raw_spin_lock', 'shop_scan', 'shop_run'),
    ],
  ],
  [
    'a grace period that does not end, told from the tick',
    'rcu-stall',
    'shop_spin < shop_ioctl',
    [
      'rcu: INFO: rcu_preempt self-detected stall on CPU',
      'rcu: \t0-....: (10499 ticks this GP)',
      ' <IRQ>',
      ...[
        'sched_show_task.cold',
        'rcu_dump_cpu_stacks',
        'rcu_sched_clock_irq.cold',
        'update_process_times',
        'tick_sched_handle',
        '__hrtimer_run_queues',
        'hrtimer_interrupt',
        '__sysvec_apic_timer_interrupt',
        'asm_sysvec_apic_timer_interrupt',
      ].map((name) => ` ${name}+0x1/0x2`),
      'RIP: 0010:shop_spin+0x1/0x2',
      ' shop_ioctl+0x1/0x2',
    ],
  ],
  [
    'a workqueue that stands still',
    'lockup',
    null as unknown as string,
    ['BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 34s!', 'Showing busy workqueues and worker pools:'],
  ],
  [
    'a sleep where none may be',
    'bug',
    'shop_tick (in mutex_lock) < shop_softirq',
    [
      'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:283',
      'in_atomic(): 1, irqs_disabled(): 0, pid: 7, name: shopd',
      ...stack('dump_stack_lvl', '__might_resched', 'mutex_lock', 'shop_tick', 'shop_softirq'),
    ],
  ],
  [
    'a switch where none may be',
    'bug',
    'shop_wait < shop_ioctl',
    [
      'BUG: scheduling while atomic: shopd/7/0x00000002',
      ...stack('dump_stack', '__schedule_bug', '__schedule', 'schedule', 'schedule_timeout', 'shop_wait', 'shop_ioctl'),
    ],
  ],
  [
    'a page in a bad state',
    'bug',
    /shop_free/,
    ['BUG: Bad page state in process shopd  pfn:7deea', ...stack('dump_stack', 'bad_page', 'free_pages_prepare', 'free_unref_page', 'shop_free')],
  ],
  [
    'a warning of a counter',
    'warning',
    'shop_put (in refcount_warn_saturate)',
    [
      'refcount_t: underflow; use-after-free.',
      'WARNING: CPU: 1 PID: 7 at lib/refcount.c:28 refcount_warn_saturate+0x1/0x2',
      'RIP: 0010:refcount_warn_saturate+0x1/0x2',
      ...stack('shop_put'),
    ],
  ],
  [
    'a warning that names its condition',
    'warning',
    'shop_put < shop_close',
    ['WARNING: [shop->users < 0] drivers/shop/shop.c:77 at shop_put+0x1/0x2, CPU#1: shopd/7', ...stack('shop_close')],
  ],
  [
    'a buffer marked too late',
    'warning',
    /^mark_buffer_dirty < shop_write/,
    ['WARNING: CPU: 1 PID: 7 at fs/buffer.c:1130 mark_buffer_dirty+0x1/0x2', ...stack('shop_write')],
  ],
  [
    'objects of a checker',
    'warning',
    /^shop_release \(in .*debug_print_object/,
    [
      'ODEBUG: free active (active state 0) object type: timer_list hint: shop_tick+0x0/0x2',
      'WARNING: CPU: 0 PID: 7 at lib/debugobjects.c:287 debug_print_object+0x1/0x2',
      ...stack('debug_check_no_obj_freed', 'kfree', 'shop_release'),
    ],
  ],
  [
    'a page fault on x86, decoded by the script of the kernel',
    'oops',
    'shop_read < shop_ioctl',
    [
      'BUG: unable to handle page fault for address: ffffc90001',
      'RIP: 0010:shop_read (drivers/shop/shop.c:33 (discriminator 1))',
      'Call Trace:',
      ' shop_ioctl (drivers/shop/shop.c:99 drivers/shop/shop.c:120) shopmod',
    ],
  ],
  [
    'a page fault of 32 bits and of old',
    'oops',
    'shop_read < shop_ioctl',
    [
      'BUG: unable to handle kernel paging request at f7e3c000',
      'IP: [<c0123456>] shop_read+0x1/0x2',
      '*pde = 00000000',
      'Call Trace:',
      ' [<c0223456>] ? unsure_one+0x1/0x2',
      ' [<c0323456>] shop_ioctl+0x1/0x2',
    ],
  ],
  [
    'a page fault on arm64',
    'oops',
    'shop_read < shop_ioctl',
    [
      'Unable to handle kernel paging request at virtual address dead000000000108',
      'Mem abort info:',
      'Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP',
      'pc : shop_read+0x1/0x2',
      'lr : shop_ioctl+0x1/0x2',
      'Call trace:',
      ' shop_read+0x1/0x2 (P)',
      ' shop_ioctl+0x1/0x2',
    ],
  ],
  [
    'a page fault on riscv',
    'oops',
    'shop_read < shop_ioctl',
    [
      'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008',
      'Oops [#1]',
      'epc : shop_read+0x1/0x2',
      ' ra : shop_ioctl+0x1/0x2',
      '[<ffffffff80123456>] shop_read+0x1/0x2',
      '[<ffffffff80223456>] shop_ioctl+0x1/0x2',
    ],
  ],
  [
    'a page fault on powerpc',
    'oops',
    'shop_read < shop_ioctl',
    [
      'BUG: Kernel NULL pointer dereference on read at 0x00000008',
      'Faulting instruction address: 0xc000000000123456',
      'Oops: Kernel access of bad area, sig: 11 [#1]',
      'NIP [c000000000123456] shop_read+0x1/0x2',
      'LR [c000000000223456] shop_ioctl+0x1/0x2',
      'Call Trace:',
      '[c00000000f] [c000000000223456] shop_ioctl+0x1/0x2',
    ],
  ],
  [
    'a page fault on s390',
    'oops',
    'shop_read < shop_ioctl',
    [
      'Unable to handle kernel pointer dereference in virtual kernel address space',
      'Failing address: 0000000000000000 TEID: 0000000000000483',
      'Oops: 0004 ilc:2 [#1] SMP',
      'Krnl PSW : 0704c00180000000 00000000b4d7a2 (shop_read+0x2a/0x60)',
      'Call Trace:',
      ' [<000000000014f0a6>] shop_ioctl+0x1/0x2',
    ],
  ],
  [
    'a page fault on mips',
    'oops',
    'shop_read < shop_ioctl',
    [
      'CPU 0 Unable to handle kernel paging request at virtual address 00000004, epc == 80100000, ra == 80100008',
      'Oops[#1]:',
      'epc   : 80100000 shop_read+0x1/0x2',
      'ra    : 80100008 shop_ioctl+0x1/0x2',
      'Call Trace:',
      '[<80100000>] shop_read+0x1/0x2',
      '[<80100008>] shop_ioctl+0x1/0x2',
    ],
  ],
  [
    'a fault where a work item runs',
    'oops',
    /^process_one_work\b/,
    [
      'general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP',
      'RIP: 0010:process_one_work+0x1/0x2',
      ...stack('worker_thread', 'kthread', 'ret_from_fork'),
    ],
  ],
  [
    'a division',
    'divide-error',
    'shop_rate < shop_ioctl',
    ['divide error: 0000 [#1] PREEMPT SMP NOPTI', 'RIP: 0010:shop_rate+0x1/0x2', ...stack('shop_ioctl', ...TAIL)],
  ],
  [
    'a stop of its own',
    'bug',
    'shop_map < shop_ioctl',
    [
      '------------[ cut here ]------------',
      'kernel BUG at drivers/shop/shop.c:77!',
      'invalid opcode: 0000 [#1] SMP',
      'RIP: 0010:shop_map+0x1/0x2',
      ...stack('shop_ioctl', ...TAIL),
      'Kernel panic - not syncing: Fatal exception',
    ],
  ],
  ['a broken stack', 'panic', /^shop_read\b/, ['Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: shop_read+0x1/0x2']],
  ['a broken stack, of old', 'panic', /^shop_read\b/, ['Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: shop_read']],
  [
    'a call to the wrong place',
    'oops',
    /^shop_call < shop_run/,
    [
      'CFI failure at shop_call+0x1/0x2 (target: shop_b+0x0/0x9; expected type: 0x1)',
      'Internal error: Oops - CFI: 00000000f2008228 [#1] PREEMPT SMP',
      'pc : shop_call+0x1/0x2',
      'Call trace:',
      ' shop_run+0x1/0x2',
    ],
  ],
]

describe('reports', () => {
  it.each(REPORTS)('%s', (_, kind, where, lines) => {
    const problems = diagnose(lines)
    expect(problems).toHaveLength(1)
    expect(problems[0]!.kind).toBe(kind)
    if (where === null || typeof where === 'string') expect(problems[0]!.where).toBe(where)
    else expect(problems[0]!.where).toMatch(where)
  })

  // the same report, however it arrived
  const plain = REPORTS.find(([, kind]) => kind === 'divide-error')![3]
  it.each<[string, (line: string, i: number) => string]>([
    ['with stamps', (line, i) => `[   12.${String(i).padStart(6, '0')}] ${line}`],
    ['with stamps and callers', (line, i) => `[   12.${String(i).padStart(6, '0')}][ T1234] ${line}`],
    ['with callers and processors', (line, i) => `[   12.${String(i).padStart(6, '0')}][ T1234@C1] ${line}`],
    ['with levels', (line, i) => `<4>[   12.${String(i).padStart(6, '0')}] ${line}`],
    ['from /dev/kmsg', (line, i) => `4,${i},12${String(i).padStart(6, '0')},-,caller=T1234;${line}`],
    ['from syslog', (line, i) => `Jan  5 12:00:00 node1 kernel: [   12.${String(i).padStart(6, '0')}] ${line}`],
    ['from journalctl', (line) => `2026-01-05T12:00:00+0000 node1 kernel: ${line}`],
    ['from dmesg -T', (line) => `[Mon Jan  5 12:00:00 2026] ${line}`],
    ['from dmesg -x', (line, i) => `kern  :warn  : [   12.${String(i).padStart(6, '0')}] ${line}`],
    ['from a phone', (line, i) => `[   12.${String(i).padStart(6, '0')}] (1)[1234:shopd]${line}`],
    ['after what a program had not ended', (line, i) => `login: shopd is ready[   12.${String(i).padStart(6, '0')}] ${line}`],
    ['with the ends of lines of a terminal', (line, i) => `[   12.${String(i).padStart(6, '0')}] ${line}\r`],
  ])('are the same %s', (_, wrap) => {
    const diagnosis = createDiagnosis('en')
    for (const [i, line] of plain.entries()) diagnosis.line(wrap(line, i).replace(/\r$/, ''))
    expect(diagnosis.finish().problems).toMatchObject([{ kind: 'divide-error', where: 'shop_rate < shop_ioctl' }])
  })
})
