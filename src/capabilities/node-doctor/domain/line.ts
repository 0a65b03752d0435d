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
const CALLER = /^\[ *([TC]\d+)\] ?/
const JOURNAL_JSON = 65_536

/** Never throws: what is not understood is the message as it is. */
export function unwrapLine(line: string): LogLine {
  if (line.charCodeAt(0) === 0x7b && line.includes('"MESSAGE"') && line.length <= JOURNAL_JSON) return fromJournal(line)
  let message = line.replace(LEVEL, '').replace(DROPPED, '')
  const syslog = SYSLOG.exec(message)
  if (syslog) message = message.slice(syslog[0].length)
  message = message.replace(STAMP, '')
  const caller = CALLER.exec(message)
  if (caller) message = message.slice(caller[0].length)
  return { message, program: syslog?.[1], caller: caller?.[1] }
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
