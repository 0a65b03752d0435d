/** Real kernel logs and real node-problem-detector configurations against the node doctor; the cases are not in the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createLineCutter } from '#capabilities/node-doctor/domain/cut-lines.ts'
import { createDiagnosis, type ExtraRules } from '#capabilities/node-doctor/domain/diagnose.ts'
import type { Kind, NodeProblem } from '#capabilities/node-doctor/domain/kinds.ts'
import { readNpdConfig } from '#capabilities/node-doctor/domain/npd-config.ts'

const CASES = process.env.SALLYPORT_CASES ?? join(import.meta.dirname, '../../shared/cases')

/** Kinds that a TYPE of the cases may be found as. */
const FAMILIES: readonly [type: RegExp, kinds: readonly Kind[]][] = [
  [/^HANG/, ['hang', 'lockup', 'rcu-stall']],
  [/^(?:DoS|NULL-POINTER-DEREFERENCE|MEMORY_SAFETY_BUG)/, ['oops', 'panic', 'bug', 'divide-error']],
  [/^(?:BUG|ATOMIC_SLEEP)/, ['bug']],
  [/^(?:KASAN|KMSAN|KFENCE|UBSAN)/, ['memory-safety']],
  [/^LOCKDEP/, ['deadlock']],
  [/^(?:WARNING|REFCOUNT_WARNING)/, ['warning']],
  [/^LEAK/, ['leak']],
]

const withCases = (folder: string, body: (path: string) => void) => {
  const path = join(CASES, folder)
  if (existsSync(path)) describe(`cases of ${folder}`, () => body(path))
  else describe.skip(`cases of ${folder} (needs SALLYPORT_CASES)`, () => body(path))
}

function diagnose(bytes: Uint8Array, extra?: ExtraRules): NodeProblem[] {
  const diagnosis = createDiagnosis('en', extra)
  const cutter = createLineCutter(diagnosis.line)
  cutter.push(bytes)
  cutter.end()
  return diagnosis.finish().problems
}

/** Functions of `TITLE: … in name`, also of ALT; "corrupted" stands for none. */
const functionsOf = (header: string): string[] =>
  [...header.matchAll(/^(?:TITLE|ALT): .* in (.+)$/gm)]
    .flatMap(([, names]) => names!.split(/ ?\/ ?/))
    .filter((name) => name !== 'corrupted' && /^\w+$/.test(name))

withCases('kernel-logs', (path) => {
  it('are found: at least 97 % of the titled with kind and function, nothing in the others', () => {
    const missed: string[] = []
    const falseAlarms: string[] = []
    let titled = 0
    for (const name of readdirSync(path).filter((name) => /^\d+$/.test(name))) {
      const text = readFileSync(join(path, name), 'latin1')
      const cut = text.startsWith('\n') ? 0 : text.indexOf('\n\n') + 1
      const header = text.slice(0, cut)
      // the second part of some is the same report as another program prints it
      const problems = diagnose(Buffer.from(text.slice(cut + 1).split(/^REPORT:$/m)[0]!, 'latin1'))
      if (!/^TITLE: /m.test(header)) {
        if (problems.length > 0) falseAlarms.push(`${name}: ${problems[0]!.title}`)
        continue
      }
      titled++
      const type = /^TYPE: (.*)$/m.exec(header)?.[1] ?? ''
      const family = FAMILIES.find(([pattern]) => pattern.test(type))?.[1]
      const functions = functionsOf(header)
      const fits = ({ kind, where }: NodeProblem) =>
        (!family || family.includes(kind)) && (functions.length === 0 || functions.some((name) => new RegExp(`\\b${name}\\b`).test(where ?? '')))
      if (!problems.some(fits)) missed.push(`${name}: ${/^TITLE: (.*)$/m.exec(header)![1]}`)
    }
    expect(titled).toBeGreaterThan(0)
    expect(falseAlarms).toEqual([])
    expect(1 - missed.length / titled, missed.join('\n')).toBeGreaterThanOrEqual(0.97)
  })
})

/** For each reason of the configurations a line that must fire it; those that count get it as often as they ask. */
const LINES: Record<string, string> = {
  OOMKilling: 'kernel: Killed process 12 (java) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB',
  TaskHung: 'kernel: INFO: task java:12 blocked for more than 120 seconds.',
  UnregisterNetDevice: 'kernel: unregister_netdevice: waiting for eth0 to become free. Usage count = 1',
  KernelOops:
    'kernel: BUG: unable to handle kernel NULL pointer dereference at 0000000000000008|kernel: divide error: 0000 [#1] SMP|abrt-notification: System encountered a non-fatal error in foo()',
  Ext4Error: 'kernel: EXT4-fs error (device sda1): ext4_lookup:1: deleted inode',
  Ext4Warning: 'kernel: EXT4-fs warning (device sda1): directory full',
  IOError: 'kernel: Buffer I/O error on dev sda1, logical block 1',
  XfsHasShutdown: 'kernel: XFS (sda1): I/O error. Shutting down filesystem',
  MemoryReadError: 'kernel: EDAC MC0: 1 CE memory read error on CPU_SrcID#0',
  CperHardwareErrorCorrected: 'kernel: {1}[Hardware Error]: event severity: corrected',
  CperHardwareErrorRecoverable: 'kernel: {1}[Hardware Error]: event severity: recoverable',
  CperHardwareErrorFatal: 'kernel: {1}[Hardware Error]: event severity: fatal',
  DockerHung: 'kernel: INFO: task docker:12 blocked for more than 120 seconds.',
  FilesystemIsReadOnly: 'kernel: EXT4-fs (sda1): Remounting filesystem read-only',
  CorruptDockerImage:
    'dockerd: time="x" level=error msg="Error trying v2 registry: failed to register layer: rename /var/lib/docker/image/a /var/lib/docker/image/b: directory not empty"',
  CorruptDockerOverlay2: 'dockerd: returned error: readlink /var/lib/docker/overlay2/a: invalid argument',
  DockerContainerStartupFailure: 'dockerd: OCI runtime start failed: container process is already dead: unknown',
  KubeletStart: 'systemd: Started Kubernetes kubelet.',
  DockerStart: 'systemd: Starting Docker Application Container Engine...',
  ContainerdStart: 'systemd: Starting containerd container runtime...',
  FrequentKubeletRestart: 'systemd: Started Kubernetes kubelet.',
  FrequentDockerRestart: 'systemd: Starting Docker Application Container Engine...',
  FrequentContainerdRestart: 'systemd: Starting containerd container runtime...',
  CCPPCrash: 'abrt-notification: Process 12 (java) crashed in foo()',
  UncaughtException: 'abrt-notification: Process 12 (py) of user 0 encountered an uncaught ValueError exception',
  XorgCrash: 'abrt-notification: Display server /usr/bin/X crash in foo()',
  VMcore: 'abrt-notification: System encountered a fatal error in foo()',
  DiskBadBlock: 'smartd: Device: /dev/sda, 120 Currently unreadable (pending) sectors',
}

withCases('npd-config', (path) => {
  it('fire with every rule that reads lines, on a line written for it and not on others', () => {
    let tried = 0
    for (const name of readdirSync(path)) {
      const config = JSON.parse(readFileSync(join(path, name), 'utf8')) as { rules?: { reason: string; pattern?: string; args?: string[] }[] }
      for (const rule of config.rules ?? []) {
        const counts = rule.args?.some((arg) => arg.startsWith('--pattern='))
        if (rule.pattern === undefined && !counts) continue
        const alone = readNpdConfig({ ...config, rules: [rule] })
        expect(alone.ok, name).toBe(true)
        if (!alone.ok) continue
        const lines = (LINES[rule.reason] ?? '').split('|').map((line) => `Nov 23 20:00:00 node ${line.replace(/^kernel: /, 'kernel: [    1.000000] ')}\n`)
        const reasons = (text: string) => diagnose(Buffer.from(text), alone.value.apply).flatMap(({ kind, reason }) => (kind === 'custom' ? [reason] : []))
        expect(reasons(lines.join('').repeat(counts ? 20 : 1)), `${name} ${rule.reason}`).toContain(rule.reason)
        // each configuration gets new rules, because they remember lines
        const quiet = readNpdConfig({ ...config, rules: [rule] })
        expect(quiet.ok && diagnose(Buffer.from('Nov 23 20:00:00 node kernel: eth0: link becomes ready\n'), quiet.value.apply), name).toEqual([])
        tried++
      }
    }
    expect(tried).toBeGreaterThan(30)
  })
})
