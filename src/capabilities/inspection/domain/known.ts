/** Findings that people live with: suppressed with a reason and an end, or known from a baseline. */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { ok } from '#core/kernel/result.ts'
import { checksNamed } from './catalog.ts'
import type { InspectionFinding } from './inspect.ts'
import type { Item } from './inventory.ts'

const day = z.iso.date()
export const suppressionFile = z.strictObject({
  suppressions: z
    .array(
      z.strictObject({
        /** Our id, or one of another tool. */
        check: z.string().min(1).max(200),
        /** `DaemonSet kube-system/agent`; `*` stands for anything. Left out: all objects. */
        object: z.string().min(1).max(500).optional(),
        reason: z.string().trim().min(3).max(1000),
        /** The last day on which it holds (UTC). */
        until: day,
      }),
    )
    .max(10_000),
})
export type Suppression = z.infer<typeof suppressionFile>['suppressions'][number] & { /** For people: where it stands. */ from: string }

const PREFIX = 'inspection.sallyport.io/'
const SAID = /^until (\d{4}-\d\d-\d\d): (.{3,1000})$/s

/** Of annotations `inspection.sallyport.io/CHECK: "until 2027-01-31: reason"`; what cannot be read suppresses nothing and is told. */
export function annotated(items: readonly Item[], name: (item: Item) => string): { suppressions: Suppression[]; problems: Problem[] } {
  const suppressions: Suppression[] = []
  const problems: Problem[] = []
  for (const item of items)
    for (const [key, text] of Object.entries(item.object.metadata?.annotations ?? {})) {
      if (!key.startsWith(PREFIX)) continue
      const found = typeof text === 'string' ? SAID.exec(text.trim()) : null
      const from = `${item.file === '' ? '' : `${item.file}: `}${name(item)}`
      if (found && day.safeParse(found[1]).success)
        suppressions.push({ check: key.slice(PREFIX.length), object: name(item), until: found[1]!, reason: found[2]!, from })
      else problems.push({ path: from, message: `annotation ${key} must be "until YYYY-MM-DD: reason"` })
    }
  return { suppressions, problems }
}

const pattern = (text: string): RegExp => new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`)

export interface Suppressed {
  finding: InspectionFinding
  reason: string
  until: string
}

/** Splits what is suppressed today from what is not. Entries that ended, and names that no check has, are told. @param today YYYY-MM-DD (UTC) */
export function suppress(
  findings: readonly InspectionFinding[],
  entries: readonly Suppression[],
  today: string,
): { open: InspectionFinding[]; suppressed: Suppressed[]; problems: Problem[] } {
  const problems: Problem[] = []
  const live = entries.flatMap((entry) => {
    const checks = entry.check.startsWith('user/') ? ok([{ id: entry.check }]) : checksNamed([entry.check])
    if (!checks.ok) problems.push(...checks.error.map((problem) => ({ ...problem, path: `${entry.from}: ${problem.path}` })))
    else if (entry.until < today) problems.push({ path: entry.from, message: `the suppression of ${entry.check} ended on ${entry.until}` })
    return checks.ok && entry.until >= today
      ? [{ ...entry, ids: new Set(checks.value.map(({ id }) => id)), object: entry.object === undefined ? undefined : pattern(entry.object) }]
      : []
  })
  const open: InspectionFinding[] = []
  const suppressed: Suppressed[] = []
  for (const finding of findings) {
    const by = live.find(({ ids, object }) => ids.has(finding.check) && (object === undefined || object.test(finding.object)))
    if (by) suppressed.push({ finding, reason: by.reason, until: by.until })
    else open.push(finding)
  }
  return { open, suppressed, problems }
}

/** The same finding, wherever its line has gone. */
export const fingerprint = ({ check, object, path, what }: Pick<InspectionFinding, 'check' | 'object' | 'path' | 'what'>): string =>
  JSON.stringify([check, object, path, what ?? ''])

export const baselineFile = z.strictObject({ version: z.literal(1), findings: z.array(z.string().max(5000)).max(1_000_000) })

/** What is new since the baseline, and how much of it is gone. */
export function sinceBaseline(
  findings: readonly InspectionFinding[],
  baseline: readonly string[],
): { fresh: InspectionFinding[]; known: number; gone: number } {
  const before = new Set(baseline)
  const now = new Set(findings.map(fingerprint))
  const fresh = findings.filter((finding) => !before.has(fingerprint(finding)))
  return { fresh, known: findings.length - fresh.length, gone: [...before].filter((one) => !now.has(one)).length }
}
