/** Who wrote which field is often half of an object's text, and nobody who follows thousands of objects reads it: it is cut out before it is parsed. Pure. */

/** As the API machinery writes it; a text in quotes cannot look so, for its own quotes have a backslash in front. */
const START = '"managedFields":[{"manager":"'
const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_ARRAY, CLOSE_ARRAY, COMMA] = [34, 92, 123, 125, 91, 93, 44]

/** The JSON text without the `managedFields` in it; a text that is written otherwise or is cut off stays as it is. */
export function withoutManagedFields(json: string): string {
  let at = json.indexOf(START)
  if (at < 0) return json
  const kept: string[] = []
  let from = 0
  while (at >= 0) {
    const end = endOfArray(json, at + START.indexOf('['))
    if (end < 0) break
    const commaBehind = json.charCodeAt(end) === COMMA
    kept.push(json.slice(from, commaBehind || json.charCodeAt(at - 1) !== COMMA ? at : at - 1))
    from = commaBehind ? end + 1 : end
    at = json.indexOf(START, from)
  }
  kept.push(json.slice(from))
  return kept.join('')
}

/** Behind the `]` of the array that begins at `from`; -1: there is none. */
function endOfArray(json: string, from: number): number {
  let depth = 0
  for (let i = from; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === QUOTE) {
      for (i++; i < json.length && json.charCodeAt(i) !== QUOTE; i++) if (json.charCodeAt(i) === BACKSLASH) i++
    } else if (code === OPEN || code === OPEN_ARRAY) depth++
    else if ((code === CLOSE || code === CLOSE_ARRAY) && --depth === 0) return i + 1
  }
  return -1
}
