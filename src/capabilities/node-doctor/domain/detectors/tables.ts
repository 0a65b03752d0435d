/** Tables of the kernel that fill up: processes, connections, inotify. */
import type { Reading } from '#core/shapes/ports/host.ts'
import { absent, blind, type Detector, HIDDEN, isOver, looked, pressure, seesAll, share, type Trouble, unseen } from '../detector.ts'

interface ProcessFacts {
  loadavg: Reading<string>
  pidMax: Reading<string>
  threadsMax: Reading<string>
}

export const processes: Detector<ProcessFacts> = {
  id: 'processes',
  condition: 'ProcessPressure',
  title: { en: 'Processes and threads', 'zh-CN': '进程与线程' },
  everyMs: 10_000,
  async gather(host) {
    const [loadavg, pidMax, threadsMax] = await Promise.all([
      host.read('/proc/loadavg'),
      host.read('/proc/sys/kernel/pid_max'),
      host.read('/proc/sys/kernel/threads-max'),
    ])
    return { loadavg, pidMax, threadsMax }
  },
  judge({ loadavg, pidMax, threadsMax }, { watermarks }) {
    for (const reading of [loadavg, pidMax, threadsMax]) if (!reading.ok) return { verdict: unseen('/proc/loadavg or its limits', reading) }
    const used = Number(/\d+\/(\d+)/.exec((loadavg as { value: string }).value)?.[1])
    const limits = [
      { name: 'kernel.pid_max', limit: Number((pidMax as { value: string }).value) },
      { name: 'kernel.threads-max', limit: Number((threadsMax as { value: string }).value) },
    ]
    const { name, limit } = limits.sort((a, b) => a.limit - b.limit)[0]!
    if (!(used > 0 && limit > 0)) return { verdict: blind('/proc/loadavg has another form than is known') }
    if (!isOver(used, limit, watermarks.processes)) return { verdict: looked() }
    return {
      verdict: looked({
        key: name,
        reason: 'ProcessesNearLimit',
        severity: pressure(used, limit),
        message: `${share(used, limit)} processes and threads (${name})`,
      }),
    }
  },
}

interface ConntrackFacts {
  count: Reading<string>
  max: Reading<string>
}

export const conntrack: Detector<ConntrackFacts> = {
  id: 'conntrack',
  condition: 'ConntrackPressure',
  title: { en: 'Connection tracking', 'zh-CN': '连接跟踪' },
  everyMs: 10_000,
  async gather(host) {
    const [count, max] = await Promise.all([host.read('/proc/sys/net/netfilter/nf_conntrack_count'), host.read('/proc/sys/net/netfilter/nf_conntrack_max')])
    return { count, max }
  },
  judge({ count, max }, { watermarks }) {
    if (!count.ok || !max.ok) return { verdict: unseen('connection tracking', !count.ok ? count : (max as Extract<typeof max, { ok: false }>)) }
    const [used, limit] = [Number(count.value), Number(max.value)]
    if (!isOver(used, limit, watermarks.conntrack)) return { verdict: looked() }
    return {
      verdict: looked({
        key: 'table',
        reason: 'ConntrackNearLimit',
        severity: pressure(used, limit),
        message: `${share(used, limit)} tracked connections (net.netfilter.nf_conntrack_max); new ones are refused when it is full`,
      }),
    }
  },
}

interface InotifyFacts {
  maxInstances: Reading<string>
  maxWatches: Reading<string>
  /** By user id. */
  users: readonly { uid: number; instances: number; watches: number }[]
  hidden: number
  all: boolean
}

const MOST_PROCESSES = 50_000

export const inotify: Detector<InotifyFacts> = {
  id: 'inotify',
  condition: 'InotifyPressure',
  title: { en: 'Inotify instances and watches', 'zh-CN': 'inotify 实例与监视' },
  everyMs: 30_000,
  async gather(host) {
    const [maxInstances, maxWatches, names] = await Promise.all([
      host.read('/proc/sys/fs/inotify/max_user_instances'),
      host.read('/proc/sys/fs/inotify/max_user_watches'),
      host.list('/proc'),
    ])
    const users = new Map<number, { instances: number; watches: number }>()
    let hidden = 0
    for (const pid of (names.ok ? names.value : []).filter((name) => /^\d+$/.test(name)).slice(0, MOST_PROCESSES)) {
      const open = await host.list(`/proc/${pid}/fd`)
      if (!open.ok) {
        if (open.why === 'forbidden') hidden++
        continue
      }
      // the descriptors of inotify are few: their links tell them, and only then their owner is asked
      for (const fd of open.value) {
        const link = await host.link(`/proc/${pid}/fd/${fd}`)
        if (!link.ok || link.value !== 'anon_inode:inotify') continue
        const status = await host.read(`/proc/${pid}/status`)
        const uid = status.ok ? Number(/^Uid:\t(\d+)/m.exec(status.value)?.[1]) : Number.NaN
        if (Number.isNaN(uid)) continue
        const info = await host.read(`/proc/${pid}/fdinfo/${fd}`)
        const user = users.get(uid) ?? { instances: 0, watches: 0 }
        user.instances++
        user.watches += info.ok ? (info.value.match(/^inotify /gm)?.length ?? 0) : 0
        users.set(uid, user)
      }
    }
    return { maxInstances, maxWatches, users: [...users].map(([uid, counts]) => ({ uid, ...counts })), hidden, all: await seesAll(host) }
  },
  judge({ maxInstances, maxWatches, users, hidden, all }, { watermarks }) {
    if (!maxInstances.ok || !maxWatches.ok)
      return { verdict: unseen('inotify', !maxInstances.ok ? maxInstances : (maxWatches as Extract<typeof maxWatches, { ok: false }>)) }
    const troubles: Trouble[] = []
    for (const { uid, instances, watches } of users)
      for (const [what, used, limit, name] of [
        ['instances', instances, Number(maxInstances.value), 'fs.inotify.max_user_instances'],
        ['watches', watches, Number(maxWatches.value), 'fs.inotify.max_user_watches'],
      ] as const)
        if (isOver(used, limit, watermarks.inotify))
          troubles.push({
            key: `${what} ${uid}`,
            reason: 'InotifyNearLimit',
            severity: pressure(used, limit),
            message: `user ${uid} has ${share(used, limit)} inotify ${what} (${name}); tails and reloads fail when it is full`,
          })
    if (troubles.length === 0 && !all) return { verdict: blind(HIDDEN) }
    if (troubles.length === 0 && hidden > 0) return { verdict: blind(`inotify of ${hidden} processes: a privilege is missing (CAP_SYS_PTRACE)`) }
    if (users.length === 0 && hidden === 0 && Number(maxInstances.value) === 0) return { verdict: absent('inotify is switched off') }
    return { verdict: looked(...troubles) }
  },
}
