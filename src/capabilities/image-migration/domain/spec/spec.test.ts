// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as files write them
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatImage } from '#core/oci/place.ts'
import { type Catalog, expandRules } from './expand.ts'
import { readSpec } from './read-spec.ts'
import type { Spec, SpecOptions } from './rule.ts'

const options: SpecOptions = { env: { HUB_USER: 'me', env: 'secret' }, readFile: (path) => (path === '/run/token' ? 'from-file\n' : undefined) }
const read = (text: string, more: Partial<SpecOptions> = {}, file = 'spec.yaml') => readSpec({ file, text }, { ...options, ...more })
const good = (text: string, more: Partial<SpecOptions> = {}): Spec => {
  const spec = read(text, more)
  if (!spec.ok) throw new Error(JSON.stringify(spec.error, undefined, 1))
  return spec.value
}
const problems = (text: string, more: Partial<SpecOptions> = {}) => {
  const spec = read(text, more)
  return spec.ok ? [] : spec.error.map(({ path, line, message, suggestion }) => `${path} @${line}: ${message}${suggestion ? ` → ${suggestion}` : ''}`)
}

const TAGS: Record<string, string[]> = {
  'quay.io/coreos/kube-rbac-proxy': ['v1.0', 'v1.1', 'v2.0', 'baa', 'xyz'],
  'docker.io/library/nginx': ['1.13.1-alpine-perl', '1.13.2-alpine-perl', '1.13.3-alpine-perl', '1.27', '1.27.0', '1.26.2', 'latest', 'stable'],
  'registry.example.com/busybox': ['1', '2'],
  'registry.example.com/a/redis': ['1.0', '2.0', '3.0'],
  'localreg:5000/team/app': ['1'],
  'localreg:5000/team/old-app': ['1'],
}
const catalog: Catalog = {
  tags: async (place) => TAGS[place.kind === 'repository' ? `${place.registry}/${place.repository}` : ''] ?? [],
  repositories: async (registry) => Object.keys(TAGS).flatMap((name) => (name.startsWith(`${registry}/`) ? [name.slice(registry.length + 1)] : [])),
}
const moves = async (spec: Spec) => {
  const { pairs: found, conflicts } = await expandRules(spec.rules, catalog)
  expect(conflicts).toEqual([])
  return found.map(({ source, target }) => `${formatImage(source)} → ${formatImage(target)}`)
}
const DIGEST = `sha256:${'0'.repeat(32)}${'1'.repeat(32)}`

describe('image-syncer', () => {
  const images = `quay.io/coreos/kube-rbac-proxy:v1.0: quay.io/ruohe/kube-rbac-proxy
quay.io/coreos/kube-rbac-proxy:v1.0,v2.0: quay.io/ruohe/both
quay.io/coreos/kube-rbac-proxy@${DIGEST}: quay.io/ruohe/kube-rbac-proxy
quay.io/coreos/kube-rbac-proxy:v1.1:
  - quay.io/ruohe/kube-rbac-proxy1
  - quay.io/ruohe/kube-rbac-proxy2
quay.io/coreos/kube-rbac-proxy:/a+/: quay.io/ruohe/by-regex
quay.io/coreos/kube-rbac-proxy:v1.0,v1.1: quay.io/ruohe/renamed:a,b
`
  it('every documented form of source and target', async () => {
    expect(await moves(good(images))).toEqual([
      'quay.io/coreos/kube-rbac-proxy:v1.0 → quay.io/ruohe/kube-rbac-proxy:v1.0',
      'quay.io/coreos/kube-rbac-proxy:v1.0 → quay.io/ruohe/both:v1.0',
      'quay.io/coreos/kube-rbac-proxy:v2.0 → quay.io/ruohe/both:v2.0',
      `quay.io/coreos/kube-rbac-proxy@${DIGEST} → quay.io/ruohe/kube-rbac-proxy@${DIGEST}`,
      'quay.io/coreos/kube-rbac-proxy:v1.1 → quay.io/ruohe/kube-rbac-proxy1:v1.1',
      'quay.io/coreos/kube-rbac-proxy:v1.1 → quay.io/ruohe/kube-rbac-proxy2:v1.1',
      'quay.io/coreos/kube-rbac-proxy:baa → quay.io/ruohe/by-regex:baa',
      'quay.io/coreos/kube-rbac-proxy:v1.0 → quay.io/ruohe/renamed:a',
      'quay.io/coreos/kube-rbac-proxy:v1.1 → quay.io/ruohe/renamed:b',
    ])
    expect(await moves(good('quay.io/coreos/kube-rbac-proxy: quay.io/ruohe/kube-rbac-proxy'))).toHaveLength(5)
  })

  it('JSON with tabs, and the older file with auth and images', async () => {
    const json =
      '{\n\t"auth": {\n\t\t"quay.io/coreos": {"username": "abc", "password": "$env", "insecure": true}\n\t},\n\t"images": {\n\t\t"nginx:1.27": "",\n\t\t"quay.io/coreos/kube-rbac-proxy:v1.0": "r.example/x/y:z"\n\t}\n}'
    const spec = good(json, { to: 'r.example/ns' })
    expect(spec.format).toBe('image-syncer')
    expect(spec.registries).toMatchObject([{ prefix: 'quay.io/coreos', username: 'abc', password: 'secret', insecure: true, origin: { line: 3 } }])
    expect(await moves(spec)).toEqual(['docker.io/library/nginx:1.27 → r.example/ns/nginx:1.27', 'quay.io/coreos/kube-rbac-proxy:v1.0 → r.example/x/y:z'])
  })

  it('the auth file: variables that are set, and passwords with a dollar', () => {
    const text = 'quay.io:\n  username: "${HUB_USER}"\n  password: "a$b${c}"\nquay.io/coreos:\n  username: abc\n  password: $env\n  insecure: true\n'
    const spec = good(images, { auth: { file: 'auth.yaml', text } })
    expect(spec.registries.map(({ prefix, username, password }) => [prefix, username, password])).toEqual([
      ['quay.io', 'me', 'a$b${c}'],
      ['quay.io/coreos', 'abc', 'secret'],
    ])
  })

  it('says everything that is wrong at once, with file and line', () => {
    expect(
      problems('a/b:1,2: c/d:x\na/b: c/d:x\na/c:/[/: c/d\na/d:1: ""\nquay.io/A/b: c/d\na/e@sha256:12: c/d\n', {
        auth: { file: 'auth.yaml', text: 'quay.io:\n  usrname: x\n  password: $NOPE\n' },
      }),
    ).toEqual([
      'spec.yaml: ["a/b:1,2"] @1: the target names 1 tag(s), the source 2',
      'spec.yaml: ["a/b"] @2: the target cannot name tags when the source means all tags or an expression',
      expect.stringMatching(/^spec.yaml: \["a\/c:\/\[\/"\] @3: the tag expression is no valid RE2 pattern/),
      'spec.yaml: ["a/d:1"] @4: the target is empty; say where to with --to REGISTRY/NAMESPACE',
      'spec.yaml: ["quay.io/A/b"] @5: the source has no valid repository name: "A/b"',
      'spec.yaml: ["a/e@sha256:12"] @6: the source has no valid digest: "sha256:12"',
      'auth.yaml: ["quay.io"].usrname @2: unknown key → username',
    ])
    expect(problems('a/b:1: c/d\n', { auth: { file: 'auth.yaml', text: 'quay.io:\n  password: $NOPE\n' } })).toEqual([
      'auth.yaml: ["quay.io"].password @2: the environment has no variable NOPE',
    ])
    expect(problems('a/b:1: c/d\n  x: [\n')[0]).toMatch(/^spec.yaml @\d: /)
  })
})

describe('skopeo', () => {
  const text = `registry.example.com:
    images:
        busybox: []
        a/redis:
            - "1.0"
            - 2.0
            - "${DIGEST}"
    images-by-tag-regex:
        library/nginx: ^1\\.13\\.[12]-alpine-perl$
    images-by-semver:
        a/redis: ["1.0 - 1.5", ">= 2.5"]
    credentials:
        username: john
        password: this is a secret
    tls-verify: true
    cert-dir: /home/john/certs
docker.io:
    tls-verify: false
    images-by-tag-regex:
        library/nginx: ^1\\.13\\.[12]-alpine-perl$
    images-by-semver:
        nginx: ">= 1.26, < 1.27.0"
`
  it('what the manual shows, with --scoped and without', async () => {
    const spec = good(text.replace('            - 2.0\n', '            - "2.0"\n'), { to: 'my-registry.local.lan/repo/' })
    expect(await moves(spec)).toEqual([
      'registry.example.com/busybox:1 → my-registry.local.lan/repo/busybox:1',
      'registry.example.com/busybox:2 → my-registry.local.lan/repo/busybox:2',
      'registry.example.com/a/redis:1.0 → my-registry.local.lan/repo/redis:1.0',
      'registry.example.com/a/redis:2.0 → my-registry.local.lan/repo/redis:2.0',
      `registry.example.com/a/redis@${DIGEST} → my-registry.local.lan/repo/redis@${DIGEST}`,
      'registry.example.com/a/redis:3.0 → my-registry.local.lan/repo/redis:3.0',
      'docker.io/library/nginx:1.13.1-alpine-perl → my-registry.local.lan/repo/nginx:1.13.1-alpine-perl',
      'docker.io/library/nginx:1.13.2-alpine-perl → my-registry.local.lan/repo/nginx:1.13.2-alpine-perl',
      'docker.io/library/nginx:1.26.2 → my-registry.local.lan/repo/nginx:1.26.2',
    ])
    expect(spec.registries).toMatchObject([
      { prefix: 'registry.example.com', username: 'john', certDir: '/home/john/certs' },
      { prefix: 'docker.io', insecure: true },
    ])
    const scoped = good('quay.io:\n  images:\n    coreos/etcd: [latest]\n', { to: 'r.example', scoped: true })
    expect(await moves(scoped)).toEqual(['quay.io/coreos/etcd:latest → r.example/quay.io/coreos/etcd:latest'])
  })

  it('wants a target, and names wrong keys', () => {
    expect(problems('quay.io:\n  image:\n    a: []\n')).toEqual([
      'spec.yaml: ["quay.io"].image @2: unknown key → images',
      'spec.yaml @1: a file of skopeo does not say where to copy to: give --to REGISTRY[/NAMESPACE]',
    ])
  })
})

describe('regsync', () => {
  const text = `x-sched-a: &sched-a "15 01 * * *"
version: 1
creds:
  - registry: localhost:5000
    tls: disabled
  - registry: docker.io
    user: "{{env \\"HUB_USER\\"}}"
    pass: "{{file \\"/run/token\\"}}"
defaults:
  ratelimit:
    min: 100
    retry: 15m
  parallel: 2
sync:
  - source: busybox:latest
    target: localhost:5000/library/busybox:latest
    type: image
    interval: 60m
    backup: "backup-{{.Ref.Tag}}"
  - source: nginx
    target: "localhost:5000/{{ .Sync.Source }}"
    type: repository
    tags:
      allow:
      - "latest"
      - "1.2\\\\d"
      deny:
      - "1.26"
    schedule: *sched-a
  - source: localreg:5000
    target: localcopy:5000
    type: registry
    repos:
      deny: [".*/old-.*"]
`
  it('what its documentation shows', async () => {
    const spec = good(text)
    expect(await moves(spec)).toEqual([
      'docker.io/library/busybox:latest → localhost:5000/library/busybox:latest',
      'docker.io/library/nginx:1.27 → localhost:5000/nginx:1.27',
      'docker.io/library/nginx:latest → localhost:5000/nginx:latest',
      'localreg:5000/team/app:1 → localcopy:5000/team/app:1',
    ])
    expect(spec.registries).toMatchObject([
      { prefix: 'localhost:5000', insecure: true },
      { prefix: 'docker.io', username: 'me', password: 'from-file' },
    ])
    expect(spec.notes.map(({ origin }) => `${origin.line} ${origin.path}`)).toEqual([
      '10 defaults.ratelimit',
      '19 sync[0].backup',
      '18 sync[0].interval',
      '29 sync[1].schedule',
    ])
  })

  it('logs in with a client certificate, when both its halves are there', () => {
    const text = (more: string) =>
      `version: 1\ncreds:\n  - registry: r.example\n    clientCert: CERT\n${more}sync:\n  - { source: r.example/a:1, target: s.example/a:1, type: image }\n`
    expect(good(text('    clientKey: KEY\n')).registries).toMatchObject([{ prefix: 'r.example', cert: 'CERT', key: 'KEY' }])
    expect(problems(text(''))[0]).toContain('needs both')
  })

  it('reaches a registry where `hostname` says, with its token', async () => {
    const spec = good(`version: 1
creds:
  - registry: r.example
    hostname: "10.0.0.7:5000"
    token: "{{file \\"/run/token\\"}}"
    tls: disabled
  - registry: docker.io
    hostname: registry-1.docker.io
sync:
  - { source: "r.example/a:1", target: "s.example/a:1", type: image }
  - { source: "busybox:1", target: "r.example/busybox:1", type: image }
`)
    expect(await moves(spec)).toEqual(['10.0.0.7:5000/a:1 → s.example/a:1', 'docker.io/library/busybox:1 → 10.0.0.7:5000/busybox:1'])
    expect(spec.registries).toMatchObject([{ prefix: '10.0.0.7:5000', identityToken: 'from-file', insecure: true }, { prefix: 'docker.io' }])
  })

  it('refuses what it cannot do as asked', () => {
    expect(
      problems(
        'sync:\n  - {source: a/b, target: c/d, type: repo}\n  - {source: "{{time.Now}}", target: c/d, type: image}\ncreds:\n  - registry: x.y\n    hostname: other\n',
      ),
    ).toEqual([expect.stringContaining('sync[0].type @2: Invalid option')])
    expect(problems('sync:\n  - {source: "{{time.Now}}", target: c/d, type: image}\ncreds:\n  - registry: x.y\n    hostname: "a b"\n')).toEqual([
      'spec.yaml: creds[0].hostname @5: must be a host, with a port where it needs one',
      'spec.yaml: sync[0].source @2: has a template that is not supported: time.Now',
    ])
  })
})

describe('our own', () => {
  it('names, patterns, ranges, newest, exclude, namespaces, platforms, renames', async () => {
    const spec = good(`
defaults: {platforms: [linux/amd64], referrers: false}
registries:
  r.example: {username: "\${HUB_USER}", password: "x-\${env}-$y"}
copy:
  - {from: nginx, to: r.example/mirror/nginx, tags: {match: '1\\.2\\d.*', newest: 2}}
  - {from: nginx, to: r.example/a, tags: {semver: '>=1.26 <1.27', names: [stable]}}
  - {from: nginx, to: r.example/b, tags: {exclude: '.*-perl', newest: 1}, platforms: [linux/arm64]}
  - {from: "localreg:5000/team/*", to: r.example/team, repositories: {exclude: 'team/old.*'}}
  - {from: "quay.io/coreos/kube-rbac-proxy:v1.0", to: "r.example/c:one"}
  - {from: quay.io/coreos/kube-rbac-proxy, to: r.example/d, tags: [v2.0], rename: {v2.0: two}}
`)
    expect(await moves(spec)).toEqual([
      'docker.io/library/nginx:1.27 → r.example/mirror/nginx:1.27',
      'docker.io/library/nginx:1.27.0 → r.example/mirror/nginx:1.27.0',
      'docker.io/library/nginx:1.26.2 → r.example/a:1.26.2',
      'docker.io/library/nginx:stable → r.example/a:stable',
      'docker.io/library/nginx:1.27 → r.example/b:1.27',
      'localreg:5000/team/app:1 → r.example/team/app:1',
      'quay.io/coreos/kube-rbac-proxy:v1.0 → r.example/c:one',
      'quay.io/coreos/kube-rbac-proxy:v2.0 → r.example/d:two',
    ])
    expect(spec.rules.map(({ platforms }) => platforms[0])).toEqual(['linux/amd64', 'linux/amd64', 'linux/arm64', 'linux/amd64', 'linux/amd64', 'linux/amd64'])
    expect(spec.registries[0]).toMatchObject({ username: 'me', password: 'x-secret-$y' })
  })

  it('all problems at once', () => {
    expect(
      problems(`copy:
  - {form: nginx, to: r.example/a}
  - from: nginx:1
    to: r.example/a
    tags: {mach: x}
defalts: {}
`),
    ).toEqual([
      'spec.yaml: copy[0].from @2: is missing: expected string',
      'spec.yaml: copy[0].form @2: unknown key → from',
      'spec.yaml: copy[1].tags.mach @5: unknown key → match',
      'spec.yaml: defalts @6: unknown key → defaults',
    ])
    expect(
      problems(
        'copy:\n  - {from: "quay.io/a/*", to: "oci:x"}\n  - {from: nginx:1, to: r.example/a, tags: [2]}\n  - {from: a/b, to: r.example/c, tags: {semver: "=>x.y.z.w", match: "("}}\n',
      ),
    ).toEqual([
      'spec.yaml: copy[0].to @2: a whole namespace can be copied to a registry or a namespace only',
      'spec.yaml: copy[1].tags @3: cannot be given when `from` names a tag or digest',
      expect.stringContaining('copy[2].tags.match[0] @4: is no valid RE2 pattern'),
      'spec.yaml: copy[2].tags.semver[0] @4: is no valid version range: "=>x.y.z.w"',
    ])
  })

  it('a file of nobody', () => {
    expect(problems('copyy: []\n')).toEqual([expect.stringContaining('→ copy')])
    expect(problems('')).toEqual(['spec.yaml @1: is empty'])
  })
})

describe('expandRules', () => {
  it('finds two sources for one target, and rules that repeat others', async () => {
    const spec = good('copy:\n  - {from: nginx:1.27, to: r.example/a}\n  - {from: redis:1.27, to: r.example/a}\n  - {from: "nginx:1.27", to: "r.example/a"}\n')
    const { conflicts, remarks, pairs: found } = await expandRules(spec.rules, catalog)
    expect(conflicts).toMatchObject([
      { path: 'spec.yaml: copy[1]', line: 3, message: expect.stringContaining('also from docker.io/library/nginx:1.27 (spec.yaml, line 2)') },
    ])
    expect(remarks).toMatchObject([{ kind: 'repeated', rule: { origin: { line: 4 } } }])
    expect(found).toHaveLength(1)
  })

  it('never writes one target twice, whatever the rules', async () => {
    const entry = fc.record({
      from: fc.constantFrom('nginx', 'nginx:1.27', 'localreg:5000/*', 'localreg:5000/team/app'),
      to: fc.constantFrom('r.example/a', 'r.example/*', 'r.example/b:x'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 6 }), async (copy) => {
        const spec = read(JSON.stringify({ copy }))
        if (!spec.ok) return
        const { pairs: found } = await expandRules(spec.value.rules, catalog)
        const targets = found.map(({ target }) => formatImage(target))
        expect(new Set(targets).size).toBe(targets.length)
      }),
      { numRuns: 60 },
    )
  })
})

it('any text is read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const spec = read(text)
      expect(spec.ok || spec.error.length > 0).toBe(true)
    }),
    { numRuns: 300 },
  )
})

it.each(['', '.zh-CN'])('the example of the documentation%s is read', (language) => {
  const page = readFileSync(new URL(`../../../../../docs/learn/image-migration${language}.md`, import.meta.url), 'utf8')
  const spec = read(/```yaml\n([\s\S]*?)```/.exec(page)![1]!, { env: { USER_NAME: 'u', PASSWORD: 'p' } })
  expect(spec).toMatchObject({ ok: true, value: { format: 'sallyport', rules: { length: 4 } } })
})
