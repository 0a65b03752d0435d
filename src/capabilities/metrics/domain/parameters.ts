/** Parameters of Prometheus' API as text, checked; problems are told as Prometheus does. */
import { civilMs } from '#core/kernel/civil.ts'
import type { LabelMatcher } from '#core/promql/ast.ts'
import { durationSeconds } from '#core/promql/lexer.ts'
import { parse } from '#core/promql/parser.ts'

/** Bad input, with the words of Prometheus where clients look for them. */
export class BadData extends Error {
  override name = 'BadData'
}

export type Parameters = ReadonlyMap<string, readonly string[]>

/** From a query string or a form; at most 1,000 values. */
export function parametersOf(text: string): Map<string, string[]> {
  const map = new Map<string, string[]>()
  let count = 0
  for (const [name, value] of new URLSearchParams(text)) {
    if (++count > 1_000) throw new BadData('more than 1000 parameters')
    map.set(name, [...(map.get(name) ?? []), value])
  }
  return map
}

const one = (parameters: Parameters, name: string): string | undefined => parameters.get(name)?.[0]

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:Z|([-+])(\d\d):(\d\d))$/

function civilTime(text: string): number {
  const [, year, month, day, hour, minute, second, sign, offHours, offMinutes] = RFC3339.exec(text) ?? []
  if (year === undefined) return Number.NaN
  const shift = sign === undefined ? 0 : (Number(offHours) * 60 + Number(offMinutes)) * (sign === '-' ? 1 : -1)
  return civilMs(Number(year), Number(month), Number(day), Number(hour), Number(minute) + shift) + Math.round(Number(second) * 1000)
}

/** RFC 3339 or seconds since the epoch, in ms. */
export function timeOf(parameters: Parameters, name: string, fallback?: number): number {
  const text = one(parameters, name)
  if (text === undefined || text === '') {
    if (fallback !== undefined) return fallback
    throw new BadData(`invalid parameter "${name}": cannot parse "" to a valid timestamp`)
  }
  const seconds = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  const ms = Number.isNaN(seconds) ? civilTime(text) : Math.round(seconds * 1000)
  if (!Number.isSafeInteger(ms) || Math.abs(ms) > 8.64e15) throw new BadData(`invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`)
  return ms
}

/** Seconds or `1h30m`, in ms. */
export function durationOf(parameters: Parameters, name: string): number | undefined {
  const text = one(parameters, name)
  if (text === undefined || text === '') return undefined
  const seconds = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : durationSeconds(text)
  if (seconds === undefined || !Number.isFinite(seconds)) throw new BadData(`invalid parameter "${name}": cannot parse "${text}" to a valid duration`)
  return Math.round(seconds * 1000)
}

export function limitOf(parameters: Parameters): number {
  const text = one(parameters, 'limit')
  if (text === undefined || text === '') return Infinity
  if (!/^\d+$/.test(text)) throw new BadData(`invalid parameter "limit": "${text}" is not a non-negative number`)
  return Number(text) === 0 ? Infinity : Number(text)
}

/** Each `match[]` as matchers. */
export function matchersOf(parameters: Parameters, { required }: { required: boolean }): (readonly LabelMatcher[])[] {
  const texts = parameters.get('match[]') ?? []
  if (required && texts.length === 0) throw new BadData('no match[] parameter provided')
  return texts.map((text) => {
    const expr = parse(text)
    if (expr.kind !== 'selector' || expr.range !== undefined || expr.offset !== undefined || expr.at !== undefined)
      throw new BadData(`invalid parameter "match[]": ${text} is not a series selector`)
    return expr.matchers
  })
}

export interface RangeOf {
  start: number
  end: number
  step: number
}

/** Of a range query. */
export function rangeOf(parameters: Parameters): RangeOf {
  const start = timeOf(parameters, 'start')
  const end = timeOf(parameters, 'end')
  if (end < start) throw new BadData('invalid parameter "end": end timestamp must not be before start time')
  const step = durationOf(parameters, 'step')
  if (step === undefined) throw new BadData('invalid parameter "step": cannot parse "" to a valid duration')
  if (!(step > 0)) throw new BadData('invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer')
  if ((end - start) / step > 11_000)
    throw new BadData('exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)')
  return { start, end, step }
}

export const textOf = (parameters: Parameters, name: string): string => one(parameters, name) ?? ''
