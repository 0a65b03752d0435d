/** An image for a real node, made of programs of this machine and loaded into its containerd. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sha256 } from './images.ts'

export interface NodeImage {
  name: string
  /** Path in the image → file or folder of this machine; shared libraries of programs come along. */
  files: Readonly<Record<string, string>>
}

/** What a program is linked with, by the paths that it asks for. */
function libraries(path: string): string[] {
  let text: string
  try {
    text = execFileSync('ldd', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    // Not a program, or one that stands alone.
    return []
  }
  return [...text.matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)].map((found) => found[1]!)
}

/** Loads it through `socket`; returns how to remove it. */
export function loadNodeImage({ name, files }: NodeImage, socket: string): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-image-'))
  const ctr = (...args: string[]) => execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'images', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    const root = join(folder, 'root')
    const put = (from: string, to: string) => {
      mkdirSync(dirname(join(root, to)), { recursive: true })
      cpSync(realpathSync(from), join(root, to), { recursive: true })
    }
    for (const path of ['tmp', 'etc', 'proc', 'sys', 'dev', 'var']) mkdirSync(join(root, path), { recursive: true })
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n')
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
    put('/bin/busybox', 'bin/busybox')
    for (const applet of ['sh', 'echo', 'cat', 'ls']) symlinkSync('busybox', join(root, 'bin', applet))
    for (const [to, from] of Object.entries(files)) {
      put(from, to)
      for (const library of libraries(from)) put(library, library)
    }
    const layer = join(folder, 'layer.tar')
    execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '-cf', layer, '.'])
    const config = Buffer.from(
      JSON.stringify({
        architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64'],
        os: 'linux',
        config: { Env: ['PATH=/bin:/usr/sbin'] },
        rootfs: { type: 'layers', diff_ids: [sha256(readFileSync(layer))] },
      }),
    )
    writeFileSync(join(folder, 'config.json'), config)
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]))
    const archive = join(folder, 'image.tar')
    execFileSync('tar', ['-C', folder, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar'])
    ctr('import', archive)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return () => void ctr('rm', name)
}
