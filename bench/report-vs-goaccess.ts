/**
 * `sallyport ingress report` beside Debian's GoAccess: same file, JSON to a pipe, alternating. Bar: time ratio ≤ 1.0, and equal totals. GoAccess runs with
 * its own cheapest settings, which also count less than we do: no query strings, no resolving, no global configuration.
 * `node bench/report-vs-goaccess.ts [LINES] [ROUNDS]`
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report } from '#capabilities/ingress-analytics/domain/report/report.ts'
import { program } from '../test/real.ts'
import { accessLogBytes, type Generated } from './access-log-generator.ts'
import { median } from './measure.ts'

const lines = Number(process.argv[2] ?? 1_000_000)
const rounds = Number(process.argv[3] ?? 5)
const goaccess = program('goaccess')
if (goaccess === undefined) throw new Error('goaccess is not installed')
const CHEAPEST = ['-o', 'json', '--no-global-config', '--no-progress', '--no-query-string', '--no-parsing-spinner']

interface Outcome {
  wall: number
  cpu: number
  json: string
}

/** Wall and CPU seconds of one run; `/usr/bin/time`-free: the shell's `times` counts its ended children. */
function run(command: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn('/bin/sh', ['-c', '"$@"; code=$?; times >&2; exit $code', 'sh', ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk
    })
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`${command[0]} ended with ${code}: ${err.slice(0, 500)}`))
      // the last line of `times`: user and system time of the children, as 0m1.23s 0m0.45s
      const found = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(err)!
      resolve({
        wall: (performance.now() - began) / 1000,
        cpu: Number(found[1]) * 60 + Number(found[2]) + Number(found[3]) * 60 + Number(found[4]),
        json: Buffer.concat(out).toString(),
      })
    })
  })
}

const dir = mkdtempSync(join(tmpdir(), 'sallyport-goaccess-'))
try {
  for (const [format, theirFormat] of [
    ['combined', 'COMBINED'],
    ['upstreaminfo', '%h - %e [%d:%t %^] "%r" %s %b "%R" "%u" %^ %T %^'],
  ] as const satisfies readonly (readonly [Generated, string])[]) {
    const path = join(dir, `${format}.log`)
    const bytes = accessLogBytes(lines, { format })
    writeFileSync(path, bytes)
    const ours = [join(import.meta.dirname, '../bin/sallyport'), 'ingress', 'report', '-f', path, '-o', 'json']
    const theirs = [
      goaccess,
      path,
      `--log-format=${theirFormat}`,
      ...(theirFormat === 'COMBINED' ? [] : ['--date-format=%d/%b/%Y', '--time-format=%T']),
      ...CHEAPEST,
    ]
    const walls: number[] = []
    const cpus: number[] = []
    let last: [Outcome, Outcome] | undefined
    for (let round = 0; round < rounds; round++) {
      const mine = await run(ours)
      const peer = await run(theirs)
      walls.push(mine.wall / peer.wall)
      cpus.push(mine.cpu / peer.cpu)
      last = [mine, peer]
      console.log(
        `  ${format} round ${round + 1}: ours ${mine.wall.toFixed(2)} s wall, ${mine.cpu.toFixed(2)} s CPU; GoAccess ${peer.wall.toFixed(2)} s, ${peer.cpu.toFixed(2)} s`,
      )
    }
    const report = JSON.parse(last![0].json) as Report
    const { general } = JSON.parse(last![1].json) as { general: { valid_requests: number; bandwidth: number; unique_visitors: number } }
    const same = report.requests === general.valid_requests && report.bytes === general.bandwidth && report.visitors === general.unique_visitors
    console.log(
      `${format}: ${lines} lines, ${(bytes.length / 1e6).toFixed(0)} MB: time ratio ${median(walls).toFixed(2)} (bar 1.0), CPU ratio ${median(cpus).toFixed(2)}, median of ${rounds}; totals ${same ? 'equal' : `DIFFER: ${report.requests}/${report.bytes}/${report.visitors} and ${JSON.stringify(general)}`}`,
    )
    if (!same) process.exitCode = 1
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
