import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Puts `first-paint.js` among the hashed assets: it is no module, so Vite leaves it alone otherwise. */
function firstPaint(): Plugin {
  return {
    name: 'first-paint',
    apply: 'build',
    async buildStart() {
      this.emitFile({ type: 'asset', name: 'first-paint.js', source: await readFile(join(import.meta.dirname, 'first-paint.js')) })
    },
    transformIndexHtml: {
      order: 'post',
      handler: (html, { bundle }) => html.replace('/first-paint.js', `/${Object.keys(bundle ?? {}).find((name) => name.includes('first-paint'))}`),
    },
  }
}

/** Writes `.br` and `.gz` beside each text file, so that the server compresses nothing. */
function sideCars(): Plugin {
  let out = ''
  return {
    name: 'side-cars',
    apply: 'build',
    configResolved({ root, build }) {
      out = resolve(root, build.outDir)
    },
    async closeBundle() {
      for (const name of await readdir(out, { recursive: true })) {
        if (!/\.(js|css|html|svg|json)$/.test(name)) continue
        const path = join(out, name)
        const bytes = await readFile(path)
        if (bytes.length < 1024) continue
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
        await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params }))
        await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), firstPaint(), sideCars()],
  clearScreen: false,
  logLevel: 'warn',
  build: {
    emptyOutDir: true,
    // For bench/console-size.ts.
    manifest: 'manifest.json',
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The budget is `bench/console-size.ts`, over what a page really loads.
    chunkSizeWarningLimit: 2000,
  },
})
