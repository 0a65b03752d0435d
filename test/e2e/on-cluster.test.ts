/**
 * A whole installation on a real node: the agent's DaemonSet as the chart makes it, from the bundle; an nginx in a pod that serves traffic to two teams'
 * pods; the server with the rights that the chart gives it. Only the server's own pod is missing: it runs in this process.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { parseAllDocuments, stringify } from 'yaml'
import { buildConsole } from '#apps/console/build.ts'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { loadNodeImage } from '#test/builders/node-image.ts'
import { describeReal, program, realKubeconfig } from '#test/real.ts'
import { bundleAll } from '../../deploy/bundle.ts'
import { render } from '../../deploy/manifests/render.ts'
import { chartTemplates, defaultValues } from '../../deploy/manifests/write.ts'
import { openPage, startChromium } from '../browser/chromium.ts'
import { UPSTREAMINFO } from './nginx-site.ts'

const kubeconfig = realKubeconfig()
const socket = join(dirname(kubeconfig ?? '/nowhere/x'), 'containerd.sock')
const IMAGE = 'docker.io/local/sallyport-e2e:1'
const RBAC = 'rbac.authorization.k8s.io'
/** Longer than the runtime's pieces of 16 KiB. */
const LONG_AGENT = `long/${'x'.repeat(20_000)}`

const frontConf = (upstreams: Readonly<Record<string, { at: string; name: string }>>) => `
user root; daemon off; worker_processes 1; pid /tmp/nginx.pid; error_log /dev/stderr warn;
events { worker_connections 128; }
http {
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path /tmp/${name};`).join(' ')}
  large_client_header_buffers 4 64k;
  log_format upstreaminfo '${UPSTREAMINFO}';
  access_log /dev/stdout upstreaminfo;
  server {
    listen 8080;
    set $proxy_upstream_name "-"; set $proxy_alternative_upstream_name ""; set $req_id $request_id;
    ${Object.entries(upstreams)
      .map(([path, { at, name }]) => `location /${path} { set $proxy_upstream_name ${name}; proxy_pass http://${at}; proxy_set_header User-Agent ""; }`)
      .join('\n    ')}
  }
}`
const BACK_CONF = `
user root; daemon off; worker_processes 1; pid /tmp/nginx.pid; error_log /dev/stderr warn;
events { worker_connections 64; }
http { ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path /tmp/${name};`).join(' ')} access_log /dev/stdout;
  server { listen 8080; location / { return 200 "well\\n"; } location /cart/broken { return 500; } }
}`

const real =
  kubeconfig !== undefined && existsSync(socket)
    ? describeReal
    : (title: string, _: readonly string[], body: () => void) => describe.skip(`${title} (needs E2E_KUBECONFIG of a cluster whose node is this machine)`, body)

real('an installation on a real node', ['nginx', 'ctr', 'tar', 'ldd', 'busybox', 'chromium'], () => {
  const id = randomBytes(3).toString('hex')
  // Dashes, so that only who knows the namespaces can tell where the name of a service begins.
  const names = { own: `sallyport-${id}`, edge: `edge-${id}`, alice: `team-a-${id}`, bob: `team-b-${id}` }
  const undo: (() => unknown)[] = []
  const tokens: Record<string, string> = {}
  let admin: OpenCluster
  let server: RunningServer
  let front: string
  const asked = { catalog: 40, cart: 25 }
  const broken = 5
  const from = Date.now() - 60_000

  const create = (object: KubeObject) => admin.cluster.create(object)
  const workload = (namespace: string, name: string, conf: string, annotations: Record<string, string> = {}): KubeObject[] => [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { 'nginx.conf': conf } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name }, annotations },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'nginx',
                image: IMAGE,
                imagePullPolicy: 'Never',
                command: ['/usr/sbin/nginx', '-e', '/dev/stderr', '-c', '/conf/nginx.conf'],
                volumeMounts: [{ name: 'conf', mountPath: '/conf' }],
              },
            ],
            volumes: [{ name: 'conf', configMap: { name } }],
          },
        },
      },
    },
  ]
  const podOf = async (namespace: string, app: string) => {
    const { items } = await admin.cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labels: app })
    const found = items.find(({ status }) => (status as { phase?: string }).phase === 'Running')
    return found && { name: found.metadata.name, uid: found.metadata.uid!, ip: (found.status as { podIP: string }).podIP }
  }
  const running = async (namespace: string, app: string) => {
    return vi.waitUntil(() => podOf(namespace, app), { timeout: 60_000, interval: 300 })
  }
  const tokenOf = async (namespace: string, name: string) => {
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: '' }, spec: { expirationSeconds: 3600 } }
    const { status } = await admin.cluster.create(request, {
      under: { ref: { apiVersion: 'v1', kind: 'ServiceAccount', name, namespace }, subresource: 'token' },
    })
    return (status as { token: string }).token
  }
  const api = async (path: string, who?: string, init: RequestInit = {}) => {
    const headers = { ...init.headers, authorization: `Bearer ${who === undefined ? tokens.admin : tokens[who]}` }
    const response = await fetch(`${server.url}/api/v1/clusters/local${path}`, { ...init, headers })
    const text = await response.text()
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : undefined }
  }
  const top = async (by: string, who?: string): Promise<Record<string, number>> => {
    const { body } = await api(`/ingress/top?from=${from}&to=${Date.now() + 60_000}&by=${by}`, who)
    return Object.fromEntries(((body?.rows ?? []) as { key: string; requests: number }[]).map(({ key, requests }) => [key, requests]))
  }

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-on-cluster-'))
    undo.push(() => rmSync(folder, { recursive: true, force: true }))
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig!)).select()
    admin = openCluster({ name: 'real', access, clock: systemClock })
    undo.push(() => admin.close())
    await bundleAll(join(folder, 'dist'))
    undo.push(
      loadNodeImage(
        {
          name: IMAGE,
          files: { 'usr/sbin/nginx': program('nginx')!, 'app/node_modules/.bin/node': process.execPath, 'app/dist': join(folder, 'dist') },
        },
        socket,
      ),
    )
    for (const name of Object.values(names)) {
      await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
      undo.push(() => admin.cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name }))
    }
    // Two people: alice may look into her pods, open terminals and read telemetry of her namespace; bob only reads telemetry and pods of his.
    const rights = { alice: ['pods', 'pods/log', 'pods/exec'], bob: ['pods'] }
    for (const person of ['alice', 'bob'] as const) {
      const namespace = names[person]
      await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: person, namespace } })
      const rules = [
        { apiGroups: ['telemetry.sallyport.io'], resources: ['access'], verbs: ['get'] },
        { apiGroups: [''], resources: rights[person], verbs: ['get', 'list', 'watch', 'create'] },
      ]
      await create({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: person, namespace }, rules })
      await create({
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata: { name: person, namespace },
        subjects: [{ kind: 'ServiceAccount', name: person, namespace }],
        roleRef: { apiGroup: RBAC, kind: 'Role', name: person },
      })
      tokens[person] = await tokenOf(namespace, person)
    }

    // The chart's rights; then the server with them, and where pods can reach it.
    const release = { namespace: names.own, values: { ...defaultValues(), image: IMAGE, imagePullPolicy: 'Never' } }
    const templates = await chartTemplates()
    const objects = Object.values(templates).flatMap((text) => parseAllDocuments(render(text, release)).map((one) => one.toJS() as KubeObject | null))
    const chart = objects.filter((one): one is KubeObject => one !== null)
    for (const object of chart.filter(({ kind }) => /Role|Account|NetworkPolicy|Service/.test(kind))) {
      await create(object)
      const { apiVersion, kind, metadata } = object
      if (kind.startsWith('ClusterRole')) undo.push(() => admin.cluster.delete({ apiVersion, kind, name: metadata.name }))
    }
    const apiServer = new URL(access.server)
    const near = apiServer.hostname.replace(/\d+$/, '')
    const host = Object.values(networkInterfaces())
      .flatMap((one) => one ?? [])
      .find(({ address }) => address.startsWith(near))!.address
    const own = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'local',
      clusters: [{ name: 'local', cluster: { server: access.server, 'certificate-authority-data': Buffer.from(access.tls.ca!).toString('base64') } }],
      users: [{ name: 'local', user: { token: await tokenOf(names.own, 'sallyport-server') } }],
      contexts: [{ name: 'local', context: { cluster: 'local', user: 'local' } }],
    }
    const ownFile = join(folder, 'kubeconfig')
    writeFileSync(ownFile, stringify(own))
    const data = join(folder, 'data')
    server = await startServer({
      data,
      port: 0,
      listen: '127.0.0.1',
      host: [],
      kubeconfig: [{ file: ownFile }],
      clusterListen: { host, port: 0 },
      agentSecret: 'sallyport-agent',
      env: { POD_NAMESPACE: names.own },
      log: pino({ level: 'silent' }),
    })
    undo.push(() => server.close())
    tokens.admin = readFileSync(join(data, 'cli-token'), 'utf8').trim()

    for (const object of [...workload(names.alice, 'catalog', BACK_CONF), ...workload(names.bob, 'cart', BACK_CONF)]) await create(object)
    const [catalog, cart] = [await running(names.alice, 'app=catalog'), await running(names.bob, 'app=cart')]
    const conf = frontConf({
      catalog: { at: `${catalog.ip}:8080`, name: `${names.alice}-catalog-8080` },
      cart: { at: `${cart.ip}:8080`, name: `${names.bob}-cart-8080` },
    })
    for (const object of workload(names.edge, 'front', conf, { 'sallyport.io/access-log': 'true' })) await create(object)
    front = `http://${(await running(names.edge, 'app=front')).ip}:8080`

    // There is no kube-proxy and no DNS here, so addresses stand where names would.
    const daemons = chart.find(({ kind }) => kind === 'DaemonSet')!
    const { spec } = (
      daemons.spec as { template: { spec: { containers: { env: { name: string; value?: string }[] }[]; volumes: { name: string; hostPath?: object }[] } } }
    ).template
    const env = spec.containers[0]!.env
    env.find(({ name }) => name === 'SALLYPORT_SERVER')!.value = server.clusterUrl
    env.push({ name: 'KUBERNETES_SERVICE_HOST', value: apiServer.hostname }, { name: 'KUBERNETES_SERVICE_PORT', value: apiServer.port })
    spec.volumes.find(({ name }) => name === 'state')!.hostPath = { path: join(folder, 'state'), type: 'DirectoryOrCreate' }
    await create(daemons)
    undo.push(() => admin.cluster.delete({ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'sallyport-agent', namespace: names.own }))
    await running(names.own, 'app.kubernetes.io/component=agent')

    const answers = () =>
      fetch(front).then(
        () => true,
        () => false,
      )
    await vi.waitUntil(answers, { timeout: 20_000, interval: 200 })
    for (const [path, count] of Object.entries(asked))
      for (let i = 0; i < count; i++) {
        const url = `${front}/${path}/${path === 'cart' && i < broken ? 'broken' : i}`
        await (await fetch(url, { headers: { 'user-agent': i === 7 ? LONG_AGENT : 'probe/1' } })).arrayBuffer()
      }
    const arrived = async () => {
      const now = await top('service')
      return now.catalog === asked.catalog && now.cart === asked.cart
    }
    await vi.waitUntil(arrived, { timeout: 60_000, interval: 500 })
  }, 180_000)

  afterAll(async () => {
    for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => {})
  }, 60_000)

  it('answers by namespace, service, workload and pod', async () => {
    const [catalog, cart] = [await running(names.alice, 'app=catalog'), await running(names.bob, 'app=cart')]
    expect(await top('namespace')).toMatchObject({ [names.alice]: asked.catalog, [names.bob]: asked.cart })
    expect(await top('workload')).toMatchObject({ 'Deployment/catalog': asked.catalog, 'Deployment/cart': asked.cart })
    expect(await top('pod')).toMatchObject({ [catalog.name]: asked.catalog, [cart.name]: asked.cart })
    const { body } = await api(`/ingress/requests?from=${from}&to=${Date.now() + 60_000}&filter=pod:eq:${cart.name}&filter=status:eq:500`)
    expect(body.rows).toHaveLength(broken)
  })

  it('puts lines together that the runtime cut, and names the source by its workload', async () => {
    const { body } = await api('/ingress/sources')
    expect(body.sources).toHaveLength(1)
    const [source] = body.sources
    expect(source).toMatchObject({ source: `${names.edge}/front/nginx`, transport: 'agent', format: 'upstreaminfo' })
    expect(source.reasons).not.toHaveProperty('partial')
    const { body: long } = await api(`/ingress/requests?from=${from}&to=${Date.now() + 60_000}&filter=user_agent:contains:long/`)
    expect(long.rows).toHaveLength(2)
  })

  it.each([
    ['alice', 'catalog', 'cart'],
    ['bob', 'cart', 'catalog'],
  ] as const)('shows %s the traffic of one namespace, and the pods of one', async (person, mine, others) => {
    expect(await top('service', person)).toEqual({ [mine]: asked[mine] })
    expect(await top('namespace', person)).toEqual({ [names[person]]: asked[mine] })
    const other = person === 'alice' ? 'bob' : 'alice'
    const { body } = await api(`/ingress/requests?from=${from}&to=${Date.now() + 60_000}&filter=service:eq:${others}`, person)
    expect(body.rows).toEqual([])
    const pods = (namespace: string, name: string) => api(`/objects/core/v1/Pod/${namespace}/${name}`, person)
    expect((await pods(names[person], (await running(names[person], `app=${mine}`)).name)).status).toBe(200)
    expect((await pods(names[other], (await running(names[other], `app=${others}`)).name)).status).toBe(403)
  })

  it('opens logs and a terminal for who may, and for nobody else', async () => {
    const [catalog, cart] = [await running(names.alice, 'app=catalog'), await running(names.bob, 'app=cart')]
    const exec = (namespace: string, pod: string, who: string) =>
      api(`/objects/core/v1/Pod/${namespace}/${pod}/exec`, who, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"container":"nginx"}',
      })
    expect((await exec(names.bob, cart.name, 'alice')).status).toBe(403)
    expect((await exec(names.bob, cart.name, 'bob')).body).toMatchObject({ error: { code: 'FORBIDDEN' } })
    const { body } = await exec(names.alice, catalog.name, 'alice')
    const terminal = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/clusters/local/terminals/${body.ticket}`, {
      headers: { authorization: `Bearer ${tokens.alice}` },
    })
    let said = ''
    terminal.on('message', (bytes) => {
      said += String(bytes)
    })
    await new Promise((resolve, reject) => terminal.once('open', resolve).once('error', reject))
    terminal.send(Buffer.from('echo $((6*7))-from-inside; exit 3\n'))
    await new Promise((resolve) => terminal.once('close', resolve))
    expect(said).toContain('42-from-inside')
    expect(said).toContain('{"exit":3}')

    const logs = (namespace: string, pod: string, who: string) => api(`/logs?namespace=${namespace}&pod=${pod}&container=nginx`, who)
    expect((await logs(names.alice, catalog.name, 'alice')).text).toContain('/catalog/1 ')
    expect((await logs(names.bob, cart.name, 'bob')).text).toContain('FORBIDDEN')
  })

  it('is walked by both in the console: pods, a terminal, logs and traffic of one namespace, and who may not is told why', async () => {
    await buildConsole()
    const browser = await startChromium()
    undo.push(() => browser.close())
    const shots = process.env.SALLYPORT_SHOTS
    const enter = async (person: 'alice' | 'bob', locale: string, colorScheme: 'light' | 'dark') => {
      const context = await browser.newContext({ locale, colorScheme, viewport: { width: 1440, height: 900 } })
      const { page, complaints } = await openPage(context)
      const main = page.locator('main')
      const shot = async (name: string) => {
        if (shots) await page.screenshot({ path: join(shots, `${person}-${name}.png`) })
      }
      const open = async (path: string) => {
        await page.goto(server.url + path)
        await page.waitForLoadState('load')
      }
      await open('/login')
      await page.getByRole('button', { name: /Use a Kubernetes token|使用 Kubernetes 令牌/ }).click()
      await page.getByRole('textbox').or(page.locator('input[type=password]')).first().fill(tokens[person]!)
      await page.locator('form button[type=submit]').click()
      await page.waitForURL((url) => url.pathname === '/')
      return { page, main, complaints, shot, open, close: () => context.close() }
    }
    const seen = (text: string | RegExp) => ({ timeout: 20_000, message: String(text) })
    const [catalog, cart] = [await running(names.alice, 'app=catalog'), await running(names.bob, 'app=cart')]

    const alice = await enter('alice', 'en', 'light')
    await alice.open(`/objects?namespace=${names.alice}`)
    await expect.poll(() => alice.main.textContent(), seen(catalog.name)).toContain(catalog.name)
    await alice.shot('pods')
    await alice.open(`/objects?namespace=${names.bob}`)
    await expect.poll(() => alice.main.textContent(), seen('FORBIDDEN')).toMatch(/FORBIDDEN/)
    expect(await alice.main.textContent()).not.toContain(cart.name)
    await alice.shot('pods-of-bob')
    await alice.open('/ingress')
    await expect.poll(() => alice.main.textContent(), seen('catalog')).toContain('catalog')
    expect(await alice.main.textContent()).not.toContain('cart')
    await alice.shot('ingress')
    await alice.open(`/objects?kind=v1/Pod&object=${names.alice}/${catalog.name}&tab=signals`)
    await expect.poll(() => alice.main.textContent(), seen('/catalog/1 ')).toContain('/catalog/1 ')
    await alice.shot('logs')
    await alice.main.getByRole('button', { name: /^Terminal/ }).click()
    await alice.page.locator('.xterm-helper-textarea').waitFor({ timeout: 20_000 })
    await alice.page.locator('.xterm').click()
    await alice.page.waitForTimeout(500)
    await alice.page.keyboard.type('echo $((6*7))-from-the-console\n')
    await expect.poll(() => alice.page.locator('.xterm-rows').textContent(), seen('42')).toContain('42-from-the-console')
    await alice.shot('terminal')
    expect(alice.complaints).toEqual([])
    await alice.close()

    const bob = await enter('bob', 'zh-CN', 'dark')
    await bob.open(`/objects?kind=v1/Pod&object=${names.bob}/${cart.name}&tab=signals`)
    await expect.poll(() => bob.main.textContent(), seen('FORBIDDEN')).toContain('FORBIDDEN')
    const terminal = bob.main.locator('button[aria-disabled=true]').first()
    expect(await terminal.textContent()).toContain('create pods/exec')
    await bob.shot('may-not')
    await bob.open('/ingress')
    await expect.poll(() => bob.main.textContent(), seen('cart')).toContain('cart')
    expect(await bob.main.textContent()).not.toContain('catalog')
    await bob.shot('ingress')
    await bob.open('/workloads')
    await expect.poll(() => bob.main.textContent(), seen('FORBIDDEN')).toContain('FORBIDDEN')
    await bob.shot('workloads')
    expect(bob.complaints).toEqual([])
    await bob.close()
  }, 180_000)

  it('keeps the agent within 80 MB', async () => {
    const { uid } = await running(names.own, 'app.kubernetes.io/component=agent')
    const processes = readdirSync('/proc').filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(uid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('agent.js')
      } catch {
        return false
      }
    })
    expect(processes).toHaveLength(1)
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${processes[0]}/status`, 'utf8'))![1]) * 1024
    console.log(`agent: ${(resident / 1e6).toFixed(1)} MB resident`)
    expect(resident).toBeLessThan(80e6)
  })
})
