import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip, gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterAll, describe, expect, it } from 'vitest'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { groupVersionOf, type KubeObject } from '#core/kube/objects.ts'
import type { ServedKind } from '#core/shapes/ports/cluster.ts'
import { preferred } from '../move/read-cluster.ts'
import { releaseObjects } from './helm.ts'
import { readVelero } from './velero.ts'

const dir = mkdtempSync(join(tmpdir(), 'sallyport-sources-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const facts = await loadApiFacts()

const release = (version: number, status: string, manifest: string, name = 'shop', namespace = 'team'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'helm.sh/release.v1',
  metadata: { name: `sh.helm.release.v1.${name}.v${version}`, namespace, labels: { owner: 'helm', name, status, version: String(version) } },
  data: {
    release: Buffer.from(gzipSync(JSON.stringify({ name, namespace, version, info: { status }, manifest })).toString('base64')).toString('base64'),
  },
})
const MANIFEST = `---
# Source: shop/templates/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
# Source: shop/templates/role.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
`

describe('a Helm release', () => {
  it('is the manifest of its newest deployed revision, in its namespace', () => {
    const secrets = [
      release(9, 'superseded', 'kind: Old'),
      release(10, 'deployed', MANIFEST),
      release(11, 'failed', 'kind: New'),
      release(1, 'deployed', MANIFEST, 'shop-b'),
    ]
    expect(releaseObjects(secrets, ['shop'], facts)).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'team' } },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'reader' } },
    ])
  })

  it('is refused when it is not there, stands twice, or is broken', () => {
    const good = release(1, 'deployed', MANIFEST)
    expect(() => releaseObjects([good], ['none'], facts)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(() => releaseObjects([release(1, 'failed', MANIFEST)], ['shop'], facts)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(() => releaseObjects([good, release(1, 'deployed', MANIFEST, 'shop', 'other')], ['shop'], facts)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => releaseObjects([{ ...good, data: { release: 'bm90IGd6aXA=' } }], ['shop'], facts)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(() => releaseObjects([release(1, 'deployed', 'kind: [')], ['shop'], facts)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

describe('a Velero backup', () => {
  const backup = async (name: string, files: Record<string, string>) => {
    const tar = pack()
    for (const [path, text] of Object.entries(files)) tar.entry({ name: path }, text)
    tar.finalize()
    await pipeline(tar, createGzip(), createWriteStream(join(dir, name)))
    return join(dir, name)
  }
  const object = (apiVersion: string, kind: string, name: string, namespace?: string) =>
    JSON.stringify({ apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } })
  const { signal } = new AbortController()

  it('holds each object once, whatever versions it was saved in', async () => {
    const path = await backup('good.tar.gz', {
      'metadata/version': '1.1.0',
      'resources/deployments.apps/namespaces/shop/cart.json': object('apps/v1', 'Deployment', 'cart', 'shop'),
      'resources/deployments.apps/v1-preferredversion/namespaces/shop/cart.json': object('apps/v1', 'Deployment', 'cart', 'shop'),
      'resources/deployments.apps/v1beta1/namespaces/shop/cart.json': object('apps/v1beta1', 'Deployment', 'cart', 'shop'),
      'resources/persistentvolumes/cluster/pv.json': object('v1', 'PersistentVolume', 'pv'),
    })
    expect((await readVelero(path, signal)).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual(['apps/v1 Deployment', 'v1 PersistentVolume'])
  })

  it('is refused with all that is wrong with it', async () => {
    const path = await backup('bad.tar.gz', { 'resources/pods/namespaces/a/b.json': '{', 'resources/pods/namespaces/a/c.json': 'null' })
    await expect(readVelero(path, signal)).rejects.toMatchObject({
      problems: [{ path: 'resources/pods/namespaces/a/b.json' }, { path: 'resources/pods/namespaces/a/c.json' }],
    })
    writeFileSync(join(dir, 'none.tar.gz'), 'no archive')
    await expect(readVelero(join(dir, 'none.tar.gz'), signal)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(readVelero(join(dir, 'not-there'), signal)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })
})

describe('the version in which a kind is read', () => {
  const served = (apiVersion: string, kind: string, isPreferred: boolean): ServedKind =>
    ({
      apiVersion,
      kind,
      ...groupVersionOf(apiVersion),
      preferred: isPreferred,
      plural: `${kind.toLowerCase()}s`,
      namespaced: true,
      verbs: ['list', 'get'],
    }) as never
  const kinds = [
    served('shop.example/v2', 'Voucher', true),
    served('shop.example/v1', 'Voucher', false),
    served('apps/v1', 'Deployment', true),
    served('extensions/v1beta1', 'Ingress', true),
    served('networking.k8s.io/v1beta1', 'Ingress', true),
  ]
  const versions = (serves?: (ref: { apiVersion: string }) => boolean | undefined) =>
    preferred(kinds, facts, serves)
      .map(({ apiVersion }) => apiVersion)
      .sort()

  it('is the one that the source prefers, each kind once', () => {
    expect(versions()).toEqual(['apps/v1', 'networking.k8s.io/v1beta1', 'shop.example/v2'])
  })

  it('is one that the target serves, for custom kinds: the source converts them itself', () => {
    expect(versions(({ apiVersion }) => apiVersion === 'shop.example/v1')).toEqual(['apps/v1', 'networking.k8s.io/v1beta1', 'shop.example/v1'])
  })

  it('stays where the target serves it, serves none of them, or could not be asked', () => {
    for (const answer of [true, false, undefined]) expect(versions(() => answer)).toContain('shop.example/v2')
  })
})
