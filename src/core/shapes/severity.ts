/** One ladder everywhere, lowest first. */
export const SEVERITIES = ['advice', 'warning', 'error', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

export const atLeast = (severity: Severity, floor: Severity): boolean => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(floor)
