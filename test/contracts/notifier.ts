import { describe, expect, it } from 'vitest'
import type { Notification, NotifiedAlert, Notifier } from '#core/shapes/ports/notifier.ts'

export const BEHAVIOURS = ['takes', 'busy', 'refuses', 'takes but reports an error', 'never answers', 'is not there'] as const
export type Behaviour = (typeof BEHAVIOURS)[number]

export interface NotifierHarness extends AsyncDisposable {
  notifier: Notifier
  /** Texts as a person would see them, still in the receiver's markup, one for each message. */
  texts(): readonly string[]
  /** What must be in no reason. */
  secrets: readonly string[]
  /** What strangers' text must not be able to write: openings of markup. */
  markup: readonly (string | RegExp)[]
  /** Largest message in bytes; undefined: no limit worth a test. */
  mostBytes?: number
}

const T = Date.UTC(2026, 0, 15, 12)

export const notifiedAlert = (more: Partial<NotifiedAlert> = {}): NotifiedAlert => ({
  status: 'firing',
  severity: 'critical',
  labels: { alertname: 'HighLatency', cluster: 'demo', severity: 'critical', host: 'shop.example' },
  annotations: { summary: 'P99 is above 1 s', value: '1.8 s' },
  startsAt: T,
  link: 'http://127.0.0.1:7070/ingress?host=shop.example',
  ...more,
})

export const notification = (more: Partial<Notification> = {}): Notification => ({
  groupKey: '{}:{"cluster":"demo"}',
  receiver: 'ops',
  groupLabels: { cluster: 'demo' },
  alerts: [notifiedAlert()],
  language: 'en',
  ...more,
})

/** What every way to reach people must do. `make` gives one whose receiver behaves as asked; undefined where that cannot happen. */
export function notifierContract(name: string, make: (behaviour: Behaviour) => Promise<NotifierHarness | undefined>): void {
  describe(`Notifier contract: ${name}`, () => {
    it('delivers severity, name, value, since and link', async () => {
      await using harness = (await make('takes'))!
      expect(await harness.notifier.send(notification())).toEqual({ delivered: true })
      const [text] = harness.texts()
      for (const part of [
        'HighLatency',
        '1.8 s',
        'P99 is above 1 s',
        '2026-01-15',
        '12:00:00',
        'shop.example',
        'http://127.0.0.1:7070/ingress?host=shop.example',
      ])
        expect(text).toContain(part)
      expect(text).toMatch(/critical/i)
    })

    it('delivers what is resolved, and in Chinese', async () => {
      await using harness = (await make('takes'))!
      const over = notifiedAlert({ status: 'resolved', endsAt: T + 90_000, labels: { alertname: '延迟过高' } })
      expect(await harness.notifier.send(notification({ alerts: [over], language: 'zh-CN' }))).toEqual({ delivered: true })
      expect(harness.texts()[0]).toMatch(/已恢复|"resolved"/)
      expect(harness.texts()[0]).toContain('延迟过高')
    })

    it.each([
      ['busy', true],
      ['refuses', false],
      ['takes but reports an error', false],
      ['never answers', true],
      ['is not there', true],
    ] as const)('a receiver that %s: retry %s, and no secret in the reason', async (behaviour, retry) => {
      await using harness = await make(behaviour)
      if (!harness) return
      const delivery = await harness.notifier.send(notification())
      expect(delivery).toMatchObject({ delivered: false, retry })
      if (delivery.delivered) return
      expect(delivery.reason).not.toBe('')
      expect(delivery.reason.length).toBeLessThanOrEqual(200)
      for (const secret of harness.secrets) expect(delivery.reason).not.toContain(secret)
    })

    it('stops when told to, and before it begins', async () => {
      await using harness = (await make('never answers'))!
      const abort = new AbortController()
      const sending = harness.notifier.send(notification(), abort.signal)
      abort.abort()
      expect(await sending).toMatchObject({ delivered: false, retry: true })
      expect(await harness.notifier.send(notification(), AbortSignal.abort())).toMatchObject({ delivered: false, retry: true })
    })

    it('lets no markup through that strangers wrote into labels', async () => {
      await using harness = (await make('takes'))!
      const hostile =
        '<!channel> <at id=all></at> [x](http://evil.example) ![i](http://evil.example/i) <script>alert(1)</script> <b>*b*\n# head\r\nBcc: x@evil.example\u202e'
      const alert = notifiedAlert({
        labels: { alertname: hostile, path: hostile },
        annotations: { summary: hostile, description: hostile },
        link: 'javascript:alert(1)',
      })
      expect(await harness.notifier.send(notification({ groupLabels: { path: hostile }, alerts: [alert] }))).toEqual({ delivered: true })
      const [text] = harness.texts()
      for (const markup of harness.markup) {
        if (typeof markup === 'string') expect(text).not.toContain(markup)
        else expect(text).not.toMatch(markup)
      }
    })

    it('sends at most what the receiver takes, names the first alerts and counts the rest', async () => {
      await using harness = (await make('takes'))!
      if (harness.mostBytes === undefined) return
      const long = '很长的文字'.repeat(400)
      const alerts = Array.from({ length: 3000 }, (_, i) =>
        notifiedAlert({
          labels: { alertname: `Alert${i}`, pod: long },
          annotations: { summary: long, description: long },
          link: `http://x.example/${'a'.repeat(1400)}`,
        }),
      )
      expect(await harness.notifier.send(notification({ alerts }))).toEqual({ delivered: true })
      const [text] = harness.texts()
      expect(Buffer.byteLength(text!)).toBeLessThanOrEqual(harness.mostBytes)
      expect(text).toContain('Alert0')
      expect(text).toMatch(/and \d+ more|"truncatedAlerts":\d+/)
    })
  })
}
