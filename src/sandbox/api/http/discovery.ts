/** Which kinds there are: `/api`, `/apis` and below, in the older form and in the aggregated one. */
import { apiVersionOf, groupVersionOf } from '#core/kube/objects.ts'
import type { Aggregation } from '../aggregation.ts'
import { byPriority } from '../crds.ts'
import type { Kind, KindTable, ServedVersion } from '../kinds.ts'

export const verbsOf = (kind: Kind, version: ServedVersion, subresource?: string): readonly string[] =>
  subresource === undefined ? kind.verbs : (version.subresources.get(subresource)?.verbs ?? [])

/** What other servers answer for. */
type Behind = ReturnType<Aggregation['served']>

/** Groups with their versions, the preferred one first; the core group is not among them. */
function groupsOf(kinds: KindTable, behind: Behind): Map<string, string[]> {
  const groups = new Map<string, Set<string>>()
  for (const kind of kinds.all())
    if (kind.group !== '') {
      const versions = groups.get(kind.group) ?? new Set()
      for (const version of kind.versions) versions.add(version.name)
      groups.set(kind.group, versions)
    }
  for (const { group, version } of behind) groups.set(group, (groups.get(group) ?? new Set()).add(version))
  return new Map([...groups].map(([group, versions]) => [group, [...versions].sort(byPriority)]))
}

const groupVersion = (group: string, version: string) => ({ groupVersion: apiVersionOf(group, version), version })

export function groupOf(kinds: KindTable, group: string, behind: Behind) {
  const versions = groupsOf(kinds, behind).get(group)
  if (versions === undefined || versions.length === 0) return undefined
  return {
    name: group,
    versions: versions.map((version) => groupVersion(group, version)),
    preferredVersion: groupVersion(group, versions[0]!),
  }
}

export const apiGroupList = (kinds: KindTable, behind: Behind) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: [...groupsOf(kinds, behind).keys()].map((group) => groupOf(kinds, group, behind)),
})

const kindsIn = (kinds: KindTable, group: string, version: string) =>
  kinds.all().flatMap((kind) => {
    const served = kind.group === group ? kind.versions.find((one) => one.name === version) : undefined
    return served === undefined ? [] : [{ kind, served }]
  })

/** `/apis/apps/v1`. Undefined when nothing of that version is served. */
export function apiResourceList(kinds: KindTable, group: string, version: string) {
  const found = kindsIn(kinds, group, version)
  if (found.length === 0) return undefined
  const resources = found.flatMap(({ kind, served }) => {
    const own = {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: kind.verbs,
      ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
      ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
      ...(kind.virtual ? {} : { storageVersionHash: hash(`${kind.group}/${kind.storage}/${kind.kind}`) }),
    }
    const below = [...served.subresources].map(([subresource, about]) => {
      const { group: subGroup, version: subVersion } =
        about.kind === undefined ? ({} as { group?: string; version?: string }) : groupVersionOf(about.kind.apiVersion)
      const subKind = about.kind?.kind
      return {
        name: `${kind.plural}/${subresource}`,
        singularName: '',
        namespaced: kind.namespaced,
        ...(subKind === undefined ? {} : { ...(subGroup === '' ? {} : { group: subGroup }), version: subVersion }),
        kind: subKind ?? kind.kind,
        verbs: about.verbs,
      }
    })
    return [own, ...below]
  })
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(group, version), resources }
}

const hash = (text: string) => {
  let value = 0
  for (const character of text) value = (Math.imul(value, 31) + character.charCodeAt(0)) >>> 0
  return Buffer.from(value.toString(16).padStart(8, '0')).toString('base64').slice(0, 12)
}

/** The aggregated form: all of `/api` or `/apis` at once. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery */
export function aggregated(kinds: KindTable, core: boolean, version: 'v2' | 'v2beta1', behind: Behind) {
  const groups: [string, string[]][] = core ? [['', ['v1']]] : [...groupsOf(kinds, behind)]
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((one) => ({
        version: one,
        freshness: 'Current',
        resources: [
          ...kindsIn(kinds, group, one).map(({ kind, served }) => discovered(kind, served, group, one)),
          ...behind
            .filter((api) => api.group === group && api.version === one)
            .flatMap(({ resources }) => resources)
            .map(({ name, kind, namespaced, verbs, singularName = '' }) => ({
              resource: name,
              responseKind: { group, version: one, kind },
              scope: namespaced ? 'Namespaced' : 'Cluster',
              singularResource: singularName,
              verbs,
            })),
        ],
      })),
    })),
  }
}

function discovered(kind: Kind, served: ServedVersion, group: string, version: string) {
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    ...(served.subresources.size === 0
      ? {}
      : {
          subresources: [...served.subresources].map(([subresource, about]) => ({
            subresource,
            responseKind: about.kind === undefined ? { group, version, kind: kind.kind } : { ...groupVersionOf(about.kind.apiVersion), kind: about.kind.kind },
            verbs: about.verbs,
          })),
        }),
  }
}
