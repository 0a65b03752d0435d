import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-site-'))
let site: ChildProcess
let where: { ingress: string; control: string; token: string; kubernetes: string }

interface State {
  nodes: { name: string; pid?: number; pods: unknown[] }[]
  counts: { sent: number; failed: number }
}
const control = async (method: string, path: string, body?: unknown) => {
  const answer = await fetch(where.control + path, {
    method,
    headers: { authorization: `Bearer ${where.token}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as State & { error?: string } }
}
function kubernetes(method: string, path: string, body?: object): Promise<unknown> {
  const cluster = join(folder, 'sandbox/cluster')
  const { admin } = JSON.parse(readFileSync(join(cluster, 'tokens.json'), 'utf8')) as { admin: string }
  const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/merge-patch+json' }
  return new Promise((resolve, reject) => {
    const outgoing = request(where.kubernetes + path, { method, ca: readFileSync(join(cluster, 'ca.crt')), headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve(incoming.headers['content-type'] === 'application/json' ? JSON.parse(text) : text)
      })
    })
    outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}
const lines = () =>
  readFileSync(join(folder, 'sandbox/logs/access.log'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { service_name: string; status: number; upstream_addr: string; proxy_alternative_upstream_name: string })
async function until(what: string, met: () => boolean | Promise<boolean>) {
  for (let i = 0; i < 200; i++) {
    if (await met()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`never: ${what}`)
}

beforeAll(async () => {
  site = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/sandbox/site/main.ts', '--data', folder, '--rate', '60', '--seed', '1'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  await new Promise<void>((resolve) => site.stderr!.on('data', (text) => String(text).includes('is up') && resolve()))
  where = JSON.parse(readFileSync(join(folder, 'sandbox/site.json'), 'utf8'))
})
afterAll(() => {
  site.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

describe('the demo site', () => {
  it('serves every service through the ingress and logs every request with the pods that answered', async () => {
    await until(
      'all services in the log',
      () =>
        new Set(
          lines()
            .filter((l) => l.status === 200)
            .map((l) => l.service_name),
        ).size >= 4,
    )
    expect(lines().some((l) => l.upstream_addr.startsWith('127.'))).toBe(true)
  })

  it('honors weights: at 100 the canary alone serves', async () => {
    expect((await control('PUT', '/weights', { catalog: 100 })).status).toBe(200)
    // Its pod may be the last one to be ready.
    const before = lines().length
    await until('the canary serves', () =>
      lines()
        .slice(before)
        .some((l) => l.proxy_alternative_upstream_name !== ''),
    )
    const from = lines().length
    await until(
      '40 catalog requests',
      () =>
        lines()
          .slice(from + 20)
          .filter((l) => l.service_name === 'catalog').length >= 10,
    )
    expect(
      lines()
        .slice(from + 20)
        .filter((l) => l.service_name === 'catalog')
        .every((l) => l.proxy_alternative_upstream_name !== ''),
    ).toBe(true)
    await control('PUT', '/weights', { catalog: 0 })
  })

  it('fails on demand, and only where asked', async () => {
    await control('PUT', '/faults', { cart: { errorShare: 1 } })
    const from = lines().length
    await until(
      'cart failures',
      () =>
        lines()
          .slice(from)
          .filter((l) => l.service_name === 'cart' && l.status === 500).length >= 5,
    )
    await control('PUT', '/faults', {})
    expect(
      lines()
        .slice(from)
        .filter((l) => l.service_name === 'orders' && l.status === 500),
    ).toEqual([])
  })

  it('loses a node when its process is killed, and goes on with the other', async () => {
    const victim = (await control('GET', '/state')).body.nodes[0]!
    expect((await control('POST', '/kill-node', { name: victim.name })).status).toBe(200)
    await until('the node is gone', async () => (await control('GET', '/state')).body.nodes[0]!.pods.length === 0)
    const from = lines().length
    await until(
      'answers from the other node',
      () =>
        lines()
          .slice(from)
          .filter((l) => l.status === 200).length >= 10,
    )
  })

  it('is a cluster: scaling a Deployment grows the shop, and pods of a dead node go elsewhere', async () => {
    const api = async (method: string, path: string, body?: object) =>
      kubernetes(method, path, body) as Promise<{
        items: { metadata: { name: string; deletionTimestamp?: string }; spec: { nodeName?: string }; status: { phase: string; podIP?: string } }[]
      }>
    const cart = '/api/v1/namespaces/shop/pods?labelSelector=app.kubernetes.io%2Fname%3Dcart'
    await api('PATCH', '/apis/apps/v1/namespaces/shop/deployments/cart', { spec: { replicas: 4 } })
    const alive = async () => (await api('GET', cart)).items.filter((pod) => pod.status.phase === 'Running' && pod.metadata.deletionTimestamp === undefined)
    // node-1 was killed above: everything stands on node-2.
    await until('four pods run on the node that is left', async () => {
      const pods = await alive()
      return pods.length === 4 && pods.every((pod) => pod.spec.nodeName === 'node-2')
    })
    const addresses = new Set((await alive()).map((pod) => `${pod.status.podIP}:8080`))
    await until('all four are asked by the ingress', () => {
      const asked = new Set(lines().map((line) => line.upstream_addr))
      return [...addresses].every((address) => asked.has(address))
    })
    const nodes = (await kubernetes('GET', '/api/v1/nodes')) as {
      items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[]
    }
    const ready = Object.fromEntries(nodes.items.map((node) => [node.metadata.name, node.status.conditions.find((one) => one.type === 'Ready')?.status]))
    expect(ready).toMatchObject({ 'node-1': 'Unknown', 'node-2': 'True' })
    const pod = (await alive())[0]!.metadata.name
    expect(await kubernetes('GET', `/api/v1/namespaces/shop/pods/${pod}/log?tailLines=100`)).toMatch(/\/v1\/cart\/\S+ 20\d /)
  })

  it('refuses control without the token, and bad input with the reason', async () => {
    expect((await fetch(`${where.control}/state`)).status).toBe(401)
    const bad = await control('PUT', '/faults', { cort: {}, cart: { errorShare: 7 } })
    expect(bad.status).toBe(400)
    expect(bad.body.error).toContain('errorShare')
  })

  it('leaves no process behind when its parent goes away', async () => {
    const pids = (await control('GET', '/state')).body.nodes.flatMap((node) => node.pid ?? [])
    site.stdin!.end()
    await new Promise((resolve) => site.once('exit', resolve))
    const alive = (pid: number) => {
      try {
        process.kill(pid, 0)
        return true
      } catch {
        return false
      }
    }
    await until('the nodes are gone', () => !pids.some(alive))
  })
})
