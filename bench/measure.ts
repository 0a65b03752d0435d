/** What benches share. */

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * How fast this machine runs a plain loop over bytes right now, in MB per CPU-second. CPU seconds are worth less when other work shares the cores' caches
 * and threads; results of different hours are comparable only together with this number.
 */
export function machineSpeed(): number {
  const bytes = new Uint8Array(4_000_000).fill(65)
  for (let i = 0; i < bytes.length; i += 300) bytes[i] = 10
  const rates: number[] = []
  for (let round = 0; round < 30; round++) {
    const before = process.cpuUsage()
    countLines(bytes)
    const used = process.cpuUsage(before)
    if (round >= 10) rates.push(bytes.length / (used.user + used.system))
  }
  return median(rates)
}

function countLines(bytes: Uint8Array): number {
  let count = 0
  for (let at = 0; at < bytes.length; count++) {
    while (at < bytes.length && bytes[at] !== 10) at++
    at++
  }
  return count
}
