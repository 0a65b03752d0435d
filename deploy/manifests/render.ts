/** Renders templates that use three expressions only, as Helm does: `.Values.…` and `.Release.Namespace`, `toJson` of them, and one `if` around a file. */
export interface Release {
  namespace: string
  values: Readonly<Record<string, unknown>>
}

const WHOLE_IF = /^\{\{- if (\S+) \}\}\n([\s\S]*)\{\{- end \}\}\n$/

/** The text with values put in; empty when its `if` does not hold. Throws for an expression of another shape and for a value that is not there. */
export function render(template: string, release: Release): string {
  const condition = WHOLE_IF.exec(template)
  if (condition) return truthy(lookUp(condition[1]!, release)) ? render(condition[2]!, release) : ''
  return template.replace(/\{\{(.*?)\}\}/gs, (_, inside: string) => {
    const found = /^ (toJson )?(\.\S+) $/.exec(inside)
    if (!found) throw new Error(`an expression that is not known here: {{${inside}}}`)
    const value = lookUp(found[2]!, release)
    if (found[1]) return JSON.stringify(value)
    // Helm prints whole numbers as they are, others in ways of its own.
    if (typeof value !== 'string' && !Number.isSafeInteger(value)) throw new Error(`${found[2]} is no text: use toJson`)
    return String(value)
  })
}

function lookUp(path: string, { namespace, values }: Release): unknown {
  if (path === '.Release.Namespace') return namespace
  const [root, ...steps] = path.slice(1).split('.')
  if (root !== 'Values') throw new Error(`${path} is not known here`)
  return steps.reduce<unknown>((at, step) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) throw new Error(`values have no ${path}`)
    return (at as Record<string, unknown>)[step]
  }, values)
}

/** As Go's templates see it. */
const truthy = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)
