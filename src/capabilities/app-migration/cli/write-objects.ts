import { inOrder, writeManifests } from '#core/kube/manifests.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'

/** As kubectl prints objects: YAML documents; in JSON one object as it is and several as a List. */
export function printObjects(context: Pick<CliContext, 'out'>, output: 'yaml' | 'json', objects: readonly KubeObject[]): void {
  if (output === 'yaml') {
    context.out.write(writeManifests(objects))
    return
  }
  const value = objects.length === 1 ? inOrder(objects[0]!) : { apiVersion: 'v1', kind: 'List', items: objects.map(inOrder) }
  context.out.write(`${JSON.stringify(value, undefined, 2)}\n`)
}
