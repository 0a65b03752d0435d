/**
 * What `kubectl exec` finds in a pod of the demo. These pods are HTTP servers inside a process, and running programs of the machine for whoever has a
 * token would be wrong, so this is a small shell of its own: it sees the pod's names, its log and the shop's services, and nothing of the machine.
 */

export interface ShellPod {
  name: string
  namespace: string
  address: string
  node: string
  service: string
  labels: Readonly<Record<string, string>>
}

export interface ShellWorld {
  now(): number
  /** The newest lines of the pod's log. */
  log(): Promise<readonly string[]>
  /** A GET to a service of the shop (`catalog`, `catalog.shop`) or to the pod itself. */
  get(url: string): Promise<{ status: number; body: string }>
  sleep(ms: number): Promise<void>
}

export interface ShellIo {
  out(text: string): void
  err(text: string): void
  /** Reads commands from what the client sends, for `sh` without arguments. */
  interactive(): Promise<number>
}

const COMMANDS = [
  'cat',
  'command',
  'date',
  'echo',
  'env',
  'exit',
  'export',
  'false',
  'help',
  'hostname',
  'id',
  'ls',
  'ps',
  'pwd',
  'sh',
  'sleep',
  'true',
  'wget',
]
const KEYWORDS = new Set(['if', 'then', 'else', 'fi'])
const MOST_WORDS = 2_000
const MOST_SLEEP = 3600
const MOST_DEPTH = 20

type Part = string | { variable: string }
type Word = { parts: Part[]; quoted: boolean }
type Token = Word | { operator: ';' | '&&' | '||' }
class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super('exit')
    this.code = code
  }
}
const syntax = (what: string): never => {
  throw new Error(`syntax error: ${what} (this is the small shell of the sandbox; "help" lists what it knows)`)
}

/** Words and operators. What `$NAME` stands for is looked up when the command runs. */
export function tokensOf(line: string): Token[] {
  const tokens: Token[] = []
  let word: Word | undefined
  const add = (part: Part) => {
    word ??= { parts: [], quoted: false }
    word.parts.push(part)
  }
  const end = () => {
    if (word !== undefined) tokens.push(word)
    word = undefined
    if (tokens.length > MOST_WORDS) syntax('too many words')
  }
  let at = 0
  const variable = (): Part => {
    const [whole, braced, plain] = /^(?:\{(\w+)\}|(\w+|\?))/.exec(line.slice(at + 1)) ?? []
    if (whole === undefined) return '$'
    at += whole.length
    return { variable: braced ?? plain! }
  }
  for (; at < line.length; at++) {
    const c = line[at]!
    if (c === "'") {
      const close = line.indexOf("'", at + 1)
      if (close < 0) syntax('a quote is not closed')
      add(line.slice(at + 1, close))
      word!.quoted = true
      at = close
    } else if (c === '"') {
      add('')
      word!.quoted = true
      for (at++; at < line.length && line[at] !== '"'; at++) {
        if (line[at] === '\\' && at + 1 < line.length) add(line[++at]!)
        else add(line[at] === '$' ? variable() : line[at]!)
      }
      if (at >= line.length) syntax('a quote is not closed')
    } else if (c === '\\' && at + 1 < line.length) add(line[++at]!)
    else if (c === '#' && word === undefined) break
    else if (c === '$') add(variable())
    else if (c === ';' || c === '\n') {
      end()
      tokens.push({ operator: ';' })
    } else if (c === '&' || c === '|') {
      if (line[at + 1] !== c) syntax(c === '|' ? 'pipes are not there' : 'nothing runs in the background')
      end()
      tokens.push({ operator: c === '&' ? '&&' : '||' })
      at++
    } else if (c === '>' || c === '<') {
      const silenced = /^>\s*(?:\/dev\/null|&[12])/.exec(line.slice(at))
      if (silenced === null) syntax('files cannot be written or read by > and <')
      // `2>`: the number belongs to the sign.
      const descriptor = word?.parts.length === 1 && (word.parts[0] === '1' || word.parts[0] === '2') ? word.parts[0] : ''
      if (descriptor !== '') word = undefined
      end()
      tokens.push({ parts: [`${descriptor}>`], quoted: false })
      at += silenced![0].length - 1
    } else if (/\s/.test(c)) end()
    else add(c)
  }
  end()
  return tokens
}

export function createShell(pod: ShellPod, world: ShellWorld) {
  const variables = new Map([
    ['HOSTNAME', pod.name],
    ['HOME', '/'],
    ['PATH', '/bin'],
    ['SERVICE', pod.service],
    ['POD_IP', pod.address],
    ['NODE_NAME', pod.node],
  ])
  const log = '/var/log/app.log'
  const files: Record<string, () => string | Promise<string>> = {
    '/etc/hostname': () => `${pod.name}\n`,
    '/etc/hosts': () => `127.0.0.1\tlocalhost\n${pod.address}\t${pod.name}\n`,
    '/etc/os-release': () => 'NAME="Sallyport sandbox"\nID=sandbox\n',
    '/proc/1/cmdline': () => `/app/${pod.service}\0`,
    '/var/run/labels': () =>
      Object.entries(pod.labels)
        .map(([key, value]) => `${key}="${value}"\n`)
        .join(''),
    [log]: async () => (await world.log()).map((line) => `${line}\n`).join(''),
  }
  let last = 0
  let depth = 0

  const run = async (words: readonly string[], io: ShellIo, signal: AbortSignal): Promise<number> => {
    const [name = '', ...given] = words
    const fail = (message: string, code = 1) => {
      io.err(`${name}: ${message}\n`)
      return code
    }
    const assignment = /^(\w+)=(.*)$/s.exec(name)
    if (assignment !== null && given.length === 0) {
      variables.set(assignment[1]!, assignment[2]!)
      return 0
    }
    switch (name.replace(/^\/(usr\/)?bin\//, '')) {
      case 'true':
      case ':':
        return 0
      case 'false':
        return 1
      case 'echo':
        io.out(given[0] === '-n' ? given.slice(1).join(' ') : `${given.join(' ')}\n`)
        return 0
      case 'hostname':
        io.out(`${pod.name}\n`)
        return 0
      case 'pwd':
        io.out('/\n')
        return 0
      case 'id':
        io.out('uid=1000(app) gid=1000(app)\n')
        return 0
      case 'date':
        io.out(`${new Date(world.now()).toUTCString()}\n`)
        return 0
      case 'env':
      case 'printenv':
        io.out([...variables].map(([key, value]) => `${key}=${value}\n`).join(''))
        return 0
      case 'export':
        for (const one of given) {
          const [, key, value] = /^(\w+)(?:=(.*))?$/s.exec(one) ?? []
          if (key === undefined) return fail(`${one}: bad variable name`, 2)
          if (value !== undefined) variables.set(key, value)
        }
        return 0
      case 'command':
        if (given[0] !== '-v') return run(given, io, signal)
        if (!COMMANDS.includes(given[1] ?? '')) return 127
        io.out(`/bin/${given[1]}\n`)
        return 0
      case 'ps':
        io.out(`PID   USER     TIME  COMMAND\n    1 app      0:00  /app/${pod.service}\n`)
        return 0
      case 'ls': {
        const folder = (given.find((one) => !one.startsWith('-')) ?? '/').replace(/\/?$/, '/')
        const names = new Set(Object.keys(files).flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length).split('/')[0]!] : [])))
        if (names.size === 0) return fail(`${folder}: No such file or directory`)
        io.out(
          [...names]
            .sort()
            .map((one) => `${one}\n`)
            .join(''),
        )
        return 0
      }
      case 'cat': {
        let code = 0
        for (const path of given)
          if (Object.hasOwn(files, path)) io.out(await files[path]!())
          else code = fail(`${path}: No such file or directory`)
        return code
      }
      case 'sleep': {
        const seconds = Number(given[0])
        if (!(seconds >= 0 && seconds <= MOST_SLEEP)) return fail(`invalid time interval: ${given[0] ?? ''}`)
        const until = world.now() + seconds * 1000
        while (!signal.aborted && world.now() < until) await world.sleep(Math.min(100, until - world.now()))
        return signal.aborted ? 130 : 0
      }
      case 'wget': {
        const url = given.find((one) => !one.startsWith('-') && one !== '-')
        if (url === undefined) return fail('missing URL')
        const { status, body } = await world.get(/^\w+:\/\//.test(url) ? url : `http://${url}`)
        if (status >= 400) return fail(`server returned error: HTTP/1.1 ${status}`)
        io.out(`${body}\n`)
        return 0
      }
      case 'exit':
        throw new Exit(given[0] === undefined ? last : Number(given[0]) & 255)
      case 'help':
        io.out(`This pod is an HTTP server inside a process of the Sallyport sandbox, not a container. There is: ${COMMANDS.join(', ')}\n`)
        return 0
      case 'exec':
        throw new Exit(await run(given, io, signal))
      case 'sh':
        if (given[0] !== '-c') return given.length === 0 ? io.interactive() : fail(`${given[0]}: cannot open`, 2)
        return script(given[1] ?? '', io, signal)
      default:
        io.err(`sh: ${name}: not found\n`)
        return 127
    }
  }

  const textOf = (word: Word) =>
    word.parts.map((part) => (typeof part === 'string' ? part : part.variable === '?' ? String(last) : (variables.get(part.variable) ?? ''))).join('')
  const silenced = (tokens: readonly Token[], io: ShellIo): { words: string[]; io: ShellIo } => {
    const quiet = { ...io }
    const words: string[] = []
    for (const token of tokens as Word[]) {
      const text = textOf(token)
      if (token.quoted || !/^[12]?>$/.test(text)) {
        // An empty variable is no word.
        if (token.quoted || text !== '') words.push(text)
      } else if (text === '2>') quiet.err = () => {}
      else quiet.out = () => {}
    }
    return { words, io: quiet }
  }

  /** Runs a list of commands; throws Exit for `exit`. */
  const list = async (tokens: readonly Token[], io: ShellIo, signal: AbortSignal): Promise<number> => {
    let at = 0
    const isWord = (token: Token | undefined, word: string) => token !== undefined && 'parts' in token && !token.quoted && token.parts.join('') === word
    /** Up to one of the keywords, of this `if` and not of one inside. */
    const until = (...ends: string[]): Token[] => {
      const from = at
      for (let inside = 0; at < tokens.length; at++) {
        if (inside === 0 && ends.some((end) => isWord(tokens[at], end))) return tokens.slice(from, at)
        if (isWord(tokens[at], 'if')) inside++
        else if (isWord(tokens[at], 'fi')) inside--
      }
      return syntax(`${ends.join(' or ')} is missing`)
    }
    let skip = false
    while (at < tokens.length && !signal.aborted) {
      const token = tokens[at]!
      if ('operator' in token) {
        skip = token.operator === '&&' ? last !== 0 : token.operator === '||' ? last === 0 : false
        at++
        continue
      }
      if (isWord(token, 'if')) {
        at++
        const condition = until('then')
        at++
        const yes = until('else', 'fi')
        let no: Token[] = []
        if (isWord(tokens[at++], 'else')) {
          no = until('fi')
          at++
        }
        if (skip) continue
        last = (await list(condition, io, signal)) === 0 ? await list(yes, io, signal) : await list(no, io, signal)
        continue
      }
      const from = at
      while (at < tokens.length && 'parts' in tokens[at]!) at++
      if (skip) continue
      const command = silenced(tokens.slice(from, at), io)
      if (KEYWORDS.has(command.words[0] ?? '')) syntax(`unexpected ${command.words[0]}`)
      if (command.words.length === 0) continue
      last = await run(command.words, command.io, signal)
    }
    return last
  }
  const script = async (text: string, io: ShellIo, signal: AbortSignal): Promise<number> => {
    if (++depth > MOST_DEPTH) return syntax('too deep')
    try {
      return await list(tokensOf(text), io, signal)
    } finally {
      depth--
    }
  }

  return {
    /** Is there such a program? */
    knows: (name: string) => COMMANDS.includes(name.replace(/^\/(usr\/)?bin\//, '')),
    /** Runs a program with its arguments, as exec names it; resolves with its exit code. */
    async exec(words: readonly string[], io: ShellIo, signal: AbortSignal): Promise<number> {
      try {
        return await run(words, io, signal)
      } catch (error) {
        if (error instanceof Exit) return error.code
        io.err(`sh: ${(error as Error).message}\n`)
        return 2
      }
    },
    /** Runs a line; `ended` says that the shell was left. */
    async line(text: string, io: ShellIo, signal: AbortSignal): Promise<{ code: number; ended: boolean }> {
      try {
        last = await script(text, io, signal)
        return { code: last, ended: false }
      } catch (error) {
        if (error instanceof Exit) return { code: error.code, ended: true }
        io.err(`sh: ${(error as Error).message}\n`)
        last = 2
        return { code: last, ended: false }
      }
    },
    /** Exit code of the last command. */
    code: () => last,
  }
}
