/** Instants as events write them. Reads no clock. */

/** ms since the epoch of an ISO 8601 instant, NaN when it is none. */
export const instantMs = (text: unknown): number =>
  // biome-ignore lint/style/noRestrictedGlobals: reads no clock
  typeof text === 'string' && text.length <= 40 ? Date.parse(text) : Number.NaN

// biome-ignore lint/style/noRestrictedGlobals: reads no clock
export const instant = (ms: number) => new Date(ms)

/** UTC, RFC 3339. */
export const rfc3339 = (ms: number): string => instant(ms).toISOString()
