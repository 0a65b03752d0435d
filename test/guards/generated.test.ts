import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { definitions, manifests, pages } from '../../docs/generate.ts'

const written = await manifests()

describe('generated pages', () => {
  for (const [name, text] of Object.entries(pages())) {
    it(`docs/look-up/${name} says what the code says (npm run docs)`, () => {
      expect(readFileSync(join(import.meta.dirname, '../../docs/look-up', name), 'utf8')).toBe(text)
    })
  }
  for (const [name, text] of Object.entries(definitions())) {
    it(`deploy/crds/${name} says what the schema says (npm run docs)`, () => {
      expect(readFileSync(join(import.meta.dirname, '../../deploy/crds', name), 'utf8')).toBe(text)
    })
  }
  for (const [name, text] of Object.entries(written)) {
    it(`deploy/${name} says what the capabilities and deploy/manifests say (npm run docs)`, () => {
      expect(readFileSync(join(import.meta.dirname, '../../deploy', name), 'utf8')).toBe(text)
    })
  }
})
