/** Bundles the CLI (dist/cli) and the agent (dist/agent.js): `npm run bundle`. Start-up and memory of a bundle are a fraction of those of the sources. */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { SERVER_DOORS } from '#apps/cli/doors.ts'
import { formatBytes } from '#core/kernel/quantity.ts'

const root = resolve(import.meta.dirname, '..')
/** What would make a small program big: they belong to the server. */
const FORBIDDEN = /node_modules\/(@kubernetes|fastify|@fastify|chdb|react)\//

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  // Dependencies that are CommonJS ask for node's own modules by `require`.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
} as const satisfies BuildOptions

/** Bundles the CLI into `outdir/cli` and the agent into `outdir/agent.js`; returns the bytes of each. @throws when one takes in what belongs to the server */
export async function bundleAll(outdir: string): Promise<Record<'cli' | 'agent', number>> {
  const bundle = async (options: BuildOptions) => {
    const { metafile } = await build({ ...shared, ...options, metafile: true })
    const intruders = Object.keys(metafile.inputs).filter((path) => FORBIDDEN.test(path))
    if (intruders.length > 0) throw new Error(`these do not belong into a bundle:\n${intruders.join('\n')}`)
    return Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0)
  }
  rmSync(join(outdir, 'cli'), { recursive: true, force: true })
  return {
    cli: await bundle({
      // One chunk a command, read when it is called.
      entryPoints: { main: 'src/apps/cli/client.ts' },
      outdir: join(outdir, 'cli'),
      splitting: true,
      external: SERVER_DOORS.map((name) => `./commands/${name}.ts`),
    }),
    agent: await bundle({ entryPoints: ['src/apps/agent/main.ts'], outfile: join(outdir, 'agent.js') }),
  }
}

if (import.meta.main) {
  for (const [name, bytes] of Object.entries(await bundleAll(join(root, 'dist')))) process.stdout.write(`${name}  ${formatBytes(bytes)}\n`)
}
