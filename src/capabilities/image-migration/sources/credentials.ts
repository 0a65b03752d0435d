/** Where credentials come from on this machine: files, the environment and helper programs. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import type { Credential, Credentials } from '#core/shapes/ports/registry.ts'
import { type CredentialEntry, fitting } from '../domain/credentials.ts'
import type { RegistrySettings } from '../domain/spec/rule.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface CredentialSources {
  env: Environment
  clock: Clock
  /** Of the file that says what to copy; they win over equal keys elsewhere. */
  registries: readonly RegistrySettings[]
  /** Of pull secrets. */
  more?: readonly CredentialEntry[]
}

/** Tokens of helpers live for hours; asked again after this, so that a long run never holds one that expired. */
const HELPER_KEPT_MS = 5 * 60_000
const HELPER_PATIENCE_MS = 30_000
const MOST_BYTES = 4 << 20

/**
 * Looks up credentials: the file's own, then DOCKER_AUTH_CONFIG (the text of a config.json), REGISTRY_AUTH_FILE, containers' auth.json, docker's
 * config.json (DOCKER_CONFIG), pull secrets; the longest key wins over that order. Rejects with INVALID_INPUT when a file is no valid one.
 */
export async function openCredentials({ env, clock, registries, more = [] }: CredentialSources): Promise<Credentials> {
  const entries = [...registries.flatMap(entryOf), ...(await configured(env)), ...more]
  const kept = new Map<string, { at: number; answer: Promise<Credential | undefined> }>()
  const ask = (helper: string, server: string) => {
    const key = `${helper}\0${server}`
    const known = kept.get(key)
    if (known && clock.now() - known.at < HELPER_KEPT_MS) return known.answer
    const answer = askHelper(helper, server, env)
    kept.set(key, { at: clock.now(), answer })
    answer.catch(() => kept.delete(key))
    return answer
  }
  return async (host, repository) => {
    for (const { use } of fitting(entries, host, repository)) {
      if (!('helper' in use)) return use
      const answer = await ask(use.helper, use.server || (host === 'docker.io' ? 'https://index.docker.io/v1/' : host))
      if (answer) return answer
    }
    return undefined
  }
}

function entryOf({ origin, prefix, username, password, identityToken, helper }: RegistrySettings): CredentialEntry[] {
  const from = `${origin.file}, line ${origin.line}`
  if (identityToken) return [{ key: prefix, from, use: { identityToken } }]
  if (helper) return [{ key: prefix, from, use: { helper, server: prefix.split('/')[0]! } }]
  if (username !== undefined || password !== undefined) return [{ key: prefix, from, use: { username: username ?? '', password: password ?? '' } }]
  return []
}

async function configured(env: Environment): Promise<CredentialEntry[]> {
  // Without a home nothing is read: a path would be relative to wherever the process stands.
  const config = env.XDG_CONFIG_HOME || (env.HOME && join(env.HOME, '.config'))
  const docker = env.DOCKER_CONFIG || (env.HOME && join(env.HOME, '.docker'))
  const files = [
    env.REGISTRY_AUTH_FILE,
    env.XDG_RUNTIME_DIR && join(env.XDG_RUNTIME_DIR, 'containers/auth.json'),
    config && join(config, 'containers/auth.json'),
    docker && join(docker, 'config.json'),
  ].filter((path): path is string => Boolean(path))
  const texts = [...(env.DOCKER_AUTH_CONFIG ? [{ from: 'DOCKER_AUTH_CONFIG', text: env.DOCKER_AUTH_CONFIG }] : [])]
  for (const path of new Set(files)) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      // Named on purpose, so it has to be there.
      if (error.code !== 'ENOENT' || path === env.REGISTRY_AUTH_FILE) throw fileUnreadable(path, error)
      return undefined
    })
    if (text !== undefined && text.length <= MOST_BYTES && text.trim() !== '') texts.push({ from: path, text })
  }
  if (texts.length === 0) return []
  const { readDockerConfig } = await import('../domain/docker-config.ts')
  return texts.flatMap(({ from, text }) => {
    const read = readDockerConfig(text, from)
    if (!read.ok) throw invalidInput(read.error)
    return read.value
  })
}

/**
 * `docker-credential-NAME get`: the server on stdin, JSON on stdout (https://github.com/docker/docker-credential-helpers).
 * Undefined when it knows nothing of the server.
 */
async function askHelper(name: string, server: string, env: Environment): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`
  const failed = (reason: string, cause?: unknown) => new CodedError('CREDENTIAL_HELPER_FAILED', { program, registry: server, reason }, { cause })
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env: env as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: HELPER_PATIENCE_MS,
      killSignal: 'SIGKILL',
    })
    const texts = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (texts[stream].length < 1 << 20) texts[stream] += text
      })
    child.on('error', (error: NodeJS.ErrnoException) => reject(failed(error.code === 'ENOENT' ? 'it is not on PATH' : (error.code ?? error.message), error)))
    child.on('close', (code) => resolve({ code, ...texts }))
    child.stdin.on('error', () => {})
    child.stdin.end(server)
  })
  // Helpers say so on stdout.
  if (code !== 0 && /credentials not found/i.test(stdout + stderr)) return undefined
  // What it printed may hold the secret; only that it failed is said.
  if (code !== 0) throw failed(code === null ? `it did not end within ${HELPER_PATIENCE_MS / 1000} s` : `it ended with code ${code}`)
  try {
    const { Username, Secret } = JSON.parse(stdout) as { Username?: unknown; Secret?: unknown }
    if (typeof Secret !== 'string' || Secret === '') return undefined
    return Username === '<token>' ? { identityToken: Secret } : { username: String(Username ?? ''), password: Secret }
  } catch {
    throw failed('its answer is no JSON')
  }
}
