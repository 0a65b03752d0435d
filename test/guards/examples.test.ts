import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { alertingConfig } from '#core/alerting/config.ts'
import { parseInput } from '#core/kernel/problems.ts'

const examples = (page: string) =>
  [...readFileSync(join(import.meta.dirname, '../../docs/learn', page), 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => parse(text!))

describe('examples in the documentation', () => {
  it.each(['notifications.md', 'notifications.zh-CN.md'])('%s is accepted as it stands', (page) => {
    const found = examples(page)
    expect(found.length).toBe(1)
    for (const example of found) expect(parseInput(alertingConfig, example.notifications)).toMatchObject({ ok: true })
  })
})
