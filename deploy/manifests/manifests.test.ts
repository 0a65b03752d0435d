import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { readFacts } from '#core/kube/api-facts/load.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { validateObject } from '#core/kube/validate.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { describeCluster } from '#test/real.ts'
import { joined, rightsOf } from './objects.ts'
import { render } from './render.ts'
import { chartTemplates, defaultValues, plainManifests } from './write.ts'

const templates = await chartTemplates()
const objectsIn = (text: string): KubeObject[] => parseAllDocuments(text).map((document) => document.toJS() as KubeObject)
const rendered = (namespace: string, values = defaultValues()) =>
  Object.values(templates).flatMap((text) => {
    const out = render(text, { namespace, values })
    return out === '' ? [] : objectsIn(out)
  })
const nameOf = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.name}`

describe('the chart', () => {
  it('makes valid objects, and the plain manifests are the same', () => {
    const facts = readFacts()
    const objects = rendered('sallyport')
    for (const object of objects) expect([nameOf(object), validateObject(object, facts, { values: true })]).toEqual([nameOf(object), []])
    const plain = objectsIn(plainManifests(templates))
    expect(plain[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'sallyport' } })
    expect(plain.slice(1)).toEqual(objects)
  })

  it('puts in what the user says, whatever it is', () => {
    const values = structuredClone(defaultValues()) as { image: string; server: Record<string, unknown>; oidcImpersonation: boolean }
    values.image = 'r.example:5000/"odd"\\name: #1'
    values.server = { ...values.server, storageClassName: 'fast', tolerations: [{ key: 'a: b', operator: 'Exists' }] }
    const set = rendered('elsewhere', values).find(({ kind }) => kind === 'StatefulSet')!
    expect(set).toMatchObject({
      metadata: { namespace: 'elsewhere' },
      spec: {
        template: { spec: { tolerations: [{ key: 'a: b', operator: 'Exists' }], containers: [{ image: values.image }] } },
        volumeClaimTemplates: [{ spec: { storageClassName: 'fast' } }],
      },
    })
    const may = (objects: KubeObject[]) => objects.some((object) => JSON.stringify(object).includes('impersonate'))
    expect(may(rendered('x'))).toBe(false)
    expect(may(rendered('x', { ...defaultValues(), oidcImpersonation: true }))).toBe(true)
  })

  it('gives no more than is needed', () => {
    const objects = rendered('sallyport')
    const rules = objects.flatMap(({ kind, metadata, rules }) =>
      (Array.isArray(rules) ? rules : []).map((rule: { resources?: string[]; verbs: string[] }) => ({
        of: `${kind} ${metadata.name}`,
        resources: [],
        ...rule,
      })),
    )
    expect(rules.flatMap(({ resources, verbs }) => [...resources, ...verbs]).filter((word) => word.includes('*'))).toEqual([])
    expect(rules.filter(({ of }) => of === 'ClusterRole sallyport-sallyport-agent').map(({ resources, verbs }) => [resources, verbs])).toEqual([
      [['pods'], ['list', 'watch']],
    ])
    // The collector changes nothing and reads no Secret.
    const collects = rules.filter(({ of }) => of === 'ClusterRole sallyport-sallyport-collect')
    expect([...new Set(collects.flatMap(({ resources, verbs }) => (verbs.join() === 'list,watch' ? [] : [`${resources.join()} ${verbs.join()}`])))]).toEqual([
      'nodes/metrics get',
      ' get',
    ])
    expect(collects.flatMap(({ resources }) => resources)).toEqual(
      expect.arrayContaining(['pods', 'nodes', 'endpoints', 'endpointslices', 'servicemonitors', 'cronjobs']),
    )
    expect(collects.flatMap(({ resources }) => resources)).not.toContain('secrets')
    // The server itself reads no Secret but its agents'; capabilities say why they do. The third is that of HPAs.
    const own = rightsOf([]).filter(({ kind }) => kind === 'ClusterRole')
    expect(own).toHaveLength(3)
    expect(own.filter((one) => JSON.stringify(one).includes('secrets'))).toEqual([])
    for (const object of objects.filter(({ kind }) => kind === 'StatefulSet' || kind === 'DaemonSet')) {
      const { spec } = (object.spec as { template: { spec: Record<string, unknown> } }).template
      expect(spec).toMatchObject({
        enableServiceLinks: false,
        automountServiceAccountToken: false,
        containers: [{ securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } }],
      })
    }
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([])
  })

  it('joins rules without giving a verb on what did not ask for it', () => {
    const rule = (resources: string[], verbs: string[], apiGroups = ['']) => ({ apiGroups, resources, verbs })
    expect(joined([rule(['pods', 'nodes'], ['list']), rule(['pods'], ['watch', 'list']), rule(['pods'], ['get'], ['metrics.k8s.io'])])).toEqual([
      rule(['nodes'], ['list']),
      rule(['pods'], ['list', 'watch']),
      rule(['pods'], ['get'], ['metrics.k8s.io']),
    ])
  })
})

describe('rendering', () => {
  const release = { namespace: 'n', values: { a: { b: 'x' }, n: 1, half: 0.5, off: false, none: [] } }
  it.each([
    ['{{ .Values.a.b }}-{{ .Release.Namespace }}', 'x-n'],
    ['{{ toJson .Values.a }}', '{"b":"x"}'],
    ['{{ .Values.n }}', '1'],
    ['{{- if .Values.off }}\nx\n{{- end }}\n', ''],
    ['{{- if .Values.none }}\nx\n{{- end }}\n', ''],
    ['{{- if .Values.n }}\nx\n{{- end }}\n', 'x\n'],
  ])('%j', (template, text) => expect(render(template, release)).toBe(text))
  it.each(['{{ .Values.missing }}', '{{ .Values.half }}', '{{ .Values.a | quote }}', '{{ include "x" . }}', '{{ .Chart.Name }}'])(
    'does not guess: %s',
    (template) => expect(() => render(template, release)).toThrow(),
  )
})

describeCluster('the manifests on a real cluster', (kubeconfig) => {
  it('are taken by the API server', async () => {
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    const { cluster, close } = openCluster({ name: 'real', access, clock: systemClock })
    const namespace = `deploy-${randomBytes(4).toString('hex')}`
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    try {
      for (const object of rendered(namespace, { ...defaultValues(), oidcImpersonation: true }))
        expect(nameOf(await cluster.create(object, { dryRun: true }))).toBe(nameOf(object))
    } finally {
      await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace })
      await close()
    }
  }, 60_000)
})
