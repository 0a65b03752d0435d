import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from '#test/fakes/clock.ts'
import { credentialSource } from './credentials.ts'
import { type ClusterAccess, type Credentials, inClusterAccess, parseKubeconfig, portableKubeconfig, readKubeconfigFile } from './kubeconfig.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-kubeconfig-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'
const b64 = (text: string) => Buffer.from(text).toString('base64')
const config = (user: unknown, more: object = {}, cluster: object = {}) =>
  JSON.stringify({
    'current-context': 'one',
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    ...more,
  })
const parse = (text: string, at: string | undefined = folder) => parseKubeconfig({ text, path: 'kubeconfig', folder: at })
const problems = (error: unknown) => (error as { problems: { path: string; message: string }[] }).problems

describe('reading', () => {
  it('takes what a context needs, files included, relative to its own folder', async () => {
    await writeFile(join(folder, 'ca.pem'), PEM)
    const user = { 'client-certificate-data': b64(PEM), 'client-key-data': b64('-----BEGIN KEY-----') }
    const access = await parse(config(user, {}, { 'certificate-authority': 'ca.pem', 'tls-server-name': 'kubernetes' })).select()
    expect(access).toMatchObject({
      context: 'one',
      server: 'https://api.example:6443',
      namespace: 'shop',
      tls: { ca: PEM, cert: PEM, serverName: 'kubernetes' },
      credentials: { kind: 'none' },
    })
  })

  it('merges files as kubectl does: the first that knows a name wins', async () => {
    const other = JSON.stringify({
      'current-context': 'two',
      users: [{ name: 'u', user: { token: 'second' } }],
      contexts: [{ name: 'two', context: { cluster: 'c', user: 'u' } }],
    })
    const merged = parseKubeconfig({ text: config({ token: 'first' }), path: 'a', folder }, { text: other, path: 'b', folder })
    expect([merged.current, merged.contexts]).toEqual(['one', ['one', 'two']])
    expect((await merged.select('two')).credentials).toEqual({ kind: 'token', token: 'first' })
  })

  it('names everything that is wrong, and where, without showing secrets', async () => {
    expect(() => parse('clusters: [')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', problems: [expect.objectContaining({ line: 1 })] }))
    expect(() => parse('- a\n')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    const wrong = await Promise.resolve()
      .then(() => parse(config({ token: 5, exec: { command: 'SECRET' } }, {}, { server: 'api.example' })))
      .catch((error: unknown) => error)
    expect(problems(wrong).map(({ path }) => path)).toEqual([
      'kubeconfig: clusters[0].cluster.server',
      'kubeconfig: users[0].user.token',
      'kubeconfig: users[0].user.exec.apiVersion',
    ])
    expect(JSON.stringify(wrong)).not.toContain('SECRET')
    await expect(parse(config({})).select('on')).rejects.toMatchObject({ code: 'NOT_FOUND', problems: [{ suggestion: 'one' }] })
    const dangling = parse(config({}, { contexts: [{ name: 'one', context: { cluster: 'cc', user: 'v' } }] }))
    expect(problems(await dangling.select().catch((error: unknown) => error))).toMatchObject([
      { path: 'contexts.one.cluster', suggestion: 'c' },
      { path: 'contexts.one.user' },
    ])
    await expect(parse(config({ 'client-certificate-data': b64('x') })).select()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(parse(config({ 'auth-provider': { name: 'gcp' } })).select()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(parse(config({}, {}, { 'certificate-authority': '/nowhere/ca.pem' })).select()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(readKubeconfigFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE', details: { reason: 'ENOENT' } })
    await writeFile(join(folder, 'big'), 'x'.repeat(5 * 1024 * 1024))
    await expect(readKubeconfigFile(join(folder, 'big'))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  it('lets one that came over the network neither read files nor run programs', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh' }
    for (const user of [{ tokenFile: '/etc/shadow' }, { 'client-certificate': '/etc/shadow', 'client-key': '/etc/shadow' }, { exec }])
      await expect(parseKubeconfig({ text: config(user), path: 'kubeconfig' }).select()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('is cut down to one context that carries all it needs', async () => {
    await writeFile(join(folder, 'ca.pem'), PEM)
    const access = await parse(config({ token: 't' }, {}, { 'certificate-authority': 'ca.pem' })).select()
    const text = portableKubeconfig(access)
    expect(await parseKubeconfig({ text, path: 'kept' }).select()).toEqual(access)
    const exec = await parse(config({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'x' } })).select()
    expect(() => portableKubeconfig(exec)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  it('knows the cluster of its own pod', async () => {
    expect(await inClusterAccess({})).toBeUndefined()
    for (const [name, text] of [
      ['token', 't1\n'],
      ['ca.crt', PEM],
      ['namespace', 'ops'],
    ] as const)
      await writeFile(join(folder, name), text)
    const access = await inClusterAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }, folder)
    expect(access).toMatchObject({ server: 'https://[fd00::1]:6443', namespace: 'ops', tls: { ca: PEM }, credentials: { kind: 'tokenFile' } })
  })
})

describe('credentials', () => {
  const source = (credentials: Credentials, clock = fakeClock()) => {
    const access: ClusterAccess = { context: 'c', server: 'https://x', namespace: 'n', user: 'u', tls: {}, credentials }
    return { clock, ...credentialSource(access, 'c', clock) }
  }
  const plugin = async (script: string): Promise<Credentials> => {
    const command = join(folder, 'plugin')
    await writeFile(command, `#!/bin/sh\n${script}\n`)
    await chmod(command, 0o755)
    return { kind: 'exec', apiVersion: 'client.authentication.k8s.io/v1', command, args: ['a b'], env: { WHO: 'me' }, folder, provideClusterInfo: true }
  }

  it('reads a token file again after a minute', async () => {
    const path = join(folder, 'token')
    await writeFile(path, 'one\n')
    const { clock, current } = source({ kind: 'tokenFile', path })
    expect(await current()).toMatchObject({ authorization: 'Bearer one' })
    await writeFile(path, 'two\n')
    expect(await current()).toMatchObject({ authorization: 'Bearer one' })
    await clock.advance(60_001)
    expect(await current()).toMatchObject({ authorization: 'Bearer two' })
    await rm(path)
    await clock.advance(60_001)
    await expect(current()).rejects.toMatchObject({ code: 'CREDENTIALS_FAILED' })
  })

  it('runs a plugin once for many, hands it the cluster, and again when what it gave ends or is refused', async () => {
    const { clock, current, refused } = source(
      await plugin(
        'echo x >> runs; echo "$KUBERNETES_EXEC_INFO" > info; echo "{\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$WHO-$1-$(wc -l < runs)\\",\\"expirationTimestamp\\":\\"2026-01-05T12:05:00Z\\"}}"',
      ),
    )
    expect(await Promise.all([current(), current()])).toMatchObject([{ authorization: 'Bearer me-a b-1' }, { authorization: 'Bearer me-a b-1' }])
    await clock.advance(4 * 60_000)
    expect(await current()).toMatchObject({ authorization: 'Bearer me-a b-1' })
    await clock.advance(55_000)
    expect(await current()).toMatchObject({ authorization: 'Bearer me-a b-2' })
    refused()
    expect(await current()).toMatchObject({ authorization: 'Bearer me-a b-3' })
  })

  it.each([
    ['fails', 'echo noise; echo "no session" >&2; exit 3', /failed \(3\): no session/],
    ['prints something else', 'echo SECRET', /did not print an ExecCredential/],
    ['prints nothing useful', 'echo \'{"kind":"ExecCredential","status":{}}\'', /neither a token nor a certificate/],
  ])('says what is wrong with a plugin that %s, without its output', async (_, script, message) => {
    const error = await source(await plugin(script))
      .current()
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'CREDENTIALS_FAILED', message: expect.stringMatching(message) })
    expect(String(error)).not.toContain('SECRET')
  })

  it('says how to get a plugin that is not there, and when a token has expired', async () => {
    const missing = source({
      kind: 'exec',
      apiVersion: 'v1',
      command: 'no-such-plugin',
      args: [],
      env: {},
      folder,
      installHint: 'apt install it',
      provideClusterInfo: false,
    })
    await expect(missing.current()).rejects.toThrow(/no-such-plugin is not there: apt install it/)
    const at = Date.UTC(2026, 0, 5, 11) / 1000
    const token = `x.${Buffer.from(JSON.stringify({ exp: at })).toString('base64url')}.y`
    expect(source({ kind: 'token', token }).expired()).toEqual({ what: 'token', at: at * 1000 })
    expect(source({ kind: 'token', token: 'opaque' }).expired()).toBeUndefined()
  })
})
