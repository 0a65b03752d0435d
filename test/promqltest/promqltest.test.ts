import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runScript } from './script.ts'
import { openApiTarget } from './through-api.ts'

const failures = async (script: string) => (await runScript(script)).filter(({ failure }) => failure !== undefined)

describe('our own scripts', () => {
  const script = `
load 30s
  requests_total{path="/a"} 0+30x20
  requests_total{path="/b"} 0+60x9 60+60x10
  sizes {{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{sum:5 count:4 buckets:[1 2 1]}}x20

eval instant at 5m rate(requests_total[2m])
  {path="/a"} 1
  {path="/b"} 2

eval range from 0 to 2m step 1m requests_total
  requests_total{path="/a"} 0 60 120
  requests_total{path="/b"} 0 120 240

eval instant at 5m histogram_avg(rate(sizes[2m]))
  {} 1.25

eval instant at 5m sum(rate(requests_total[2m])) / sum(rate(sizes[2m]))
  expect no_warn
  expect info
`
  it('pass', async () => {
    expect(await failures(script)).toEqual([])
  })
  it('pass through the store and the query API, too', async () => {
    const api = await openApiTarget()
    try {
      expect((await runScript(script, api.target)).filter(({ failure }) => failure !== undefined)).toEqual([])
    } finally {
      await api.close()
    }
  }, 60_000)
  it('fail where a number, a label, a note or an order is wrong', async () => {
    const load = 'load 1m\n  m{a="1"} 1\n  m{a="2"} 2\n'
    for (const wrong of [
      'm\n  m{a="1"} 1',
      'm\n  m{a="1"} 1\n  m{a="2"} 3',
      'm\n  expect warn\n  m{a="1"} 1\n  m{a="2"} 2',
      'sort_desc(m)\n  expect ordered\n  m{a="1"} 1\n  m{a="2"} 2',
      'm\n  expect fail',
    ])
      expect(await failures(`${load}eval instant at 0 ${wrong}`), wrong).toHaveLength(1)
  })
})

const folder = join(process.env.SALLYPORT_CASES ?? '../shared/cases', 'promql')
const suite = existsSync(folder) ? describe : describe.skip
suite(`public scripts (needs ${folder}, or SALLYPORT_CASES)`, () => {
  it('all pass', async () => {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.test')))
      expect(await failures(readFileSync(join(folder, file), 'utf8')), file).toEqual([])
  })
})
