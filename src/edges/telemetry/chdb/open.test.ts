import { setTimeout as pause } from 'node:timers/promises'
import { telemetryContract } from '#test/contracts/telemetry.ts'
import { openTelemetry } from './open.ts'

const clock = { now: () => Date.UTC(2026, 10, 23, 12), sleep: (ms: number, signal?: AbortSignal) => pause(ms, undefined, { signal }) }

telemetryContract('chdb', (dir, options) => openTelemetry({ dir, clock, ...options }))
