import type { Evidence, Plan } from './plan.ts'
import type { Severity } from './severity.ts'

/** Who, what, since when, with evidence; stored, so that diagnosis and reports read the findings of all capabilities. */
export interface Finding {
  check: string
  severity: Severity
  cluster: string
  subject: { kind: string; namespace: string; name: string; uid: string }
  /** Tells findings of one check on one object apart, e.g. a container's name. */
  key: string
  /** In the reader's language it is looked up as `check:message`; this is the English text. */
  message: string
  since: number
  evidence: readonly Evidence[]
  fix?: Plan
}

/** What the fingerprint is a hash of (sha256, hex, by the edge that stores it). */
export const fingerprintInput = (f: Pick<Finding, 'check' | 'cluster' | 'subject' | 'key'>): string => [f.check, f.cluster, f.subject.uid, f.key].join('\u0000')
