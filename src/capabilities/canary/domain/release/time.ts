/** RFC 3339, UTC, to the second. */
export const timeText = (ms: number): string =>
  // biome-ignore lint/style/noRestrictedGlobals: formats a time that was handed in
  `${new Date(ms).toISOString().slice(0, 19)}Z`
