// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as manifests have them
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { imagesIn, parseImageField } from './images-in.ts'
import { formatReference, parseReference } from './reference.ts'
import { type ImageMap, rewriteImages } from './rewrite.ts'

const mirror: ImageMap = (image) => (image.registry === 'r.example' ? undefined : { ...image, registry: 'r.example', repository: `mirror/${image.repository}` })
const rewrite = (text: string, fields: string[] = [], map = mirror) => {
  const result = rewriteImages(
    text,
    map,
    fields.map((field) => parseImageField(field)!),
  )
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

const DEPLOYMENT = `# the shop
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop,
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"image":"nginx"}'}}
spec:
  template:
    spec:
      initContainers:
      - {name: wait, image: busybox}   # flow
      containers:
        - image: "nginx:1.27"   # front
          name: web
        -   name: own
            image: 'r.example/a/b:1'
      volumes:
        - name: model
          image: {reference: quay.io/m/model:v1, pullPolicy: Always}
status:
  containers: [{image: nginx}]
`

describe('rewriteImages', () => {
  it('all containers and image volumes, and nothing else', () => {
    const { text, changes, untouched } = rewrite(DEPLOYMENT)
    expect(text).toBe(
      DEPLOYMENT.replace('image: busybox}', 'image: r.example/mirror/library/busybox}')
        .replace('"nginx:1.27"', '"r.example/mirror/library/nginx:1.27"')
        .replace('quay.io/m/model:v1', 'r.example/mirror/m/model:v1'),
    )
    expect(changes.map(({ object, kind, name, line }) => `${object} ${kind} ${name} ${line}`)).toEqual([
      'Deployment shop/cart init wait 10',
      'Deployment shop/cart container web 12',
      'Deployment shop/cart volume model 18',
    ])
    expect(untouched.map(({ from }) => from)).toEqual(['r.example/a/b:1'])
  })

  it.each([
    ['CronJob', 'spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n          - {name: a, image: x}\n'],
    ['Pod', 'spec:\n  containers:\n  - {name: a, image: x}\n'],
    ['Pod', 'spec:\n  ephemeralContainers:\n  - {name: a, image: x}\n'],
    ['PodTemplate', 'template:\n  spec:\n    containers:\n    - {name: a, image: x}\n'],
    ['Rollout', 'spec:\n  template:\n    spec:\n      containers:\n      - {name: a, image: x}\n'],
    ['List', 'items:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n    - {name: a, image: x}\n'],
  ])('%s', (kind, body) => {
    expect(rewrite(`apiVersion: v1\nkind: ${kind}\n${body}`).text).toBe(
      `apiVersion: v1\nkind: ${kind}\n${body.replace('image: x', 'image: r.example/mirror/library/x')}`,
    )
  })

  it('fields of custom resources by path, once', () => {
    const text =
      'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec:\n  image: quay.io/prometheus/prometheus:v3\n  containers:\n  - {name: a, image: x}\n  sidecars:\n  - {img: y}\n'
    expect(rewrite(text).changes).toHaveLength(1)
    const { changes } = rewrite(text, [
      'Prometheus:spec.image',
      'monitoring.coreos.com/Prometheus:spec.sidecars[*].img',
      'acme.io/Prometheus:spec.none',
      '*:spec.containers[*].image',
    ])
    expect(changes.map(({ path }) => path)).toEqual(['spec.containers[0].image', 'spec.image', 'spec.sidecars[0].img'])
    expect(['spec.image', 'Kind:', 'Kind:a..b', 'Kind:a[x]'].map(parseImageField)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('values of charts, whole and in parts, and kustomizations', () => {
    expect(rewrite('web:\n  image:\n    registry: docker.io # hub\n    repository: bitnami/redis\n    tag: 7\nsidecarImage: nginx\nimages: none\n').text).toBe(
      'web:\n  image:\n    registry: r.example # hub\n    repository: mirror/bitnami/redis\n    tag: "7"\nsidecarImage: r.example/mirror/library/nginx\nimages: none\n'.replace(
        '"7"',
        '"7"',
      ),
    )
    expect(rewrite('resources: [a.yaml]\nimages:\n- name: nginx\n  newTag: "1"\n- name: redis\n  newName: quay.io/x/redis\n').text).toBe(
      'resources: [a.yaml]\nimages:\n- name: r.example/mirror/library/nginx\n  newTag: "1"\n- name: redis\n  newName: r.example/mirror/x/redis\n',
    )
  })

  it('pins digests where they belong', () => {
    const digest = `sha256:${'1'.repeat(64)}`
    const pin: ImageMap = (image) => ({ ...image, digest })
    expect(rewrite('apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: a, image: "x:1"}\n', [], pin).text).toContain(
      `"docker.io/library/x:1@${digest}"`,
    )
    expect(rewrite('image:\n  repository: x # where\n  tag: "1"\n', [], pin).text).toBe(
      `image:\n  repository: docker.io/library/x # where\n  tag: "1"\n  digest: ${digest}\n`,
    )
  })

  it('says what it cannot read, and leaves it', () => {
    const text = 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: a, image: "${IMAGE}"}\n'
    expect(rewrite(text)).toMatchObject({ text, changes: [], unreadable: [{ from: '${IMAGE}' }] })
    expect(rewriteImages('image: {{ .Values.image }}:\n  - x', mirror).ok).toBe(false)
  })

  it('twice is once, and all else stays the same', () => {
    const image = fc.constantFrom('nginx', 'nginx:1', 'quay.io/a/b:2', 'r.example/x/y', `localhost:5000/z@sha256:${'a'.repeat(64)}`)
    const container = fc.record({ name: fc.stringMatching(/^[a-z]{1,5}$/), image, args: fc.array(fc.string(), { maxLength: 2 }) })
    const pod = fc.record({
      apiVersion: fc.constant('v1'),
      kind: fc.constant('Pod'),
      spec: fc.record({ containers: fc.array(container, { maxLength: 3 }), initContainers: fc.array(container, { maxLength: 2 }) }),
    })
    fc.assert(
      fc.property(pod, (object) => {
        const once = rewrite(JSON.stringify(object, undefined, 2)).text
        expect(rewrite(once).text).toBe(once)
        const [before, after] = [structuredClone(object) as never, parse(once)]
        for (const data of [before, after])
          for (const { path } of imagesIn(data)) path.slice(0, -1).reduce<Record<string, unknown>>((at, step) => at[step] as never, data)[path.at(-1)!] = ''
        expect(after).toEqual(before)
        for (const { image: found } of imagesIn(parse(once))) expect(parseReference(found)).toMatchObject({ value: { registry: 'r.example' } })
      }),
      { numRuns: 100 },
    )
  })
})

it('what is formatted in full is what was meant', () => {
  const short = parseReference('nginx')
  expect(short.ok && formatReference(short.value)).toBe('docker.io/library/nginx')
})
