/**
 * The machine that an agent runs on, as far as detectors look at it. Implementation: edges/host/machine.ts; fake: test/fakes/host.ts.
 * Nothing here throws: what could not be read says why, because unknown is never ok.
 */

/** `absent`: there is no such thing, which may be the answer; `forbidden`: a privilege is missing; `failed`: anything else (refused, timed out, broken). */
export type Reading<T> = { ok: true; value: T } | { ok: false; why: 'absent' | 'forbidden' | 'failed'; reason: string }

/** Of a file system, bytes and counts. `inodes` is 0 where the file system has no such limit. */
export interface Space {
  bytes: number
  /** For processes without privileges. */
  freeBytes: number
  inodes: number
  freeInodes: number
}

export interface Ran {
  /** Exit code; null when it was killed. */
  code: number | null
  /** At most `maxBytes` each. */
  stdout: string
  stderr: string
  timedOut: boolean
  /** It wrote more than was kept. */
  cut: boolean
}
export interface RunLimits {
  /** Default 5,000; then the program and all that it started are killed. */
  timeoutMs?: number
  /** Of each stream; default 64 KiB. */
  maxBytes?: number
}

/** Where a stream socket is. */
export type Address = { socketPath: string } | { host: string; port: number }

/** The kernel's log, record by record, as /dev/kmsg gives it (Documentation/ABI/testing/dev-kmsg). */
export interface KernelLog {
  /**
   * What came since the last call, at most `most` records, oldest first, without those that `skip` says need not become text: it gets the bytes of the record,
   * `from` its text on, which are valid during the call only. `read` counts all, from `first` on; `dropped`: what the kernel overwrote before we read it.
   */
  poll(most: number, skip?: (bytes: Uint8Array, from: number, to: number) => boolean): KernelRead
  close(): void
}
/** `file`: a path, also when the file is rotated. `journal`: a folder of systemd's journal, of one program when `identifier` says which. */
export type LogSource = { file: string } | { journal: string; identifier?: string }
export interface LineFollow {
  /**
   * Whole lines since the last call, Latin-1; of a journal in the form of `journalctl -o json`. `lost`: gaps that are known. `why`: it cannot be read now; the
   * next calls try again.
   */
  poll(): { lines: readonly string[]; lost: number; why?: string }
  /** Where it stands, to go on from there another time; undefined while nothing was read. */
  place(): string | undefined
  close(): void
}
/** `after`: a `place` of before, so that nothing is missed that came meanwhile. Else `lookbackMs`: so much of what is there already; default nothing. */
export interface FollowFrom {
  after?: string | undefined
  lookbackMs?: number | undefined
}

export interface KernelRead {
  records: readonly KernelRecord[]
  read: number
  /** Numbers of the first and last that were read; -1 when none was. */
  first: number
  last: number
  dropped: number
}
export interface KernelRecord {
  /** Numbers go up by one from the boot on. */
  seq: number
  /** Since boot, ms. */
  uptimeMs: number
  /** One character a byte, without details of devices. */
  text: string
  /** Task or CPU that printed it (CONFIG_PRINTK_CALLER): `T5831`, `C1`. */
  caller?: string
}

export interface Host {
  /** Text of a file, at most `maxBytes` (default 1 MiB) of it; Latin-1, so that no byte is lost. */
  read(path: string, maxBytes?: number): Promise<Reading<string>>
  /** Names in a folder. */
  list(path: string): Promise<Reading<readonly string[]>>
  /** Where a link leads, as it is written. */
  link(path: string): Promise<Reading<string>>
  space(path: string): Promise<Reading<Space>>
  /** A program without a shell. `absent` when there is none of that name; how it ended is no failure. */
  run(command: string, args: readonly string[], limits?: RunLimits): Promise<Reading<Ran>>
  /** Opens a connection and closes it again; ms that it took. */
  connect(to: Address, timeoutMs: number): Promise<Reading<number>>
  /** Body of at most 64 KiB. Certificates are not checked: the question is whether it answers. */
  http(to: Address & { tls?: boolean }, request: HttpQuestion): Promise<Reading<{ status: number; body: string }>>
  /** A unary gRPC call; the answer's message. At most 8 MiB. */
  grpc(to: Address, method: string, message: Uint8Array, timeoutMs: number): Promise<Reading<Uint8Array>>
  /** One datagram and the first answer. `sentAt` and `gotAt` are ms of `now`. */
  datagram(to: { host: string; port: number }, message: Uint8Array, timeoutMs: number): Promise<Reading<{ message: Uint8Array; sentAt: number; gotAt: number }>>
  /** Addresses of a name, as programs of this machine would find them. */
  lookup(name: string, timeoutMs: number): Promise<Reading<readonly string[]>>
  kernelLog(): Reading<KernelLog>
  /** What programs write into a log, from now on or from where `from` says. Of a file's past at most 4 MiB, whatever its age: who asks looks at the times. */
  follow(source: LogSource, from?: FollowFrom): LineFollow
  /** The machine's clocks: ms since the epoch, and ms of a clock that nobody sets. */
  now(): number
  monotonic(): number
}
export interface HttpQuestion {
  method?: string
  path: string
  headers?: Readonly<Record<string, string>>
  timeoutMs: number
}
