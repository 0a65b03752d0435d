import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { openSettings } from '#kits/server-kit/settings.ts'
import { syslogCounts } from './syslog.ts'
import { syslogBySettings } from './syslog-settings.ts'

it('says which listeners listen, and why one does not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-syslog-'))
  const busy = createServer()
  await new Promise<void>((done) => busy.listen(0, '127.0.0.1', done))
  const { port } = busy.address() as AddressInfo
  // The same number is taken for TCP only.
  const text = `syslog:\n  listeners:\n    - { protocol: tcp, port: ${port} }\n    - { protocol: udp, port: ${port} }\n`
  await writeFile(join(folder, 'settings.yaml'), text)
  const http = Fastify()
  http.decorateRequest('language', 'en')
  const clock = { now: Date.now, sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 5))) }
  const syslog = syslogBySettings({
    http,
    clock,
    log: pino({ level: 'silent' }),
    counts: syslogCounts(new Registry()),
    settings: await openSettings(folder),
    deliver: async () => ({ accepted: 0, rejected: 0, reasons: {} }),
  })
  try {
    await syslog.start()
    const { listeners } = (await http.inject('/api/v1/syslog')).json()
    expect(listeners).toMatchObject([
      { protocol: 'tcp', port, listening: false, error: { code: 'PORT_IN_USE' } },
      { protocol: 'udp', port, listening: true },
    ])
  } finally {
    await syslog.stop()
    await http.close()
    busy.close()
    await rm(folder, { recursive: true, force: true })
  }
})
