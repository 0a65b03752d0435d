import { type SpawnOptions, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeReal } from '#test/real.ts'

const BIN = resolve(import.meta.dirname, '../../../bin')

async function start(command: string, words: string[], options: SpawnOptions = {}) {
  const child = spawn(command, words, { cwd: tmpdir(), env: { ...process.env, LC_ALL: 'C.UTF-8' }, ...options })
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => (out += chunk))
  child.stderr?.on('data', (chunk) => (err += chunk))
  const ended = new Promise<{ code: number | null; signal: string | null; out: string; err: string }>((done) =>
    child.on('close', (code, signal) => done({ code, signal, out, err })),
  )
  return { child, ended, out: () => out }
}
const run = async (command: string, words: string[], options?: SpawnOptions) => (await start(command, words, options)).ended

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-bin-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

describe('bin/sallyport', () => {
  it('runs on the pinned runtime from any folder, also through links to links', async () => {
    using home = folder()
    symlinkSync(join(BIN, 'sallyport'), join(home.path, 'first'))
    symlinkSync('first', join(home.path, 'sallyport'))
    const { code, out } = await run(join(home.path, 'sallyport'), ['version', '-o', 'json'], { env: { PATH: '/usr/bin:/bin' } })
    expect(code).toBe(0)
    expect(JSON.parse(out).runtime).toBe(process.version)
  })
  it('is called by its name as a plugin of kubectl, and completes for it', async () => {
    expect((await run(join(BIN, 'kubectl-sallyport'), ['version', '--help'])).out).toContain('Usage: kubectl sallyport version')
    expect((await run(join(BIN, 'kubectl_complete-sallyport'), ['completion', ''])).out).toBe('bash\nzsh\nfish\n:4\n')
  })
  it('says what to do when its dependencies are not there', async () => {
    using home = folder()
    mkdirSync(join(home.path, 'bin'))
    copyFileSync(join(BIN, 'sallyport'), join(home.path, 'bin/sallyport'))
    const { code, err } = await run(join(home.path, 'bin/sallyport'), ['version'])
    expect(code).toBe(1)
    expect(err).toContain(`npm --prefix '${home.path}' install --no-save`)
  })
  it('takes a closed pipe for no error', async () => {
    expect(await run('sh', ['-c', `"${join(BIN, 'sallyport')}" explain -o json | head -c 1`])).toMatchObject({ code: 0, out: '[', err: '' })
  })
})

describeReal('completion in bash', ['bash'], () => {
  it('offers what the program offers', async () => {
    const script = `source <("${BIN}/sallyport" completion bash); COMP_WORDS=("${BIN}/sallyport" completion ''); COMP_CWORD=2; _sallyport; echo "\${COMPREPLY[@]}"`
    expect(await run('bash', ['-c', script])).toMatchObject({ code: 0, out: 'bash zsh fish\n', err: '' })
  })
})

describeReal('completion in zsh', ['zsh'], () => {
  it('offers what the program offers, with descriptions', async () => {
    const script = `compdef() { }; _files() { echo files }; _describe() { print -l "\${(@P)2}" }
      source <("${BIN}/sallyport" completion zsh); words=("${BIN}/sallyport" completion ''); CURRENT=3; _sallyport
      words=("${BIN}/sallyport" vers); CURRENT=2; _sallyport; words=("${BIN}/sallyport" --token-file ''); CURRENT=3; _sallyport`
    expect(await run('zsh', ['-f', '-c', script])).toMatchObject({ code: 0, out: 'bash\nzsh\nfish\nversion:print the version\nfiles\n', err: '' })
  })
})

describeReal('completion in fish', ['fish'], () => {
  it('offers what the program offers, with descriptions', async () => {
    const script = 'sallyport completion fish | source; complete -C "sallyport completion b"; complete -C "sallyport vers"'
    const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}`, LC_ALL: 'C.UTF-8' }
    expect(await run('fish', ['--no-config', '-c', script], { env })).toMatchObject({ code: 0, out: 'bash\nversion\tprint the version\n' })
  })
})
