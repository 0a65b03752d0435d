/** Bodies of requests: bounded, JSON or YAML. */
import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import { badRequest, tooLarge, unsupportedMediaType } from '../status.ts'

/** As kube-apiserver. */
const MAX_BODY = 3 * 1024 * 1024

export async function readText(incoming: IncomingMessage): Promise<string> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY) throw tooLarge()
  let size = 0
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export function parseBody(text: string, contentType: string): unknown {
  if (text.trim() === '') return undefined
  if (!/^application\/(([\w.-]+\+)?json|([\w.-]+\+)?yaml)$/.test(contentType)) throw unsupportedMediaType('application/json, application/yaml')
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
