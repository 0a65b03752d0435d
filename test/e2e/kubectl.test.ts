/** kubectl against the demo: a current client and the one of 1.20. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ASSETS, program } from '#test/real.ts'

const asset = (...path: string[]) => {
  const file = join(ASSETS, ...path)
  return existsSync(file) ? file : undefined
}
const clients: [string, string | undefined][] = [
  ['a current kubectl', asset('current', 'kubectl') ?? program('kubectl')],
  ['kubectl of KUBEBUILDER_ASSETS (1.20)', asset('kubectl')],
]
const versionOf = (client: string) => /v[\d.]+\d/.exec(execFileSync(client, ['version', '--client'], { encoding: 'utf8' }))?.[0]
const folder = mkdtempSync(join(tmpdir(), 'sallyport-kubectl-'))
const kubeconfig = (who = '') => join(folder, `sandbox/cluster/kubeconfig${who}`)
let site: ChildProcess | undefined

interface Answer {
  code: number
  out: string
  err: string
}
function runner(client: string, namespace: string) {
  return (args: string[], { input = '', who = '' } = {}): Promise<Answer> =>
    new Promise((resolve) => {
      const child = spawn(client, ['--kubeconfig', kubeconfig(who), '-n', namespace, ...args], { timeout: 60_000, env: { ...process.env, HOME: folder } })
      const answer: Answer = { code: -1, out: '', err: '' }
      child.stdout.on('data', (text) => {
        answer.out += text
      })
      child.stderr.on('data', (text) => {
        answer.err += text
      })
      child.on('close', (code) => resolve({ ...answer, code: code ?? -1 }))
      child.stdin.end(input)
    })
}

const manifest = (name: string, replicas: number, image = 'registry.example.com/shop/cart:1.4.2') =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image, ports: [{ containerPort: 8080, name: 'http' }] }] } },
    },
  })

beforeAll(async () => {
  if (clients.every(([, client]) => client === undefined)) return
  const started = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'src/sandbox/site/main.ts', '--data', folder, '--rate', '5', '--seed', '1'],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  )
  site = started
  await new Promise<void>((resolve) => started.stderr.on('data', (text) => String(text).includes('is up') && resolve()))
})
afterAll(() => {
  site?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

for (const [i, [title, client]] of clients.entries()) {
  const describeClient = client === undefined ? describe.skip : describe
  describeClient(client === undefined ? `${title} (needs it)` : `${title}: ${versionOf(client)}`, () => {
    const namespace = `try-${i}`
    const kubectl = runner(client ?? '', namespace)
    const done = async (args: string[], options?: { input?: string; who?: string }): Promise<string> => {
      const answer = await kubectl(args, options)
      expect(answer, args.join(' ')).toMatchObject({ code: 0 })
      return answer.out
    }

    beforeAll(async () => {
      await done(['create', 'namespace', namespace])
    })

    it('apply, diff, get, wait, rollout, logs', async () => {
      const input = manifest('web', 2)
      expect(await done(['apply', '-f', '-'], { input })).toBe('deployment.apps/web created\n')
      expect(await done(['apply', '-f', '-'], { input })).toBe('deployment.apps/web unchanged\n')
      await done(['rollout', 'status', 'deployment/web', '--timeout=60s'])
      expect(await done(['wait', '--for=condition=Available', 'deployment/web', '--timeout=60s'])).toContain('condition met')
      expect(await done(['get', 'deployment', 'web'])).toMatch(/NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 +2 +2 /)
      expect(await done(['get', 'deploy,rs,pods', '-o', 'name'])).toMatch(/^deployment.apps\/web\nreplicaset.apps\/web-\w+\npod\/web-\S+\npod\/web-\S+\n$/)
      expect(await done(['diff', '-f', '-'], { input })).toBe('')
      const changed = await kubectl(['diff', '-f', '-'], { input: manifest('web', 3) })
      expect([changed.code, changed.out]).toEqual([1, expect.stringMatching(/- {2}replicas: 2\n\+ {2}replicas: 3/)])
      expect(await done(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: manifest('web', 3) })).toContain('serverside-applied')
      expect(await done(['logs', 'deployment/web', '--tail', '1'])).toContain('listening on')
      expect(await done(['describe', 'deployment', 'web'])).toMatch(/Scaled up replica set/i)
      expect(await done(['explain', 'deployment.spec.replicas'])).toMatch(/FIELD: +replicas <integer>/)
    })

    it('scale, patch, label, set image, rollout undo', async () => {
      await done(['scale', 'deployment/web', '--replicas=1'])
      expect(await done(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}'])).toBe('1')
      await done(['patch', 'deployment', 'web', '-p', '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"1"}]}]}}}}'])
      expect(await done(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[*].image} {..env[0].value}'])).toBe(
        'registry.example.com/shop/cart:1.4.2 1',
      )
      await done(['patch', 'deployment', 'web', '--type=json', '-p', '[{"op":"replace","path":"/spec/replicas","value":2}]'])
      await done(['patch', 'deployment', 'web', '--type=merge', '-p', '{"metadata":{"annotations":{"a":"b"}}}'])
      await done(['label', 'deployment', 'web', 'tier=front'])
      expect(await done(['get', 'deployments', '-l', 'tier=front', '-o', 'name'])).toBe('deployment.apps/web\n')
      // The flag came with 1.24.
      if (Number(versionOf(client!)?.split('.')[1]) >= 24) {
        expect(await done(['get', 'deployment', 'web', '--subresource=scale', '-o', 'jsonpath={.spec.replicas}'])).toBe('2')
        await done(['patch', 'deployment', 'web', '--subresource=scale', '--type=merge', '-p', '{"spec":{"replicas":3}}'])
        expect(await done(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}'])).toBe('3')
      }
      await done(['rollout', 'undo', 'deployment/web'])
      expect(await done(['get', 'deployment', 'web', '-o', 'jsonpath={..env}'])).toBe('')
      await done(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    })

    it('create deployment and its kin, auth can-i', async () => {
      await done(['create', 'deployment', 'made', '--image=registry.example.com/shop/orders:1.4.2', '--replicas=0', '--port=8080'])
      expect(await done(['get', 'deployment', 'made', '-o', 'jsonpath={.spec.replicas} {..containerPort}'])).toBe('0 8080')
      await done(['create', 'secret', 'generic', 'made', '--from-literal=a=b'])
      expect(await done(['get', 'secret', 'made', '-o', 'jsonpath={.data.a}'])).toBe('Yg==')
      await done(['create', 'configmap', 'made', '--from-literal=a=b'])
      await done(['create', 'service', 'clusterip', 'made', '--tcp=80:http'])
      expect(await done(['get', 'service', 'made', '-o', 'jsonpath={.spec.ports[0].targetPort}'])).toBe('http')
      await done(['create', 'role', 'made', '--verb=get', '--resource=pods'])
      await done(['create', 'rolebinding', 'made', '--role=made', '--user=alice'])
      expect(await done(['auth', 'can-i', 'get', 'pods'], { who: '.alice' })).toBe('yes\n')
      const refused = await kubectl(['auth', 'can-i', 'delete', 'pods'], { who: '.alice' })
      expect([refused.code, refused.out]).toEqual([1, expect.stringMatching(/^no/)])
      expect((await kubectl(['get', 'secrets'], { who: '.alice' })).err).toContain('User "alice" cannot list resource "secrets"')
    })

    it('exec: output, input, exit code', async () => {
      const pods = (await done(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ')
      expect(await done(['exec', pods[0]!, '--', 'hostname'])).toBe(`${pods[0]}\n`)
      expect(await done(['exec', '-i', pods[0]!, '--', 'sh'], { input: 'echo one\necho two\n' })).toBe('one\ntwo\n')
      expect(await kubectl(['exec', pods[0]!, '--', 'sh', '-c', 'echo out; echo bad 2>/dev/null; nothing; exit 3'])).toMatchObject({
        code: 3,
        out: 'out\nbad\n',
        err: expect.stringContaining('nothing: not found'),
      })
      expect((await kubectl(['exec', pods[0]!, '--', 'python3'])).err).toContain('executable file not found')
    })

    it('attach and port-forward', async () => {
      const [pod] = (await done(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ')
      const start = (...args: string[]) => {
        const child = spawn(client!, ['--kubeconfig', kubeconfig(), '-n', namespace, ...args], { env: { ...process.env, HOME: folder } })
        let said = ''
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (text) => {
            said += text
          })
        return { said: () => said, stop: () => child.kill('SIGKILL') }
      }
      const forward = start('port-forward', `pod/${pod}`, ':8080', ':9999')
      const attached = start('attach', pod!)
      try {
        await expect.poll(forward.said, { timeout: 20_000 }).toMatch(/Forwarding from 127.0.0.1:\d+ -> 9999/)
        const [open, closed] = [...forward.said().matchAll(/127\.0\.0\.1:(\d+) ->/g)].map(([, port]) => `http://127.0.0.1:${port}/`)
        const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(open!).then(async (one) => [one.status, (await one.text()).length])))
        expect(new Set(answers.map(([status]) => status))).toEqual(new Set([answers[0]![0]]))
        expect(answers[0]![0]).toBeLessThan(500)
        await expect.poll(attached.said, { timeout: 10_000 }).toMatch(/GET|\//)
        await expect(fetch(closed!, { signal: AbortSignal.timeout(10_000) })).rejects.toThrow()
        expect(forward.said()).toContain('connection refused')
      } finally {
        forward.stop()
        attached.stop()
      }
    })

    it('delete, and wait for it', async () => {
      await done(['delete', 'deployment', 'web', '--timeout=60s'])
      await expect.poll(() => done(['get', 'pods', '-l', 'app=web', '-o', 'name']), { timeout: 20_000 }).toBe('')
      expect((await kubectl(['get', 'deployment', 'web'])).err).toContain('deployments.apps "web" not found')
      writeFileSync(join(folder, 'again.json'), manifest('again', 0))
      await done(['apply', '-f', join(folder, 'again.json')])
      await done(['delete', '-f', join(folder, 'again.json')])
    })

    it('finds the pods of the shop spread over its nodes', async () => {
      const nodes = (await done(['get', 'pods', '-n', 'shop', '-o', 'jsonpath={.items[*].spec.nodeName}'])).split(' ')
      const counts = ['node-1', 'node-2'].map((name) => nodes.filter((node) => node === name).length)
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(3)
    })
  })
}
