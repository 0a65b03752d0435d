/** One line of a kernel log without the wrapping that its carrier put around it. */
export interface LogLine {
  /** What the kernel or the program said. */
  message: string
  /** The program that said it; undefined where the carrier does not name one (console, kmsg, dmesg). */
  program: string | undefined
  /** Task or CPU that printed it (`T5831`, `C1`; CONFIG_PRINTK_CALLER): tells interleaved reports apart. */
  caller: string | undefined
}

/** `<6>` of the console, `6,339,5140900,-;` of /dev/kmsg (Documentation/ABI/testing/dev-kmsg). */
const LEVEL = /^(?:<\d{1,3}>|\d{1,3},\d+,\d+,[^;]{1,40};)/
const DROPPED = /^\*\* \d+ printk messages dropped \*\* /
/** RFC 3164 and ISO 8601, as syslog and journalctl print them: time, host, program. */
const SYSLOG = /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*) \S+ ([^\s:[\]]{1,64})(?:\[\d+\])?: ?/
/** Seconds since boot, or the date of `dmesg -T`. */
const STAMP = /^\[(?: *\d+\.\d+|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] ?/
/** Newer kernels add the processor: `T12@C0`. */
const CALLER = /^\[ *([TC]\d+)(?:@[TC]\d+)?\] ?/
/** Kernels of phones: `(2)[1234:kworker/2:1]`, `c2   1234 `. */
const PROCESSOR = /^(?:\((\d)\)\[\d+:[^\]]{1,32}\] ?| ?(c\d)\s+\d+ (?:\([^)]{1,32}\) )?)/
/** `dmesg -x`: `kern  :err   : `. */
const FACILITY = /^(?:kern|user|daemon|syslog|auth|mail|local\d) *: *[a-z]+ *: /
/** A stamp in the middle of a line: a console on which a program had not ended its own. */
const TORN = /\[ *\d{1,7}\.\d{6}\](?:\[ *[TC]\d+(?:@[TC]\d+)?\])? /
const JOURNAL_JSON = 65_536

const STAR = 0x2a
const LESS = 0x3c
const UPPER_A = 0x41
const UPPER_Z = 0x5a
const BRACKET = 0x5b
const OPEN = 0x28
const SPACE = 0x20
const LOWER_C = 0x63
const LOWER_K = 0x6b
const LOWER_U = 0x75
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** Never throws: what is not understood is the message as it is. */
export function unwrapLine(line: string): LogLine {
  if (line.charCodeAt(0) === 0x7b && line.includes('"MESSAGE"') && line.length <= JOURNAL_JSON) return fromJournal(line)
  let message = line
  let program: string | undefined
  let first = message.charCodeAt(0)
  // the patterns are tried only where their first character is there: most lines need one of them
  const strip = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(message)
    if (!found) return undefined
    message = message.slice(found[0].length)
    first = message.charCodeAt(0)
    return found[1] ?? found[2] ?? ''
  }
  if (first === LESS || isDigit(first)) strip(LEVEL)
  if (first === STAR) strip(DROPPED)
  if (isDigit(first) || (first >= UPPER_A && first <= UPPER_Z)) program = strip(SYSLOG)
  if (first === LOWER_K || first === LOWER_U) strip(FACILITY)
  if (first !== BRACKET && program === undefined && message.includes('[')) {
    const torn = TORN.exec(message)
    if (torn) {
      message = message.slice(torn.index)
      first = BRACKET
    }
  }
  const stamped = first === BRACKET && strip(STAMP) !== undefined
  let caller: string | undefined
  if (first === BRACKET) caller = strip(CALLER)
  else if (stamped && (first === OPEN || first === LOWER_C || first === SPACE)) caller = strip(PROCESSOR)
  return { message, program, caller }
}

/** A line of `journalctl -o json`. */
function fromJournal(line: string): LogLine {
  try {
    const entry = JSON.parse(line) as { MESSAGE?: unknown; SYSLOG_IDENTIFIER?: unknown }
    const message = Array.isArray(entry.MESSAGE) ? Buffer.from(entry.MESSAGE as number[]).toString('latin1') : String(entry.MESSAGE)
    return { message, program: typeof entry.SYSLOG_IDENTIFIER === 'string' ? entry.SYSLOG_IDENTIFIER : undefined, caller: undefined }
  } catch {
    return { message: line, program: undefined, caller: undefined }
  }
}

/** Microseconds, as /dev/kmsg and `journalctl -o json` have them. */
const MICROSECONDS = /^\d{1,3},\d+,(\d+),|"__REALTIME_TIMESTAMP":"(\d+)"/
const BOOT = /\[ *(\d+\.\d+)\]/
const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)/
const YEARLESS = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)/
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** When a line was written, in seconds of whatever clock its carrier uses; only differences within one log mean something. */
export function lineSeconds(line: string): number | undefined {
  const micro = MICROSECONDS.exec(line)
  if (micro) return Number(micro[1] ?? micro[2]) / 1e6
  const boot = BOOT.exec(line.slice(0, 128))
  if (boot) return Number(boot[1])
  const iso = ISO.exec(line)
  if (iso) {
    const [year, month, day, hour, minute, second] = iso.slice(1).map(Number) as [number, number, number, number, number, number]
    return ((daysOf(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  }
  const yearless = YEARLESS.exec(line)
  if (!yearless) return undefined
  const [day, hour, minute, second] = yearless.slice(2).map(Number) as [number, number, number, number]
  return ((daysOf(2000, MONTHS.indexOf(yearless[1]!) / 3 + 1, day) * 24 + hour) * 60 + minute) * 60 + second
}

/** Days since some day, by the calendar in which a year begins in March. */
function daysOf(year: number, month: number, day: number): number {
  const from = month > 2 ? year : year - 1
  return 365 * from + Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400) + Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day
}
