import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { editYaml, type YamlEdit } from './edit.ts'
import { readYaml, type YamlText } from './read.ts'

const read = (text: string): YamlText => {
  const result = readYaml(text)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}
const edit = (text: string, ...edits: (Omit<YamlEdit, 'document'> & { document?: number })[]) =>
  editYaml(
    read(text),
    edits.map((each) => ({ document: 0, ...each })),
  )

describe('editYaml', () => {
  it('replaces a scalar and nothing else: comments, quotes, order, blank lines, line ends', () => {
    const text = '# head\r\na: 1   # one\r\n\r\nimage:   "nginx:1" # pinned\r\nother: \'x\'\r\n'
    expect(edit(text, { path: ['image'], value: 'r.example/nginx:1' }, { path: ['other'], value: "it's" })).toBe(
      "# head\r\na: 1   # one\r\n\r\nimage:   \"r.example/nginx:1\" # pinned\r\nother: 'it''s'\r\n",
    )
  })

  it('edits the document that is meant, of several', () => {
    const text = 'a: 1\n---\n# second\na: 2\n---\na: 3\n'
    expect(edit(text, { document: 1, path: ['a'], value: 9 })).toBe('a: 1\n---\n# second\na: 9\n---\na: 3\n')
  })

  it('quotes what would be read as something else', () => {
    expect(edit('a: x\n', { path: ['a'], value: '1.20' })).toBe('a: "1.20"\n')
    expect(edit('a: [x, y]\n', { path: ['a', 0], value: 'p,q' })).toBe('a: ["p,q", y]\n')
  })

  it('adds keys and items where their neighbours stand, and makes parents', () => {
    const text = 'spec:\n  containers:\n    - name: a # first\n      image: x\n    - name: b\n  # about volumes\n  volumes: []\n'
    expect(edit(text, { path: ['spec', 'containers', 0, 'securityContext', 'runAsNonRoot'], value: true })).toBe(
      'spec:\n  containers:\n    - name: a # first\n      image: x\n      securityContext:\n        runAsNonRoot: true\n    - name: b\n  # about volumes\n  volumes: []\n',
    )
    expect(edit(text, { path: ['spec', 'containers', 2], value: { name: 'c', image: 'z' } })).toBe(
      'spec:\n  containers:\n    - name: a # first\n      image: x\n    - name: b\n    - name: c\n      image: z\n  # about volumes\n  volumes: []\n',
    )
    expect(edit('{"a": {"b": 1}}', { path: ['a', 'c'], value: 2 })).toBe('{"a": {"b": 1, "c": 2}}')
  })

  it('replaces a collection, removes an entry', () => {
    expect(edit('a:\n  b: 1\n  c: 2 # two\nd: 3\n', { path: ['a'], value: [1] })).toBe('a:\n  - 1 # two\nd: 3\n')
    expect(edit('a: 1\nb:\n  - x\n  - y # why\nc: 2\n', { path: ['b', 0], value: undefined })).toBe('a: 1\nb:\n  - y # why\nc: 2\n')
    expect(edit('a: 1\nb:\n  - x\nc: 2\n', { path: ['b'], value: undefined })).toBe('a: 1\nc: 2\n')
    const flow = 'a: [x,  y, z]   # why\nb: {c: 1, d: 2} # and\n'
    expect(edit(flow, { path: ['a', 0], value: undefined }, { path: ['b', 'd'], value: undefined })).toBe('a: [y, z]   # why\nb: {c: 1} # and\n')
    expect(edit(flow, { path: ['a', 2], value: undefined }, { path: ['b', 'c'], value: undefined })).toBe('a: [x,  y]   # why\nb: {d: 2} # and\n')
    expect(edit('a: [x] # why\n', { path: ['a', 0], value: undefined })).toBe('a: [] # why\n')
  })

  it('follows anchors and merge keys', () => {
    const text = 'base: &b\n  image: x # here\nother:\n  <<: *b\n  name: o\nname: &n x\nagain: *n\n'
    expect(edit(text, { path: ['base', 'image'], value: 'y' }, { path: ['other', 'image'], value: 'y' })).toBe(text.replace('image: x', 'image: y'))
    expect(edit(text, { path: ['again'], value: 'z' })).toBe(text.replace('again: *n', 'again: z'))
  })

  it('never changes an alias in silence: a change that would reach further is written apart or refused', () => {
    const text = 'base: &b {image: x}\nother: *b\n'
    const edited = edit(text, { path: ['other', 'image'], value: 'y' })
    expect(edited === undefined || JSON.stringify(read(edited).documents[0]!.data) === '{"base":{"image":"x"},"other":{"image":"y"}}').toBe(true)
  })

  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
  const tree = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node'), { maxLength: 4 }), fc.dictionary(fc.string({ minLength: 1 }), tie('node'), { maxKeys: 4 })),
  })).node

  it('any scalar of any text becomes what was asked, and the rest stays', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/), tree, { minKeys: 1, maxKeys: 5 }), fc.nat(), leaf, fc.boolean(), (data, pick, value, json) => {
        const paths = leaves(data)
        if (paths.length === 0) return
        const path = paths[pick % paths.length]!
        const text = json ? JSON.stringify(data, undefined, 2) : stringify(data)
        const edited = editYaml(read(text), [{ document: 0, path, value }])
        expect(edited).toBeDefined()
        const expected = structuredClone(data) as never
        path.slice(0, -1).reduce<Record<string | number, unknown>>((at, step) => at[step] as never, expected)[path.at(-1)!] = value
        expect(read(edited!).documents[0]!.data).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})

function leaves(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, [...path, i]))
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
  return path.length > 0 ? [path] : []
}
