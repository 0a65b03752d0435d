import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

export interface FakeSmtp extends AsyncDisposable {
  port: number
  /** Whole messages as they came in DATA. */
  messages: string[]
}

/** A mail server on loopback that speaks just enough of RFC 5321; `answer` says what it answers at the end of DATA, undefined: nothing at all. */
export async function fakeSmtp(answer: string | undefined): Promise<FakeSmtp> {
  const messages: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    const say = (line: string) => socket.write(`${line}\r\n`)
    let buffered = ''
    let inData = false
    say('220 fake ready')
    socket.setEncoding('utf8').on('data', (text: string) => {
      buffered += text
      for (;;) {
        if (inData) {
          const end = buffered.indexOf('\r\n.\r\n')
          if (end < 0) return
          messages.push(buffered.slice(0, end))
          buffered = buffered.slice(end + 5)
          inData = false
          if (answer !== undefined) say(answer)
          continue
        }
        const end = buffered.indexOf('\r\n')
        if (end < 0) return
        const line = buffered.slice(0, end)
        buffered = buffered.slice(end + 2)
        const verb = line.slice(0, 4).toUpperCase()
        if (verb === 'EHLO') socket.write('250-fake\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n')
        else if (verb === 'STAR') say('502 not here')
        else if (verb === 'AUTH') say('235 welcome')
        else if (verb === 'DATA') {
          inData = true
          say('354 go on')
        } else if (verb === 'QUIT') {
          say('221 bye')
          socket.end()
        } else say('250 ok')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
