/**
 * Does a line hold one of many words? One step a byte, whatever their number (Aho and Corasick, "Efficient string matching", 1975): as a regular expression
 * of so many branches the question costs five times as much, and in a flood it is asked of every line.
 */

export interface WordSearch {
  /** Of Latin-1 text; characters beyond it are in no word. */
  inText(text: string): boolean
  inBytes(bytes: Uint8Array, from: number, to: number): boolean
  /** Calls `visit` with the place of every word that the text holds, as often as it holds it, in the order in which they end. */
  each(text: string, visit: (word: number) => void): void
}

/** `words` are of ASCII, and not empty. */
export function createWordSearch(words: readonly string[]): WordSearch {
  // bytes that are in no word are one letter of the alphabet
  const letterOf = new Uint8Array(256)
  let letters = 1
  for (const word of words) for (const byte of Buffer.from(word)) letterOf[byte] ||= letters++

  const next: number[][] = [Array<number>(letters).fill(-1)]
  /** Words that end at each state. */
  const ends: number[][] = [[]]
  for (const [place, word] of words.entries()) {
    let state = 0
    for (const byte of Buffer.from(word)) {
      const letter = letterOf[byte]!
      if (next[state]![letter]! < 0) {
        next[state]![letter] = next.push(Array<number>(letters).fill(-1)) - 1
        ends.push([])
      }
      state = next[state]![letter]!
    }
    ends[state]!.push(place)
  }
  // where nothing goes on, go on as after the longest ending that is a beginning
  const fallback = Array<number>(next.length).fill(0)
  const queue: number[] = []
  for (let letter = 0; letter < letters; letter++)
    if (next[0]![letter]! < 0) next[0]![letter] = 0
    else queue.push(next[0]![letter]!)
  for (const state of queue)
    for (let letter = 0; letter < letters; letter++) {
      const after = next[fallback[state]!]![letter]!
      const own = next[state]![letter]!
      if (own < 0) next[state]![letter] = after
      else {
        fallback[own] = after
        ends[own]!.push(...ends[after]!)
        queue.push(own)
      }
    }
  // states as offsets into one table, beyond FOUND where a word ends
  const FOUND = 1 << 30
  const table = new Int32Array(next.length * letters)
  for (const [state, to] of next.entries())
    for (const [letter, at] of to.entries()) table[state * letters + letter] = at * letters + (ends[at]!.length > 0 ? FOUND : 0)

  return {
    inText(text) {
      let state = 0
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i)
        state = table[state + (code < 256 ? letterOf[code]! : 0)]!
        if (state >= FOUND) return true
      }
      return false
    },
    inBytes(bytes, from, to) {
      let state = 0
      for (let i = from; i < to; i++) {
        state = table[state + letterOf[bytes[i]!]!]!
        if (state >= FOUND) return true
      }
      return false
    },
    each(text, visit) {
      let state = 0
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i)
        state = table[state + (code < 256 ? letterOf[code]! : 0)]!
        if (state < FOUND) continue
        state -= FOUND
        for (const word of ends[state / letters]!) visit(word)
      }
    },
  }
}
