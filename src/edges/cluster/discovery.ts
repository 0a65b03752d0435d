/** Which kinds a cluster serves. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */
import { CodedError } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { groupVersionOf, type KindRef } from '#core/kube/objects.ts'
import type { Discovery, ServedKind } from '#core/shapes/ports/cluster.ts'

interface ApiResource {
  name: string
  singularName?: string
  namespaced?: boolean
  kind: string
  verbs?: string[]
  shortNames?: string[]
  categories?: string[]
  group?: string
  version?: string
}
interface Group {
  name: string
  versions?: { groupVersion: string }[]
  preferredVersion?: { groupVersion: string }
}

export interface DiscoveryCache {
  all(fresh: boolean): Promise<Discovery>
  /** Throws KIND_UNKNOWN. Asks for one group version only, unless all is known already. */
  kind(ref: KindRef): Promise<ServedKind>
}

const LIFE_MS = 5 * 60_000
/** A kind that is not known is looked for again, but not more often than this. */
const LOOK_AGAIN_MS = 5_000

/** `ask` gets a path as JSON. */
export function createDiscovery(cluster: string, ask: (path: string) => Promise<unknown>, now: () => number): DiscoveryCache {
  let known: { at: number; answer: Promise<Discovery> } | undefined
  const single = new Map<string, { at: number; kinds: Promise<readonly ServedKind[]> }>()

  const versionKinds = async (apiVersion: string, preferred: boolean): Promise<readonly ServedKind[]> => {
    const { group, version } = groupVersionOf(apiVersion)
    const { resources = [] } = (await ask(group === '' ? `/api/${version}` : `/apis/${group}/${version}`)) as { resources?: ApiResource[] }
    return kindsOf(apiVersion, resources, preferred)
  }
  const versionCached = (apiVersion: string): Promise<readonly ServedKind[]> => {
    const found = single.get(apiVersion)
    if (found && found.at + LIFE_MS > now()) return found.kinds
    const kinds = versionKinds(apiVersion, true)
    single.set(apiVersion, { at: now(), kinds })
    kinds.catch(() => single.delete(apiVersion))
    return kinds
  }
  const everything = async (): Promise<Discovery> => {
    const [version, core, groups] = (await Promise.all([ask('/version'), ask('/api'), ask('/apis')])) as [
      { gitVersion?: string },
      { versions?: string[] },
      { groups?: Group[] },
    ]
    const wanted = [
      ...(core.versions ?? []).map((apiVersion) => ({ apiVersion, preferred: true })),
      ...(groups.groups ?? []).flatMap((group) =>
        (group.versions ?? []).map(({ groupVersion }) => ({ apiVersion: groupVersion, preferred: groupVersion === group.preferredVersion?.groupVersion })),
      ),
    ]
    const answers = await Promise.allSettled(wanted.map(({ apiVersion, preferred }) => versionKinds(apiVersion, preferred)))
    return {
      kinds: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])),
      unknown: answers.flatMap((answer, i) =>
        answer.status === 'rejected' ? [{ apiVersion: wanted[i]!.apiVersion, reason: (answer.reason as Error).message }] : [],
      ),
      serverVersion: version.gitVersion ?? '',
    }
  }

  return {
    all(fresh) {
      if (known && !fresh && known.at + LIFE_MS > now()) return known.answer
      const answer = everything()
      known = { at: now(), answer }
      single.clear()
      answer.catch(() => {
        known = undefined
      })
      return answer
    },
    async kind(ref) {
      const unknown = (valid: readonly ServedKind[] = []) => {
        const suggestion = nearest(
          ref.kind,
          valid.map(({ kind }) => kind),
        )
        return new CodedError(
          'KIND_UNKNOWN',
          { cluster, kind: `${ref.kind} of ${ref.apiVersion}` },
          suggestion === undefined ? {} : { problems: [{ path: 'kind', message: 'is not served', suggestion }] },
        )
      }
      if (!/^[a-z0-9.-]{1,253}(\/[a-z0-9-]{1,63})?$/i.test(ref.apiVersion)) throw unknown()
      const all =
        known && known.at + LIFE_MS > now()
          ? (await known.answer).kinds.find(({ kind, apiVersion }) => kind === ref.kind && apiVersion === ref.apiVersion)
          : undefined
      if (all) return all
      const find = async () => {
        const kinds = await versionCached(ref.apiVersion).catch((error: CodedError) => {
          throw error.code === 'NOT_FOUND' ? unknown() : error
        })
        return { kinds, found: kinds.find(({ kind }) => kind === ref.kind) }
      }
      const { kinds, found } = await find()
      if (found) return found
      // It may have been installed since.
      if (single.get(ref.apiVersion)!.at + LOOK_AGAIN_MS > now()) throw unknown(kinds)
      single.delete(ref.apiVersion)
      const again = await find()
      if (again.found) return again.found
      throw unknown(again.kinds)
    },
  }
}

function kindsOf(apiVersion: string, resources: readonly ApiResource[], preferred: boolean): ServedKind[] {
  const { group, version } = groupVersionOf(apiVersion)
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => ({
      apiVersion,
      group,
      version,
      kind: resource.kind,
      plural: resource.name,
      singular: resource.singularName || resource.kind.toLowerCase(),
      namespaced: resource.namespaced ?? false,
      verbs: resource.verbs ?? [],
      shortNames: resource.shortNames ?? [],
      categories: resource.categories ?? [],
      subresources: Object.fromEntries(
        resources.filter(({ name }) => name.startsWith(`${resource.name}/`)).map(({ name, verbs }) => [name.slice(resource.name.length + 1), verbs ?? []]),
      ),
      preferred,
    }))
}
