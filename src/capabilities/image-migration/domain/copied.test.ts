import { describe, expect, it } from 'vitest'
import type { Registry } from '#core/shapes/ports/registry.ts'
import { afterRun, copiedText, isOwn, readCopied } from './copied.ts'
import type { ExtraTag, Looked } from './look.ts'

const item = (target: string, outcome: 'copied' | 'unchanged' | 'failed', targetDigest?: string) => ({
  target,
  outcome,
  ...(targetDigest ? { targetDigest } : {}),
})
const removed = (target: string) => ({ target, outcome: 'removed' }) as Looked

describe('what an ImageSync copied', () => {
  it('is what it brought there, not what it found there; and what it removed no more', () => {
    const first = afterRun(new Map(), [item('r/a:1', 'copied', 'd1'), item('r/a:2', 'unchanged', 'd2'), item('r/a:3', 'failed')], [])
    expect([...first]).toEqual([['r/a:1', 'd1']])
    const second = afterRun(first, [item('r/a:1', 'unchanged', 'd1'), item('r/a:4', 'copied', 'd4')], [])
    expect([...afterRun(second, [], [removed('r/a:1')])]).toEqual([['r/a:4', 'd4']])
    expect(readCopied(copiedText(second))).toEqual(second)
  })
  it('is its own only while the tag is what was put there', async () => {
    const extra = (target: string, digest: string | undefined): ExtraTag => ({
      registry: { resolve: async () => digest && { digest, size: 1, mediaType: '' } } as unknown as Registry,
      repository: 'a',
      tag: '1',
      staying: [],
      target,
    })
    const copied = new Map([['r/a:1', 'd1']])
    expect(await isOwn(copied, extra('r/a:1', 'd1'))).toBe(true)
    expect(await isOwn(copied, extra('r/a:1', 'moved'))).toBe(false)
    expect(await isOwn(copied, extra('r/a:1', undefined))).toBe(false)
    expect(await isOwn(copied, extra('r/a:2', 'd1'))).toBe(false)
  })
})
