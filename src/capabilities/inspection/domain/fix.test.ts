import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readManifests } from '#core/kube/manifests.ts'
import { CHECKS, checksNamed, checksOf } from './catalog.ts'
import { MORE_CASES } from './checks.cases.ts'
import { edited, fixedText, lineDiff, settleFixes } from './fix.ts'
import { inspect } from './inspect.ts'
import type { Item } from './inventory.ts'

const TEXT = `# my app
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}   # flow
spec:
  replicas: 1   # one
  template:
    spec:
      hostPID: true
      containers:
        - name: web   # main
          image: "nginx:1"
          securityContext:
            privileged: true
            capabilities:
              add: [SYS_ADMIN, CHOWN]
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: p}
    spec:
      securityContext:
      containers:
        - name: c
          image: x
          securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}} # stays
`
const itemsOf = (text: string): Item[] => {
  const read = readManifests(text)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return read.value.map((manifest) => ({ ...manifest, file: 'a.yaml' }))
}
const fixText = (text: string, names: string[]) => {
  const checks = checksNamed(names)
  if (!checks.ok) throw new Error(JSON.stringify(checks.error))
  const items = itemsOf(text)
  const { fixes } = settleFixes(items, checks.value, checksOf('recommended'), {}, new Set(checks.value.map(({ id }) => id)))
  return fixedText(text, new Map(fixes.map(({ item, edits }) => [items.indexOf(item), edits])))
}

describe('fixes of files', () => {
  it('set what is asked and leave comments, order and quotes', () => {
    expect(fixText(TEXT, ['privileged-container', 'host-pid', 'dangerous-capabilities', 'single-replica'])).toBe(
      TEXT.replace('replicas: 1', 'replicas: 3')
        .replace('      hostPID: true\n', '')
        .replace('            privileged: true', '            privileged: false')
        .replace('[SYS_ADMIN, CHOWN]', '[CHOWN]')
        .replace('{privileged: true, capabilities: {add: [SYS_ADMIN]}}', '{privileged: false}'),
    )
  })

  it('go into a field that stands there empty', () => {
    expect(fixText(TEXT, ['fs-group-missing', 'fs-group-policy-missing'])).toContain(
      '      securityContext:\n        fsGroup: 1000\n        fsGroupChangePolicy: Always\n',
    )
  })

  it('make no guesses unless they are asked for by name', () => {
    const items = itemsOf(TEXT)
    const { fixes } = settleFixes(items, checksOf('recommended'), CHECKS, {}, new Set())
    expect(JSON.stringify(fixes.map(({ edits }) => edits))).not.toContain('resources')
    expect(fixText(TEXT, ['cpu-request-missing'])).toContain('cpu: 100m')
  })

  it('are refused where they would raise another finding', () => {
    const items = itemsOf(TEXT)
    const own = checksNamed(['host-pid'])
    if (!own.ok) throw new Error()
    const spiteful = {
      ...own.value[0]!,
      id: 'spiteful',
      find: () => items.filter(({ object }) => !JSON.stringify(object).includes('hostPID')).map((item) => ({ item, path: [] })),
    }
    expect(settleFixes([items[0]!], own.value, [spiteful], {}, new Set())).toMatchObject({ fixes: [{ checks: ['host-pid'] }] })
    const after = {
      ...spiteful,
      find: ({ items: all }: { items: Iterable<Item> }) =>
        [...all].filter(({ object }) => !JSON.stringify(object).includes('hostPID')).map((item) => ({ item, path: [] })),
    }
    expect(settleFixes([items[0]!], own.value, [after], {}, new Set())).toMatchObject({ fixes: [], refused: [{ checks: ['host-pid'] }] })
  })

  it('pass their check afterwards, wherever a check has a fix and no settings decide', () => {
    // A look is asked for whatever the value is.
    const never = new Set(['controller-manager-pod-gc'])
    for (const check of CHECKS)
      for (const objects of never.has(check.id) ? [] : (MORE_CASES[check.id]?.fires ?? [])) {
        const items: Item[] = objects.map((object) => ({ object: { apiVersion: 'v1', ...structuredClone(object) } as never, file: '', line: 0 }))
        const { fixes } = settleFixes(items, [check], [check], {}, new Set([check.id]))
        if (fixes.length === 0) continue
        const after = items.map((item) => ({ ...item, object: edited(item.object, fixes.find((fix) => fix.item === item)?.edits ?? []) }))
        expect(inspect(after, [check]).findings, check.id).toEqual([])
      }
  })
})

describe('the difference of two texts', () => {
  it('says what went and what came', () => {
    expect(lineDiff('a\nb\nc\nd\ne\nf\n', 'a\nb\nX\nd\ne\nf\n', 'f.yaml')).toBe('--- f.yaml\n+++ f.yaml\n@@ -1 +1 @@\n a\n b\n-c\n+X\n d\n e')
  })

  it('always holds both texts', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 })
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const shown = lineDiff(a.join('\n'), b.join('\n'), 'f').split('\n').slice(2)
        const count = (mark: string, line: string) => shown.filter((one) => one === mark + line).length
        for (const line of ['a', 'b', 'c'])
          expect(count('+', line) - count('-', line)).toBe(b.filter((one) => one === line).length - a.filter((one) => one === line).length)
      }),
    )
  })
})
