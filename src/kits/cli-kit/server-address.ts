import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { CodedError } from '#core/kernel/errors.ts'
import type { Environment } from './terminal.ts'

/** Absolute path of the folder in which a server on this machine keeps everything. */
export function dataFolderOf(option: string | undefined, env: Environment): string {
  const chosen = option || env.SALLYPORT_DATA
  if (chosen) return resolve(chosen)
  return resolve(env.XDG_DATA_HOME || join(env.HOME || homedir(), '.local', 'share'), 'sallyport')
}

/** Which server to speak to, and as whom. */
export interface ServerAddress {
  /** Without a slash at the end. */
  url: string
  token?: string
  /** Who named the server, and the token. */
  from: { url: string; token?: string }
}

/**
 * `--server` and `--token-file`, else SALLYPORT_SERVER and SALLYPORT_TOKEN, else `server.json` and `cli-token` that a running server writes into its data folder.
 * The token of the data folder is sent to the server of that folder and to no other.
 * @throws NO_SERVER, FILE_UNREADABLE, USAGE
 */
export function findServer(options: { server?: string; tokenFile?: string; dataFolder: string }, env: Environment): ServerAddress {
  const local = localServer(options.dataFolder)
  const url = options.server || env.SALLYPORT_SERVER || local?.url
  if (!url) throw new CodedError('NO_SERVER', { path: options.dataFolder })
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw new CodedError('USAGE', { reason: `the server "${url}" is not an http or https address` })
  const plain = `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '')
  const from: ServerAddress['from'] = { url: options.server ? '--server' : env.SALLYPORT_SERVER ? 'SALLYPORT_SERVER' : join(options.dataFolder, 'server.json') }
  if (options.tokenFile) return { url: plain, token: read(options.tokenFile).trim(), from: { ...from, token: options.tokenFile } }
  if (env.SALLYPORT_TOKEN) return { url: plain, token: env.SALLYPORT_TOKEN, from: { ...from, token: 'SALLYPORT_TOKEN' } }
  if (local && plain === local.url.replace(/\/+$/, '')) {
    const path = join(options.dataFolder, 'cli-token')
    return { url: plain, token: read(path).trim(), from: { ...from, token: path } }
  }
  return { url: plain, from }
}

function localServer(folder: string): { url: string } | undefined {
  const path = join(folder, 'server.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadable(path, error)
  }
  try {
    const { url } = JSON.parse(text) as { url?: unknown }
    if (typeof url === 'string') return { url }
  } catch {}
  throw new CodedError('FILE_UNREADABLE', { path, reason: 'it has no "url"' })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error)
  }
}

const unreadable = (path: string, cause: unknown) =>
  new CodedError('FILE_UNREADABLE', { path, reason: (cause as NodeJS.ErrnoException).code ?? String(cause) }, { cause })
