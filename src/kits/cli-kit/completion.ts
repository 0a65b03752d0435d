import type { Command, Option } from 'commander'

export interface Candidate {
  value: string
  description: string
}

export interface Completion {
  candidates: readonly Candidate[]
  /** Let the shell offer file names too. */
  files: boolean
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** What may follow `words`, the last of which is being typed (and may be empty). */
export function complete(program: Command, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? ''
  const { command, owed, operands } = walk(program, words.slice(0, -1))
  const matching = (candidates: readonly Candidate[]) => candidates.filter(({ value }) => value.startsWith(typed))
  const values = (choices: readonly string[] | undefined, prefix = ''): Completion =>
    choices ? { candidates: matching(choices.map((value) => ({ value: prefix + value, description: '' }))), files: false } : { candidates: [], files: true }

  if (owed) return values(owed.argChoices)
  const equals = typed.indexOf('=')
  if (typed.startsWith('--') && equals > 0) return values(optionOf(command, typed.slice(0, equals))?.argChoices, typed.slice(0, equals + 1))
  if (typed.startsWith('-')) {
    const options = lineage(command).flatMap((each) => each.options.filter((option) => !option.hidden))
    return { candidates: matching(options.map((option) => ({ value: option.long ?? option.short!, description: option.description }))), files: false }
  }
  const commands = command.createHelp().visibleCommands(command)
  if (commands.length > 0 && operands === 0)
    return { candidates: matching(commands.map((each) => ({ value: each.name(), description: each.summary() || each.description() }))), files: false }
  const expected = command.registeredArguments
  const argument = expected[operands] ?? (expected.at(-1)?.variadic ? expected.at(-1) : undefined)
  return argument ? values(argument.argChoices) : { candidates: [], files: false }
}

/** The command that the complete words lead to, the option that still wants its value, and how many operands were given. */
function walk(program: Command, words: readonly string[]): { command: Command; owed?: Option; operands: number } {
  let command = program
  let owed: Option | undefined
  let operands = 0
  for (const word of words) {
    if (owed) owed = undefined
    else if (word.startsWith('-')) {
      const option = optionOf(command, word)
      if (option?.required) owed = option
    } else {
      const next = operands === 0 ? command.commands.find((each) => each.name() === word || each.aliases().includes(word)) : undefined
      if (next) command = next
      else operands++
    }
  }
  return { command, owed, operands }
}

const optionOf = (command: Command, flag: string) =>
  lineage(command)
    .flatMap((each) => each.options)
    .find((option) => option.long === flag || option.short === flag)

const lineage = (command: Command): Command[] => (command.parent ? [command, ...lineage(command.parent)] : [command])

/**
 * Cobra's protocol, which kubectl plugins speak too (KEP-2379): candidates with their descriptions, then `:` and a directive (0: files too, 4: no files).
 */
export const renderCompletion = ({ candidates, files }: Completion): string =>
  [...candidates.map(({ value, description }) => (description ? `${value}\t${description.split('\n')[0]}` : value)), files ? ':0' : ':4', ''].join('\n')

/** The script that a shell reads once; it asks the program itself for candidates. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]
}

const SCRIPTS: Record<Shell, string> = {
  bash: `# sallyport completion for bash:  source <(sallyport completion bash)
_sallyport() {
  local cur line directive=':4'
  local IFS=$'\\n'
  cur=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  for line in $("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
    case $line in
      :[0-9]*) directive=$line ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done
  if [ "$directive" = ':0' ]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _sallyport sallyport
`,
  zsh: `#compdef sallyport
# sallyport completion for zsh:  source <(sallyport completion zsh)
_sallyport() {
  local line directive=':4'
  local -a found
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :[0-9]*) directive=$line ;;
      *$'\\t'*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) found+=("\${line//:/\\\\:}") ;;
    esac
  done
  (( \${#found} )) && _describe 'sallyport' found
  [[ $directive == ':0' ]] && _files
}
compdef _sallyport sallyport
`,
  fish: `# sallyport completion for fish:  sallyport completion fish | source
function __sallyport_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)
  for line in $lines
    if string match -qr '^:\\d+$' -- $line
      test $line = ':0'; and __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c sallyport -f -a '(__sallyport_complete)'
`,
}
