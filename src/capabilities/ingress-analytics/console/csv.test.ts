import { describe, expect, it } from 'vitest'
import { toCsv } from './csv.ts'
import { curlOf } from './curl.ts'

describe('CSV', () => {
  it('quotes what needs it, starts with a byte order mark and ends lines as RFC 4180 says', () => {
    expect(
      toCsv(
        ['a', '域名'],
        [
          ['x,y', 1.5],
          ['say "hi"\n', null],
        ],
      ),
    ).toBe('\uFEFFa,域名\r\n"x,y",1.5\r\n"say ""hi""\n",\r\n')
  })
  it('makes formulas harmless but leaves numbers alone', () => {
    expect(toCsv(['a'], [['=HYPERLINK("x")'], ['@SUM(A1)'], [-3]])).toBe('\uFEFFa\r\n"\'=HYPERLINK(""x"")"\r\n\'@SUM(A1)\r\n-3\r\n')
  })
})

describe('curl', () => {
  it('asks the same again, quoted for a shell', () => {
    expect(curlOf({ ts: 0, method: 'POST', host: 'shop.example', path: "/it's", tls: 'TLSv1.3', user_agent: 'a b', referer: '' })).toBe(
      `curl -i -X 'POST' -A 'a b' 'https://shop.example/it'\\''s'`,
    )
    expect(curlOf({ ts: 0, method: 'GET', host: 'a', path: '/', tls: '' })).toBe("curl -i 'http://a/'")
  })
})
