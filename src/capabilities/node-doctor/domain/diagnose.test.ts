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
        where: 'ring_copy < ring_read',
        process: 'shopd[812]',
        count: 1,
      },
    ])
  })
  it('place a fault with the function that called on a library, and keep the library in the path', () => {
    const fault = (...frames: string[]) =>
      diagnose('BUG: unable to handle page fault for address: ffffffffffffffe8', ...frames.map((name) => ` ${name}+0x1/0x9`)).problems[0]!.where
    expect(fault('memcmp', 'rb_erase', 'shop_forget', 'shop_close')).toBe('shop_forget (in rb_erase) < shop_close')
    expect(fault('__jhash_string', 'rhashtable_lookup', 'shop_find')).toBe('shop_find (in rhashtable_lookup, __jhash_string)')
    expect(fault('shop_find', 'rb_erase', 'shop_close')).toBe('shop_find < rb_erase < shop_close')
    expect(fault('rb_erase', 'kobject_put')).toBe('rb_erase < kobject_put')
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
