import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bundleAll } from '../../../deploy/bundle.ts'

const outdir = mkdtempSync(join(tmpdir(), 'sallyport-bundle-'))
afterAll(() => rmSync(outdir, { recursive: true }))

describe('the bundles', () => {
  it('hold nothing of the server, and run by themselves', async () => {
    const sizes = await bundleAll(outdir)
    // The sum of all chunks; a command reads its own only. Registries and clusters (undici) are among them.
    expect(sizes.cli).toBeLessThan(4 << 20)
    expect(sizes.agent).toBeLessThan(2 << 20)
    const cli = (...words: string[]) => execFileSync(process.execPath, [join(outdir, 'cli/main.js'), ...words], { encoding: 'utf8', cwd: outdir })
    expect(cli('version', '-o', 'yaml')).toContain(process.version)
    expect(cli('ingress', 'report', '--help')).toContain('--file')
    expect(cli('--help')).not.toMatch(/^ {2}(start|server) /m)
    expect(spawnSync(process.execPath, [join(outdir, 'agent.js'), '--nonsense'], { encoding: 'utf8', cwd: outdir }).stderr).toContain('USAGE')
  })
})
