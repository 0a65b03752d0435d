/** Stands for a stored secret in answers; a write that sends it back keeps the secret. */
export const MASK = '••••••••'

type Plain = Record<string, unknown>
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy in which the values at `paths` (dotted, `*` for any index or key) are masked. Empty and missing ones stay as they are. */
export const maskSecrets = (value: unknown, paths: readonly string[]): unknown =>
  paths.reduce((masked, path) => at(masked, path.split('.'), (secret) => (secret === undefined || secret === null || secret === '' ? secret : MASK)), value)

function at(value: unknown, [step, ...rest]: readonly string[], change: (secret: unknown) => unknown): unknown {
  if (step === undefined) return change(value)
  if (Array.isArray(value)) return step === '*' ? value.map((item) => at(item, rest, change)) : value
  if (!isPlain(value)) return value
  const keys = step === '*' ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : []
  return { ...value, ...Object.fromEntries(keys.map((key) => [key, at(value[key], rest, change)])) }
}

/**
 * A copy of `incoming` in which secrets that are masked or left out are those of `stored`. Items of lists are matched by `id` or `name` and must be of
 * the same kind, so that a secret never moves to another item. A mask that stands for nothing stays and is listed in `orphans`.
 */
export function keepSecrets(incoming: unknown, stored: unknown, paths: readonly string[]): { value: unknown; orphans: readonly string[] } {
  const orphans: string[] = []
  const value = paths.reduce((kept, path) => keep(kept, stored, path.split('.'), [], orphans), incoming)
  return { value, orphans }
}

function keep(incoming: unknown, stored: unknown, [step, ...rest]: readonly string[], path: readonly (string | number)[], orphans: string[]): unknown {
  if (step === undefined) {
    if (incoming === MASK && stored === undefined) orphans.push(path.join('.'))
    return incoming === undefined || incoming === MASK ? (stored ?? incoming) : incoming
  }
  if (Array.isArray(incoming)) {
    if (step !== '*') return incoming
    return incoming.map((item, i) => keep(item, Array.isArray(stored) ? counterpart(item, i, stored) : undefined, rest, [...path, i], orphans))
  }
  if (!isPlain(incoming)) return incoming
  const before = isPlain(stored) && sameKind(incoming, stored) ? stored : {}
  const keys = step === '*' ? Object.keys(incoming) : [step]
  const kept = keys.map((key) => [key, keep(incoming[key], before[key], rest, [...path, key], orphans)] as const)
  return { ...incoming, ...Object.fromEntries(kept.filter(([, secret]) => secret !== undefined)) }
}

/** The item of `list` that `item` is a new state of. */
export function counterpart(item: unknown, index: number, list: readonly unknown[]): unknown {
  if (!isPlain(item)) return list[index]
  const identity = item.id ?? item.name
  if (identity === undefined) return list[index]
  return list.find((other) => isPlain(other) && (other.id ?? other.name) === identity)
}

const sameKind = (a: Plain, b: Plain): boolean => a.kind === b.kind && a.type === b.type
