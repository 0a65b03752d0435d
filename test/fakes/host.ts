import type { Address, FollowFrom, Host, HttpQuestion, KernelLog, KernelRecord, Ran, Reading, Space } from '#core/shapes/ports/host.ts'

const ABSENT = { ok: false, why: 'absent', reason: 'ENOENT' } as const
export const FORBIDDEN = { ok: false, why: 'forbidden', reason: 'EACCES: permission denied' } as const
export const REFUSED = { ok: false, why: 'failed', reason: 'ECONNREFUSED' } as const

export interface FakeHost extends Host {
  /** Text, or why there is none. Folders follow from the names. */
  files: Record<string, string | Extract<Reading<never>, { ok: false }>>
  links: Record<string, string>
  spaces: Record<string, Space>
  /** By `command arg arg …`. */
  programs: Record<string, Partial<Ran> | Extract<Reading<never>, { ok: false }>>
  /** By `host:port` or socket path, with the path or the method after it where there is one. */
  answers: Record<string, Reading<never> | { status: number; body: string } | Uint8Array | readonly string[]>
  clock: number
  uptime: number
  log: Reading<KernelLog>
  /** Lines not yet read of files, and of journals as `folder:identifier`. */
  logs: Record<string, string[]>
  /** From where they were followed, the newest last. A `place` is the number of lines that were read. */
  followedFrom: FollowFrom[]
  /** A line of the kernel. */
  says(text: string, seq?: number): void
}

/** A machine made of what a test says; what it does not say is not there. */
export function fakeHost(files: FakeHost['files'] = {}): FakeHost {
  const records: KernelRecord[] = []
  let next = 0
  let read = -1
  const place = (to: Address) => ('socketPath' in to ? to.socketPath : `${to.host}:${to.port}`)
  const answer = (key: string) => host.answers[key]
  const host: FakeHost = {
    files: { '/proc/2/comm': 'kthreadd\n', ...files },
    links: {},
    spaces: {},
    programs: {},
    answers: {},
    clock: Date.UTC(2026, 0, 5, 12),
    uptime: 1_000,
    logs: {},
    followedFrom: [],
    log: {
      ok: true,
      value: {
        poll(most, skip) {
          const some = records.splice(0, most)
          const dropped = some.reduce((sum, { seq }) => {
            const gap = read >= 0 ? seq - read - 1 : 0
            read = seq
            return sum + gap
          }, 0)
          const kept = some.filter(({ text }) => !skip?.(Buffer.from(text, 'latin1'), 0, text.length))
          return { records: kept, read: some.length, first: some[0]?.seq ?? -1, last: some.at(-1)?.seq ?? -1, dropped }
        },
        close() {},
      },
    },
    says(text, seq = next) {
      next = seq + 1
      records.push({ seq, uptimeMs: host.uptime, text })
    },
    async read(path) {
      const file = host.files[path]
      return file === undefined ? ABSENT : typeof file === 'string' ? { ok: true, value: file } : file
    },
    async list(path) {
      const own = host.files[`${path}/`]
      if (typeof own === 'object') return own
      const names = new Set(
        [...Object.keys(host.files), ...Object.keys(host.links)]
          .filter((name) => name.startsWith(`${path}/`))
          .map((name) => name.slice(path.length + 1).split('/')[0]!),
      )
      names.delete('')
      return names.size === 0 && own === undefined ? ABSENT : { ok: true, value: [...names] }
    },
    link: async (path) => (host.links[path] === undefined ? ABSENT : { ok: true, value: host.links[path] }),
    space: async (path) => (host.spaces[path] ? { ok: true, value: host.spaces[path] } : ABSENT),
    async run(command, args) {
      const program = host.programs[[command, ...args].join(' ')] ?? host.programs[command]
      if (!program) return ABSENT
      if ('ok' in program) return program
      return { ok: true, value: { code: 0, stdout: '', stderr: '', timedOut: false, cut: false, ...program } }
    },
    async connect(to) {
      const found = answer(place(to))
      return found && !('ok' in found) ? { ok: true, value: 1 } : ((found as Reading<number>) ?? REFUSED)
    },
    async http(to, { path }: HttpQuestion) {
      const found = answer(`${place(to)}${path}`)
      return found && 'status' in found ? { ok: true, value: found } : ((found as Reading<never>) ?? REFUSED)
    },
    async grpc(to, method) {
      const found = answer(`${place(to)}${method}`)
      return found instanceof Uint8Array ? { ok: true, value: found } : ((found as Reading<never>) ?? REFUSED)
    },
    async datagram(to) {
      const found = answer(`${to.host}:${to.port}`)
      return found instanceof Uint8Array
        ? { ok: true, value: { message: found, sentAt: host.clock, gotAt: host.clock } }
        : ((found as Reading<never>) ?? REFUSED)
    },
    async lookup(name) {
      const found = answer(name)
      return Array.isArray(found) ? { ok: true, value: found as string[] } : ABSENT
    },
    kernelLog: () => host.log,
    follow(source, from = {}) {
      host.followedFrom.push(from)
      let taken = 0
      return {
        poll: () => {
          const lines = host.logs['file' in source ? source.file : `${source.journal}:${source.identifier ?? ''}`]
          if (lines === undefined) return { lines: [], lost: 0, why: 'there is no such file' }
          taken += lines.length
          return { lines: lines.splice(0), lost: 0 }
        },
        place: () => String(taken),
        close() {},
      }
    },
    now: () => host.clock,
    monotonic: () => host.uptime,
  }
  return host
}
