import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createWordSearch } from './words.ts'

it('finds what includes() finds, in text and in bytes', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'B', ' ', '['), maxLength: 12 })
  fc.assert(
    fc.property(
      fc.array(
        letters.filter((word) => word !== ''),
        { minLength: 1, maxLength: 8 },
      ),
      letters,
      fc.nat(12),
      (words, text, from) => {
        const search = createWordSearch(words)
        const expected = (part: string) => words.some((word) => part.includes(word))
        expect(search.inText(text)).toBe(expected(text))
        const places: number[] = []
        search.each(text, (word) => places.push(word))
        expect(new Set(places.map((place) => words[place]))).toEqual(new Set(words.filter((word) => text.includes(word))))
        expect(search.inBytes(Buffer.from(text), from, text.length)).toBe(expected(text.slice(from)))
      },
    ),
  )
})
it('takes a character beyond Latin-1 for none', () => {
  // 0x4142 ends in the byte of B
  expect(createWordSearch(['B']).inText('\u4142')).toBe(false)
  expect(createWordSearch(['B']).inText('\u4142B')).toBe(true)
})
