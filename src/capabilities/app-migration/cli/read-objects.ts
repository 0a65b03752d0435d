/** `-f FILE|DIR|-`: objects of manifests. */
import { invalidInput, type Problem } from '#core/kernel/errors.ts'
import { readManifests } from '#core/kube/manifests.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'

/** All objects in order of files and names. Rejects with FILE_UNREADABLE, TOO_LARGE, or INVALID_INPUT with every problem of every file. */
export async function readObjects(paths: readonly string[], context: Pick<CliContext, 'signal'>): Promise<KubeObject[]> {
  const objects: KubeObject[] = []
  const problems: Problem[] = []
  for await (const { file, text } of manifestTexts(paths, context.signal)) {
    const read = readManifests(text)
    if (read.ok) for (const { object } of read.value) objects.push(object)
    else problems.push(...read.error.map((problem) => ({ ...problem, path: [file, problem.path].filter((part) => part !== '').join(': ') })))
  }
  if (problems.length > 0) throw invalidInput(problems.slice(0, 200))
  return objects
}
