/** A sandbox node: one process that runs pods. Killing it is a node failure. Speaks with the site's main process over IPC. */
import { seededRandom } from '#core/kernel/random.ts'
import { openDatabase, type Surroundings, startPod } from './pods.ts'
import { endpointsOf, type Pod } from './shop.ts'

export type ToNode =
  | { type: 'run'; database: string; pods: Omit<Pod, 'address' | 'port'>[]; addresses: string[]; seed: number }
  | { type: 'surroundings'; surroundings: Surroundings }
export type FromNode = { type: 'running'; pods: Pod[] } | { type: 'failed'; reason: string }

const around: Surroundings = { endpoints: endpointsOf([]), faults: {} }
const tell = (message: FromNode) => process.send?.(message)

async function run(order: Extract<ToNode, { type: 'run' }>) {
  const db = openDatabase(order.database)
  const random = seededRandom(order.seed)
  const started = await Promise.all(order.pods.map((pod, i) => startPod(pod, db, order.addresses[i]!, around, random)))
  tell({ type: 'running', pods: started.map((s) => s.pod) })
}

process.on('message', (message: ToNode) => {
  if (message.type === 'surroundings') Object.assign(around, message.surroundings)
  else run(message).catch((error: Error) => tell({ type: 'failed', reason: error.message }))
})
process.on('disconnect', () => process.exit(0)) // the site is gone
process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group; the site tells us when to stop
