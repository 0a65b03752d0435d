/** Bodies of requests: bounded; JSON, YAML or protobuf. */
import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import { badRequest, tooLarge, unsupportedMediaType } from '../status.ts'
import { decodeProtobuf, PROTOBUF } from './protobuf.ts'

/** As kube-apiserver. */
const MAX_BODY = 3 * 1024 * 1024

export async function readBytes(incoming: IncomingMessage): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY) throw tooLarge()
  let size = 0
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function parseBody(bytes: Buffer, contentType: string): unknown {
  if (contentType === PROTOBUF) return bytes.length === 0 ? undefined : decodeProtobuf(bytes)
  const text = bytes.toString('utf8')
  if (text.trim() === '') return undefined
  if (!/^application\/(([\w.-]+\+)?json|([\w.-]+\+)?yaml)$/.test(contentType)) throw unsupportedMediaType(`application/json, application/yaml, ${PROTOBUF}`)
  if (/yaml/.test(contentType) && !/^\s*[{[]/.test(text)) {
    try {
      return parse(text, { maxAliasCount: 100 })
    } catch (error) {
      throw badRequest(`error converting YAML to JSON: ${(error as Error).message.slice(0, 300)}`)
    }
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message.slice(0, 300)}`)
  }
}
