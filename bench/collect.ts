/**
 * The collector beside Debian's `prometheus --enable-feature=agent` and vmagent: the same targets over TLS with gzip, the same relabelling, one after the other.
 * CPU seconds per million samples, memory (PSS), bytes on the wire. `node bench/collect.ts [series] [rounds] [seconds]`
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleAll } from '../deploy/bundle.ts'
import { machineSpeed, median } from './measure.ts'
import { cpuSeconds, family, pssMegabytes } from './processes.ts'

const SERIES = 5000
const total = Number(process.argv[2] ?? 250_000)
const rounds = Number(process.argv[3] ?? 2)
const seconds = Number(process.argv[4] ?? 30)
const only = process.argv[5]
const INTERVAL = 10
const targets = Math.ceil(total / SERIES)
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const folder = mkdtempSync(join(tmpdir(), 'bench-collect-'))
const children: ChildProcess[] = []
const start = (command: string, args: string[], env = {}) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, ...env } })
  children.push(child)
  return child
}
const stop = async (child: ChildProcess) => {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

try {
  await bundleAll(join(folder, 'dist'))
  const key = join(folder, 'key.pem')
  const cert = join(folder, 'cert.pem')
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=127.0.0.1'], {
    stdio: 'ignore',
  })
  const site = start(process.execPath, [join(import.meta.dirname, 'collect/site.ts'), key, cert, String(targets), String(SERIES)])
  const ports = await new Promise<{ site: number; sink: number }>((resolve) =>
    site.stdout!.once('data', (text: Buffer) => resolve(JSON.parse(text.toString()))),
  )
  const config = (remote: string) =>
    JSON.stringify({
      global: { scrape_interval: `${INTERVAL}s`, scrape_timeout: '8s', external_labels: { cluster: 'bench' } },
      scrape_configs: [
        {
          job_name: 'cadvisor',
          scheme: 'https',
          tls_config: { insecure_skip_verify: true },
          static_configs: [{ targets: [`127.0.0.1:${ports.site}`] }],
          relabel_configs: [{ source_labels: ['__address__'], target_label: 'node', replacement: 'node-$1' }],
          metric_relabel_configs: [
            { source_labels: ['__name__'], regex: 'container_(tasks_state|memory_failures_total)', action: 'drop' },
            { source_labels: ['image'], regex: '(.*):(.*)', target_label: 'image_version', replacement: '$2' },
          ],
        },
      ].flatMap((job) => Array.from({ length: targets }, (_, i) => ({ ...job, job_name: `cadvisor-${i}`, metrics_path: `/${i}` }))),
      ...(remote === '' ? {} : { remote_write: [{ url: remote }] }),
    })
  const write = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const sink = `http://127.0.0.1:${ports.sink}`
  const oursEnv = { SALLYPORT_TOKEN: 'bench', MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' }
  const programs: Record<string, (data: string) => ChildProcess> = {
    sallyport: (data) =>
      start(
        process.execPath,
        [join(folder, 'dist/collect.js'), '--config', write('ours.yml', config('')), '--server', `${sink}/sallyport/`, '--data', data],
        oursEnv,
      ),
    'sallyport, remote write 1.0': (data) =>
      start(process.execPath, [join(folder, 'dist/collect.js'), '--config', write('rw.yml', config(`${sink}/ours-rw/write`)), '--data', data], oursEnv),
    'prometheus agent': (data) =>
      start('prometheus', [
        '--enable-feature=agent',
        `--config.file=${write('prom.yml', config(`${sink}/prometheus/write`))}`,
        `--storage.agent.path=${data}`,
        '--web.listen-address=127.0.0.1:0',
      ]),
    vmagent: (data) =>
      start('vmagent', [
        `-promscrape.config=${write('vm.yml', config(''))}`,
        `-remoteWrite.url=${sink}/vmagent/write`,
        `-remoteWrite.tmpDataPath=${data}`,
        '-httpListenAddr=127.0.0.1:0',
      ]),
  }
  const counts = async () => (await (await fetch(`${sink}/counts`)).json()) as { scrapes: Record<string, number>; wire: Record<string, number> }
  const sum = (values: Record<string, number>) => Object.values(values).reduce((a, b) => a + b, 0)
  const results = new Map<string, { cpu: number[]; memory: number[]; wire: number[] }>()
  console.log(`${targets} targets of ${SERIES} series, every ${INTERVAL} s, TLS and gzip; byte loop ${Math.round(machineSpeed())} MB per CPU-second`)
  for (let round = 0; round < rounds; round++)
    for (const [name, launch] of Object.entries(programs)) {
      if (only !== undefined && !name.startsWith(only)) continue
      const child = launch(mkdtempSync(join(folder, 'data-')))
      await sleep((INTERVAL * 2 + 4) * 1000)
      const all = () => family(child.pid!)
      const cpu = () => all().reduce((used, pid) => used + cpuSeconds(pid), 0)
      const [before, used] = [await counts(), cpu()]
      let memory = 0
      for (let i = 0; i < seconds; i++) {
        await sleep(1000)
        memory = Math.max(
          memory,
          all().reduce((mb, pid) => mb + pssMegabytes(pid), 0),
        )
      }
      const [after, usedThen] = [await counts(), cpu()]
      await stop(child)
      const samples = (sum(after.scrapes) - sum(before.scrapes)) * SERIES
      const row = { cpu: (usedThen - used) / (samples / 1e6), memory, wire: (sum(after.wire) - sum(before.wire)) / samples }
      const list = results.get(name) ?? { cpu: [], memory: [], wire: [] }
      for (const what of ['cpu', 'memory', 'wire'] as const) list[what].push(row[what])
      results.set(name, list)
      console.log(
        `${name.padEnd(30)} ${row.cpu.toFixed(2)} CPU-s per million samples, ${row.memory.toFixed(0)} MB, ${row.wire.toFixed(1)} B/sample on the wire, ${samples} samples`,
      )
    }
  const prometheus = results.get('prometheus agent')
  for (const [name, { cpu, memory }] of results)
    if (prometheus)
      console.log(
        `${name.padEnd(30)} ${(median(cpu) / median(prometheus.cpu)).toFixed(2)} of the agent's CPU, ${(median(memory) / median(prometheus.memory)).toFixed(2)} of its memory`,
      )
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
