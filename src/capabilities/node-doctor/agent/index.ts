/** The doctor on its node: looks at everything in its turn, keeps what it knows through restarts, and tells the server. */
import type { Clock } from '#core/kernel/clock.ts'
import { invalidInput } from '#core/kernel/errors.ts'
import type { Host } from '#core/shapes/ports/host.ts'
import { applyVerdict, type Change, conditionsOf, EMPTY, KERNEL_LOG, type NodeState, type Proofs, settleKernel } from '../domain/conditions.ts'
import type { Detector } from '../domain/detector.ts'
import { DETECTORS } from '../domain/detectors/all.ts'
import type { ExtraRules } from '../domain/diagnose.ts'
import { readNpdConfig } from '../domain/npd-config.ts'
import { loadPlugins } from '../domain/npd-plugins.ts'
import { type NodeReport, REPORT_MS } from '../domain/report.ts'
import type { NodeSettings } from '../domain/settings.ts'
import { watchKernelLog } from './kernel-log.ts'
import { createLogMonitors } from './log-monitors.ts'

export interface DoctorDeps {
  host: Host
  clock: Clock
  node: string
  settings: NodeSettings
  /** Configurations of node-problem-detector, read already. */
  npd: readonly { file: string; text: string }[]
  /** The state as it was written last; anything else than an object is none. */
  load(): unknown
  save(state: NodeState): void
  /** True: it was taken. */
  send(report: NodeReport, signal: AbortSignal): Promise<boolean>
  say(level: 'info' | 'warn' | 'error', message: string, more: Record<string, unknown>): void
}

export interface Doctor {
  /** Resolves when `signal` is aborted and all is stopped. */
  run(signal: AbortSignal): Promise<void>
  /** Prometheus' text format; names as node-problem-detector has them. */
  metrics(): string
}

const TICK_MS = 1_000
const SETTLE_EVERY_MS = 5_000
const SAVE_EVERY_MS = 30_000
const MOST_CHANGES = 500
/** Detectors that look at the same time: some wait seconds for an answer that does not come. */
const AT_ONCE = 6

/** Throws INVALID_INPUT for a configuration of node-problem-detector that cannot be read. */
export function createDoctor(deps: DoctorDeps): Doctor {
  const { host, clock, settings, say } = deps
  const plugins = deps.npd.map(({ file, text }) => loadPlugins(file, text))
  const monitors = deps.npd.flatMap(({ file, text }) => {
    const json = JSON.parse(text) as { plugin?: string } | null
    // those that only measure have none; our own metrics do that
    if (json?.plugin === undefined) return []
    const rules = readNpdConfig(json)
    if (!rules.ok) throw invalidInput(rules.error.map((problem) => ({ ...problem, path: `${file}: ${problem.path}` })))
    return [rules.value]
  })
  const ofKernel = monitors.filter(({ kernel }) => kernel)
  const extra: ExtraRules | undefined = ofKernel.length === 0 ? undefined : (line, raw) => ofKernel.flatMap(({ apply }) => apply(line, raw))
  const healthy = Object.assign(
    {},
    ...plugins.map((one) => one.healthy),
    ...monitors.flatMap(({ conditions }) => conditions.map(({ type, reason, message }) => ({ [type]: { reason, message } }))),
  ) as Record<string, { reason: string; message: string }>
  const detectors = [...DETECTORS, ...plugins.flatMap((one) => one.detectors)].filter(({ id }) => !settings.off.includes(id))
  const state = restore(deps.load())
  const logs = createLogMonitors(host, state, monitors)
  const speakers = [...detectors, ...logs.sources, ...ofKernel.flatMap(({ conditions }) => conditions.map(({ type }) => ({ id: KERNEL_LOG, condition: type })))]
  const startedAt = clock.now()
  const seen = new Map<string, number>()
  let changes: Change[] = []
  let lostChanges = 0
  let lines = 0
  let dirty = true
  let report: NodeReport | undefined

  const note = (more: readonly Change[]) => {
    for (const change of more) {
      dirty = true
      if (change.what !== 'closed') seen.set(change.trouble.reason, (seen.get(change.trouble.reason) ?? 0) + 1)
      say(change.what === 'closed' ? 'info' : 'warn', change.what, {
        reason: change.trouble.reason,
        message: change.trouble.message,
        ...(change.proof === undefined ? {} : { proof: change.proof }),
      })
    }
    changes.push(...more)
    if (changes.length > MOST_CHANGES) lostChanges += changes.splice(0, changes.length - MOST_CHANGES).length
  }

  async function look(detector: Detector): Promise<void> {
    try {
      const facts = await detector.gather(host, settings)
      const now = clock.now()
      const { verdict, memory } = detector.judge(facts, settings, state.memory[detector.id], now)
      if (memory !== undefined) state.memory[detector.id] = memory
      const wasBlind = state.blind[detector.id] !== undefined
      note(applyVerdict(state, detector, verdict, now))
      if (verdict.state === 'blind' && !wasBlind) say('warn', 'blind', { detector: detector.id, why: verdict.why })
    } catch (error) {
      // a detector that fails is blind, and the others go on
      note(applyVerdict(state, detector, { state: 'blind', why: `the detector failed: ${(error as Error).message}` }, clock.now()))
    }
  }

  async function proofs(): Promise<Proofs> {
    const [boot, tainted] = await Promise.all([host.read('/proc/sys/kernel/random/boot_id', 64), host.read('/proc/sys/kernel/tainted', 64)])
    const waiting: Record<string, boolean> = {}
    for (const { detector, kind, process } of Object.values(state.troubles)) {
      const pid = detector === KERNEL_LOG && kind === 'hang' ? /\[(\d+)\]$/.exec(process ?? '')?.[1] : undefined
      if (pid === undefined) continue
      const status = await host.read(`/proc/${pid}/status`, 4096)
      if (status.ok) waiting[pid] = /^State:\tD/m.test(status.value)
      else if (status.why === 'absent') waiting[pid] = false
    }
    return {
      bootId: boot.ok ? boot.value.trim() : state.bootId,
      died: tainted.ok ? (Number(tainted.value) & (1 << 7)) !== 0 : undefined,
      waiting,
      quietMs: settings.quietSeconds * 1000,
    }
  }

  function reportNow(now: number): NodeReport {
    const open = Object.values(state.troubles).filter((trouble) => trouble.open)
    return {
      version: 1,
      node: deps.node,
      at: now,
      startedAt,
      bootId: state.bootId,
      conditions: conditionsOf(state, speakers, now, healthy),
      troubles: open.slice(0, 1000).map(plain),
      changes: changes.map((change) => ({ ...change, trouble: plain(change.trouble) })),
      blind: Object.entries(state.blind).map(([detector, { why, since }]) => ({ detector, why: why.slice(0, 1000), since })),
      absent: Object.entries(state.looked).flatMap(([detector, { absent }]) => (absent === undefined ? [] : [{ detector, why: absent }])),
      log: { lines, dropped: state.dropped, lostChanges },
    }
  }

  return {
    async run(signal) {
      // the kernel's log of another boot is another log
      note(settleKernel(state, await proofs(), clock.now()))
      const uptime = await host.read('/proc/uptime', 64)
      const uptimeMs = uptime.ok ? Number.parseFloat(uptime.value) * 1000 : undefined
      const kernel = watchKernelLog(host, state, () => uptimeMs, extra)
      logs.begin(uptimeMs)
      const listening = kernel.follow(clock, signal)
      const due = new Map<string, number>()
      const active = new Map<string, Promise<void>>()
      let settledAt = 0
      let savedAt = 0
      let sentAt = 0
      let sending: Promise<void> | undefined
      while (!signal.aborted) {
        const now = clock.now()
        for (const detector of detectors) {
          if (active.size >= AT_ONCE) break
          if (active.has(detector.id) || (due.get(detector.id) ?? 0) > now) continue
          due.set(detector.id, now + detector.everyMs)
          active.set(
            detector.id,
            look(detector).finally(() => active.delete(detector.id)),
          )
        }
        note(kernel.drain(now))
        note(logs.poll(now))
        lines = kernel.lines
        if (now - settledAt >= SETTLE_EVERY_MS) {
          settledAt = now
          note(settleKernel(state, await proofs(), now))
        }
        if (dirty || now - savedAt >= SAVE_EVERY_MS) {
          savedAt = now
          try {
            deps.save(state)
          } catch (error) {
            say('error', 'what is known of this node could not be kept', { reason: (error as Error).message })
          }
        }
        // the first report waits until everything was looked at once
        const ready = detectors.every(({ id }) => state.looked[id] !== undefined || state.blind[id] !== undefined)
        if (ready && sending === undefined && (dirty || now - sentAt >= REPORT_MS)) {
          dirty = false
          sentAt = now
          const told = changes.length
          report = reportNow(now)
          sending = deps.send(report, signal).then((taken) => {
            if (taken) changes = changes.slice(told)
            sending = undefined
          })
        }
        await clock.sleep(TICK_MS, signal).catch(() => {})
      }
      await Promise.all([listening, sending, ...active.values()])
      kernel.close()
      logs.close()
      deps.save(state)
    },
    metrics() {
      const label = (text: string) => JSON.stringify(text)
      const conditions = report?.conditions ?? []
      return [
        '# TYPE problem_counter counter',
        ...[...seen].map(([reason, count]) => `problem_counter{reason=${label(reason)}} ${count}`),
        '# TYPE problem_gauge gauge',
        ...conditions.map(
          ({ type, status, reason }) => `problem_gauge{type=${label(type)},reason=${label(status === 'True' ? reason : '')}} ${status === 'True' ? 1 : 0}`,
        ),
        '# TYPE sallyport_node_doctor_blind gauge',
        ...Object.keys(state.blind).map((detector) => `sallyport_node_doctor_blind{detector=${label(detector)}} 1`),
        '# TYPE sallyport_node_doctor_kernel_lines_total counter',
        `sallyport_node_doctor_kernel_lines_total ${lines}`,
        '# TYPE sallyport_node_doctor_kernel_lines_dropped_total counter',
        `sallyport_node_doctor_kernel_lines_dropped_total ${state.dropped}`,
        '# TYPE sallyport_node_doctor_heartbeat_timestamp_seconds gauge',
        `sallyport_node_doctor_heartbeat_timestamp_seconds ${(report?.at ?? startedAt) / 1000}`,
        '',
      ].join('\n')
    },
  }
}

const plain = ({ detector, key, condition, reason, severity, message, pod, since, lastSeen, count }: Change['trouble']) => ({
  detector: detector.slice(0, 300),
  key: key.slice(0, 1000),
  condition,
  reason: reason.slice(0, 300),
  severity,
  message: message.slice(0, 2000),
  ...(pod === undefined ? {} : { pod }),
  since: Math.trunc(since),
  lastSeen: Math.trunc(lastSeen),
  count,
})

/** A state that this version wrote, or an empty one: what was known is worth less than a doctor that does not start. */
function restore(kept: unknown): NodeState {
  const one = kept as Partial<NodeState> | undefined
  const fresh = structuredClone(EMPTY) as NodeState
  return one !== null && typeof one === 'object' && one.version === 1 ? { ...fresh, ...one } : fresh
}
