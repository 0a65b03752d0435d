/** Kubescape's own cases of rules about Kubernetes objects, by their names: the verdict is theirs, and where they name paths, our fix passes and changes nothing else. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checksNamed } from '#capabilities/inspection/domain/catalog.ts'
import { fixedText, settleFixes } from '#capabilities/inspection/domain/fix.ts'
import { inspect } from '#capabilities/inspection/domain/inspect.ts'
import type { Item, Settings } from '#capabilities/inspection/domain/inventory.ts'
import { jsonPath } from '#core/kernel/problems.ts'
import { readManifests } from '#core/kube/manifests.ts'

const folder = resolve(process.env.SALLYPORT_CASES ?? join(import.meta.dirname, '../../shared/cases'), 'regolibrary')
const there = existsSync(folder)

/** Where we say something else on purpose. `docs/designs/0012-inspection.md` has the reasons at length. */
const LEDGER: Readonly<Record<string, string>> = {
  'anonymous-access-enabled/fail': 'the one binding is system:public-info-viewer, which every cluster has: it shows the version and health only',
  'exposed-sensitive-interfaces-v1/filter-multi-service': 'a Service of type LoadBalancer will have an address, also where a manifest does not show one yet',
}
/** Fixes that differ on purpose. */
const FIX_LEDGER: Readonly<Record<string, string>> = {
  'ensure-that-the-controller-manager-terminated-pod-gc-threshold-argument-is-set-as-appropriate/failed': 'the rule asks for a look whatever the value is',
  'etcd-peer-tls-enabled/fail-missing-key-argument': 'a flag is added behind the last one, not behind a place that does not exist',
}

/** Host sensors, clouds and image scanners: their inputs are no objects of Kubernetes. */
const OTHER_INPUTS = new Set([
  'KubeletInfo',
  'ControlPlaneInfo',
  'KubeProxyInfo',
  'ClusterDescribe',
  'DescribeRepositories',
  'ListEntitiesForPolicies',
  'ImageVulnerabilities',
  'cloudProviderInfo',
  'KubeletConfiguration',
  'KubeletCommandLine',
])
interface Metadata {
  match?: { resources: string[] }[]
  dynamicMatch?: { resources: string[] }[]
}
const isPlain = (rule: string): boolean => {
  const { match, dynamicMatch } = JSON.parse(readFileSync(join(folder, rule, 'rule.metadata.json'), 'utf8')) as Metadata
  const kinds = (match ?? []).flatMap(({ resources }) => resources)
  return (
    kinds.length > 0 &&
    !kinds.every((kind) => kind === 'APIServerInfo') &&
    !(dynamicMatch ?? []).some(({ resources }) => resources.some((kind) => OTHER_INPUTS.has(kind)))
  )
}

const filesOf = (path: string): string[] => (statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => filesOf(join(path, name))) : [path])
interface Placed extends Item {
  index: number
}
const read = (texts: ReadonlyMap<string, string>): Placed[] =>
  [...texts].flatMap(([file, text]) => {
    const manifests = readManifests(text)
    if (!manifests.ok) throw new Error(`${file}: ${JSON.stringify(manifests.error)}`)
    return manifests.value.map((manifest, index) => ({ ...manifest, file, index }))
  })

interface Alert {
  fixPaths?: { path: string }[] | null
  deletePaths?: string[] | null
}
interface Case {
  name: string
  rule: string
  expected: readonly Alert[]
  settings: Settings
  texts: Map<string, string>
}
const cases: Case[] = (there ? readdirSync(folder) : []).filter(isPlain).flatMap((rule) => {
  const tests = join(folder, rule, 'test')
  return existsSync(tests)
    ? readdirSync(tests).map((name) => {
        const own = join(tests, name)
        const settings = existsSync(join(own, 'data.json'))
          ? (JSON.parse(readFileSync(join(own, 'data.json'), 'utf8')) as { postureControlInputs: Settings })
          : undefined
        return {
          name: `${rule}/${name}`,
          rule,
          expected: JSON.parse(readFileSync(join(own, 'expected.json'), 'utf8')) as Alert[],
          settings: settings?.postureControlInputs ?? {},
          texts: new Map(
            filesOf(own)
              .filter((file) => !/(expected.*|data)\.json$/.test(file))
              .map((file) => [file, readFileSync(file, 'utf8')]),
          ),
        }
      })
    : []
})

const checksOfRule = (rule: string) => {
  const named = checksNamed([`kubescape/${rule}`])
  if (!named.ok) throw new Error(`no check is kubescape/${rule}`)
  return named.value
}
const normal = (path: string) => path.replace(/\[([a-z][^\]]*)\]/g, '["$1"]')

;(there ? describe : describe.skip)(`cases of Kubescape${there ? '' : `: ${folder} is not there`}`, () => {
  it('has a check for every rule', () => {
    for (const rule of new Set(cases.map((one) => one.rule))) expect(checksOfRule(rule), rule).not.toEqual([])
  })

  it.each(cases)('$name', ({ name, rule, expected, settings, texts }) => {
    const { findings } = inspect(read(texts), checksOfRule(rule), { settings })
    // An entry of the ledger that has become wrong must go.
    expect(findings.length > 0).toBe(expected.length > 0 !== Object.hasOwn(LEDGER, name))
  })

  const withPaths = cases
    .map((one) => ({
      ...one,
      paths: one.expected.flatMap(({ fixPaths, deletePaths }) => [...(fixPaths ?? []).map(({ path }) => path), ...(deletePaths ?? [])]),
    }))
    .filter(({ paths, name }) => paths.length > 0 && !Object.hasOwn(LEDGER, name))
  it.each(withPaths)('$name is fixed', ({ name, rule, settings, texts, paths }) => {
    const checks = checksOfRule(rule)
    const { fixes } = settleFixes(read(texts), checks, checks, settings, new Set(checks.map(({ id }) => id)))
    const changed = new Map(texts)
    const byFile = Map.groupBy(fixes, ({ item }) => item.file)
    for (const [file, list] of byFile)
      changed.set(file, fixedText(texts.get(file)!, new Map(list.map(({ item, edits }) => [(item as Placed).index, edits]))) ?? 'cannot be edited')
    const left = inspect(read(changed), checks, { settings }).findings
    const beside = fixes
      .flatMap(({ edits }) => edits.map(({ path }) => normal(jsonPath(path))))
      .filter((path) => !paths.some((wanted) => path.startsWith(normal(wanted)) || normal(wanted).startsWith(path)))
    expect(left.length === 0 && beside.length === 0, JSON.stringify([left, beside])).toBe(!Object.hasOwn(FIX_LEDGER, name))
  })

  it('agrees in at least 95 of 100', () => {
    expect(Object.keys(LEDGER).length / cases.length).toBeLessThan(0.05)
    expect(Object.keys(FIX_LEDGER).length / withPaths.length).toBeLessThan(0.05)
  })
})
