/** ScalePolicies as they were read, and who of them scales what: thousands are looked at each second, so an object is read once and rivals are found by their target. */
import type { Problem } from '#core/kernel/errors.ts'
import type { Result } from '#core/kernel/result.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { readResource } from '#core/shapes/custom-resource.ts'
import type { Informer } from '#core/shapes/ports/cluster.ts'
import { type ScalePolicyObject, scalePolicyResource } from '../resources/scale-policy.ts'

const known = new WeakMap<KubeObject, Result<ScalePolicyObject, readonly Problem[]>>()

/** Reads an object once: it must not be changed afterwards. */
export function readPolicy(object: KubeObject): Result<ScalePolicyObject, readonly Problem[]> {
  let read = known.get(object)
  if (read === undefined) {
    read = readResource(scalePolicyResource, object)
    known.set(object, read)
  }
  return read
}

export interface PolicyIndex {
  /** The oldest of the policies that are older and have a target in common; one that is not valid is none. */
  rivalOf(policy: ScalePolicyObject): string | undefined
  /** Who else scales what it names: by path of the field. */
  othersOf(policy: ScalePolicyObject): { path: string; policy: string }[]
}

export function indexPolicies(policies: Pick<Informer<KubeObject>, 'onChange'>): PolicyIndex {
  const owners = new Map<string, Map<string, string>>()
  const keysOf = ({ metadata, spec }: ScalePolicyObject): string[] =>
    [spec.target, ...spec.services.map(({ target }) => target)].flatMap((one) => (one ? [`${metadata.namespace} ${one.kind} ${one.name}`] : []))
  const age = ({ creationTimestamp, name }: KubeObject['metadata']) => `${creationTimestamp ?? ''} ${name}`
  policies.onChange(({ type, object, before }) => {
    for (const old of [before, type === 'deleted' ? object : undefined]) {
      const read = old && readPolicy(old)
      if (read?.ok)
        for (const key of keysOf(read.value)) {
          owners.get(key)?.delete(read.value.metadata.name)
          if (owners.get(key)?.size === 0) owners.delete(key)
        }
    }
    const read = type === 'deleted' ? undefined : readPolicy(object)
    if (!read?.ok) return
    for (const key of keysOf(read.value)) {
      const own = owners.get(key) ?? new Map<string, string>()
      owners.set(key, own.set(read.value.metadata.name, age(read.value.metadata)))
    }
  })
  return {
    rivalOf: (policy) =>
      keysOf(policy)
        .flatMap((key) => [...(owners.get(key) ?? [])])
        .filter(([name, since]) => name !== policy.metadata.name && since < age(policy.metadata))
        .map(([name]) => name)
        .sort()[0],
    othersOf: (policy) =>
      keysOf(policy).flatMap((key, i) =>
        [...(owners.get(key)?.keys() ?? [])]
          .filter((name) => name !== policy.metadata.name)
          .map((name) => ({ path: i === 0 ? 'spec.target' : `spec.services[${i - 1}].target`, policy: name })),
      ),
  }
}
