import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineCutter, MAX_LINE } from './cut-lines.ts'
import { createDiagnosis } from './diagnose.ts'

function diagnose(...lines: string[]) {
  const diagnosis = createDiagnosis('en')
  for (const line of lines) diagnosis.line(line)
  return diagnosis.finish()
}
const POD = '0a1b2c3d-1111-4222-8333-444455556666'

describe('reports', () => {
  it('are one problem from the fault to the panic, with the function past the plumbing', () => {
    const { problems } = diagnose(
      '[  10.000000] eth0: link becomes ready',
      '[  11.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008',
      '[  11.000001] #PF: supervisor read access in kernel mode',
      '[  11.000002] Oops: 0000 [#1] SMP NOPTI',
      '[  11.000003] CPU: 1 PID: 812 Comm: shopd Not tainted 6.1.0 #1',
      '[  11.000004] RIP: 0010:memcpy+0x12/0x40',
      '[  11.000005] Call Trace:',
      '[  11.000006]  <TASK>',
      '[  11.000007]  ? stale_entry+0x1/0x9',
      '[  11.000008]  ring_copy.isra.0+0x40/0x90 [shopmod]',
      '[  11.000009]  ring_read+0x10/0x20 [shopmod]',
      '[  11.000010] Kernel panic - not syncing: Fatal exception',
    )
    expect(problems).toMatchObject([
      {
        kind: 'oops',
        reason: 'NullPointerDereference',
        severity: 'critical',
        firstLine: 2,
        lastLine: 12,
        where: 'ring_copy (in memcpy) < ring_read',
        process: 'shopd[812]',
        count: 1,
      },
    ])
  })
  it('place a fault with the function that called on a library, and keep the library in the path', () => {
    const fault = (...frames: string[]) =>
      diagnose('BUG: unable to handle page fault for address: ffffffffffffffe8', ...frames.map((name) => ` ${name}+0x1/0x9`)).problems[0]!.where
    expect(fault('memcmp', 'rb_erase', 'shop_forget', 'shop_close')).toBe('shop_forget (in rb_erase, memcmp) < shop_close')
    expect(fault('__jhash_string', 'rhashtable_lookup', 'shop_find')).toBe('shop_find (in rhashtable_lookup, __jhash_string)')
    expect(fault('shop_find', 'rb_erase', 'shop_close')).toBe('shop_find < rb_erase < shop_close')
    expect(fault('rb_erase', 'kobject_put')).toBe('rb_erase < kobject_put')
  })
  it('name a service also by the name that all kernels share', () => {
    const where = (...frames: string[]) =>
      diagnose('watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [java:991]', ...frames.map((name) => ` ${name}+0x1/0x9`)).problems[0]!.where
    expect(where('shop_spin', '__x64_sys_recvmmsg')).toBe('shop_spin < __x64_sys_recvmmsg (sys_recvmmsg)')
    expect(where('shop_spin', 'SyS_ioctl')).toBe('shop_spin < SyS_ioctl (sys_ioctl)')
    expect(where('shop_spin', '__ia32_compat_sys_open')).toBe('shop_spin < __ia32_compat_sys_open (sys_open)')
    expect(where('smp_call_function_many_cond', 'shop_flush')).toBe('shop_flush (in smp_call_function_many_cond (smp_call_function))')
    expect(where('synchronize_rcu_expedited', 'shop_exit')).toBe('synchronize_rcu_expedited (synchronize_rcu) < shop_exit')
    expect(where('shop_sys_read', 'do_sys_open')).toBe('shop_sys_read < do_sys_open')
  })
  it.each([
    ['arm', '[<c0123456>] (shop_pop) from [<c0223456>] (shop_run+0x10/0x20)'],
    ['arm, newer', ' shop_pop from shop_run+0x10/0x20'],
    ['arm64', 'pc : shop_pop+0x10/0x20 [shopmod]', 'lr : shop_run+0x1/0x2', ' shop_pop+0x10/0x20 [shopmod] (P)', ' shop_run+0x1/0x2'],
    ['x86 of old', 'RIP: 0010:[<ffffffff81234567>]  [<ffffffff81234567>] shop_pop+0x1/0x2', ' [<ffffffff81334567>] shop_run+0x1/0x2'],
    ['x86, 32 bits', 'EIP: shop_pop.isra.3+0x1/0x2', ' shop_run.part.12+0x1/0x2'],
    [
      'powerpc',
      'NIP [c000000000123456] shop_pop+0x1/0x2',
      '[c000000001234] [c000000005678] shop_pop+0x1/0x2 (unreliable)',
      '[c000000001234] [c000000005678] shop_run+0x1/0x2',
    ],
    ['s390', 'Krnl PSW : 0704c00180000000 0000000000b4d7a2 (shop_pop+0x2a/0x60)', '([<000000000014f0a6>] shop_run+0x1/0x2)'],
    ['riscv', 'epc : shop_pop+0x1/0x2', '[<ffffffff80123456>] shop_run+0x1/0x2'],
    ['loongarch', ' ERA: 9000000000223456 shop_pop+0x1/0x2', '[<9000000000323456>] shop_run+0x1/0x2'],
    ['mips', 'epc   : 80123456 shop_pop+0x1/0x2', '[<80223456>] shop_run+0x1/0x2'],
    ['sparc', 'TPC: <shop_pop+0x1/0x2>', ' [0000000000423456] shop_run+0x1/0x2'],
    ['clang', ' shop_pop.cfi_jt+0x1/0x2', ' shop_run.llvm.123456+0x1/0x2'],
  ])('find the functions as %s prints them', (_, ...lines) => {
    expect(diagnose('Internal error: Oops: 96000004 [#1] SMP', ...lines).problems[0]!.where).toMatch(/^shop_pop < shop_run$/)
  })
  it('that begin with what is only said before them are one problem', () => {
    expect(
      diagnose(
        '------------[ cut here ]------------',
        'refcount_t: underflow; use-after-free.',
        'WARNING: CPU: 1 PID: 77 at lib/refcount.c:28 refcount_warn_saturate+0xd1/0x120',
        ' shop_put+0x1/0x2',
      ).problems,
    ).toMatchObject([{ kind: 'warning', reason: 'KernelWarning', firstLine: 2, lastLine: 4, where: 'shop_put (in refcount_warn_saturate)' }])
    expect(diagnose('RTNL: assertion failed at net/core/dev.c (1686)', ' shop_put+0x1/0x2').problems).toMatchObject([{ kind: 'warning', where: 'shop_put' }])
  })
  it('of two tasks that print at once stay apart', () => {
    const { problems } = diagnose(
      '[ 1.1][  T11] BUG: KASAN: slab-use-after-free in one_read+0x1/0x9',
      '[ 1.1][  T22] general protection fault: 0000 [#1] SMP',
      '[ 1.2][  T11] Read of size 8 at addr ffff8880 by task one/11',
      '[ 1.2][  T22] RIP: 0010:two_write+0x1/0x9',
      '[ 1.3][  T11]  one_outer+0x1/0x9',
      '[ 1.3][  T22]  two_outer+0x1/0x9',
    )
    expect(problems.map(({ kind, where, process }) => [kind, where, process])).toEqual([
      ['memory-safety', 'one_read < one_outer', 'one[11]'],
      ['oops', 'two_write < two_outer', null],
    ])
  })
  it('end: what follows much later is not theirs', () => {
    const { problems } = diagnose('kernel BUG at mm/slub.c:379!', ...Array<string>(70).fill('eth0: link becomes ready'), ' late_frame+0x1/0x9')
    expect(problems).toMatchObject([{ kind: 'bug', firstLine: 1, lastLine: 1, where: null }])
  })
  it.each([
    [
      'cgroup v2, systemd',
      `task_memcg=/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD.replaceAll('-', '_')}.slice/cri-containerd-abc.scope`,
    ],
    ['cgroup v2, cgroupfs', `task_memcg=/kubepods/burstable/pod${POD}/abc`],
  ])('of memory that ran out name victim and pod (%s)', (_, memcg) => {
    const { problems } = diagnose(
      'sidecar invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=999',
      'CPU: 1 PID: 5 Comm: sidecar Not tainted 6.1.0 #1',
      `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/kubepods,${memcg},task=java,pid=4242,uid=0`,
      'Memory cgroup out of memory: Killed process 4242 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB',
    )
    expect(problems).toMatchObject([{ kind: 'oom', reason: 'CgroupOutOfMemory', process: 'java[4242]', pod: POD, firstLine: 1, lastLine: 4, count: 1 }])
  })
  it('of cgroup v1 and of the whole node too', () => {
    expect(
      diagnose(
        'java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=999',
        `Task in /kubepods/besteffort/pod${POD}/abc killed as a result of limit of /kubepods/besteffort/pod${POD}`,
        'Memory cgroup out of memory: Kill process 77 (java) score 1999 or sacrifice child',
        'Killed process 77 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB',
      ).problems[0],
    ).toMatchObject({ reason: 'CgroupOutOfMemory', process: 'java[77]', pod: POD })
    expect(diagnose('Out of memory: Killed process 9 (mysqld) total-vm:8kB, anon-rss:4kB, file-rss:0kB').problems).toMatchObject([
      { reason: 'OutOfMemory', process: 'mysqld[9]', pod: null },
    ])
  })
  it('of memory that ran out are one problem, however many processes they list', () => {
    const lists = Array.from({ length: 300 }, (_, i) => `[${1000 + i}]     0  ${1000 + i}     1234      200    57344        0             0 shopd`)
    const { problems } = diagnose(
      'tail invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0',
      'Memory cgroup stats for /kubepods/x:',
      ...lists,
      `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a/pod${POD},task_memcg=/a/pod${POD},task=tail,pid=16772,uid=0`,
      'Memory cgroup out of memory: Killed process 16772 (tail) total-vm:26948kB, anon-rss:24064kB, file-rss:1556kB',
      'oom_reaper: reaped process 16772 (tail), now anon-rss:0kB',
      // some kernels say it again
      'Killed process 16772 (tail) total-vm:26948kB, anon-rss:24064kB, file-rss:1556kB',
    )
    expect(problems).toMatchObject([
      {
        kind: 'oom',
        reason: 'CgroupOutOfMemory',
        process: 'tail[16772]',
        pod: POD,
        count: 1,
        title: expect.stringMatching(/^Memory cgroup out of memory: Killed/),
      },
    ])
    // much later it is another one, whatever its number
    const killed = 'Out of memory: Killed process 7 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB'
    expect(diagnose(killed, ...Array<string>(100).fill('eth0: link becomes ready'), killed).problems).toMatchObject([{ kind: 'oom', count: 2 }])
    // the beginning was overwritten before it was read
    expect(
      diagnose(
        `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/a/pod${POD},task_memcg=/a/pod${POD},task=tail,pid=7,uid=0`,
        'Memory cgroup out of memory: Killed process 7 (tail) total-vm:26948kB, anon-rss:24064kB, file-rss:1556kB',
      ).problems,
    ).toMatchObject([{ reason: 'CgroupOutOfMemory', process: 'tail[7]', pod: POD }])
  })
  it('of a flood are counted, and crowd out no other kind', () => {
    const { problems, omitted } = diagnose(
      ...Array.from({ length: 5000 }, (_, i) => `I/O error, dev sd${String.fromCharCode(97 + (i % 3))}, sector ${i}`),
      ...Array.from({ length: 300 }, (_, i) => `unregister_netdevice: waiting for veth${i} to become free. Usage count = 1`),
      'nf_conntrack: table full, dropping packet',
    )
    expect(problems.filter(({ kind }) => kind === 'io-error').map(({ where, count }) => [where, count])).toEqual([
      ['sda', 1667],
      ['sdb', 1667],
      ['sdc', 1666],
    ])
    expect(problems.filter(({ kind }) => kind === 'netdev-leak')).toHaveLength(200)
    expect(omitted).toBe(100)
    expect(problems.some(({ kind }) => kind === 'limit')).toBe(true)
  })
})

describe('a kernel that starts', () => {
  const START = '[    0.000000] Linux version 6.1.0-28-amd64 (gcc 12) #1 SMP Debian'
  const kinds = (...lines: string[]) => diagnose(...lines).problems.map(({ reason }) => reason)
  it('unasked is told', () => {
    expect(kinds('[ 8123.456789] eth0: link becomes ready', START)).toEqual(['UnexpectedReboot'])
    expect(kinds('node-7 login: ', 'SeaBIOS (version 1.16.2-debian)', 'Booting from Hard Disk...', START)).toEqual(['UnexpectedReboot'])
    expect(kinds('[ 8123.4] reboot: Restarting system', START, '[  99.1] eth0: link becomes ready', START)).toEqual(['UnexpectedReboot'])
  })
  it('for the first time, or as it was asked, or after a death that is told anyway, is not', () => {
    expect(kinds(START, '[    1.000000] eth0: link becomes ready')).toEqual([])
    expect(kinds('SeaBIOS (version 1.16.2-debian)', 'Booting from Hard Disk...', START)).toEqual([])
    expect(kinds("Connected to domain 'node-7'", 'SeaBIOS (version 1.16.2-debian)', START)).toEqual([])
    expect(kinds('[ 8123.456789] reboot: Restarting system', 'SeaBIOS (version 1.16.2-debian)', START)).toEqual([])
    expect(kinds('[ 8123.456789] systemd-shutdown[1]: Rebooting.', '[ 8123.5] eth0: gone', START)).toEqual([])
    expect(kinds('[ 8123.456789] Kernel panic - not syncing: Fatal exception', '[ 8123.5] Rebooting in 5 seconds..', START)).toEqual(['KernelPanic'])
    expect(kinds('[    0.000000] Booting Linux on physical CPU 0x0', START)).toEqual([])
    // syslog stops before the machine does
    expect(kinds('Nov 23 20:00:00 node-1 kernel: [ 8123.4] eth0: link becomes ready', `Nov 23 20:01:00 node-1 kernel: ${START}`)).toEqual([])
  })
})

describe('bad input', () => {
  const lines = (chunks: readonly Uint8Array[]) => {
    const taken: string[] = []
    const cutter = createLineCutter((line) => taken.push(line))
    for (const chunk of chunks) cutter.push(chunk)
    cutter.end()
    return { taken, cut: cutter.cut }
  }
  it('is cut into the same lines wherever the chunks end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
        const whole = lines([bytes])
        expect(lines([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole)
      }),
    )
  })
  it('of a megabyte without an end keeps the beginning', () => {
    const text = `Kernel panic - not syncing: ${'x'.repeat(1_000_000)}`
    const { taken, cut } = lines([Buffer.from(text), Buffer.from('\nnext\r\n')])
    expect([taken.length, taken[0]!.length, taken[1], cut]).toEqual([2, MAX_LINE, 'next', 1])
    expect(diagnose(...taken).problems).toMatchObject([{ kind: 'panic' }])
  })
  it('never throws, and what is shown holds no control characters', () => {
    const heads = [
      'kernel BUG at ',
      'BUG: KASAN: ',
      '{"MESSAGE":',
      '[  1.0][ T1] ',
      'oom-kill:constraint=',
      'task x:1 blocked for more than 9 seconds',
      ' [<ff>] ? f+0x1/0x2',
    ]
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 60 })), { maxLength: 30 }), (parts) => {
        const { problems } = diagnose(...parts.map(([head, bytes]) => head + Buffer.from(bytes).toString('latin1')))
        for (const { title, process } of problems) expect(`${title}${process}`).not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})
