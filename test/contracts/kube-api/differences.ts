/** Where servers differ because of their version, each with its reason. Tests ask here and nowhere else. */
export interface Difference {
  /** From this minor on. */
  since: number
  why: string
}

export const DIFFERENCES = {
  fieldValidation: {
    since: 25,
    why: 'the query parameter fieldValidation and warnings about unknown fields came with 1.23 and are on by default since 1.25; older servers drop unknown fields in silence',
  },
  subresourceManagers: { since: 22, why: 'managedFields entries name the subresource since 1.22' },
  initialEvents: { since: 32, why: 'sendInitialEvents (streaming lists) is on by default since 1.32' },
  aggregatedDiscovery: { since: 26, why: 'discovery of all groups in one answer came with 1.26' },
  openapiV3: { since: 24, why: '/openapi/v3 is served by default since 1.24; clients fall back to /openapi/v2' },
  badRevision: { since: 21, why: 'a resourceVersion that is no number was an internal error before it was a bad request' },
  intOrStringApply: {
    since: 21,
    why: 'measured on 1.20: one x-kubernetes-int-or-string in a custom schema makes server-side apply take all lists of the kind whole',
  },
} as const satisfies Record<string, Difference>

export const has = (minor: number, what: keyof typeof DIFFERENCES): boolean => minor >= DIFFERENCES[what].since
