/** Events that were seen lately: bounded, in two generations, and cheap where most ids are seen once. */

export interface Recent {
  has(id: string, what: string): boolean
  add(id: string, what: string): void
}

/** Under one id; what comes beyond has entries of its own, so that a client that gives all its requests one id makes no search long. */
const MOST_TOGETHER = 2_000

/** Remembers at least `generation` ids, at most twice as many. */
export function createRecent(generation: number): Recent {
  let young = new Map<string, string>()
  let old = new Map<string, string>()

  const within = (memory: Map<string, string>, id: string, what: string): boolean => {
    const found = memory.get(id)
    return found !== undefined && (found.includes(`${what}\n`) || (found.length > MOST_TOGETHER && memory.has(`${id}\n${what}`)))
  }
  return {
    has: (id, what) => within(young, id, what) || within(old, id, what),
    add(id, what) {
      const found = young.get(id)
      if (found === undefined) young.set(id, `${what}\n`)
      else if (found.length <= MOST_TOGETHER) young.set(id, `${found}${what}\n`)
      else young.set(`${id}\n${what}`, '')
      if (young.size > generation) [young, old] = [new Map(), young]
    },
  }
}
