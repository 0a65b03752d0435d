/** Fields for `useUrlState` schemas. */
import { z } from 'zod'

const LONGEST = 2048
export const urlText = z.string().max(LONGEST).default('')
/** Several values under one name. */
export const urlList = z
  .union([z.string().max(LONGEST), z.array(z.string().max(LONGEST)).max(100)])
  .optional()
  .transform((v) => (v === undefined ? [] : Array.isArray(v) ? v : [v]))
export const urlFlag = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .default(false)
  .transform((v) => v === true || v === 'true')
export const urlNumber = (initial: number, min: number, max: number) => z.coerce.number().min(min).max(max).default(initial)
