import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A guard that cannot fail is no guard: each rule is shown a file that breaks it. */
const PLANTED: readonly { file: string; code: string; rule: string }[] = [
  { file: 'src/core/kernel/planted.ts', code: `import { readFileSync } from 'node:fs'\nexport const x = readFileSync\n`, rule: 'noNodejsModules' },
  { file: 'src/core/kernel/planted.ts', code: `export const x = Date.now()\n`, rule: 'noRestrictedGlobals' },
  { file: 'src/core/kernel/planted.ts', code: `export const x = () => fetch('http://x')\n`, rule: 'noRestrictedGlobals' },
  { file: 'src/core/stats/planted.ts', code: `import type { X } from '#edges/telemetry/x.ts'\nexport type Y = X\n`, rule: 'noRestrictedImports' },
  { file: 'src/core/stats/planted.ts', code: `export const x = () => import('../../apps/server/main.ts')\n`, rule: 'noRestrictedImports' },
  { file: 'src/edges/notify/planted.ts', code: `import { x } from '#kits/server-kit/x.ts'\nexport const y = x\n`, rule: 'noRestrictedImports' },
  { file: 'src/kits/cli-kit/planted.ts', code: `import { x } from '#capabilities/a/x.ts'\nexport const y = x\n`, rule: 'noRestrictedImports' },
  {
    file: 'src/capabilities/ingress-analytics/server/planted.ts',
    code: `import { x } from '#edges/telemetry/x.ts'\nexport const y = x\n`,
    rule: 'noRestrictedImports',
  },
  {
    file: 'src/capabilities/ingress-analytics/domain/planted.ts',
    code: `import { x } from '#kits/server-kit/x.ts'\nexport const y = x\n`,
    rule: 'noRestrictedImports',
  },
  { file: 'src/capabilities/ingress-analytics/domain/planted.ts', code: `export const now = Date.now()\n`, rule: 'noRestrictedGlobals' },
  { file: 'src/edges/notify/planted.ts', code: `console.log('x')\n`, rule: 'noConsole' },
]

const root = resolve(import.meta.dirname, '../..')
let copy: string

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'sallyport-guards-'))
  await cp(join(root, 'biome.json'), join(copy, 'biome.json'))
  await cp(join(root, 'tsconfig.json'), join(copy, 'tsconfig.json'))
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  execFileSync('git', ['init', '-q'], { cwd: copy })
})
afterAll(() => rmSync(copy, { recursive: true, force: true }))

/** Names of the rules that Biome reports for one file. */
async function rulesFor(file: string, code: string): Promise<string[]> {
  const path = join(copy, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, code)
  try {
    execFileSync(join(root, 'node_modules/.bin/biome'), ['lint', '--reporter=json', file], { cwd: copy, stdio: ['ignore', 'pipe', 'ignore'] })
    return []
  } catch (error) {
    const report = JSON.parse(String((error as { stdout: Buffer }).stdout)) as { diagnostics: { category: string }[] }
    return report.diagnostics.map((diagnostic) => diagnostic.category)
  } finally {
    rmSync(path)
  }
}

describe('the import rules', () => {
  for (const { file, code, rule } of PLANTED) {
    it(`${rule} catches ${code.split('\n')[0]} in ${dirname(file)}`, async () => {
      expect((await rulesFor(file, code)).some((category) => category.endsWith(rule))).toBe(true)
    })
  }

  it('let a clean file pass', async () => {
    expect(
      await rulesFor('src/core/kernel/planted.ts', `import type { Clock } from './clock.ts'\nexport const later = (clock: Clock) => clock.now() + 1\n`),
    ).toEqual([])
  })

  it('core cannot even see the types of Node', async () => {
    const path = join(copy, 'src/core/kernel/planted.ts')
    await mkdir(dirname(path), { recursive: true })
    await cp(join(root, 'src/core/tsconfig.json'), join(copy, 'src/core/tsconfig.json'))
    await writeFile(path, `export const x: NodeJS.Platform = process.platform\n`)
    expect(() => execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(copy, 'src/core')], { cwd: copy, stdio: 'pipe' })).toThrow(/Command failed/)
    rmSync(path)
  })
})

/** Every `from '…'`, `import('…')` and `import '…'` of a source text. */
const importsOf = (code: string) => [...code.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!)

/** Another capability that `file` reaches by a relative path, or undefined. */
function otherCapability(file: string, specifier: string): string | undefined {
  const capabilities = join(root, 'src/capabilities')
  const own = relative(capabilities, file).split('/')[0]
  const target = specifier.startsWith('.') ? relative(capabilities, resolve(dirname(file), specifier)).split('/')[0] : undefined
  return target !== undefined && target !== '..' && target !== own ? target : undefined
}

describe('capabilities', () => {
  it('never import one another, not even by a relative path', () => {
    const folder = join(root, 'src/capabilities')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name))
    expect(files.length).toBeGreaterThan(0)
    const guilty = files.flatMap((name) =>
      importsOf(readFileSync(join(folder, name), 'utf8'))
        .filter((specifier) => otherCapability(join(folder, name), specifier))
        .map((specifier) => `${name} imports ${specifier}`),
    )
    expect(guilty).toEqual([])
  })

  it('would be caught if they did', () => {
    expect(otherCapability(join(root, 'src/capabilities/canary/domain/x.ts'), '../../metrics/domain/y.ts')).toBe('metrics')
    expect(otherCapability(join(root, 'src/capabilities/canary/domain/x.ts'), '../server/y.ts')).toBeUndefined()
    expect(importsOf(`const x = await import('../../metrics/x.ts')`)).toEqual(['../../metrics/x.ts'])
  })
})
