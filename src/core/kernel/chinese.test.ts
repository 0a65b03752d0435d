import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { inChinese } from './chinese.ts'
import { CodedError, describeError, invalidInput } from './errors.ts'
import { parseInput } from './problems.ts'

describe('problems in Chinese', () => {
  it('are looked up with their values, and stay English where nobody wrote them', () => {
    expect(inChinese('unknown key')).toBe('未知的键')
    expect(inChinese('there is no dimension "hots"; did you mean host?')).toBe('没有维度“hots”；是否指 host？')
    expect(inChinese('nothing separates $a from $b')).toBe('$a 与 $b 之间没有分隔')
    expect(inChinese("option '--top <rows>' argument 'x' is invalid. a whole number from 1 to 10")).toBe('选项“--top <rows>”的参数“x”无效：1 到 10 的整数')
    expect(inChinese('nobody wrote this')).toBe('nobody wrote this')
  })

  it('come with every issue of a schema, in the language of the reader only', () => {
    const schema = z.object({ by: z.enum(['host', 'path']), limit: z.number().min(1), url: z.string().regex(/^http/, 'must be an http or https URL') })
    const parsed = parseInput(schema, { by: 'hots', limit: 0, url: 'x', more: 1 })
    if (parsed.ok) throw new Error('it is not')
    const error = invalidInput(parsed.error)
    const said = (language: 'en' | 'zh-CN') => describeError(error, language).problems!
    for (const { message } of said('zh-CN')) expect(message).toMatch(/[\u4e00-\u9fff]/)
    for (const { message } of said('en')) expect(message).not.toMatch(/[\u4e00-\u9fff]/)
    expect(said('zh-CN').map(({ path }) => path)).toEqual(['by', 'limit', 'url', 'more'])
    expect(said('zh-CN')[0]!.suggestion).toBe('host')
    expect([...said('en'), ...said('zh-CN')].some((problem) => 'zh' in problem)).toBe(false)
  })

  it('include what is wrong with a command line', () => {
    expect(describeError(new CodedError('USAGE', { reason: "unknown option '--ouput' (Did you mean --output?)" }), 'zh-CN').message).toBe(
      '无法理解该命令行：未知选项“--ouput”（是否指 --output？）。',
    )
  })
})
