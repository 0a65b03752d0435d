import { readdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { type CollectorState, startCollector, zstd } from '#capabilities/collection/collect/collector.ts'
import { createAccess } from '#capabilities/collection/collect/http-client.ts'
import { type Output, remoteWriteOutput, serverOutput } from '#capabilities/collection/collect/outputs.ts'
import { collectorMetrics, targetsAnswer } from '#capabilities/collection/collect/status.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { lockFolder } from '#edges/host/folder-lock.ts'
import type { CollectSettings } from './config.ts'
import { kubernetesOf } from './kubernetes.ts'

export interface CollectDeps {
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
  /** One JSON object per line, for stderr. */
  write(line: string): void
}

/** Scrapes and sends until `signal` is aborted. Throws DATA_IN_USE, FILE_UNREADABLE, PORT_IN_USE. */
export async function runCollect(settings: CollectSettings, deps: CollectDeps, signal: AbortSignal): Promise<void> {
  const { clock } = deps
  const folder = join(settings.data, 'collect')
  const unlock = lockFolder(folder)
  const say = (level: 'info' | 'warn' | 'error', message: string, details: Record<string, unknown>) =>
    deps.write(JSON.stringify({ time: new Date(clock.now()).toISOString(), level, message, ...details }))
  try {
    const { state, done } = startCollector(
      { config: settings.config, queueFolder: join(folder, 'queue'), queueBytes: settings.queueBytes, shard: settings.shard },
      {
        clock,
        say,
        outputs: outputsOf(settings, () => clock.now()),
        folder: settings.folder,
        listFolder,
        ...kubernetesOf(clock, deps.env, signal),
      },
      signal,
    )
    const server = settings.listen && (await listen(settings.listen, state))
    say('info', 'collecting', { jobs: settings.config.jobs.map(({ job_name }) => job_name), outputs: state.outputs().map(({ name }) => name) })
    await done
    server?.close()
    say('info', 'stopped', {})
  } finally {
    unlock()
  }
}

export const listFolder = (path: string): string[] => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function outputsOf({ config, server }: CollectSettings, now: () => number): Output[] {
  const outputs: Output[] = []
  if (server) {
    const access = createAccess(
      { follow_redirects: false, ...(server.caFile ? { tls_config: { ca_file: server.caFile, insecure_skip_verify: false } } : {}) },
      now,
    )
    outputs.push(serverOutput({ server: server.url, token: server.token, access }))
  }
  for (const { name, url, protobuf_message, remote_timeout, headers, send_exemplars, send_native_histograms, ...http } of config.remoteWrite)
    outputs.push(
      remoteWriteOutput({
        name: name ?? url,
        url: new URL(url),
        version: protobuf_message === 'prometheus.WriteRequest' ? '1.0' : '2.0',
        timeoutMs: remote_timeout,
        headers,
        access: createAccess(http, now),
        exemplars: send_exemplars,
        histograms: send_native_histograms,
        codec: zstd,
      }),
    )
  return outputs
}

/** `/metrics`, `/healthz`, and `/api/v1/targets` as Prometheus answers it. */
async function listen({ host, port }: { host: string; port: number }, state: CollectorState): Promise<Server> {
  const server = process.getBuiltinModule('node:http').createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (path === '/metrics') response.setHeader('content-type', 'text/plain; version=0.0.4').end(collectorMetrics(state))
    else if (path === '/healthz') response.end('ok\n')
    else if (path === '/api/v1/targets') response.setHeader('content-type', 'application/json').end(JSON.stringify(targetsAnswer(state)))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new CodedError('PORT_IN_USE', { port, host }, { cause: error })))
    server.listen(port, host, resolve)
  })
  server.unref()
  return server
}
