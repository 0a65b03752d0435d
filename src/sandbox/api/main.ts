/** The sandbox's Kubernetes API by itself, without the site: `node src/sandbox/api/main.ts --data DIR [--port N]`. Pods are objects only. For tests and trying out. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from './pod-runtime.ts'
import { startSandboxApi } from './start.ts'

const { values: flags } = parseArgs({ options: { data: { type: 'string' }, port: { type: 'string' } } })
if (!flags.data) {
  process.stderr.write('sandbox: --data DIR is needed\n')
  process.exit(2)
}
const api = await startSandboxApi({
  folder: join(flags.data, 'cluster'),
  clock: systemClock,
  port: Number(flags.port ?? 0),
  runtime: noPods,
})
process.stderr.write(`sandbox: the Kubernetes API is at ${api.url}; kubectl --kubeconfig ${api.kubeconfig} get namespaces\n`)
const stop = () => void api.close().then(() => process.exit(0))
process.on('SIGTERM', stop).on('SIGINT', stop)
process.stdin.on('end', stop).on('error', stop).resume()
