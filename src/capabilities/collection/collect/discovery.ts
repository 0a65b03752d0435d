/** Where targets come from: the configuration, files, HTTP, and Kubernetes through a port that the app brings. */
import { readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { parseInput } from '#core/kernel/problems.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { readYaml } from '#core/yaml/read.ts'
import type { KubernetesDiscovery, ObjectsSettings, ScrapeJob } from '../domain/jobs.ts'
import type { ObjectKind } from '../domain/object-series/kinds.ts'
import { type Discovered, OBJECTS_SCHEME } from '../domain/targets.ts'
import { call, createAccess } from './http-client.ts'
import type { MonitorsPort } from './monitors.ts'
import type { Followed } from './object-source.ts'

/** Runs until `signal` is aborted; tells all that one source of a job has, each time that it changed. */
export type Discover = (onTargets: (found: Discovered[]) => void, signal: AbortSignal) => Promise<void>

export interface DiscoveryDeps extends MonitorsPort {
  /** Patterns of file_sd_configs are relative to this folder. */
  folder: string
  /** The names in a folder that a pattern's last part may match. */
  listFolder(folder: string): readonly string[]
  kubernetes(config: KubernetesDiscovery): Discover
  /** Follows objects of a kind; held of them is what `keep` leaves. */
  follow(settings: ObjectsSettings, kind: ObjectKind, keep: (object: KubeObject) => KubeObject): Promise<Followed>
  onTrouble(job: string, what: string): void
}

const groups = z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.coerce.string()).default({}) }))
const MOST_TARGETS = 100_000
const KUBERNETES_AGAIN_MS = 30_000

/** One for each source of the job. */
export function discoveriesOf(job: ScrapeJob, deps: DiscoveryDeps): Discover[] {
  const { clock } = deps
  const trouble = (what: string) => deps.onTrouble(job.job_name, what)
  const staticTargets = job.static_configs.flatMap(({ targets, labels }) =>
    targets.map((address) => new Map([...Object.entries(labels), ['__address__', address] as const])),
  )
  const out: Discover[] = []
  const kinds = job.kubernetes_objects?.kinds.map(
    (kind) =>
      new Map([
        ['__scheme__', OBJECTS_SCHEME],
        ['__address__', kind],
        ['__metrics_path__', '/'],
      ] as [string, string][]),
  )
  if (kinds) out.push(async (onTargets) => onTargets(kinds))
  if (staticTargets.length > 0) out.push(async (onTargets) => onTargets(staticTargets))
  for (const { files, refresh_interval } of job.file_sd_configs) {
    out.push(async (onTargets, signal) => {
      let last = ''
      const known = new Map<string, Discovered[]>()
      while (!signal.aborted) {
        const paths = files.flatMap((pattern) => matching(resolve(deps.folder, pattern), deps.listFolder))
        for (const path of known.keys()) if (!paths.includes(path)) known.delete(path)
        for (const path of paths) {
          try {
            known.set(path, readGroups(readFileSync(path, 'utf8'), { __meta_filepath: path }))
          } catch (error) {
            // What it said before stays in force.
            trouble(`${path}: ${(error as Error).message}`)
          }
        }
        const found = [...known.values()].flat()
        const now = JSON.stringify(found.map((labels) => [...labels]))
        if (now !== last) onTargets(found)
        last = now
        // Prometheus is told of changes by the kernel; looking every five seconds costs nothing and needs no limits.
        await clock.sleep(Math.min(refresh_interval, 5_000), signal).catch(() => {})
      }
    })
  }
  for (const { url, refresh_interval, ...http } of job.http_sd_configs) {
    const access = createAccess(http, () => clock.now())
    out.push(async (onTargets, signal) => {
      while (!signal.aborted) {
        try {
          const headers = { accept: 'application/json', 'x-prometheus-refresh-interval-seconds': String(refresh_interval / 1000), ...(await access.headers()) }
          const answer = await call({ url: new URL(url), headers, tls: access.tls(), signal })
          if (answer.status !== 200) throw new Error(`answers ${answer.status}`)
          onTargets(readGroups(answer.text, { __meta_url: url }))
        } catch (error) {
          if (!signal.aborted) trouble(`${url}: ${(error as Error).message}`)
        }
        await clock.sleep(refresh_interval, signal).catch(() => {})
      }
    })
  }
  for (const config of job.kubernetes_sd_configs) {
    const discover = deps.kubernetes(config)
    out.push(async (onTargets, signal) => {
      while (!signal.aborted) {
        try {
          await discover(onTargets, signal)
        } catch (error) {
          // Rights may be given later, a kind may be served later: what was found before stays in force.
          if (!signal.aborted) trouble(`kubernetes ${config.role}: ${(error as Error).message}`)
        }
        await clock.sleep(KUBERNETES_AGAIN_MS, signal).catch(() => {})
      }
    })
  }
  return out
}

function readGroups(text: string, meta: Readonly<Record<string, string>>): Discovered[] {
  const yaml = readYaml(text)
  if (!yaml.ok) throw new Error(yaml.error[0]!.message)
  const parsed = parseInput(groups, yaml.value.documents[0]?.data ?? [])
  if (!parsed.ok) throw new Error(`${parsed.error[0]!.path}: ${parsed.error[0]!.message}`)
  const found = parsed.value.flatMap(({ targets, labels }) =>
    targets.map((address) => new Map([...Object.entries(labels), ...Object.entries(meta), ['__address__', address] as const])),
  )
  if (found.length > MOST_TARGETS) throw new Error(`more than ${MOST_TARGETS} targets`)
  return found
}

/** The last part of a path may hold `*`. */
function matching(path: string, list: DiscoveryDeps['listFolder']): string[] {
  const name = basename(path)
  if (!name.includes('*')) return [path]
  const [head, ...rest] = name.split('*')
  const tail = rest.join('*')
  return list(dirname(path))
    .filter((each) => each.startsWith(head!) && each.endsWith(tail) && each.length >= head!.length + tail.length)
    .map((each) => join(dirname(path), each))
}
