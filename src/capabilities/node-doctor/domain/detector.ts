import type { Language } from '#core/kernel/errors.ts'
import type { Host, Reading } from '#core/shapes/ports/host.ts'
import type { Severity } from '#core/shapes/severity.ts'
import type { NodeSettings } from './settings.ts'

/** One thing that is wrong on a node now. */
export interface Trouble {
  /** Which of several that a detector may find; the same as long as it is the same thing. */
  key: string
  /** CamelCase, stable. */
  reason: string
  severity: Severity
  /** English: NodeConditions, Events and findings carry it. */
  message: string
  /** Uid of the pod that it belongs to. */
  pod?: string
}

/** `absent`: there is nothing here to look at, such as no time daemon to ask; it says nothing about health and needs no repair. */
export type Verdict = { state: 'looked'; troubles: readonly Trouble[] } | { state: 'blind'; why: string } | { state: 'absent'; why: string }

/** Looks at one thing of a node. Gathering reads the host, judging is pure: facts and what was remembered in, a verdict out. */
export interface Detector<Facts = unknown, Memory = unknown> {
  id: string
  /** NodeCondition that its troubles make true. */
  condition: string
  title: Record<Language, string>
  everyMs: number
  /** Looks in a row that must find a trouble before it is one (default 1), and that must not find it before it is over (default 2). */
  raise?: number
  clear?: number
  gather(host: Host, settings: NodeSettings): Promise<Facts>
  judge(facts: Facts, settings: NodeSettings, before: Memory | undefined, now: number): { verdict: Verdict; memory?: Memory }
}

export const looked = (...troubles: (Trouble | undefined)[]): Verdict => ({ state: 'looked', troubles: troubles.filter((one) => one !== undefined) })
export const blind = (why: string): Verdict => ({ state: 'blind', why })
export const absent = (why: string): Verdict => ({ state: 'absent', why })

/** Blind, or absent where there is no such thing, by why it could not be read. */
export const unseen = (what: string, reading: Extract<Reading<unknown>, { ok: false }>): Verdict =>
  reading.why === 'absent' ? absent(`there is no ${what}`) : blind(`${what}: ${reading.why === 'forbidden' ? 'a privilege is missing: ' : ''}${reading.reason}`)

/** Is `used` of `limit` at the watermark (percent) or above? */
export const isOver = (used: number, limit: number, percent: number): boolean => limit > 0 && used * 100 >= limit * percent

export const share = (used: number, limit: number): string => `${used} of ${limit} (${Math.floor((used * 100) / limit)} %)`

/** Above this it is full in a moment. */
export const pressure = (used: number, limit: number): Severity => (isOver(used, limit, 95) ? 'critical' : 'error')

/**
 * Are all processes of the machine to be seen? In a PID namespace of its own (no hostPID) the kernel's threads are missing, and counts of processes would be
 * of the agent alone.
 */
export const seesAll = async (host: Host): Promise<boolean> => {
  const second = await host.read('/proc/2/comm', 64)
  return second.ok && second.value.trim() === 'kthreadd'
}
export const HIDDEN = 'only processes of this container are seen (hostPID is needed)'

export const numbersIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number)
