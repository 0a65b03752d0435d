/** What will happen, why, and whether it can be undone: the one object that dry run, audit, console and tests read. */
export interface Plan {
  id: string
  /** The reconciler or command that made it. */
  by: string
  cluster: string
  /** What it is about, e.g. `Deployment shop/cart`. */
  subject: string
  /** Milliseconds since the epoch. */
  decidedAt: number
  steps: readonly Step[]
  /** Why nothing is to be done, when `steps` is empty. */
  idle?: string
}

export interface Step {
  /** Verb and object for people: `scale Deployment shop/cart from 3 to 5`. */
  what: string
  why: string
  evidence: readonly Evidence[]
  reversible: boolean
  /** The machine's form of the step; the capability that made it knows how to apply it. */
  action: Readonly<Record<string, unknown>>
}

/** A fact with its unit, time and source; never a bare number. */
export interface Evidence {
  name: string
  value: number | string
  unit?: string
  /** Milliseconds since the epoch at which it was true. */
  at: number
  source: string
}
