import { Command } from 'commander'
import { describe, expect, it, vi } from 'vitest'
import { CodedError, EXIT } from '#core/kernel/errors.ts'
import { createContext } from '#kits/cli-kit/context.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeStream } from '#test/fakes/terminal.ts'
import { type CliDoorEntry, DOORS } from './doors.ts'
import { runCli } from './program.ts'

// Help lists these, so that a new command does not change every picture of it.
const OWN = DOORS.filter(({ name }) => ['login-link', 'config', 'explain', 'completion', 'version'].includes(name))

const registries = () => Promise.reject(new Error('none is needed here'))
const cluster = registries
const host = registries

interface Terminal {
  columns?: number
  env?: Record<string, string>
  doors?: readonly CliDoorEntry[]
  signal?: AbortSignal
}
async function run(line: string, { columns, env = {}, doors = OWN, signal = new AbortController().signal }: Terminal = {}) {
  const stdout = fakeStream(columns)
  const stderr = fakeStream(columns)
  const words = line === '' ? [] : line.split(' ').map((word) => (word === "''" ? '' : word))
  const exit = await runCli(words, { env: { HOME: '/nowhere', ...env }, stdout, stderr, clock: fakeClock(), signal, registries, cluster, host }, doors)
  return { exit, out: stdout.text(), err: stderr.text() }
}
const failing = (error: unknown): CliDoorEntry[] => [
  {
    name: 'fail',
    summary: { en: 'fail', 'zh-CN': '失败' },
    load: async () => ({
      door: (program) =>
        void program
          .command('fail')
          .option('-o, --output <format>')
          .action(() => {
            throw error
          }),
    }),
  },
]

describe('the command line', () => {
  it.each([
    ['help on a terminal', '', { columns: 80 }],
    ['help in Chinese', '--lang zh-CN', {}],
    ['help by the locale', '', { env: { LANG: 'zh_CN.UTF-8' } }],
    ['a table on a terminal', 'explain port_in_use', { columns: 200 }],
    ['a table in a pipe', 'explain port_in_use', {}],
    ['a table in a pipe in color', 'explain port_in_use --color always', {}],
    ['NO_COLOR on a terminal', 'explain port_in_use', { columns: 200, env: { NO_COLOR: '1' } }],
    ['FORCE_COLOR in a pipe', 'explain port_in_use', { env: { FORCE_COLOR: '1' } }],
    ['a mistyped command', 'explian', {}],
    ['a mistyped command in Chinese', 'explian --lang zh-CN', {}],
    ['a mistyped command on a terminal', 'explian', { columns: 80 }],
    ['a mistyped command where there is only ASCII', 'explian', { env: { LC_ALL: 'C' } }],
    ['a mistyped option', 'version --outptu json', {}],
    ['a wrong choice', 'version -o xml', {}],
    ['a missing argument', 'completion', {}],
    ['an unknown code', 'explain PORT_IN_USED', {}],
    ['no server', 'login-link', {}],
    ['no server in Chinese', 'login-link --lang zh', {}],
    ['help of a command', 'completion --help', {}],
    ['called as a plugin of kubectl', 'completion --help', { env: { SALLYPORT_CALLED_AS: 'kubectl sallyport' } }],
  ] as [string, string, Terminal][])('%s', async (_, line, terminal) => {
    expect(await run(line, terminal)).toMatchSnapshot()
  })

  it('shows the same help however it is asked for', async () => {
    const { out } = await run('explain --help')
    expect(out).toContain('--output')
    expect(await run('help explain')).toEqual({ exit: 0, out, err: '' })
    expect((await run('config')).out).toContain('show')
    expect((await run('help')).out).toBe((await run('')).out)
  })

  it('loads only the command that is called', async () => {
    const doors = DOORS.map((entry) => ({ ...entry, load: vi.fn(entry.load) }))
    await run('--color never version -o json', { doors })
    expect(doors.filter(({ load }) => load.mock.calls.length > 0).map(({ name }) => name)).toEqual(['version'])
    await run('--help', { doors })
    expect(doors.filter(({ load }) => load.mock.calls.length > 0).length).toBe(1)
  })

  it('no command takes a global option away, and each adds the command that it is listed as', async () => {
    for (const entry of DOORS) {
      const program = new Command()
      const around = {
        env: {},
        stdout: fakeStream(),
        stderr: fakeStream(),
        clock: fakeClock(),
        signal: new AbortController().signal,
        registries,
        cluster,
        host,
        onExit: () => {},
      }
      const { door } = await entry.load()
      door(program, createContext({ color: 'auto', progress: 'auto' }, around))
      expect(program.commands.map((command) => command.name())).toEqual([entry.name])
      const flags = (command: Command): string[] =>
        [...command.options.flatMap(({ short, long }) => [short, long]), ...command.commands.flatMap(flags)].filter((flag) => flag !== undefined)
      const taken = ['--server', '--token-file', '--data', '--color', '--lang', '--progress', '--quiet', '-q', '--verbose', '-v']
      expect(
        flags(program.commands[0]!).filter((flag) => taken.includes(flag)),
        entry.name,
      ).toEqual([])
    }
  })

  it('prints a coded error with its problems, as JSON where JSON was asked for, a stack only with -v', async () => {
    const error = new CodedError(
      'INVALID_INPUT',
      { count: 2 },
      {
        problems: [
          { path: 'rules[0].window', message: 'is no duration', line: 3 },
          { path: 'x', message: 'unknown key', suggestion: 'y' },
        ],
      },
    )
    expect(await run('fail', { doors: failing(error) })).toMatchSnapshot()
    expect((await run('fail --lang zh-CN', { doors: failing(error) })).err).toMatchSnapshot()
    const asJson = await run('fail -o json', { doors: failing(error) })
    expect(asJson.out).toBe('')
    expect(JSON.parse(asJson.err)).toMatchObject({ code: 'INVALID_INPUT', problems: [{ line: 3 }, { suggestion: 'y' }] })
    expect((await run('fail -v', { doors: failing(error) })).err).toContain('program.test.ts')
  })

  it('calls what is no coded error a defect', async () => {
    const { exit, err } = await run('fail', { doors: failing(new TypeError('x is undefined')) })
    expect(exit).toBe(EXIT.error)
    expect(err).toBe('✖ x is undefined\n  This is a defect; run it again with -v and report what it prints.\n')
  })

  it('ends with the exit code that the command sets, and with 130 when it was interrupted', async () => {
    const doors: CliDoorEntry[] = [
      {
        name: 'work',
        summary: { en: 'work', 'zh-CN': '工作' },
        load: async () => ({
          door: (program, context) =>
            void program.command('work').action(() => (context.signal.aborted ? context.signal.throwIfAborted() : context.exit(EXIT.findings))),
        }),
      },
    ]
    expect((await run('work', { doors })).exit).toBe(3)
    expect(await run('work', { doors, signal: AbortSignal.abort() })).toEqual({ exit: 130, out: '', err: '' })
  })

  it('-q leaves data and errors', async () => {
    const doors: CliDoorEntry[] = [
      {
        name: 'say',
        summary: { en: '', 'zh-CN': '' },
        load: async () => ({
          door: (program, context) =>
            void program.command('say').action(() => {
              context.out.write('data\n')
              context.note('note')
            }),
        }),
      },
    ]
    expect(await run('say', { doors })).toMatchObject({ out: 'data\n', err: 'note\n' })
    expect(await run('say -q', { doors })).toMatchObject({ out: 'data\n', err: '' })
  })
})

describe('completion', () => {
  const candidates = async (line: string) => (await run(`__complete ${line}`)).out.trimEnd().split('\n')
  it('offers commands with their summaries', async () => {
    expect(await candidates("''")).toContain('version\tprint the version')
    expect(await candidates('ver')).toEqual(['version\tprint the version', ':4'])
  })
  it('offers options, global ones too, and their choices', async () => {
    expect(await candidates('version --o')).toEqual(['--output\toutput format', ':4'])
    expect(await candidates('version --ser')).toEqual(['--server\taddress of the server (SALLYPORT_SERVER)', ':4'])
    expect(await candidates('version -o j')).toEqual(['json', ':4'])
    expect(await candidates('version --output=j')).toEqual(['--output=json', ':4'])
    expect(await candidates('--color n')).toEqual(['never', ':4'])
  })
  it('offers arguments, nested commands and files', async () => {
    expect(await candidates('completion b')).toEqual(['bash', ':4'])
    expect(await candidates('--lang en config s')).toEqual(['show\tshow which server is spoken to, and why', ':4'])
    expect(await candidates("--token-file ''")).toEqual([':0'])
    expect(await candidates("completion bash ''")).toEqual([':4'])
  })
  it('keeps quiet where there is nothing to offer', async () => {
    expect(await candidates("nonsense ''")).toEqual([':4'])
    expect((await run('__complete')).exit).toBe(0)
  })
})
