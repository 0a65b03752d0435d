import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { fitting } from '../domain/credentials.ts'
import { readDockerConfig, readPullSecret } from '../domain/docker-config.ts'
import type { RegistrySettings } from '../domain/spec/rule.ts'
import { openCredentials } from './credentials.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const config = (auths: unknown, more = {}) => JSON.stringify({ auths, ...more })
const entries = (text: string) => {
  const read = readDockerConfig(text, 'config.json')
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return read.value
}
const own = (prefix: string, more: Partial<RegistrySettings>): RegistrySettings => ({ prefix, origin: { file: 'f', line: 1, path: '' }, ...more })

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'))
  const helper = async (name: string, body: string) => {
    await writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\nread -r server\n${body}\n`)
    await chmod(join(folder, `docker-credential-${name}`), 0o755)
  }
  await helper('good', `echo "$server" >> ${folder}/asked; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"u-$server\\",\\"Secret\\":\\"s3\\"}"`)
  await helper('token', 'echo \'{"Username":"<token>","Secret":"idt"}\'')
  await helper('empty', 'echo "credentials not found in native keychain"; exit 1')
  await helper('bad', 'echo "boom SECRET"; exit 3')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('config.json', () => {
  it('reads every kind of entry', () => {
    const found = entries(
      config({
        'https://index.docker.io/v1/': { auth: base64('me:a:b') },
        'quay.io/coreos': { username: 'x', password: 'y' },
        'ghcr.io': { identitytoken: 'i' },
        'empty.io': {},
      }),
    )
    expect(found.map(({ key, use }) => [key, use])).toEqual([
      ['docker.io', { username: 'me', password: 'a:b' }],
      ['quay.io/coreos', { username: 'x', password: 'y' }],
      ['ghcr.io', { identityToken: 'i' }],
    ])
  })

  it('never quotes the text when it is broken', () => {
    expect(JSON.stringify(readDockerConfig('{"auths": {"a": {"auth": "SECRET', 'c'))).not.toContain('SECRET')
    expect(JSON.stringify(readDockerConfig('{"auths": {"a": {"auth": ["SECRET"]}}}', 'c'))).not.toContain('SECRET')
  })

  it('the longest key wins, by whole parts of the path, also with stars', () => {
    const found = entries(
      config(Object.fromEntries(['quay.io', 'quay.io/coreos', 'quay.io/coreos/etcd', '*.r.example'].map((key) => [key, { username: key, password: 'p' }]))),
    )
    const best = (host: string, repository: string) => (fitting(found, host, repository)[0]?.use as { username?: string } | undefined)?.username
    expect(best('quay.io', 'coreos/etcd')).toBe('quay.io/coreos/etcd')
    expect(best('quay.io', 'coreos/etcd2')).toBe('quay.io/coreos')
    expect(best('quay.io', 'coreos2/x')).toBe('quay.io')
    expect(best('quay.io.evil.example', 'coreos/x')).toBeUndefined()
    expect(best('a.r.example', 'x')).toBe('*.r.example')
    expect(best('a.b.r.example', 'x')).toBeUndefined()
  })

  it('pull secrets, new and old', () => {
    const auths = { 'r.example': { auth: base64('a:b') } }
    const metadata = { name: 'pull', namespace: 'shop' }
    const read = readPullSecret({ type: 'kubernetes.io/dockerconfigjson', metadata, data: { '.dockerconfigjson': base64(config(auths)) } })
    expect(read).toMatchObject({ ok: true, value: [{ key: 'r.example', from: 'Secret shop/pull', use: { username: 'a', password: 'b' } }] })
    expect(readPullSecret({ type: 'kubernetes.io/dockercfg', metadata, data: { '.dockercfg': base64(JSON.stringify(auths)) } })).toMatchObject({
      ok: true,
      value: [{ key: 'r.example' }],
    })
    expect(readPullSecret({ type: 'Opaque', metadata, data: {} })).toMatchObject({ ok: false })
  })
})

describe('openCredentials', () => {
  const open = (env: Record<string, string>, registries: RegistrySettings[] = []) =>
    openCredentials({ env: { PATH: `${folder}:${process.env.PATH}`, HOME: join(folder, 'home'), ...env }, clock: systemClock, registries })

  it('reads files and the environment; the file that says what to copy wins', async () => {
    await mkdir(join(folder, 'docker'), { recursive: true })
    await writeFile(join(folder, 'docker/config.json'), config({ 'a.example': { auth: base64('docker:1') }, 'b.example': { auth: base64('docker:2') } }))
    const lookup = await open({ DOCKER_CONFIG: join(folder, 'docker'), DOCKER_AUTH_CONFIG: config({ 'b.example': { auth: base64('env:3') } }) }, [
      own('c.example/x', { username: 'file', password: '4' }),
    ])
    expect(await lookup('a.example', 'r')).toEqual({ username: 'docker', password: '1' })
    expect(await lookup('b.example', 'r')).toEqual({ username: 'env', password: '3' })
    expect(await lookup('c.example', 'x/r')).toEqual({ username: 'file', password: '4' })
    expect(await lookup('c.example', 'r')).toBeUndefined()
  })

  it('asks helpers once, and goes on where they know nothing', async () => {
    const lookup = await open({
      DOCKER_AUTH_CONFIG: config({}, { credHelpers: { 'a.example': 'good', 'b.example': 'token', 'c.example': 'empty' }, credsStore: 'good' }),
    })
    expect(await Promise.all([lookup('a.example', 'r'), lookup('a.example', 'q')])).toEqual(Array(2).fill({ username: 'u-a.example', password: 's3' }))
    expect(await lookup('b.example', 'r')).toEqual({ identityToken: 'idt' })
    expect(await lookup('c.example', 'r')).toEqual({ username: 'u-c.example', password: 's3' })
  })

  it('a helper that fails is a coded error without what it printed', async () => {
    const lookup = await open({}, [own('a.example', { helper: 'bad' }), own('b.example', { helper: 'nowhere' })])
    await expect(lookup('a.example', 'r')).rejects.toMatchObject({ code: 'CREDENTIAL_HELPER_FAILED', message: expect.not.stringContaining('SECRET') })
    await expect(lookup('b.example', 'r')).rejects.toMatchObject({ details: { reason: 'it is not on PATH' } })
  })

  it('reads nothing of the folder it stands in when there is no home', async () => {
    const before = process.cwd()
    await mkdir(join(folder, 'here/.docker'), { recursive: true })
    await writeFile(join(folder, 'here/.docker/config.json'), config({ 'a.example': { auth: base64('x:y') } }))
    try {
      process.chdir(join(folder, 'here'))
      const lookup = await openCredentials({ env: {}, clock: systemClock, registries: [] })
      expect(await lookup('a.example', 'r')).toBeUndefined()
    } finally {
      process.chdir(before)
    }
  })

  it('a broken file is said before anything is copied', async () => {
    await writeFile(join(folder, 'broken.json'), '{"auths": ')
    await expect(open({ REGISTRY_AUTH_FILE: join(folder, 'broken.json') })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(open({ REGISTRY_AUTH_FILE: join(folder, 'none.json') })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })
})
