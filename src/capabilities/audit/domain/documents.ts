/** Text in pieces to events: one document a line, or one document in all. */
import { MAX_LINE, parsed, type Receiver, readJson, readText } from './read.ts'

/** A document over many lines (an indented EventList, say) is held whole; more than this is not. */
export const MAX_DOCUMENT = 128 * 1024 * 1024

export interface DocumentReader {
  push(text: string): void
  end(): void
}

/** Memory is bounded by the longest event, or by `MAX_DOCUMENT` when the first line is no document of its own. */
export function createDocumentReader(to: Receiver): DocumentReader {
  let begun = ''
  let overlong = false
  let mode: 'unknown' | 'lines' | 'whole' = 'unknown'
  let whole: string[] = []
  let wholeLength = 0

  function line(text: string): void {
    const trimmed = text.trim()
    if (trimmed === '') return
    if (mode === 'unknown') {
      const json = parsed(trimmed)
      mode = json === undefined ? 'whole' : 'lines'
      if (json !== undefined) readJson(json, to, trimmed)
      else hold(text)
    } else if (mode === 'whole') hold(text)
    else readText(trimmed, to)
  }

  function hold(text: string): void {
    whole.push(text)
    wholeLength += text.length
    if (wholeLength > MAX_DOCUMENT) fallBack()
  }

  /** It was lines after all, the first of them broken. */
  function fallBack(): void {
    const lines = whole
    whole = []
    mode = 'lines'
    for (const text of lines) readText(text.trim(), to)
  }

  function finishLine(text: string): void {
    if (overlong) to.reject('size')
    else line(text)
    overlong = false
  }

  return {
    push(text) {
      let at = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
        finishLine(begun + text.slice(at, end))
        begun = ''
        at = end + 1
      }
      // a whole EventList may stand on one line
      const limit = mode === 'lines' ? MAX_LINE : MAX_DOCUMENT
      if (begun.length + text.length - at > limit) {
        overlong = true
        begun = ''
      } else begun += text.slice(at)
    },
    end() {
      if (begun !== '' || overlong) finishLine(begun)
      begun = ''
      if (mode !== 'whole') return
      const json = parsed(whole.join('\n'))
      if (json === undefined) fallBack()
      else readJson(json, to)
    },
  }
}
