import type { Language } from '#core/kernel/errors.ts'
import type { Kind } from './kinds.ts'

type Text = Record<Language, string>

const KERNEL: Text = {
  en: 'Drain and reboot the node: after this the kernel cannot be trusted. Keep the log, compare `where` with the changes of newer kernels, and update.',
  'zh-CN': '请排空并重启节点：此后内核状态不再可信。保留日志，用 `where` 对照新版内核的修复记录并升级。',
}
const LATENT: Text = {
  en: 'The node goes on working. Report it with its `where` to the maker of the kernel or module, and update.',
  'zh-CN': '节点可继续工作。请将 `where` 报告给内核或模块的提供方，并升级。',
}

/** What to do about a kind of problem. */
export const ADVICE: Record<Kind, Text> = {
  hang: {
    en: 'The process waits in the kernel and cannot be killed. Look at the storage or network file system named in `where`; if the wait does not end, drain and reboot.',
    'zh-CN': '该进程在内核中等待且无法被杀死。请检查 `where` 所指的存储或网络文件系统；若等待不结束，请排空并重启节点。',
  },
  lockup: {
    en: 'A CPU did not come back for seconds. On a virtual machine check steal time and the host first; if it repeats at the same `where`, drain, reboot and update the kernel.',
    'zh-CN': '某个 CPU 数秒未响应。虚拟机上请先检查 steal 时间和宿主机；若在同一 `where` 反复出现，请排空、重启并升级内核。',
  },
  'rcu-stall': {
    en: 'A CPU held up the kernel for seconds. Check steal time and real-time tasks; if it repeats at the same `where`, drain, reboot and update the kernel.',
    'zh-CN': '某个 CPU 使内核停滞数秒。请检查 steal 时间和实时任务；若在同一 `where` 反复出现，请排空、重启并升级内核。',
  },
  oops: KERNEL,
  panic: KERNEL,
  bug: KERNEL,
  'divide-error': KERNEL,
  'memory-safety': KERNEL,
  'data-race': LATENT,
  deadlock: LATENT,
  warning: LATENT,
  leak: {
    en: 'Watch SUnreclaim in /proc/meminfo; if it keeps growing, plan a reboot and update the kernel or module named in `where`.',
    'zh-CN': '请关注 /proc/meminfo 中的 SUnreclaim；若持续增长，请计划重启，并升级 `where` 所指的内核或模块。',
  },
  oom: {
    en: 'With a pod named: raise its memory limit or find its leak. Without: the node itself ran out; check system reservations and pods without limits.',
    'zh-CN': '若指明 Pod：请提高其内存上限或查找泄漏。若未指明：节点本身内存耗尽，请检查系统预留和未设上限的 Pod。',
  },
  'fs-error': {
    en: 'Drain the node, check the disk below, then run fsck or replace the volume; a read-only file system fails every write until it is mounted anew.',
    'zh-CN': '请排空节点，检查底层磁盘，然后运行 fsck 或更换卷；只读文件系统在重新挂载前所有写入都会失败。',
  },
  'io-error': {
    en: 'Check the device with smartctl or at the storage provider, and move its data; errors of a disk seldom stay alone.',
    'zh-CN': '请用 smartctl 或在存储提供方处检查该设备并迁移数据；磁盘错误很少只出现一次。',
  },
  'hw-error': {
    en: 'Corrected errors: watch whether they grow. Others: drain the node and replace the part, or the machine.',
    'zh-CN': '已纠正的错误：观察是否增多。其他错误：请排空节点并更换部件或整机。',
  },
  'netdev-leak': {
    en: 'A network namespace cannot be torn down; new pods may hang. If the line repeats for minutes, drain and reboot, and update the kernel.',
    'zh-CN': '网络命名空间无法释放，新 Pod 可能卡住。若该行持续数分钟，请排空并重启节点，并升级内核。',
  },
  'net-error': {
    en: 'The network card stopped sending. Check its driver, firmware and link; on a virtual machine the host.',
    'zh-CN': '网卡停止发送。请检查驱动、固件和链路；虚拟机上请检查宿主机。',
  },
  limit: {
    en: 'A table of the kernel is full and work is refused. Find who fills it, then raise the limit: nf_conntrack_max, fs.file-max, gc_thresh3, or the pod PID limit.',
    'zh-CN': '内核的某个表已满，请求被拒绝。请先找出占用者，再提高上限：nf_conntrack_max、fs.file-max、gc_thresh3 或 Pod 的 PID 上限。',
  },
  reboot: {
    en: 'The machine started anew without saying goodbye: look at power, the host below, the watchdog, and the last lines before it; `kdump` or a serial console keeps more next time.',
    'zh-CN': '机器在没有正常关机的情况下重新启动：请检查供电、宿主机、看门狗以及重启前的最后几行日志；配置 kdump 或串口控制台可在下次留下更多信息。',
  },
  custom: { en: 'A rule of the given configuration matched; its author knows what to do.', 'zh-CN': '命中了所给配置中的规则；请按规则作者的说明处理。' },
}
