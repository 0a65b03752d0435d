/** Bundles the CLI (dist/cli), the agent (dist/agent.js, dist/agent) and the collector (dist/collect.js, dist/collect): `npm run bundle`. Start-up and memory of a bundle are a fraction of those of the sources. */
import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { SERVER_DOORS } from '#apps/cli/doors.ts'
import { formatBytes } from '#core/kernel/quantity.ts'

const root = resolve(import.meta.dirname, '..')
/** What would make a small program big: they belong to the server. */
const FORBIDDEN = /node_modules\/(@kubernetes|fastify|@fastify|chdb|react)\//

/** `{ z }` carries all of zod, with its texts in fifty languages; of a namespace only what is named stays. It is 0.3 MiB that would be read at each start. */
const leanZod: Plugin = {
  name: 'lean-zod',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/^import \{ z \} from 'zod'$/m, "import * as z from 'zod'"),
      loader: 'ts',
    })),
}

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  // What a run does not need is not read.
  splitting: true,
  plugins: [leanZod],
  // Dependencies that are CommonJS ask for node's own modules by `require`.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
} satisfies BuildOptions

/** Bundles the CLI into `outdir/cli` the agent into `outdir/agent.js` and `outdir/agent`, the collector the same way; returns the bytes of each. @throws when one takes in what belongs to the server */
export async function bundleAll(outdir: string): Promise<Record<'cli' | 'agent' | 'collect', number>> {
  const bundle = async (options: BuildOptions) => {
    const { metafile } = await build({ ...shared, ...options, metafile: true })
    const intruders = Object.keys(metafile.inputs).filter((path) => FORBIDDEN.test(path))
    if (intruders.length > 0) throw new Error(`these do not belong into a bundle:\n${intruders.join('\n')}`)
    return Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0)
  }
  for (const made of ['cli', 'agent', 'collect']) rmSync(join(outdir, made), { recursive: true, force: true })
  return {
    cli: await bundle({
      // One chunk a command, read when it is called.
      entryPoints: { main: 'src/apps/cli/client.ts' },
      outdir: join(outdir, 'cli'),
      external: SERVER_DOORS.map((name) => `./commands/${name}.ts`),
    }),
    agent: await bundle({ entryPoints: { agent: 'src/apps/agent/main.ts' }, outdir, chunkNames: 'agent/[name]-[hash]' }),
    collect: await bundle({ entryPoints: { collect: 'src/apps/collect/main.ts' }, outdir, chunkNames: 'collect/[name]-[hash]' }),
  }
}

if (import.meta.main) {
  for (const [name, bytes] of Object.entries(await bundleAll(join(root, 'dist')))) process.stdout.write(`${name}  ${formatBytes(bytes)}\n`)
}
