/** HTTP to addresses that users name, kept away from what only this machine may reach. */
import { type LookupAddress, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Agent, request as send } from 'undici'
import { err, ok } from '#core/kernel/result.ts'
import type { Outbound } from '#core/shapes/ports/outbound.ts'

/** This machine, its link (169.254.169.254 tells cloud credentials), and metadata services that stand elsewhere. */
const REFUSED = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
] as const)
  REFUSED.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of [
  ['::', 127],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
] as const)
  REFUSED.addSubnet(net, prefix, 'ipv6')

/** Also where an IPv4 address is written as IPv6: mapped, NAT64, 6to4. */
function refused(address: string): boolean {
  if (isIP(address) === 4) return REFUSED.check(address, 'ipv4')
  if (REFUSED.check(address, 'ipv6')) return true
  const groups = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const mapped = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(groups) ?? /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/.exec(groups)
  if (!mapped) return false
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)]
  return REFUSED.check(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`, 'ipv4')
}

const REFUSAL = 'this address is of the server itself or of its link; allow it in the setting "outbound"'

/** `allowed`: `host:port` of what may be reached all the same. */
export function outbound(allowed: () => readonly string[]): Outbound & { close(): Promise<void> } {
  /** The address that is checked is the one that is connected to: there is no second resolution. */
  const guarded: LookupFunction = (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return done(error, '')
      const good = found.filter(({ address }) => !refused(address))
      if (good.length === 0) return done(Object.assign(new Error(REFUSAL), { code: 'REFUSED' }), '')
      if ((options as { all?: boolean }).all) return (done as unknown as (error: null, all: LookupAddress[]) => void)(null, good)
      done(null, good[0]!.address, good[0]!.family)
    })
  }
  const careful = new Agent({ connect: { lookup: guarded } })
  const free = new Agent()
  return {
    async send({ method, url, headers, body, timeoutMs, maxBytes }) {
      const limit = AbortSignal.timeout(timeoutMs)
      try {
        const { protocol, hostname, port } = new URL(url)
        if (protocol !== 'http:' && protocol !== 'https:') return err('only http and https are called')
        const host = hostname.replace(/^\[|\]$/g, '')
        const exempt = allowed().includes(`${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`)
        if (!exempt && isIP(host) > 0 && refused(host)) return err(REFUSAL)
        const answer = await send(url, {
          method,
          headers: { 'user-agent': 'sallyport', ...headers },
          ...(body === undefined ? {} : { body }),
          dispatcher: exempt ? free : careful,
          signal: limit,
        })
        const chunks: Buffer[] = []
        let bytes = 0
        for await (const chunk of answer.body) {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > maxBytes) break
        }
        return ok({ status: answer.statusCode, body: Buffer.concat(chunks).toString('utf8').slice(0, maxBytes) })
      } catch (error) {
        if (limit.aborted) return err(`no answer within ${timeoutMs / 1000} s`)
        const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException }
        if (code === 'REFUSED' || cause?.code === 'REFUSED') return err(REFUSAL)
        return err(`cannot connect: ${code ?? cause?.code ?? message}`)
      }
    },
    async close() {
      await Promise.all([careful.destroy(), free.destroy()])
    },
  }
}
