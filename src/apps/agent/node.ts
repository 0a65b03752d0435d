/** The node doctor in the agent: its state in the agent's folder, its reports on the agent's way to the server. */
import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDoctor } from '#capabilities/node-doctor/agent/index.ts'
import { REPORT_FORMAT } from '#capabilities/node-doctor/domain/report.ts'
import type { NodeSettings } from '#capabilities/node-doctor/domain/settings.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { fileUnreadable } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { createMachine } from '#edges/host/machine.ts'
import type { createCounts } from './counts.ts'
import type { createSender } from './send.ts'

export interface NodeDeps {
  settings: NodeSettings
  folder: string
  node: string
  send: ReturnType<typeof createSender>
  clock: Clock
  say: ReturnType<typeof createCounts>['say']
}

/** Throws FILE_UNREADABLE and INVALID_INPUT for configurations of node-problem-detector. */
export function startNode({ settings, folder, node, send, clock, say }: NodeDeps, signal: AbortSignal): { done: Promise<void>; metrics(): string } {
  const path = join(folder, 'node.json')
  let failing = false
  const doctor = createDoctor({
    host: createMachine(),
    clock,
    node,
    settings,
    npd: settings.npd.map((file) => ({ file, text: readText(file) })),
    load() {
      try {
        return JSON.parse(readFileSync(path, 'utf8'))
      } catch {
        return undefined
      }
    },
    save(state) {
      writeFileSync(`${path}.next`, JSON.stringify(state), { mode: 0o600 })
      renameSync(`${path}.next`, path)
    },
    async send(report, stop) {
      const delivery = await send(
        {
          id: uuidv7(clock.now(), randomBytes(10)),
          source: 'node-doctor',
          format: REPORT_FORMAT,
          labels: { transport: 'agent', node },
          bytes: Buffer.from(`${JSON.stringify(report)}\n`),
        },
        stop,
      )
      if (delivery.outcome !== 'taken' && !failing) say('warn', 'the report of this node was not taken', { reason: delivery.reason })
      failing = delivery.outcome !== 'taken'
      return !failing
    },
    say,
  })
  return { done: doctor.run(signal), metrics: doctor.metrics }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}
