/** What may stand where one types in a PromQL editor. Pure. */

export type Wanted =
  | { kind: 'expression'; word: string; from: number }
  /** A label's name, of a metric when one stands before the braces. */
  | { kind: 'label'; word: string; from: number; metric: string }
  | { kind: 'value'; word: string; from: number; metric: string; label: string }
  | { kind: 'nothing' }

const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** What the place `at` of the text asks for; `from` is where the typed word begins. */
export function wantedAt(text: string, at: number): Wanted {
  const before = text.slice(0, at)
  const word = WORD.exec(before)?.[0] ?? ''
  const from = at - word.length
  const open = openBrackets(before)
  const inner = open.at(-1)
  if (inner?.char === '"') {
    const outer = open.at(-2)
    const label = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*$/.exec(before.slice(0, inner.at))?.[1]
    if (outer?.char !== '{' || label === undefined) return { kind: 'nothing' }
    return { kind: 'value', word: before.slice(inner.at + 1), from: inner.at + 1, metric: metricBefore(before, outer.at), label }
  }
  if (inner?.char === '[') return { kind: 'nothing' }
  if (inner?.char === '{') return { kind: 'label', word, from, metric: metricBefore(before, inner.at) }
  if (inner?.char === '(' && /\b(by|without|on|ignoring|group_left|group_right)\s*$/i.test(before.slice(0, inner.at)))
    return { kind: 'label', word, from, metric: '' }
  return { kind: 'expression', word, from }
}

const metricBefore = (text: string, brace: number): string => WORD.exec(text.slice(0, brace).trimEnd())?.[0] ?? ''

/** Brackets and quotes that are open at the end, outermost first. */
function openBrackets(text: string): { char: string; at: number }[] {
  const open: { char: string; at: number }[] = []
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (open.at(-1)?.char === '"') {
      if (char === '\\') i++
      else if (char === text[open.at(-1)!.at]) open.pop()
    } else if (char === '"' || char === "'" || char === '`') open.push({ char: '"', at: i })
    else if ('({['.includes(char)) open.push({ char, at: i })
    else if (')}]'.includes(char)) open.pop()
  }
  return open
}

/** Those that begin with the word, then those that hold it, without regard to case. */
export function suggestions(words: readonly string[], word: string, most: number): string[] {
  const typed = word.toLowerCase()
  const begins = words.filter((one) => one.toLowerCase().startsWith(typed) && one !== word)
  if (begins.length >= most) return begins.slice(0, most)
  return [...begins, ...words.filter((one) => !one.toLowerCase().startsWith(typed) && one.toLowerCase().includes(typed))].slice(0, most)
}
