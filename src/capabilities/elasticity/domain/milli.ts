/** A quantity as Kubernetes writes it, to the thousandth and never rounded to nothing: `0.93` is `930m`. Values too large for thousandths are whole. */
export function formatMilli(value: number): string {
  const milli = Math.round(value * 1_000)
  if (Math.abs(milli) >= Number.MAX_SAFE_INTEGER) return BigInt(Math.round(value)).toString()
  if (milli === 0 && value !== 0) return value > 0 ? '1m' : '-1m'
  return milli % 1_000 === 0 ? String(milli / 1_000) : `${milli}m`
}
