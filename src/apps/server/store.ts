import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import { parseQuantity } from '#core/kernel/quantity.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { SIGNALS, type Signal } from '#core/telemetry/table.ts'
import type { Settings } from '#kits/server-kit/door.ts'

const MIN_BUDGET = 64 * 1024 * 1024
const MAX_BUDGET = 2 ** 50

const bytes = z
  .union([z.number(), z.string().max(32)])
  .transform((value, context) => {
    const parsed = typeof value === 'number' ? value : parseQuantity(value)
    if (parsed !== undefined && Number.isInteger(parsed)) return parsed
    context.addIssue({ code: 'custom', message: 'must be bytes, as a number or like 20Gi' })
    return z.NEVER
  })
  .pipe(z.number().int().min(MIN_BUDGET).max(MAX_BUDGET))

const limits = z.object({ budgetBytes: bytes.optional(), retentionDays: z.number().int().min(1).max(3650).optional() })
const retention = z.object(Object.fromEntries(SIGNALS.map((signal) => [signal, limits.optional()])) as Record<Signal, z.ZodOptional<typeof limits>>)

/** Settings section `retention`: bytes and days of each signal, put into effect at once. What is left out stays as the store has it. */
export function retentionSettings(settings: Settings, telemetry: Telemetry, log: Logger): { apply(): Promise<void> } {
  const section = settings.section('retention', { schema: retention, initial: {} })
  const apply = async () => {
    for (const signal of SIGNALS) {
      const wanted = section.read()[signal]
      if (wanted) await telemetry.configure(signal, wanted)
    }
  }
  section.onChange(() => apply().catch((err) => log.error({ err }, 'the retention settings could not be put into effect')))
  return { apply }
}

/** `/store`: what the store holds, what it costs and how long it lasts. */
export function storeRoutes(http: FastifyInstance, telemetry: Telemetry): void {
  http.get('/store', { schema: { summary: 'Engine, queue, disk, and each signal with its budget' } }, () => telemetry.status())
}
