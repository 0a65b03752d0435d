import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Upload } from '#core/shapes/ports/registry.ts'
import { endedLine, journalKey, readJournal, uploadLine } from './journal.ts'

const digest = fc.constantFrom(...'abc').map((letter) => `sha256:${letter.repeat(64)}`)
const change = fc.record({
  place: fc.constantFrom('a.example', 'b.example:5000'),
  repository: fc.constantFrom('x', 'y/z'),
  digest,
  /** Undefined: it ended. */
  offset: fc.option(fc.nat(), { nil: undefined }),
  session: fc.string({ maxLength: 40 }),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

const lineOf = ({ place, repository, digest: of, offset, session }: Change) =>
  offset === undefined ? endedLine(place, repository, of) : uploadLine(place, { repository, digest: of, session, offset })

function replay(changes: readonly Change[]): Map<string, { place: string; upload: Upload }> {
  const open = new Map<string, { place: string; upload: Upload }>()
  for (const { place, repository, digest: of, offset, session } of changes) {
    const key = journalKey(place, repository, of)
    if (offset === undefined) open.delete(key)
    else open.set(key, { place, upload: { repository, digest: of, session, offset } })
  }
  return open
}

describe('the journal', () => {
  it('says after a kill at any byte what stood when the last whole line was written', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), (changes, share) => {
        const lines = changes.map(lineOf)
        const text = lines.join('')
        const cut = Math.floor(text.length * share)
        let whole = 0
        // A line without its end is whole all the same.
        for (let at = 0; whole < lines.length && at + lines[whole]!.length - 1 <= cut; whole++) at += lines[whole]!.length
        expect(readJournal(text.slice(0, cut))).toEqual(replay(changes.slice(0, whole)))
      }),
    )
  })
  it('takes lines that it does not understand for not written', () => {
    fc.assert(
      fc.property(change, fc.string(), (one, rubbish) => {
        fc.pre(!rubbish.includes('\n'))
        expect(readJournal(`${rubbish}\n${lineOf(one)}{"place":1}\n`)).toEqual(replay([one]))
      }),
    )
  })
})
