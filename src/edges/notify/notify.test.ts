import { createHmac } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type ReceiverConfig, type ReceiverKind, receiverConfig } from '#core/alerting/receivers.ts'
import { isError } from '#core/kernel/errors.ts'
import { type Behaviour, type NotifierHarness, notification, notifiedAlert, notifierContract } from '#test/contracts/notifier.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeReceiver } from '#test/fakes/http-receiver.ts'
import { fakeSmtp } from '#test/fakes/smtp.ts'
import { notifierFor } from './notifier-for.ts'
import { render } from './render.ts'

const TOKEN = 'tok3n-0123456789abcdef'
const SECRET = 'SEC0123456789abcdef'
const deps = { clock: fakeClock(), externalUrl: 'http://127.0.0.1:7070' }
/** Patience is short only where nothing will come. */
const depsFor = (behaviour: Behaviour) => ({ ...deps, timeoutMs: behaviour === 'never answers' ? 300 : 20_000 })

/** A port of loopback on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

interface ChatCase {
  kind: Exclude<ReceiverKind, 'email'>
  more?: Partial<ReceiverConfig> & Record<string, unknown>
  /** Bodies of its answers. */
  taken: string
  reported?: string
  text(body: string): string
  markup: (string | RegExp)[]
  mostBytes: number
}

const CHATS: ChatCase[] = [
  {
    kind: 'webhook',
    more: { token: TOKEN, headers: { 'x-key': SECRET } },
    taken: '',
    text: (body) => body,
    // JSON, for programs: labels arrive as they are.
    markup: ['javascript:alert(1)"}x'],
    mostBytes: 1.1 * 1024 * 1024,
  },
  {
    kind: 'slack',
    taken: 'ok',
    reported: 'invalid_payload',
    text: (body) => JSON.parse(body).text,
    markup: ['<!', '<at', '<script', '<b', 'javascript:', '\n#', '\u202e'],
    mostBytes: 4000,
  },
  {
    kind: 'dingtalk',
    more: { secret: SECRET },
    taken: '{"errcode":0,"errmsg":"ok"}',
    reported: `{"errcode":310000,"errmsg":"sign not match ${TOKEN} ${SECRET}"}`,
    text: (body) => JSON.parse(body).markdown.text,
    markup: ['<', '](http://evil', '![', 'javascript:', '\n#', '\u202e'],
    mostBytes: 18_000,
  },
  {
    kind: 'wecom',
    taken: '{"errcode":0,"errmsg":"ok"}',
    reported: `{"errcode":93000,"errmsg":"invalid webhook url ${TOKEN}"}`,
    text: (body) => JSON.parse(body).markdown.content,
    markup: ['<', '](http://evil', 'javascript:', '\n#', '\u202e'],
    mostBytes: 4096,
  },
  {
    kind: 'feishu',
    more: { secret: SECRET },
    taken: '{"code":0,"msg":"success"}',
    reported: `{"code":19021,"msg":"sign match fail ${SECRET}"}`,
    text: (body) => {
      // The title is plain text.
      return JSON.parse(body).card.elements[0].content.replaceAll('&#40;', '(').replaceAll('&#41;', ')').replaceAll('&#95;', '_')
    },
    markup: ['<', '](http://evil', 'javascript:', '\n#', '\u202e'],
    mostBytes: 20_000,
  },
]

for (const chat of CHATS) {
  notifierContract(chat.kind, async (behaviour): Promise<NotifierHarness | undefined> => {
    if (behaviour === 'takes but reports an error' && chat.reported === undefined) return undefined
    const answers: Record<Exclude<Behaviour, 'is not there'>, { status: number; body: string } | undefined> = {
      takes: { status: 200, body: chat.taken },
      busy: { status: 503, body: `busy ${TOKEN}` },
      refuses: { status: 400, body: `bad ${TOKEN} ${SECRET}` },
      'takes but reports an error': { status: 200, body: chat.reported ?? '' },
      'never answers': undefined,
    }
    const receiver = await fakeReceiver(behaviour === 'is not there' ? undefined : answers[behaviour])
    const origin = behaviour === 'is not there' ? `http://127.0.0.1:${await deadPort()}` : receiver.url
    const config = receiverConfig.parse({ kind: chat.kind, name: 'ops', url: `${origin}/services/${TOKEN}?access_token=${TOKEN}`, ...chat.more })
    return {
      notifier: notifierFor(config, depsFor(behaviour)),
      texts: () => receiver.received.map(({ body }) => chat.text(body)),
      secrets: chat.more ? [TOKEN, SECRET] : [TOKEN],
      markup: chat.markup,
      mostBytes: chat.mostBytes,
      [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
    }
  })
}

const MAIL = {
  kind: 'email',
  name: 'ops',
  host: '127.0.0.1',
  security: 'none',
  username: 'user-name-1',
  password: SECRET,
  from: 'Sallyport <s@a.example>',
  to: ['ops@a.example'],
}

notifierContract('email', async (behaviour): Promise<NotifierHarness | undefined> => {
  if (behaviour === 'takes but reports an error') return undefined
  const answers = { takes: '250 queued', busy: '451 try later', refuses: `554 rejected ${SECRET}`, 'never answers': undefined, 'is not there': undefined }
  const smtp = await fakeSmtp(answers[behaviour])
  const port = behaviour === 'is not there' ? await deadPort() : smtp.port
  return {
    notifier: notifierFor(receiverConfig.parse({ ...MAIL, port }), depsFor(behaviour)),
    texts: () => smtp.messages.map(decodeMail),
    secrets: [SECRET],
    markup: ['<script', '<!channel', '<b>', '\nBcc:', 'href="javascript:', '\u202e'],
    mostBytes: 500_000,
    [Symbol.asyncDispose]: () => smtp[Symbol.asyncDispose](),
  }
})

/** Headers as they are, then the HTML part decoded. */
function decodeMail(raw: string): string {
  const [head = '', ...parts] = raw.split(/\r\n--\S+\r\n/)
  const [partHead = '', ...lines] = parts.find((part) => part.includes('text/html'))!.split('\r\n\r\n')
  const body = lines.join('\r\n\r\n')
  if (/base64/i.test(partHead)) return `${head}\n${Buffer.from(body, 'base64')}`
  if (!/quoted-printable/i.test(partHead)) return `${head}\n${body}`
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return `${head}\n${Buffer.from(bytes, 'latin1')}`
}

describe('signatures', () => {
  const now = deps.clock.now()
  it('DingTalk: in the query, of timestamp in ms and secret', async () => {
    await using receiver = await fakeReceiver({ status: 200, body: '{"errcode":0}' })
    await notifierFor(receiverConfig.parse({ kind: 'dingtalk', name: 'd', url: `${receiver.url}/robot/send?access_token=t`, secret: SECRET }), deps).send(
      notification(),
    )
    const query = new URL(receiver.received[0]!.path, receiver.url).searchParams
    expect(query.get('access_token')).toBe('t')
    expect(query.get('timestamp')).toBe(String(now))
    expect(query.get('sign')).toBe(createHmac('sha256', SECRET).update(`${now}\n${SECRET}`).digest('base64'))
  })
  it('Feishu: in the body, of timestamp in seconds and secret as the key', async () => {
    await using receiver = await fakeReceiver({ status: 200, body: '{"StatusCode":0}' })
    await notifierFor(receiverConfig.parse({ kind: 'feishu', name: 'f', url: receiver.url, secret: SECRET }), deps).send(notification())
    const body = JSON.parse(receiver.received[0]!.body)
    expect(body.timestamp).toBe(String(Math.floor(now / 1000)))
    expect(body.sign).toBe(createHmac('sha256', `${body.timestamp}\n${SECRET}`).digest('base64'))
  })
})

describe('webhook', () => {
  it('sends what Alertmanager sends, with its token and headers, and follows no redirect', async () => {
    await using elsewhere = await fakeReceiver({ status: 200, body: '' })
    await using receiver = await fakeReceiver({ status: 307, body: '', headers: { location: elsewhere.url } })
    const config = receiverConfig.parse({ kind: 'webhook', name: 'ops', url: receiver.url, token: TOKEN, headers: { 'x-key': 'k' } })
    const over = notifiedAlert({ status: 'resolved', endsAt: Date.UTC(2026, 0, 15, 13), labels: { alertname: 'Other', cluster: 'demo' } })
    expect(await notifierFor(config, deps).send(notification({ alerts: [notifiedAlert(), over] }))).toMatchObject({ delivered: false, retry: false })
    expect(elsewhere.received).toEqual([])
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]]
    expect(headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'x-key': 'k', 'content-type': 'application/json; charset=utf-8' })
    expect(JSON.parse(body)).toMatchInlineSnapshot(`
      {
        "alerts": [
          {
            "annotations": {
              "summary": "P99 is above 1 s",
              "value": "1.8 s",
            },
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "3a96fec2a287c95b",
            "generatorURL": "http://127.0.0.1:7070/ingress?host=shop.example",
            "labels": {
              "alertname": "HighLatency",
              "cluster": "demo",
              "host": "shop.example",
              "severity": "critical",
            },
            "startsAt": "2026-01-15T12:00:00.000Z",
            "status": "firing",
          },
          {
            "annotations": {
              "summary": "P99 is above 1 s",
              "value": "1.8 s",
            },
            "endsAt": "2026-01-15T13:00:00.000Z",
            "fingerprint": "9c80c593787c5975",
            "generatorURL": "http://127.0.0.1:7070/ingress?host=shop.example",
            "labels": {
              "alertname": "Other",
              "cluster": "demo",
            },
            "startsAt": "2026-01-15T12:00:00.000Z",
            "status": "resolved",
          },
        ],
        "commonAnnotations": {
          "summary": "P99 is above 1 s",
          "value": "1.8 s",
        },
        "commonLabels": {
          "cluster": "demo",
        },
        "externalURL": "http://127.0.0.1:7070",
        "groupKey": "{}:{"cluster":"demo"}",
        "groupLabels": {
          "cluster": "demo",
        },
        "receiver": "ops",
        "status": "firing",
        "truncatedAlerts": 0,
        "version": "4",
      }
    `)
  })
})

describe('classification of what a provider says', () => {
  it.each([
    ['dingtalk', '{"errcode":130101,"errmsg":"send too fast"}', true],
    ['dingtalk', '{"errcode":-1,"errmsg":"busy"}', true],
    ['dingtalk', '<html>', false],
    ['wecom', '{"errcode":45009,"errmsg":"freq"}', true],
    ['feishu', '{"code":11232,"msg":"frequency limited"}', true],
    ['feishu', 'null', false],
  ])('%s %s: retry %s', async (kind, body, retry) => {
    await using receiver = await fakeReceiver({ status: 200, body })
    expect(await notifierFor(receiverConfig.parse({ kind, name: 'x', url: receiver.url }), deps).send(notification())).toMatchObject({
      delivered: false,
      retry,
    })
  })
  it.each([408, 429, 500, 502])('HTTP %s is worth another try', async (status) => {
    await using receiver = await fakeReceiver({ status, body: '' })
    expect(await notifierFor(receiverConfig.parse({ kind: 'webhook', name: 'x', url: receiver.url }), deps).send(notification())).toMatchObject({ retry: true })
  })
})

describe('e-mail', () => {
  it('refuses to go on without TLS where TLS is asked for', async () => {
    await using smtp = await fakeSmtp('250 queued')
    const config = receiverConfig.parse({ ...MAIL, security: 'starttls', port: smtp.port })
    expect(await notifierFor(config, deps).send(notification())).toMatchObject({ delivered: false, retry: false })
    expect(smtp.messages).toEqual([])
  })
})

describe('notifierFor', () => {
  it('refuses an unknown kind and names the valid ones', () => {
    let thrown: unknown
    try {
      notifierFor({ kind: 'slak' } as unknown as ReceiverConfig, deps)
    } catch (error) {
      thrown = error
    }
    expect(isError(thrown, 'INVALID_INPUT') && thrown.problems).toEqual([
      { path: 'kind', message: 'kind is one of webhook, email, slack, dingtalk, wecom, feishu; did you mean "slack"?' },
    ])
  })
})

describe('render', () => {
  const alerts = [
    notifiedAlert(),
    notifiedAlert({ status: 'resolved', severity: 'warning', endsAt: Date.UTC(2026, 0, 15, 13, 1, 30), value: 0.25, annotations: {} }),
  ]
  it('says it in English', () =>
    expect(render(notification({ alerts }), 'en')).toMatchInlineSnapshot(`
    {
      "alerts": [
        {
          "colon": ": ",
          "facts": [
            {
              "name": "Value",
              "text": "1.8 s",
            },
            {
              "name": "Since",
              "text": "2026-01-15 12:00:00 UTC",
            },
            {
              "name": "Labels",
              "text": "cluster=demo, host=shop.example",
            },
          ],
          "heading": "‼ Critical: HighLatency",
          "link": {
            "text": "Open in Sallyport",
            "url": "http://127.0.0.1:7070/ingress?host=shop.example",
          },
          "text": [
            "P99 is above 1 s",
          ],
        },
        {
          "colon": ": ",
          "facts": [
            {
              "name": "Since",
              "text": "2026-01-15 12:00:00 UTC",
            },
            {
              "name": "Ended",
              "text": "2026-01-15 13:01:30 UTC (after 1h1m30s)",
            },
            {
              "name": "Labels",
              "text": "cluster=demo, host=shop.example",
            },
          ],
          "heading": "✔ Resolved: HighLatency",
          "link": {
            "text": "Open in Sallyport",
            "url": "http://127.0.0.1:7070/ingress?host=shop.example",
          },
          "text": [],
        },
      ],
      "more": [Function],
      "title": "‼ Critical: HighLatency · demo (1 firing, 1 resolved)",
      "tone": "critical",
    }
  `))
  it('says it in Chinese', () =>
    expect(render(notification({ alerts }), 'zh-CN')).toMatchInlineSnapshot(`
      {
        "alerts": [
          {
            "colon": "：",
            "facts": [
              {
                "name": "当前值",
                "text": "1.8 s",
              },
              {
                "name": "开始于",
                "text": "2026-01-15 12:00:00 UTC",
              },
              {
                "name": "标签",
                "text": "cluster=demo, host=shop.example",
              },
            ],
            "heading": "‼ 严重：HighLatency",
            "link": {
              "text": "在 Sallyport 中打开",
              "url": "http://127.0.0.1:7070/ingress?host=shop.example",
            },
            "text": [
              "P99 is above 1 s",
            ],
          },
          {
            "colon": "：",
            "facts": [
              {
                "name": "开始于",
                "text": "2026-01-15 12:00:00 UTC",
              },
              {
                "name": "结束于",
                "text": "2026-01-15 13:01:30 UTC（持续 1h1m30s）",
              },
              {
                "name": "标签",
                "text": "cluster=demo, host=shop.example",
              },
            ],
            "heading": "✔ 已恢复：HighLatency",
            "link": {
              "text": "在 Sallyport 中打开",
              "url": "http://127.0.0.1:7070/ingress?host=shop.example",
            },
            "text": [],
          },
        ],
        "more": [Function],
        "title": "‼ 严重：HighLatency · demo（1 条触发，1 条恢复）",
        "tone": "critical",
      }
    `))
})
