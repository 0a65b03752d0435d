import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from 'vitest'

/** Programs of Kubernetes 1.20; in `current` those of today (kubectl, helm). */
export const ASSETS = process.env.KUBEBUILDER_ASSETS ?? '/usr/local/kubebuilder/bin'

/** The first of `names` on PATH (also /usr/sbin, where Debian puts servers, and the current ones of `ASSETS`), or undefined. */
export function program(...names: string[]): string | undefined {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', join(ASSETS, 'current')]) {
    for (const name of names) {
      const path = join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {}
    }
  }
  return undefined
}

/** Tests that need real programs: they run where all of them are, and are skipped by name where not. */
export function describeReal(title: string, programs: readonly string[], body: () => void): void {
  const missing = programs.filter((name) => program(name) === undefined)
  if (missing.length === 0) describe(title, body)
  else describe.skip(`${title} (needs ${missing.join(', ')})`, body)
}

/** Kubeconfig of a real cluster for tests, shared by all: each works in namespaces of its own. Undefined: there is none. */
export const realKubeconfig = (): string | undefined => process.env.E2E_KUBECONFIG || undefined

/** Tests that need a real cluster. */
export function describeCluster(title: string, body: (kubeconfig: string) => void): void {
  const kubeconfig = realKubeconfig()
  if (kubeconfig === undefined) describe.skip(`${title} (needs E2E_KUBECONFIG)`, () => body(''))
  else describe(title, () => body(kubeconfig))
}
