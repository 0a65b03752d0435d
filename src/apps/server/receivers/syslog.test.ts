import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import fc from 'fast-check'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { LineBatch } from '#core/shapes/ports/lines.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { messageStart, startSyslog, syslogCounts } from './syslog.ts'

const message = (text: string) => {
  const bytes = Buffer.from(text)
  return bytes.subarray(messageStart(bytes, 0, bytes.length)).toString()
}

describe('the header', () => {
  it.each([
    [
      '<190>Nov 23 19:10:16 web-1 nginx: 10.0.0.1 - - [23/Nov/2026:19:10:16 +0000] "GET / HTTP/1.1" 200 5',
      '10.0.0.1 - - [23/Nov/2026:19:10:16 +0000] "GET / HTTP/1.1" 200 5',
    ],
    ['<190>Nov  3 09:10:16 nginx: {"status":200}', '{"status":200}'],
    ['<13>Nov 23 19:10:16 host app[42]: text: more', 'text: more'],
    ['<165>1 2026-11-23T19:10:16.003Z host app 1 ID47 [a b="x]\\" y"][c d="e"] \ufeffthe text', 'the text'],
    ['<165>1 2026-11-23T19:10:16Z - - - - - text', 'text'],
    ['<165>1 2026-11-23T19:10:16Z - - - - -', ''],
    ['<34>text without a date', 'text without a date'],
    ['no header at all', 'no header at all'],
    ['<', '<'],
  ])('of %j goes', (text, rest) => expect(message(text)).toBe(rest))

  it('never reads beyond the message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('', '<1>', '<34>1 ', '<190>Nov 23 19:10:16 '), (text, head) => {
        const bytes = Buffer.from(head + text)
        const start = messageStart(bytes, 0, bytes.length)
        expect(start).toBeGreaterThanOrEqual(0)
        expect(start).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })
})

async function listening(protocol: 'udp' | 'tcp', refuse: () => boolean = () => false) {
  const lines: string[] = []
  const ids = new Set<string>()
  const metrics = new Registry()
  const syslog = await startSyslog(
    { protocol, address: '127.0.0.1', port: 0, cluster: 'demo', source: 'edge', format: 'combined' },
    {
      clock: systemClock,
      log: pino({ level: 'silent' }),
      counts: syslogCounts(metrics),
      deliver: async (transport, batch: LineBatch) => {
        if (refuse()) throw new CodedError('QUEUE_FULL', { bytes: '1 GiB' })
        expect([transport, batch.cluster, batch.source, batch.format]).toEqual(['syslog', 'demo', 'edge', 'combined'])
        ids.add(batch.id)
        lines.push(...Buffer.from(batch.bytes).toString().split('\n').slice(0, -1))
        return { accepted: 0, rejected: 0, reasons: {} }
      },
    },
  )
  const until = async (count: number) => {
    for (let i = 0; i < 400 && lines.length < count; i++) await systemClock.sleep(10)
    return lines
  }
  return { ...syslog, lines, ids, until, metrics }
}

describe('UDP', () => {
  it('takes each datagram as a line', async () => {
    const syslog = await listening('udp')
    const socket = createSocket('udp4')
    for (let i = 0; i < 50; i++) await new Promise((done) => socket.send(`<190>Nov 23 19:10:16 h nginx: line ${i}\nand more\n`, syslog.port, '127.0.0.1', done))
    expect(await syslog.until(50)).toEqual(Array.from({ length: 50 }, (_, i) => `line ${i} and more`))
    socket.close()
    await syslog.stop()
  })

  it('says which port is taken', async () => {
    const syslog = await listening('udp')
    const again = startSyslog(
      { protocol: 'udp', address: '127.0.0.1', port: syslog.port, cluster: 'c', source: 's' },
      {
        clock: systemClock,
        log: pino({ level: 'silent' }),
        counts: syslogCounts(new Registry()),
        deliver: async () => ({ accepted: 0, rejected: 0, reasons: {} }),
      },
    )
    await expect(again).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await syslog.stop()
  })
})

describe('TCP', () => {
  it('reads both framings, however the stream is cut', async () => {
    const syslog = await listening('tcp')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: fc.stringMatching(/^[a-z ]{1,40}[a-z]$/), counted: fc.boolean() }), { minLength: 1, maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }),
        async (messages, cuts) => {
          syslog.lines.length = 0
          const stream = Buffer.from(
            messages
              .map(({ text, counted }) => {
                const whole = `<190>Nov 23 19:10:16 host nginx: ${text}`
                return counted ? `${whole.length} ${whole}` : `${whole}\n`
              })
              .join(''),
          )
          const socket = connect(syslog.port, '127.0.0.1').setNoDelay()
          let at = 0
          for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
            if (cut <= at) continue
            await new Promise<void>((done) => socket.write(stream.subarray(at, cut), () => setTimeout(done, 1)))
            at = cut
          }
          socket.end()
          // The header's spaces are gone, those of the message stay.
          expect(await syslog.until(messages.length)).toEqual(messages.map(({ text }) => text))
        },
      ),
      { numRuns: 8 },
    )
    await syslog.stop()
  })

  it('waits while the queue is full and loses nothing', async () => {
    let full = true
    const syslog = await listening('tcp', () => full)
    const socket = connect(syslog.port, '127.0.0.1')
    for (let i = 0; i < 2000; i++) socket.write(`<190>Nov 23 19:10:16 h nginx: line ${i}\n`)
    socket.end()
    await systemClock.sleep(400)
    expect(syslog.lines).toEqual([])
    full = false
    expect(await syslog.until(2000)).toEqual(Array.from({ length: 2000 }, (_, i) => `line ${i}`))
    await syslog.stop()
  })

  it('cuts what is too long and goes on with the next message', async () => {
    const syslog = await listening('tcp')
    const socket = connect(syslog.port, '127.0.0.1')
    socket.end(`<190>Nov 23 19:10:16 h nginx: ${'x'.repeat(200_000)}\n<190>Nov 23 19:10:16 h nginx: next\n`)
    const [first, second] = await syslog.until(2)
    expect([first!.length < 65_537, first!.startsWith('xxx'), second]).toEqual([true, true, 'next'])
    await syslog.stop()
  })
})
