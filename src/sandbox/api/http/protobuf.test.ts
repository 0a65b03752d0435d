import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StatusError } from '../status.ts'
import { decodeProtobuf } from './protobuf.ts'

/** What `kubectl create deployment x --image=a` of 1.32 sends. */
const DEPLOYMENT = Buffer.from(
  [
    '6b3873000a150a07617070732f7631120a4465706c6f796d656e74129b010a1b0a017812001a0022002a003200380042005a080a0361707012017812',
    '6e0801120a0a080a036170701201781a560a1a0a0012001a0022002a003200380042005a080a036170701201781238121a0a01611201612a0042006a',
    '007200800100880100900100a201001a00320042004a0052005800600068008201008a01009a0100c2010022020a00280038001a0c08001000180020',
    '00280038001a002200',
  ].join(''),
  'hex',
)

const bytes = (field: number, value: Buffer | string) => {
  const content = Buffer.from(value)
  return Buffer.concat([Buffer.from([field * 8 + 2, content.length]), content])
}
const int = (field: number, value: number) => Buffer.from([field * 8, value])
const body = (apiVersion: string, kind: string, raw: Buffer) =>
  Buffer.concat([Buffer.from('k8s\0'), bytes(1, Buffer.concat([bytes(1, apiVersion), bytes(2, kind)])), bytes(2, raw)])

describe('protobuf bodies', () => {
  it('says what kubectl meant', () => {
    expect(decodeProtobuf(DEPLOYMENT)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x', labels: { app: 'x' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'x' } },
        strategy: {},
        template: {
          metadata: { labels: { app: 'x' } },
          spec: { containers: [{ name: 'a', image: 'a', resources: {} }] },
        },
      },
      status: {},
    })
  })

  it('keeps a zero that was meant, and none that only says that nothing was set', () => {
    const spec = Buffer.concat([int(1, 0), int(5, 0), int(7, 0)])
    expect(decodeProtobuf(body('apps/v1', 'Deployment', bytes(2, spec))).spec).toEqual({ replicas: 0 })
  })

  it('writes bytes, times, ports, quantities and embedded structs as JSON has them', () => {
    const data = Buffer.concat([bytes(1, 'key'), bytes(2, Buffer.from([0, 255]))])
    const created = bytes(8, Buffer.concat([Buffer.from([8]), Buffer.from([0x80, 0xa3, 0x05]), int(2, 0)]))
    expect(decodeProtobuf(body('v1', 'Secret', Buffer.concat([bytes(1, created), bytes(2, data)])))).toMatchObject({
      metadata: { creationTimestamp: '1970-01-02T00:00:00Z' },
      data: { key: 'AP8=' },
    })
    const port = (target: Buffer) => bytes(1, Buffer.concat([int(3, 80), bytes(4, target)]))
    const spec = Buffer.concat([port(Buffer.concat([int(1, 0), int(2, 81), bytes(3, '')])), port(Buffer.concat([int(1, 1), int(2, 0), bytes(3, 'http')]))])
    expect(decodeProtobuf(body('v1', 'Service', bytes(2, spec))).spec).toEqual({
      ports: [
        { port: 80, targetPort: 81 },
        { port: 80, targetPort: 'http' },
      ],
    })
    const hard = bytes(1, Buffer.concat([bytes(1, 'cpu'), bytes(2, bytes(1, '500m'))]))
    expect(decodeProtobuf(body('v1', 'ResourceQuota', bytes(2, hard))).spec).toEqual({ hard: { cpu: '500m' } })
    const volume = bytes(1, Buffer.concat([bytes(1, 'v'), bytes(2, bytes(2, Buffer.alloc(0)))]))
    expect((decodeProtobuf(body('v1', 'Pod', bytes(2, volume))).spec as { volumes: unknown }).volumes).toEqual([{ name: 'v', emptyDir: {} }])
  })

  it('refuses what is no such body, whatever it is, and never ends in another way', () => {
    expect(() => decodeProtobuf(Buffer.from('{}'))).toThrow(StatusError)
    expect(() => decodeProtobuf(body('v1', 'Nothing', Buffer.alloc(0)))).toThrow('no kind "Nothing"')
    const refusedOrRead = (input: Buffer) => {
      try {
        decodeProtobuf(input)
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError)
      }
    }
    fc.assert(
      fc.property(fc.nat(DEPLOYMENT.length - 1), fc.nat(255), fc.nat(DEPLOYMENT.length), (at, value, length) => {
        const changed = Buffer.from(DEPLOYMENT)
        changed[at] = value
        refusedOrRead(changed.subarray(0, length))
      }),
      { numRuns: 2000 },
    )
  })
})
