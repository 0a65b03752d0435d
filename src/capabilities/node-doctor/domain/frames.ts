/** Functions that a line of a kernel report names, and which of them say nothing about the fault. */

const SYMBOL = /([A-Za-z_][\w.$]*)\+0x[0-9a-f]+\/0x[0-9a-f]+/
/** Stack line of x86, arm64, riscv, s390, powerpc: `[<addr>] ? name+0x1/0x2 [module] file:line`. */
const FRAME =
  /^\s*(?:<[A-Z#]+>\s*)?(?:[A-Z#]{2,4} )?(?:\(?\[<?[0-9a-fx]+>?\]\s*)*(?:\([A-Z]\) )?(\? )?([A-Za-z_][\w.$]*)\+0x[0-9a-f]+\/0x[0-9a-f]+(.*\(unreliable\))?/
/** A call that the compiler inlined: only decoded logs have it. */
const INLINE = /^\s*([A-Za-z_][\w.$]*) \S+:\d+ \[inline\]/
/** As scripts/decode_stacktrace.sh prints: ` ? name (file:line file:line) module`. */
const DECODED = /^\s*(\? )?([A-Za-z_][\w.$]*) \([\w./-]+\.[chS]:\d+/
const PLACED = /([A-Za-z_][\w.$]*) \([\w./-]+\.[chS]:\d+/
/** What memory checkers say of decoded kernels and of two that race; the stack protector. */
const NAMED = /\b(?:K[A-Za-z]*SA[Nn]|KFENCE): .* in ([A-Za-z_][\w.$]*)(?: \/ ([A-Za-z_][\w.$]*))?(?:$| \S+:\d+)|\bcorrupted in: ([A-Za-z_][\w.$]*)$/
/** 32-bit ARM: `[<addr>] (callee) from [<addr>] (caller+0x1/0x2)`, or ` callee from caller+0x1/0x2`. */
const ARM = /^\s*(?:\[<[0-9a-f]+>\] )?\(?([A-Za-z_][\w.$]*)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?\)? from (?:\[<[0-9a-f]+>\] )?\(?([A-Za-z_][\w.$]*)\+0x/
/** Where the processor was. `lr` only repeats the first caller. */
const POINT = /^\s*(?:RIP|EIP|IP|pc|PC is at|NIP|epc|ERA|TPC|Krnl PSW)\b/

/** What the compiler appends to names. */
const SUFFIX = /[.$](?:isra|constprop|part|cold|llvm|lto_priv|localalias|cfi|cfi_jt|clone)\b.*$/

export interface Frame {
  name: string
  /** Found on the stack by chance; the unwinder does not vouch for it. */
  doubtful: boolean
}

export const plainName = (name: string): string => name.replace(SUFFIX, '')

/** The first `function+0x1/0x2` of a text; of a decoded one `function (file:line`. */
export function symbolIn(text: string): string | undefined {
  const found = SYMBOL.exec(text) ?? PLACED.exec(text)
  return found ? plainName(found[1]!) : undefined
}

/** Functions that the first line of a report names without an offset. */
export function namedIn(title: string): string[] {
  return (NAMED.exec(title)?.slice(1) ?? []).filter((name) => name !== undefined).map(plainName)
}

/** The frames that a line of a report adds, innermost first. */
export function framesOf(line: string): Frame[] {
  const arm = ARM.exec(line)
  if (arm) return [plainName(arm[1]!), plainName(arm[2]!)].map((name) => ({ name, doubtful: false }))
  const frame = FRAME.exec(line)
  if (frame) return [{ name: plainName(frame[2]!), doubtful: (frame[1] ?? frame[3]) !== undefined }]
  const decoded = DECODED.exec(line)
  if (decoded) return [{ name: plainName(decoded[2]!), doubtful: decoded[1] !== undefined }]
  const inline = INLINE.exec(line)
  if (inline) return [{ name: plainName(inline[1]!), doubtful: false }]
  if (POINT.test(line)) {
    const name = symbolIn(line)
    if (name !== undefined) return [{ name, doubtful: false }]
  }
  return []
}

/** Functions through which every report passes: printing it, memory checkers, traps, the watch over locks, sleeping. They say nothing about the fault. */
const REPORTING = new RegExp(
  `^(?:${[
    // printing the report
    '_*dump_(?:stack|backtrace|cpu_task)\\w*|show_(?:stack|trace|regs)\\w*|print_\\w+|_*panic\\w*|_*warn_?(?:slowpath|printk|on)?\\w*|report_bug|fixup_bug|handle_bug|unwind_backtrace|check_panic_on_warn|nmi_\\w+|arch_trigger_\\w+|trigger_\\w+backtrace\\w*|sched_show_task|spin_(?:dump|bug)|assertfail|hex_string|pointer|(?:dev_)?_*v?s?[cn]*n?printf|_*(?:dev_)?v?printk\\w*|_*dev_(?:info|warn|err|notice)|report_usage\\w*|df_debug',
    // memory checkers
    '_*(?:kasan|kmsan|kfence|kcsan|asan|msan|tsan|hwasan|ubsan|sanitizer)_\\w+|check_memory_region\\w*|ubsan_\\w+|handle_overflow|val_to_string|save_(?:stack|trace)\\w*|stack_(?:trace|depot)_\\w+|depot_save_stack|kmemleak_\\w+',
    // traps
    '_*die(?:_\\w+)?|oops_\\w+|no_context|_*bad_area\\w*|_*do_(?:kernel_fault|page_fault|user_fault|mem_abort|tag_check_fault|translation_fault|debug_exception|alignment_fault|bad_area|error_trap|trap|invalid_op|general_protection|double_fault|sea)|exc_\\w+|asm_(?:exc|sysvec|common|do|call)_\\w+|page_fault|async_page_fault|invalid_op|general_protection|double_fault|error_entry|handle_invalid_op|el[01]\\w*_(?:sync|irq|abort|dbg|undef|da|sync_handler)\\w*|el[01]_\\w+|el[01][ht]\\w*|entry_(?:[A-Z]|syscall|ret)\\w*|do_syscall_\\w+|_*do_fast_syscall\\w*|x64_sys_call|invoke_syscall|ret_from_fork\\w*|_*x86_(?:indirect|return)_thunk\\w*',
    // the watch over locks
    '_*lock_(?:acquire|release)\\w*|register_lock_class|mark_(?:lock|held_locks|usage)\\w*|assign_lock_key|look_up_lock_class|check_(?:usage|prev|noncircular|irq_usage)\\w*|validate_chain|lockdep_\\w+|_*might_(?:sleep|resched)\\w*|debug_(?:print_)?object\\w*|debug_check_no_obj\\w*|_*debug_check_\\w+',
    // sleeping
    '_*schedule(?:_\\w+)?|_*schedule_bug|preempt_schedule\\w*|_*preempt_\\w+|_*switch_to|context_switch',
  ].join('|')})$`,
)

/**
 * What kernel code does all the time, and what runs all of it: the fault is seldom theirs but their caller's or, at the bottom, that of the work they were
 * given. Innermost they tell how a place was met, everywhere else nothing.
 */
const EVERYDAY = new RegExp(
  `^(?:${[
    // memory and strings
    '_*(?:arch_|raw_|pi_)?mem(?:cpy|set|move|cmp|chr|scan)\\w*|_*str(?:n|l|r)?(?:cpy|len|cmp|chr|cat|casecmp|str)\\w*|_*(?:raw_)?copy_(?:to|from)_(?:user|iter)\\w*|_*(?:instrument_)\\w+|_*might_fault|_*list_(?:add|del)\\w*|_*refcount_\\w+|_*(?:arch_)?(?:raw_)?atomic\\w*|_*(?:arch_)?(?:test|set|clear)_bit\\w*|_*raw_(?:read|write)[bwlq]|logic_(?:in|out)[bwl]',
    '_*k[mvz]*alloc\\w*|_*k(?:v)?free\\w*|_*kmem_cache_\\w+|_*slab_\\w+|_*vmalloc\\w*|vfree\\w*|_*alloc_pages\\w*|kmemdup\\w*|kstrdup\\w*|krealloc\\w*|_*phys_addr',
    // locks, and waiting for others
    '_?_?raw_(?:spin|read|write)_\\w+|_*do_raw_\\w+|(?:_*pv_|native_)?_*queued_(?:spin|read|write)\\w+|_*mutex_\\w+|_*rt_mutex\\w+|rwsem_\\w+|_*down_(?:read|write|trylock)\\w*|_*up_(?:read|write)\\w*|percpu_(?:down|up)\\w*|_*spin_lock\\w*|_*local_bh_\\w+',
    'io_schedule\\w*|_*wait_for_c\\w+|do_wait_for_common|_*wait_on_bit\\w*|bit_wait\\w*|out_of_line_wait\\w*|folio_wait_bit\\w*',
    // threads and work items
    'kthread|process_one_work|process_scheduled_works|worker_thread|_*do_softirq\\w*',
  ].join('|')})$`,
)

/** The clock tick, in which a processor that does not come back is found. */
const TICK =
  /^(?:update_process_times|tick_(?:sched|nohz|periodic|do_update)\w*|_*hrtimer_\w+|_*run_hrtimer|(?:local_|smp_|trace_)*apic_timer_interrupt|_*sysvec_\w+|irq_(?:exit|enter|work)\w*|handle_irq\w*|rcu_(?:check_callbacks|sched_clock_irq|dump_cpu_stacks|pending|gp_kthread|gp_fqs\w*)|print_other_cpu_stall|check_cpu_stall|watchdog_\w+)$/

export const isReporting = (name: string): boolean => REPORTING.test(name)
export const isTick = (name: string): boolean => TICK.test(name)
export const isEveryday = (name: string): boolean => EVERYDAY.test(name)

/**
 * Services that work on what their caller gives them: a broken tree or count is found in them and is seldom theirs.
 * They stay in the path, behind the function that called on them.
 */
const LIBRARY = new RegExp(
  `^(?:${[
    // trees, tables, checksums, texts, reference counts of objects
    '_*rb_\\w+|_*radix_tree_\\w+|id[ra]_\\w+|_*xas?_\\w+|_*rht_\\w+|_*rhashtable_\\w+|rhltable_\\w+|_*jhash\\w*|crc\\w+|_*find_(?:first|next|last)_\\w*bit\\w*|_*bitmap_\\w+|_*plist_\\w+|_*hlist_\\w+|_*llist_\\w+|sg_\\w+|string|number|sort\\w*|kobject_\\w+|kobj_\\w+|kref_\\w+|ref_tracker_\\w+|klist_\\w+|_*seqprop_\\w+|_*write_seq\\w+|_*read_seq\\w+|csum_\\w+|get_unaligned\\w*',
    // the driver core, which keeps the devices of others
    'device_(?:add|del|register|unregister|destroy|create|initialize|release_driver\\w*)|get_device_parent|put_device|get_device',
    // buffers, pages and copies
    'skb_(?:panic|over_panic|under_panic|put|push|pull|copy_bits)|_*pskb_\\w+|_*alloc_skb\\w*|_*netdev_alloc_skb\\w*|kfree_skb\\w*|skb_release_\\w+|_*copy_page_\\w+|_*simple_copy_\\w+|_*iov_iter_\\w+|_*(?:un)?lock_page\\w*|_*folio_(?:un)?lock\\w*|wait_on_page_\\w+|post_alloc_hook|prep_new_page|get_page_from_freelist|_*folio_alloc\\w*|alloc_page\\w*|_*free_(?:pages?|large_kmalloc|unref)\\w*',
    // work, timers and waiting for others
    '_*(?:flush|drain|cancel|queue|insert|destroy)_(?:delayed_)?work\\w*|_*cancel_work_\\w+|kthread_stop\\w*|_*call_rcu\\w*|_*wake_up\\w*|ldsem_\\w+|_*tty_ldisc_lock\\w*|_*del_timer\\w*|_*mod_timer\\w*|add_timer\\w*|_*timer_(?:delete|shutdown)\\w*|smp_call_function\\w*',
    // what watches locks, RCU and faults that are injected
    '_*lock_is_held\\w*|rcu_(?:read_\\w+|is_watching|lockdep_\\w+|dynticks\\w*|nmi_\\w+|is_cpu_\\w+)|trace_hardirqs_\\w+|_*trace_irq\\w*|should_fail\\w*|_*should_failslab|check_preemption_disabled|debug_(?:smp|lockdep)_\\w+',
    // reading the stack
    'arch_stack_walk\\w*|unwind_\\w+|_*unwind_start|update_stack_state|is_bpf_text_address|_*kernel_text_address|is_module_text_address|_*save_stack\\w*|_*orc_find',
  ].join('|')})$`,
)

export const isLibrary = (name: string): boolean => LIBRARY.test(name)

/** One service under many names: which of them a stack shows depends on the kernel's version and architecture. */
const SERVICES: readonly [name: RegExp, service: string][] = [
  // entries of system calls: wrappers of each architecture since 4.17, of all before, and what a call of the kernel itself uses
  [/^__(?:arm64|ia32|loongarch|mips|powerpc|riscv|s390x?|sparc|x32|x64|do|se)_(?:compat_)?sys_(\w+)$/, 'sys_$1'],
  [/^(?:ksys|(?:compat_)?SyS|(?:C_)?SYSC)_(\w+)$/, 'sys_$1'],
  [/^_*(synchronize_(?:s?rcu|sched))_(?:expedited|normal|bh)$/, '$1'],
  [/^_*(smp_call_function)_(?:single|many|any)\w*$/, '$1'],
]

/** `__x64_sys_recvmmsg` → `__x64_sys_recvmmsg (sys_recvmmsg)`; a name that has no other stays as it is. */
export function withService(name: string): string {
  for (const [pattern, service] of SERVICES) if (pattern.test(name)) return `${name} (${name.replace(pattern, service)})`
  return name
}
