/** The CLI and its runtime as an image on clusters of `kube-cluster`, which runs here and knows its containerd. */
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { bundleAll } from '../../deploy/bundle.ts'

const run = promisify(execFile)
const SCRIPT = join(import.meta.dirname, '../../../shared/kube/kube-cluster')
export const MOVER_IMAGE = 'docker.io/local/sallyport-mover:1'

/** The number of a cluster that the script made; undefined for other clusters, on which no image can be laid. */
export function scriptIndex(kubeconfig: string): string | undefined {
  const name = (parse(readFileSync(kubeconfig, 'utf8')) as { clusters: { name: string }[] }).clusters[0]?.name
  return existsSync(SCRIPT) ? /^sp-kube(\d)$/.exec(name ?? '')?.[1] : undefined
}

/** Lays the image onto each of the clusters. */
export async function loadMoverImage(indexes: readonly string[]): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-mover-image-'))
  try {
    await bundleAll(join(root, 'app'))
    mkdirSync(join(root, 'usr/bin'), { recursive: true })
    copyFileSync(process.execPath, join(root, 'usr/bin/node'))
    const { stdout } = await run('ldd', [process.execPath])
    for (const [, library] of stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)) {
      mkdirSync(join(root, dirname(library!)), { recursive: true })
      copyFileSync(library!, join(root, library!))
    }
    for (const index of new Set(indexes))
      await run(SCRIPT, ['image', '--index', index, MOVER_IMAGE, root, '/usr/bin/node', '/app/cli/main.js'], { maxBuffer: 1e8 })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
