/** What an API server is answered about an object: what it brings that was not there before. Pure. */
import { atLeast, type Severity } from '#core/shapes/severity.ts'
import { bySeverity, type InspectionFinding } from './inspect.ts'

export interface ReviewAnswer {
  allowed: boolean
  warnings?: string[]
  status?: { code: 403; reason: 'Forbidden'; message: string }
}

const MOST_WARNINGS = 10
const MOST_DENIED = 5
/** API servers cut warnings off at 256 bytes: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response */
const LONGEST_WARNING = 240

/** A finding that the object had before keeps nobody from writing something else to it. */
export function reviewAnswer(found: readonly InspectionFinding[], before: readonly InspectionFinding[], mode: 'Warn' | 'Deny', floor: Severity): ReviewAnswer {
  const key = ({ check, path, what }: InspectionFinding) => `${check}\n${path}\n${what ?? ''}`
  const old = new Set(before.map(key))
  const brought = found.filter((finding) => !old.has(key(finding))).sort(bySeverity)
  const refused = mode === 'Deny' ? brought.filter(({ severity }) => atLeast(severity, floor)) : []
  const say = ({ check, path, message, what }: InspectionFinding) => `${check}: ${message.en}${what === undefined ? '' : ` (${what})`} ${path}`.trim()
  const rest = brought.filter((finding) => !refused.includes(finding))
  const warnings = rest.slice(0, MOST_WARNINGS).map((finding) => say(finding).slice(0, LONGEST_WARNING))
  if (rest.length > MOST_WARNINGS) warnings.push(`and ${rest.length - MOST_WARNINGS} more findings`)
  return {
    allowed: refused.length === 0,
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(refused.length > 0
      ? {
          status: {
            code: 403,
            reason: 'Forbidden',
            message: [...refused.slice(0, MOST_DENIED).map(say), ...(refused.length > MOST_DENIED ? [`and ${refused.length - MOST_DENIED} more`] : [])].join(
              '; ',
            ),
          },
        }
      : {}),
  }
}
