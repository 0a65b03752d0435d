/** All detectors once, here and now. */
import type { Host } from '#core/shapes/ports/host.ts'
import { KERNEL_LOG } from './conditions.ts'
import type { Detector, Verdict } from './detector.ts'
import { DETECTORS } from './detectors/all.ts'
import { createDiagnosis } from './diagnose.ts'
import type { NodeSettings } from './settings.ts'

export interface CheckedOnce {
  id: string
  condition: string
  title: Detector['title']
  verdict: Verdict
}

/** Twice is looked only where a moment may deceive. */
const AGAIN_MS = 1_500
const MOST_RECORDS = 200_000

export async function checkOnce(
  host: Host,
  settings: NodeSettings,
  sleep: (ms: number) => Promise<void>,
  more: readonly Detector[] = [],
): Promise<CheckedOnce[]> {
  const all = [...DETECTORS, ...more].filter(({ id }) => !settings.off.includes(id))
  const results = new Map<string, { detector: Detector; verdict: Verdict; memory?: unknown }>()
  const look = async (detector: Detector) => {
    const facts = await detector.gather(host, settings)
    results.set(detector.id, { detector, ...detector.judge(facts, settings, results.get(detector.id)?.memory, host.now()) })
  }
  for (const detector of all) await look(detector)
  const again = [...results.values()].filter(
    ({ detector, verdict }) => detector.id === 'clock-jump' || ((detector.raise ?? 1) > 1 && verdict.state === 'looked' && verdict.troubles.length > 0),
  )
  if (again.length > 0) await sleep(AGAIN_MS)
  for (const { detector, verdict: first } of again) {
    await look(detector)
    const second = results.get(detector.id)!
    if (detector.id === 'clock-jump' || first.state !== 'looked' || second.verdict.state !== 'looked') continue
    const before = new Set(first.troubles.map(({ key }) => key))
    second.verdict = { state: 'looked', troubles: second.verdict.troubles.filter(({ key }) => before.has(key)) }
  }
  const kernel: CheckedOnce = { id: KERNEL_LOG, condition: '', title: { en: "The kernel's log", 'zh-CN': '内核日志' }, verdict: kernelLogOnce(host) }
  return [kernel, ...[...results.values()].map(({ detector: { id, condition, title }, verdict }) => ({ id, condition, title, verdict }))]
}

/** What the kernel's log still holds, since the start of the machine at most. */
function kernelLogOnce(host: Host): Verdict {
  const opened = host.kernelLog()
  if (!opened.ok) return { state: 'blind', why: `/dev/kmsg: ${opened.why === 'forbidden' ? 'a privilege is missing (CAP_SYSLOG): ' : ''}${opened.reason}` }
  try {
    const diagnosis = createDiagnosis('en')
    const { records } = opened.value.poll(MOST_RECORDS)
    for (const { text, caller } of records) diagnosis.record(text, caller, () => text)
    return {
      state: 'looked',
      troubles: diagnosis.finish().problems.map(({ kind, reason, severity, title, where, pod, count }, i) => ({
        key: `${kind} ${i}`,
        reason,
        severity,
        message: `${title}${where === null ? '' : ` (${where.split(' < ')[0]})`}${count > 1 ? ` (${count} times)` : ''}`,
        ...(pod === null ? {} : { pod }),
      })),
    }
  } finally {
    opened.value.close()
  }
}
