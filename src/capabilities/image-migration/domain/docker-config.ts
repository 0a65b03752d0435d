/**
 * Credentials as other tools keep them: docker's config.json, containers' auth.json, Kubernetes pull secrets.
 * https://github.com/docker/cli (docs: config file), containers-auth.json(5), https://kubernetes.io/docs/concepts/containers/images/#config-json
 */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { Credential } from '#core/shapes/ports/registry.ts'
import { type CredentialEntry, credentialKey } from './credentials.ts'

const entry = z.looseObject({
  auth: z
    .string()
    .max(1 << 20)
    .optional(),
  username: z.string().max(10_000).optional(),
  password: z
    .string()
    .max(1 << 20)
    .optional(),
  identitytoken: z
    .string()
    .max(1 << 20)
    .optional(),
  registrytoken: z
    .string()
    .max(1 << 20)
    .optional(),
})
const config = z.looseObject({
  auths: z.record(z.string(), entry).optional(),
  credHelpers: z.record(z.string(), z.string().regex(/^[\w.-]{1,64}$/)).optional(),
  credsStore: z
    .string()
    .regex(/^[\w.-]{0,64}$/)
    .optional(),
})

/** The entries of a config.json, with its helpers. A store (`credsStore`) is asked for every registry, so its key is empty. */
export function readDockerConfig(text: string, from: string): Result<readonly CredentialEntry[], readonly Problem[]> {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which holds secrets.
    return err([{ path: from, message: 'is no valid JSON' }])
  }
  const parsed = parseInput(config, data)
  if (!parsed.ok) return err(parsed.error.map(({ path, message }) => ({ path: `${from}: ${path}`, message })))
  const { auths = {}, credHelpers = {}, credsStore } = parsed.value
  return ok([
    ...Object.entries(credHelpers).map(([server, helper]): CredentialEntry => ({ key: credentialKey(server), from, use: { helper, server } })),
    ...Object.entries(auths).flatMap(([server, given]): CredentialEntry[] => {
      const use = credentialOf(given)
      // With a store, an entry is often there but empty.
      return use === undefined ? [] : [{ key: credentialKey(server), from, use }]
    }),
    ...(credsStore ? [{ key: '', from, use: { helper: credsStore, server: '' } }] : []),
  ])
}

function credentialOf({ auth, username, password, identitytoken, registrytoken }: z.output<typeof entry>): Credential | undefined {
  if (registrytoken) return { registryToken: registrytoken }
  if (identitytoken) return { identityToken: identitytoken }
  if (username && password) return { username, password }
  const [, name, secret] = /^([^:]*):([\s\S]*)$/.exec(auth ? decodeBase64(auth) : '') ?? []
  // Docker pads with NUL.
  return name === undefined || secret === undefined ? undefined : { username: name, password: secret.replace(/\0+$/, '') }
}

/** UTF-8 text; '' for what is no Base64. */
function decodeBase64(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text.trim()), (c) => c.codePointAt(0)!))
  } catch {
    return ''
  }
}

/** The entries of a pull secret, new kind or old; problems name the secret. */
export function readPullSecret(secret: {
  type?: unknown
  data?: unknown
  metadata: { name: string; namespace?: string }
}): Result<readonly CredentialEntry[], readonly Problem[]> {
  const from = `Secret ${secret.metadata.namespace ? `${secret.metadata.namespace}/` : ''}${secret.metadata.name}`
  const data = (secret.data ?? {}) as Record<string, unknown>
  const field = secret.type === 'kubernetes.io/dockercfg' ? '.dockercfg' : '.dockerconfigjson'
  const value = data[field]
  if (typeof value !== 'string') return err([{ path: from, message: `has no ${field}` }])
  const text = decodeBase64(value)
  return readDockerConfig(field === '.dockercfg' ? `{"auths":${text}}` : text, from)
}
