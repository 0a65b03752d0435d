import { expect, test } from 'vitest'
import { MENU } from '#core/shapes/capability.ts'
import { LANGUAGES } from '#kits/console-kit/i18n.ts'
import kitEn from '#kits/console-kit/locales/en.json' with { type: 'json' }
import kitZh from '#kits/console-kit/locales/zh-CN.json' with { type: 'json' }
import { CAPABILITIES } from './capabilities.ts'
import en from './locales/en.json' with { type: 'json' }
import zh from './locales/zh-CN.json' with { type: 'json' }
import { keptSearch, menuOf, openPath } from './menu.ts'
import { OWN_PAGES } from './own-pages.ts'
import { tokenOf } from './session.tsx'
import { listOf, receiverOf } from './settings/receiver-fields.ts'
import { changed, moved, namedIn } from './settings/route-edit.ts'

const flat = (value: unknown, path = ''): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, inner]) => flat(inner, path ? `${path}.${key}` : key)) : [[path, value]]

test.each([['shell', en, zh], ['kit', kitEn, kitZh], ...CAPABILITIES.map(({ door }) => [door.id, door.locales.en, door.locales['zh-CN']] as const)] as const)(
  'catalogs of %s: equal keys, no empty text, the same places to fill',
  (_, english, chinese) => {
    const [a, b] = [new Map(flat(english)), new Map(flat(chinese))]
    expect([...b.keys()].sort()).toEqual([...a.keys()].sort())
    const fills = (text: unknown) => [...String(text).matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()
    for (const [key, text] of a) {
      expect(String(text).trim(), key).not.toBe('')
      expect(String(b.get(key)).trim(), key).not.toBe('')
      expect(fills(b.get(key)), key).toEqual(fills(text))
    }
  },
)

test('every page of a capability has a door, a title in both languages and a path of its own', () => {
  const menu = menuOf(
    OWN_PAGES,
    CAPABILITIES.map(({ capability }) => capability),
  )
  const pages = menu.flatMap(({ pages: found }) => found)
  expect(new Set(pages.map(({ path }) => path)).size).toBe(pages.length)
  for (const { title } of pages) for (const language of LANGUAGES) expect(title[language]).not.toBe('')
  for (const { capability, door } of CAPABILITIES) expect(Object.keys(door.pages).sort()).toEqual(capability.pages.map(({ id }) => id).sort())
})

test('the menu has the groups with pages in their order', () => {
  const groups = menuOf(
    OWN_PAGES,
    CAPABILITIES.map(({ capability }) => capability),
  ).map(({ group }) => group)
  expect(groups).toEqual(MENU.filter((group) => groups.includes(group)))
  expect(menuOf(OWN_PAGES, []).map(({ group }) => group)).toEqual(['overview', 'settings'])
})

test('the longest path is the open one; the overview is open only at its own address', () => {
  const paths = ['/', '/ingress', '/ingress/requests', '/settings']
  expect(['/', '/ingress', '/ingress/requests', '/ingress/x', '/settings/tokens', '/ingressive'].map((path) => openPath(paths, path))).toEqual([
    '/',
    '/ingress',
    '/ingress/requests',
    '/ingress',
    '/settings',
    undefined,
  ])
})

test('range and cluster go along to the next page, nothing else does', () => {
  expect(keptSearch({ from: 'now-6h', to: 'now', cluster: 'edge', 'requests.q': 'x', filter: ['a'] })).toEqual({ from: 'now-6h', to: 'now', cluster: 'edge' })
})

test('a login link, its code, or the code alone', () => {
  expect(['http://127.0.0.1:7070/login#abc', ' abc ', '#abc'].map(tokenOf)).toEqual(['abc', 'abc', 'abc'])
})

test('a receiver is sent with what was filled in and nothing else', () => {
  expect(receiverOf('email', { name: 'mail', host: 'smtp', from: 'a@b', to: 'c@d; e@f', password: '', stray: 1 })).toEqual({
    kind: 'email',
    name: 'mail',
    language: 'en',
    sendResolved: true,
    host: 'smtp',
    port: 587,
    security: 'starttls',
    from: 'a@b',
    to: ['c@d', 'e@f'],
  })
  expect(listOf('a，b c')).toEqual(['a', 'b', 'c'])
})

test('editing a rule keeps what the form does not show', () => {
  const rule = { receiver: 'a', matchers: ['x="1"'], continue: true, routes: [{ receiver: 'deep' }] }
  expect(changed(rule, { receivers: ['b', 'c'], groupWait: '' })).toEqual({ ...rule, receiver: ['b', 'c'] })
  expect(changed(rule, { receivers: [] })).not.toHaveProperty('receiver')
  expect([namedIn(rule, 'deep'), namedIn(rule, 'b')]).toEqual([true, false])
  expect([moved([1, 2, 3], 2, -1), moved([1, 2, 3], 0, -1)]).toEqual([
    [1, 3, 2],
    [1, 2, 3],
  ])
})
