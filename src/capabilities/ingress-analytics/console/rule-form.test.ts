import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alertRule, NUMBERS } from '../domain/api.ts'
import { formOf, placeProblems, ruleOf, TEMPLATES } from './rule-form.ts'

const say = { number: 'a number', duration: 'a duration', name: 'a name' }

describe('rule form', () => {
  it('gives back the rule that it was made of, in the units of people', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NUMBERS),
        fc.integer({ min: 1, max: 1_000_000 }).map((n) => n / 1000),
        fc.integer({ min: 60, max: 86_400 }).map((s) => s * 1000),
        (number, threshold, window) => {
          const rule = alertRule.parse({ name: 'r', number, threshold, window, filter: ['host:eq:a'], groupBy: 'route' })
          const read = ruleOf(formOf(rule), say)
          if (!('rule' in read)) throw new Error(JSON.stringify(read))
          expect(read.rule.threshold).toBeCloseTo(threshold, 6)
          expect({ ...read.rule, threshold }).toEqual(rule)
        },
      ),
    )
    expect(formOf({ name: 'r', number: 'error_rate', threshold: 0.07 }).threshold).toBe('7')
    expect(formOf({ name: 'r', number: 'p99', threshold: 1.5 }).threshold).toBe('1500')
  })

  it('names every bad field at once', () => {
    const read = ruleOf({ ...formOf({ name: '' }), threshold: 'lots', window: 'soon', filter: 'host=x', runbook: 'javascript:alert(1)' }, say)
    expect('problems' in read && Object.keys(read.problems).sort()).toEqual(['filter', 'name', 'runbook', 'threshold', 'window'])
  })

  it('does not look at the threshold of absent traffic', () => {
    expect(ruleOf({ ...formOf({ name: 'r', absent: true }), threshold: '' }, say)).toHaveProperty('rule.absent', true)
  })

  it('offers templates that are rules', () => {
    for (const [name, template] of Object.entries(TEMPLATES)) expect(ruleOf(formOf({ name, ...template }), say)).toHaveProperty('rule')
  })

  it('puts the problems of the server to their fields', () => {
    const placed = placeProblems(
      [
        { path: 'rule.window', message: 'too long' },
        { path: 'filter[0]', message: 'bad' },
        { path: 'elsewhere', message: 'odd' },
      ],
      formOf({ name: 'r' }),
    )
    expect(placed.problems).toEqual({ window: 'too long', filter: 'bad' })
    expect(placed.rest.map((p) => p.path)).toEqual(['elsewhere'])
  })
})
