const YEARLESS = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)/
const ZONED = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/

/** How long ago a line of a program's log was written, ms; undefined when it does not say. Where it names no zone, it is that of this machine. */
export function lineAge(line: string, now: number): number | undefined {
  const real = /"__REALTIME_TIMESTAMP":"(\d+)"/.exec(line)?.[1]
  if (real !== undefined) return now - Number(real) / 1000
  const zoned = ZONED.exec(line)?.[0]
  if (zoned !== undefined) return agoOf(zoned.replace(' ', 'T').replace(',', '.'), now)
  const yearless = YEARLESS.exec(line)
  if (!yearless) return undefined
  const year = new Date(now).getFullYear()
  const at = (ofYear: number) => agoOf(`${yearless[1]} ${yearless[2]} ${ofYear} ${yearless[3]}`, now)
  const age = at(year)
  // December is read in January
  return age !== undefined && age < -86_400_000 ? at(year - 1) : age
}
function agoOf(time: string, now: number): number | undefined {
  const at = Date.parse(time)
  return Number.isNaN(at) ? undefined : now - at
}
