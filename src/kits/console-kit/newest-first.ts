/** Rows of an answer and those that streamed since, each once as it is now, the newest first. Undefined: neither has come. */
export function newestFirst<Row extends { id: string; createdAt: number }>(
  answered: readonly Row[] | undefined,
  streamed: readonly Row[] | undefined,
): Row[] | undefined {
  if (answered === undefined && streamed === undefined) return undefined
  const byId = new Map([...(answered ?? []), ...(streamed ?? [])].map((row) => [row.id, row]))
  return [...byId.values()].sort((a, b) => b.createdAt - a.createdAt)
}
