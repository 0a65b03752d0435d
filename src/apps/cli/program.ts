import { Command, CommanderError, Option } from 'commander'
import { CodedError, EXIT, type ExitCode, type Language } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { complete, renderCompletion } from '#kits/cli-kit/completion.ts'
import { createContext, type GlobalOptions, type Surroundings } from '#kits/cli-kit/context.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { renderError } from '#kits/cli-kit/errors.ts'
import { PROGRESS_MODES } from '#kits/cli-kit/progress.ts'
import { languageOf, mayColor, mayUnicode, paint } from '#kits/cli-kit/terminal.ts'
import type { CliDoorEntry } from './doors.ts'

/** Runs one command line (without node and script) and returns the exit code; never throws, never exits. */
export async function runCli(words: readonly string[], around: Omit<Surroundings, 'onExit'>, doors: readonly CliDoorEntry[]): Promise<ExitCode> {
  const { env, stderr, signal } = around
  let exit: ExitCode = EXIT.done
  let language = languageOf(undefined, env)
  let called: Command | undefined
  let options: Partial<GlobalOptions> = {}
  try {
    const first = globals(env, language)
    const completing = words[0] === '__complete'
    // Half a line is not to be judged.
    const { operands } = completing ? first.parseOptions([]) : first.parseOptions([...words])
    const wanted = completing ? words.slice(1, -1).find((word) => doors.some(({ name }) => name === word)) : operands[operands[0] === 'help' ? 1 : 0]
    options = first.opts<GlobalOptions>()
    language = languageOf(options.lang, env)
    const context = createContext(first.opts<GlobalOptions>(), { ...around, onExit: (code) => (exit = code) })
    const program = await assemble(globals(env, language), context, doors, wanted)
    if (completing) {
      context.out.write(renderCompletion(complete(program, words.slice(1))))
      return exit
    }
    program.hook('preAction', (_, action) => {
      called = action
    })
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (signal.aborted && !(error instanceof CodedError)) return (128 + 2) as ExitCode
    const coded = error instanceof CommanderError ? usage(error) : error
    if (coded === undefined) return EXIT.done
    const rendered = renderError(coded, {
      language,
      color: mayColor(options.color ?? 'auto', env, stderr.isTTY === true),
      unicode: mayUnicode(env),
      verbose: options.verbose === true,
      json: ['json', 'ndjson'].includes(called?.opts().output),
    })
    stderr.write(`${rendered.text}\n`)
    return rendered.exit
  }
  return exit
}

/** The bare program: global options, and how it speaks. */
function globals(env: Surroundings['env'], language: Language): Command {
  const zh = language === 'zh-CN'
  return new Command(env.SALLYPORT_CALLED_AS || 'sallyport')
    .description(zh ? '让任何 Kubernetes 集群易于迁入、伸缩、发布与守护。' : 'Move in, scale, release and hold the walls of any Kubernetes cluster.')
    .option('--server <url>', zh ? '服务器地址（SALLYPORT_SERVER）' : 'address of the server (SALLYPORT_SERVER)')
    .option('--token-file <file>', zh ? '存放令牌的文件（令牌：SALLYPORT_TOKEN）' : 'file that holds the token (the token itself: SALLYPORT_TOKEN)')
    .option('--data <dir>', zh ? '本机服务器的数据目录（SALLYPORT_DATA）' : 'data folder of a server on this machine (SALLYPORT_DATA)')
    .addOption(new Option('--color <when>', zh ? '何时使用颜色' : 'when to use colors').choices(['auto', 'always', 'never']).default('auto'))
    .option('--lang <language>', zh ? '语言：en 或 zh-CN' : 'language: en or zh-CN')
    .addOption(new Option('--progress <how>', zh ? '如何显示进度' : 'how to show progress').choices(PROGRESS_MODES).default('auto'))
    .option('-q, --quiet', zh ? '只输出数据和错误' : 'print data and errors only')
    .option('-v, --verbose', zh ? '出错时打印全部细节' : 'print everything about an error')
    .exitOverride()
}

const HEADINGS: Record<string, string> = {
  'Usage:': '用法：',
  'Options:': '选项：',
  'Commands:': '命令：',
  'Arguments:': '参数：',
}

async function assemble(program: Command, context: CliContext, doors: readonly CliDoorEntry[], wanted: string | undefined): Promise<Command> {
  const zh = context.language === 'zh-CN'
  program
    .helpOption('-h, --help', zh ? '显示帮助' : 'show help')
    .helpCommand('help [command]', zh ? '显示某个命令的帮助' : 'show the help of a command')
    .configureHelp({
      styleTitle: (title) => paint(context.color, 'strong', zh ? (HEADINGS[title] ?? title) : title),
      sortSubcommands: false,
    })
    // What is wrong is printed by runCli, once and in the user's language.
    .configureOutput({ writeOut: (text) => context.out.write(text), writeErr: (text) => context.out.write(text), outputError: () => {} })
    .action(() => program.outputHelp())
    .argument('[command]')
    .usage(zh ? '[选项] <命令>' : '[options] <command>')
  for (const entry of doors) {
    if (entry.name === wanted) (await entry.load()).door(program, context)
    else program.command(entry.name).summary(entry.summary[context.language]).description(entry.summary[context.language])
  }
  if (wanted !== undefined && !doors.some(({ name }) => name === wanted)) {
    const suggestion = nearest(
      wanted,
      doors.map(({ name }) => name),
    )
    const { language } = context
    throw new CodedError(
      'UNKNOWN_COMMAND',
      { name: wanted },
      { problems: suggestion ? [{ path: '', message: language === 'zh-CN' ? `是否指 ${suggestion}？` : `Did you mean ${suggestion}?` }] : [] },
    )
  }
  return program
}

/** The coded error of what commander found wrong; undefined when it only showed help. */
function usage(error: CommanderError): CodedError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined
  return new CodedError('USAGE', {
    reason: error.message
      .replace(/^error: /, '')
      .replace(/\n/g, ' ')
      .replace(/\.$/, ''),
  })
}
