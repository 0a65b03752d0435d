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
  const bytes = new Uint8Array(20_000_000).fill(65)
  const rates: number[] = []
  for (let round = 0; round < 6; round++) {
    const before = process.cpuUsage()
    let count = 0
    for (let i = 0; i < bytes.length; i++) if (bytes[i] === 10) count++
    const used = process.cpuUsage(before)
    if (round > 0) rates.push((bytes.length + count) / (used.user + used.system))
  }
  return median(rates)
}
