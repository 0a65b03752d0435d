/** Lines of a kernel log or journal to problems, in bounded memory, one line at a time. */
import type { Language } from '#core/kernel/errors.ts'
import { atLeast } from '#core/shapes/severity.ts'
import { ADVICE } from './advice.ts'
import { framesOf, isEveryday, isLibrary, isReporting, isTick, namedIn, symbolIn, withService } from './frames.ts'
import type { Kind, NodeProblem } from './kinds.ts'
import { type LogLine, unwrapLine } from './line.ts'
import { createRebootWatch } from './reboot.ts'
import { mayMatter, mayMatterInBytes, type Rule, ruleFor } from './rules.ts'

/** A report longer than this goes on without us; a stack of all CPUs is shorter. */
const REPORT_LINES = 1000
/** So many lines without a word of the report end it. */
const QUIET_LINES = 60
/** Between the words of an out-of-memory report stand its memory and all processes. */
const QUIET_OOM_LINES = 500
/** Processes that were killed last: some kernels say so twice. */
const MAX_VICTIMS = 64
const MAX_FRAMES = 256
/** A line that is only said before the one that counts is at most so many before it. */
const PREAMBLE_LINES = 5
/** Reports open at once, one for each task or CPU that prints. */
const MAX_OPEN = 64
/** Functions that `where` names, from the innermost on. */
const SHOWN = 16
/** A stall or an overflow is the whole way and not its last step: that many from the outermost too. */
const SHOWN_OUTER = 16
/** Different problems kept for each kind, so that a flood of one cannot push out another. */
const PER_KIND = 200
const TITLE = 200

/** Kinds whose reports go on with the oops that the fault raises. */
const DYING: readonly Kind[] = ['oops', 'bug', 'divide-error', 'panic']
const STALLED: readonly Kind[] = ['hang', 'lockup', 'rcu-stall']

/** Sections of a report that tell of other times or other tasks, and the words after which the fault is spoken of again. */
const ASIDE =
  /^\s*(?:(?:Allocated|Freed) by task|allocated by task|freed by task|(?:Last|Second to last) potentially related|Uninit was |Local variable|The buggy address|Memory state around|(?:other info|the existing dependency chain)|-> #\d|\{.*\} state was registered at|(?:hard|soft)irqs last |\d+ locks? held by|Showing all locks|.*grace-period kthread stack dump)/
const BACK = /^\s*(?:stack backtrace|Call [Tt]race:?|Backtrace:|NMI backtrace|Task dump|Sending NMI)/

/** The work item after which a worker was found with a lock. */
const LAST_FUNCTION = /^\s*last function: (\w+)/

const PRINTABLE = /^[ -~]*$/
const POD = /pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})/
const PROCESS: readonly RegExp[] = [
  /\btask (.{1,64}?):(\d+) (?:blocked|can't die)/,
  /\bstuck for \d+s! \[(.{1,64}?):(\d+)\]/,
  /\bby (?:task )?(\S{1,64})\/(\d+)/,
  /\bscheduling while atomic: (\S{1,64})\/(\d+)\//,
  /\bcomm "(.{1,64}?)", pid (\d+)/,
]
const VICTIM = /\bKill(?:ed)? process (?<pid>\d+),? \((?<name>[^)]{1,64})\)|\btask=(?<task>.{1,64}?),pid=(?<taskPid>\d+)/
const KILLED = /\bKill(?:ed)? process \d/
const COMM = /\bPID: (\d+)(?: UID: \d+)? Comm: (.{1,64}?) (?:Not tainted|Tainted|Kdump|$)/
/** One after the other: as one pattern they would all be tried at every character of a flood. */
const DEVICES: readonly RegExp[] = [
  /\bdev(?:ice)? (\w[\w!/.-]*)/,
  /\bwaiting for (\S+) to become free/,
  /\b(?:EXT[234]-fs|XFS|BTRFS|F2FS-fs|FAT-fs)[\w :]*\((?:device )?([^)\s:]+)\)/,
  /\bNETDEV WATCHDOG: (\S+)/,
  /\[(sd[a-z]+)\]/,
  /\b(nvme\d+\w*|ata\d+(?:\.\d+)?)\b/,
]
function deviceIn(message: string): string | null {
  for (const pattern of DEVICES) {
    const found = pattern.exec(message)
    if (found) return found[1]!
  }
  return null
}

interface Report {
  rule: Rule
  problem: NodeProblem
  frames: string[]
  doubtful: string[]
  /** Of other tasks and times: for lock order they tell the other half. */
  other: string[]
  /** Said on the first line. */
  named?: string | undefined
  aside: boolean
  lastTold: number
}

export interface Diagnosis {
  /** The next line, without its end. Long ones are best cut before. */
  line(text: string): void
  /** The next record of /dev/kmsg, of which it is known already who spoke. `line`: as it stands there; only rules from outside see it. */
  record(text: string, caller: string | undefined, line: () => string): void
  /**
   * For a source of bytes in a flood: true when the line from `from` to `to` says nothing, which is most of them; it is counted then and need not become text.
   * Not for consoles, on which the last words before a reboot matter.
   */
  saysNothing(bytes: Uint8Array, from: number, to: number): boolean
  /**
   * Of lines without an end: the problems since the last call, which are forgotten then. A report that got a line since the last call waits for the next one,
   * because more of it may be on its way.
   */
  drain(): { problems: NodeProblem[]; omitted: number }
  /** The problems, by first line. No lines may follow. */
  finish(): { problems: NodeProblem[]; lines: number; omitted: number }
}

/** A rule from outside, asked about every line beside our own; see `npd-config.ts`. */
export type ExtraRules = (
  line: LogLine,
  raw: string,
) => readonly { kind: Kind; reason: string; title: string; severity: NodeProblem['severity']; condition?: string }[]

export function createDiagnosis(language: Language, extra?: ExtraRules): Diagnosis {
  const kept = new Map<string, NodeProblem>()
  const perKind = new Map<Kind, number>()
  /** Those of a line each, by rule and device: in a flood nearly all lines end here. */
  const alone = new Map<Rule, Map<string | null, NodeProblem>>()
  let omitted = 0
  let number = 0
  let drainedAt = 0
  /** By caller; without callers in the log there is one. */
  const reports = new Map<string, Report>()
  const victims = new Map<string, NodeProblem>()
  const reboots = createRebootWatch()

  /** Where it is counted now; undefined when there is no room for another of its kind. */
  const keep = (problem: NodeProblem): NodeProblem | undefined => {
    const key = keyOf(problem)
    const same = kept.get(key)
    if (same) {
      same.count++
      same.lastLine = Math.max(same.lastLine, problem.lastLine)
      return same
    }
    const sofar = perKind.get(problem.kind) ?? 0
    if (sofar >= PER_KIND) {
      omitted++
      return undefined
    }
    perKind.set(problem.kind, sofar + 1)
    kept.set(key, problem)
    return problem
  }
  const close = (caller: string) => {
    const report = reports.get(caller)
    if (!report) return
    reports.delete(caller)
    report.problem.where ??= whereOf(report)
    const { kind, process } = report.problem
    const kept = keep(report.problem)
    if (kind !== 'oom' || process === null || !kept) return
    if (victims.size >= MAX_VICTIMS) victims.delete(victims.keys().next().value!)
    victims.set(process, kept)
  }
  const closeEnded = () => {
    for (const [caller, { lastTold, problem }] of reports) {
      const quiet = problem.kind === 'oom' ? QUIET_OOM_LINES : QUIET_LINES
      if (number - lastTold > quiet || number - problem.firstLine > REPORT_LINES) close(caller)
    }
  }
  const begin = (kind: Kind, reason: string, severity: NodeProblem['severity'], title: string): NodeProblem => ({
    kind,
    reason,
    title: text(title),
    severity,
    firstLine: number,
    lastLine: number,
    where: null,
    process: null,
    pod: null,
    advice: ADVICE[kind][language],
    count: 1,
  })

  function ask(line: LogLine, raw: string): void {
    for (const { kind, reason, severity, title, condition } of extra?.(line, raw) ?? [])
      keep({ ...begin(kind, reason, severity, title), ...(condition === undefined ? {} : { condition }) })
  }

  /** What the kernel said. */
  function said(message: string, caller: string): void {
    const report = reports.get(caller)
    const rule = ruleFor(message)
    if (rule && !(report && goesOn(report, rule))) {
      const victim = rule.kind === 'oom' ? victims.get(victimIn(message) ?? '') : undefined
      if (victim && number - victim.lastLine <= QUIET_LINES) {
        victim.lastLine = number
        return
      }
      const tellsMore = rule.report || rule.kind === 'limit'
      const where = rule.report ? null : deviceIn(message)
      const same = tellsMore ? undefined : alone.get(rule)?.get(where)
      if (same) {
        same.count++
        same.lastLine = number
        return
      }
      const problem = begin(rule.kind, rule.reason, rule.severity, message)
      if (rule.report) {
        if (report?.rule.preamble && report.frames.length === 0 && number - report.problem.firstLine <= PREAMBLE_LINES) {
          problem.firstLine = report.problem.firstLine
          reports.delete(caller)
        } else close(caller)
        if (reports.size >= MAX_OPEN) close(reports.keys().next().value!)
        const opened: Report = { rule, problem, frames: [], doubtful: [], other: [], aside: false, lastTold: number }
        reports.set(caller, opened)
        tell(opened, message, number, true)
        if (rule.kind === 'oom' && KILLED.test(message)) close(caller)
      } else {
        problem.where = where
        if (tellsMore) readOom(problem, message)
        const kept = keep(problem)
        if (!tellsMore && kept) alone.set(rule, (alone.get(rule) ?? new Map<string | null, NodeProblem>()).set(where, kept))
      }
      return
    }
    if (!report) return
    const { problem } = report
    if (rule) {
      if (atLeast(rule.severity, problem.severity)) problem.severity = rule.severity
      report.lastTold = problem.lastLine = number
      if (rule.reason === 'TransmitTimeout') problem.where = deviceIn(message)
    }
    tell(report, message, number)
    // the kill is the last word of an out-of-memory report
    if (problem.kind === 'oom' && KILLED.test(message)) close(caller)
  }

  return {
    line(raw) {
      number++
      if (reports.size > 0) closeEnded()
      const matters = mayMatter(raw)
      if (!matters) {
        reboots.other(raw)
        if (reports.size === 0 && !extra) return
      }
      const line = unwrapLine(raw)
      if (matters && line.program === undefined && reboots.line(raw, line.message)) keep(begin('reboot', 'UnexpectedReboot', 'error', line.message))
      if (extra) ask(line, raw)
      if (line.program === undefined || line.program === 'kernel') said(line.message, line.caller ?? '')
    },
    record(message, caller, line) {
      number++
      if (reports.size > 0) closeEnded()
      if (extra) ask({ message, program: undefined, caller }, line())
      said(message, caller ?? '')
    },
    saysNothing(bytes, from, to) {
      if (reports.size > 0) closeEnded()
      if (reports.size > 0 || extra || mayMatterInBytes(bytes, from, to)) return false
      number++
      return true
    },
    drain() {
      for (const [caller, { lastTold }] of reports) if (lastTold <= drainedAt) close(caller)
      drainedAt = number
      const problems = [...kept.values()].sort((a, b) => a.firstLine - b.firstLine)
      const left = omitted
      kept.clear()
      alone.clear()
      perKind.clear()
      omitted = 0
      return { problems, omitted: left }
    },
    finish() {
      for (const caller of [...reports.keys()]) close(caller)
      return { problems: [...kept.values()].sort((a, b) => a.firstLine - b.firstLine), lines: number, omitted }
    },
  }
}

/** The same trouble of the same thing. */
const keyOf = ({ kind, reason, where, pod, process }: Pick<NodeProblem, 'kind' | 'reason' | 'where' | 'pod' | 'process'>): string =>
  `${kind}\n${reason}\n${where}\n${pod}\n${process === null ? '' : process.replace(/\[\d+\]$/, '')}`

/** Is the line that `rule` knows a part of the open report? */
function goesOn({ problem, rule: begun }: Report, rule: Rule): boolean {
  if (!rule.continues) return false
  if (rule.reason === 'KernelPanic') return true
  if (rule.reason === 'KernelOops') return DYING.includes(problem.kind)
  if (rule.reason === 'TransmitTimeout') return problem.kind === 'warning'
  return rule.kind === problem.kind && (rule.kind !== 'leak' || begun.continues !== true)
}

/** Reads what a line of the report says of place, process and pod. */
function tell(report: Report, message: string, number: number, first = false): void {
  const { problem } = report
  if (problem.kind === 'oom') {
    if (/oom|OOM|[Kk]ill|Task in|Mem-Info|memory:|\bpages\b/.test(message)) {
      readOom(problem, message)
      report.lastTold = problem.lastLine = number
    }
    return
  }
  if (BACK.test(message)) report.aside = false
  else if (ASIDE.test(message)) report.aside = true
  const comm = COMM.exec(message)
  if (comm) problem.process ??= text(`${comm[2]}[${comm[1]}]`)
  for (const pattern of PROCESS) {
    const found = pattern.exec(message)
    if (found) problem.process ??= text(`${found[1]}[${found[2]}]`)
  }
  const frames = framesOf(message)
  if (frames.length === 0) {
    const place = first || (problem.kind === 'deadlock' && /[,)] ?at: /.test(message)) ? symbolIn(message) : LAST_FUNCTION.exec(message)?.[1]
    const places = place !== undefined ? [place] : first ? namedIn(message) : []
    for (const name of places) frames.push({ name, doubtful: false })
    if (first) report.named = places[0]
    else if (places.length === 0 && !comm && !BACK.test(message)) return
  }
  report.lastTold = problem.lastLine = number
  for (const { name, doubtful } of frames) {
    const list = report.aside ? report.other : doubtful ? report.doubtful : report.frames
    if (list.length < MAX_FRAMES && !list.includes(name)) list.push(name)
  }
}

function whereOf({ frames, doubtful, other, named: first, problem }: Report): string | null {
  const tells = (name: string) => !isReporting(name) && !isTick(name) && !isEveryday(name)
  // two work items that wait for each other: only the chain of dependencies tells who made them
  const rest = problem.kind === 'deadlock' ? [...frames, ...other] : frames
  const sure = frames.some(tells) ? frames : doubtful.some(tells) ? doubtful : rest
  const byTick = problem.kind === 'lockup' || problem.kind === 'rcu-stall'
  const told = sure.filter((name) => (name === first && !/^_*(?:panic|warn)/.test(name)) || (!isReporting(name) && !(byTick && isTick(name))))
  const place = told.findIndex((name) => tells(name) && !isLibrary(name))
  const met = told.slice(0, Math.max(place, 0))
  const names = told.slice(Math.max(place, 0)).filter((name, i) => i === 0 || tells(name))
  const whole = STALLED.includes(problem.kind) || problem.reason === 'StackOverflow'
  const shown =
    whole && names.length > SHOWN + SHOWN_OUTER
      ? [...names.slice(0, SHOWN), '…', ...names.slice(-SHOWN_OUTER)]
      : names.slice(0, whole ? SHOWN + SHOWN_OUTER : SHOWN)
  if (problem.kind === 'deadlock')
    shown.push(
      ...other
        .filter(tells)
        .filter((name) => !shown.includes(name))
        .slice(0, SHOWN),
    )
  // nothing but plumbing: then that is the place
  if (shown.length === 0) shown.push(...frames.slice(0, 1))
  const named = shown.map(withService)
  if (met.length > 0) named[0] = `${named[0]} (in ${met.slice(-SHOWN).reverse().map(withService).join(', ')})`
  return named.length === 0 ? null : named.join(' < ')
}

function victimIn(message: string): string | undefined {
  const victim = VICTIM.exec(message)?.groups
  return victim && text(`${victim.name ?? victim.task}[${victim.pid ?? victim.taskPid}]`)
}

function readOom(problem: NodeProblem, message: string): void {
  problem.process = victimIn(message) ?? problem.process
  // tells more than who asked for the memory
  if (KILLED.test(message)) problem.title = text(message)
  const scope = /\btask_memcg=(\S+?),|\bTask in (\S+) killed|\bpids controller in (\S+)/.exec(message)
  const pod = POD.exec(scope?.slice(1).find(Boolean) ?? '')
  if (pod) problem.pod = pod[1]!.replaceAll('_', '-')
  if (problem.kind === 'oom' && /CONSTRAINT_MEMCG|Memory cgroup out of memory|as a result of limit of \/[^\s]/.test(message))
    problem.reason = 'CgroupOutOfMemory'
}

/** Lines arrive as Latin-1, so that no byte is lost; what is shown is UTF-8, of bounded length and without control characters. */
function text(latin1: string): string {
  const short = latin1.slice(0, TITLE)
  if (PRINTABLE.test(short)) return short.trim()
  return Buffer.from(short, 'latin1')
    .toString('utf8')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
}
