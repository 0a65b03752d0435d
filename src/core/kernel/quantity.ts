/** Kubernetes quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

const SCALE: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}
const NOTATION = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/

/** The plain number (`500m` → 0.5, `1Gi` → 1073741824), or undefined when `text` is no quantity. */
export function parseQuantity(text: string): number | undefined {
  const found = NOTATION.exec(text)
  if (!found) return undefined
  const scale = found[3] === undefined ? SCALE[found[2] ?? ''] : 10 ** Number(found[3])
  return scale === undefined ? undefined : Number(found[1]) * scale
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Bytes for people: `1536` → `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < BINARY.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : Number(value.toPrecision(value >= 100 ? 4 : 3))} ${BINARY[unit]}`
}
