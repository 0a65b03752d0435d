/** Functions of one number, and parts of dates (UTC, proleptic Gregorian; days to civil after Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html). */
export const round = (value: number, nearest: number): number => {
  const inverse = 1 / nearest
  return Math.floor(value * inverse + 0.5) / inverse
}

export const MATH: Readonly<Record<string, (v: number) => number>> = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (v) => (v * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (v) => (v * Math.PI) / 180,
  sgn: Math.sign,
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
}

const DAY = 86_400
const days = (seconds: number) => Math.floor(Math.floor(seconds) / DAY)

function civil(day: number): { year: number; month: number; day: number } {
  const z = day + 719_468
  const era = Math.floor(z / 146_097)
  const ofEra = z - era * 146_097
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365)
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * ofYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: ofYear - Math.floor((153 * shifted + 2) / 5) + 1 }
}
const leap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const lengthOf = (year: number, month: number) => (month === 2 && leap(year) ? 29 : MONTHS[month - 1]!)

/** Of seconds since the epoch. */
const of = (part: (seconds: number) => number) => (seconds: number) => (Number.isFinite(seconds) ? part(seconds) : Number.NaN)
const secondOfDay = (seconds: number) => Math.floor(seconds) - days(seconds) * DAY

export const DATE_PARTS: Readonly<Record<string, (seconds: number) => number>> = {
  year: of((s) => civil(days(s)).year),
  month: of((s) => civil(days(s)).month),
  day_of_month: of((s) => civil(days(s)).day),
  day_of_week: of((s) => (((days(s) + 4) % 7) + 7) % 7),
  day_of_year: of((s) => {
    const { year, month, day } = civil(days(s))
    let before = 0
    for (let m = 1; m < month; m++) before += lengthOf(year, m)
    return before + day
  }),
  days_in_month: of((s) => {
    const { year, month } = civil(days(s))
    return lengthOf(year, month)
  }),
  hour: of((s) => Math.floor(secondOfDay(s) / 3600)),
  minute: of((s) => Math.floor((secondOfDay(s) % 3600) / 60)),
}
