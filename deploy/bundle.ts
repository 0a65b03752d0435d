/** Bundles the CLI (dist/cli) and the agent (dist/agent.js): `node deploy/bundle.ts`. Start-up and memory of a bundle are a fraction of those of the sources. */
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
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

async function bundle(options: BuildOptions): Promise<void> {
  const { metafile } = await build({ ...shared, ...options, metafile: true })
  const intruders = Object.keys(metafile.inputs).filter((path) => FORBIDDEN.test(path))
  if (intruders.length > 0) throw new Error(`these do not belong into a bundle:\n${intruders.join('\n')}`)
  const sizes = Object.values(metafile.outputs).map(({ bytes }) => bytes)
  process.stdout.write(`${options.outfile ?? options.outdir}  ${sizes.length} files, ${formatBytes(sizes.reduce((sum, bytes) => sum + bytes, 0))}\n`)
}

rmSync(resolve(root, 'dist/cli'), { recursive: true, force: true })
await bundle({
  // One chunk a command, read when it is called.
  entryPoints: { main: 'src/apps/cli/client.ts' },
  outdir: 'dist/cli',
  splitting: true,
  external: SERVER_DOORS.map((name) => `./commands/${name}.ts`),
})
await bundle({ entryPoints: ['src/apps/agent/main.ts'], outfile: 'dist/agent.js' })
