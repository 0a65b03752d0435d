/** Real faults on this machine, found by a real agent, on the Node object of a real kubelet; and gone from it when they are over. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { nameFor } from '#apps/server/cluster-sources.ts'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { describeCluster, program } from '#test/real.ts'

const TOOLS = ['ip', 'containerd', 'chronyd', 'chronyc', 'mkfs.ext4', 'losetup']
const can = () => {
  try {
    accessSync('/dev/kmsg', constants.W_OK)
    return process.getuid?.() === 0 && TOOLS.every((name) => program(name) !== undefined)
  } catch {
    return false
  }
}
const POD = '0a1b2c3d-1111-4222-8333-444455556666'
const NAME = `spnd${process.pid}`
const MEMORY = '/sys/fs/cgroup/memory'

const NR_OPEN = '/proc/sys/fs/nr_open'
/** Less than what a process may open here, and far more than others have open: the limit is of the whole machine. */
const FEW_FILES = 8_000

interface Fault {
  condition: string
  begin(): void
  end(): void
}

describeCluster('node doctor', (kubeconfig) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-doctor-'))
  const children = new Set<ChildProcess>()
  const undo: (() => void)[] = []
  let server: RunningServer
  let admin: ReturnType<typeof openCluster>
  let said = ''

  const sh = (command: string, ...args: string[]) => execFileSync(program(command) ?? command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const start = (command: string, args: readonly string[], env = process.env) => {
    const child = spawn(program(command) ?? command, args, { stdio: ['ignore', 'ignore', 'pipe'], env })
    child.stderr!.on('data', (text: Buffer) => {
      said = (said + text).slice(-20_000)
    })
    children.add(child)
    return child
  }
  const kmsg = (text: string) => writeFileSync('/dev/kmsg', `<3>${text}\n`)
  const agent = () =>
    start(process.execPath, ['src/apps/agent/main.ts', '--server', server.url, '--config', join(folder, 'agent.yaml'), '--data', join(folder, 'agent')], {
      ...process.env,
      NODE_NAME: 'node1',
      SALLYPORT_TOKEN: readFileSync(join(folder, 'token'), 'utf8'),
    })
  const node = () => admin.cluster.get({ apiVersion: 'v1', kind: 'Node', name: 'node1' })
  const conditionsOf = (object: KubeObject) => (object.status as { conditions: { type: string; status: string; reason: string; message: string }[] }).conditions
  /** What conditions said when they were first found; what was a moment is over soon after. */
  const told: Record<string, string> = {}
  /** ms until each condition has the status, looking twice a second. */
  async function until(types: readonly string[], status: string, withinMs: number) {
    const begun = Date.now()
    const took: Record<string, number> = {}
    while (Object.keys(took).length < types.length && Date.now() - begun < withinMs) {
      const conditions = conditionsOf(await node())
      for (const type of types) {
        const one = conditions.find((condition) => condition.type === type && condition.status === status)
        if (took[type] !== undefined || one === undefined) continue
        took[type] = Date.now() - begun
        told[type] = one.message
      }
      await systemClock.sleep(500)
    }
    return took
  }

  beforeAll(async () => {
    if (!can()) return
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    admin = openCluster({ name: 'real', access, clock: systemClock })
    server = await startServer({
      data: join(folder, 'server'),
      port: 0,
      listen: '127.0.0.1',
      host: [],
      kubeconfig: [{ file: kubeconfig }],
      log: pino({ level: 'error' }),
    })
    const { token } = await server.tokens.issue({ name: 'doctor', cluster: nameFor(access.context), signals: ['findings'] })
    writeFileSync(join(folder, 'token'), token)
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    for (const step of undo.reverse())
      try {
        step()
      } catch {
        // it was never begun, or is undone already
      }
    await server?.close()
    await admin?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.skipIf(!can())(`finds real faults within 30 s, and knows when they are over (root, /dev/kmsg, ${TOOLS.join(', ')})`, { timeout: 170_000 }, async () => {
    const socket = join(folder, 'containerd.sock')
    const runtime = () => start('containerd', ['--root', join(folder, 'root'), '--state', join(folder, 'state'), '--address', socket, '--log-level', 'error'])
    const chrony = join(folder, 'chrony.conf')
    writeFileSync(chrony, `local stratum 5\nbindcmdaddress 127.0.0.1\ndriftfile ${join(folder, 'drift')}\npidfile ${join(folder, 'chronyd.pid')}\nport 0\n`)
    const time = () => start('chronyd', ['-x', '-d', '-f', chrony])
    const image = join(folder, 'disk.img')
    const mount = join(folder, 'mnt')
    mkdirSync(mount)
    writeFileSync(
      join(folder, 'agent.yaml'),
      JSON.stringify({
        node: {
          runtime: { socket, timeoutMs: 3000 },
          outbound: ['tcp://198.18.77.2:7700'],
          quietSeconds: 10,
          kubelet: { health: 'http://127.0.0.1:1/' },
          off: ['kubelet'],
        },
      }),
    )
    // what is well: a runtime, a clock that is kept, a disk, a way out
    const containerd = runtime()
    let chronyd = time()
    sh('ip', 'netns', 'add', NAME)
    undo.push(() => sh('ip', 'netns', 'del', NAME))
    sh('ip', 'link', 'add', `${NAME.slice(0, 12)}o`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NAME)
    undo.push(() => sh('ip', 'link', 'del', `${NAME.slice(0, 12)}o`))
    sh('ip', 'addr', 'add', '198.18.77.1/30', 'dev', `${NAME.slice(0, 12)}o`)
    sh('ip', 'link', 'set', `${NAME.slice(0, 12)}o`, 'up')
    for (const words of ['addr add 198.18.77.2/30 dev eth0', 'link set eth0 up', 'link set lo up']) sh('ip', '-n', NAME, ...words.split(' '))
    start('ip', ['netns', 'exec', NAME, process.execPath, '-e', "require('net').createServer(s=>s.end()).listen(7700,'198.18.77.2')"])
    sh('truncate', '-s', '8M', image)
    sh('mkfs.ext4', '-q', image)
    sh('mount', '-o', 'loop', image, mount)
    undo.push(() => sh('umount', '-l', mount))
    undo.push(() => sh('ip', 'netns', 'del', `${NAME}x`))
    undo.push(() => sh('ip', 'link', 'del', `${NAME.slice(0, 12)}x`))
    undo.push(() => sh('ip', 'route', 'del', 'blackhole', '198.18.77.2/32'))

    let hog: ChildProcess
    let glutton: ChildProcess
    const nrOpen = readFileSync(NR_OPEN, 'utf8')
    // not among the kubelet's own, which it clears away
    const group = join(MEMORY, NAME, `pod${POD}`)
    const all: Record<string, Fault> = {
      'a hung task': { condition: 'KernelTaskHung', begin: () => kmsg('INFO: task sallyport:4194300 blocked for more than 120 seconds.'), end: () => {} },
      'a broken file system': {
        condition: 'FilesystemError',
        begin: () => kmsg('EXT4-fs error (device spnd1): ext4_lookup:1601: inode #2: comm ls: deleted inode referenced: 12'),
        end: () => {},
      },
      'a pod out of memory': {
        condition: 'OutOfMemory',
        begin() {
          mkdirSync(group, { recursive: true })
          undo.push(() => sh('rmdir', group, join(MEMORY, NAME)))
          writeFileSync(join(group, 'memory.limit_in_bytes'), `${24 << 20}`)
          start('sh', ['-c', `echo $$ > ${group}/cgroup.procs && exec head -c 200m /dev/zero | tail`])
        },
        end: () => {},
      },
      'a process without files': {
        condition: 'FDPressure',
        begin: () => {
          hog = start('bash', ['-c', 'ulimit -n 40; for i in {3..36}; do eval "exec $i</dev/null"; done; sleep 120'])
        },
        end: () => hog.kill('SIGKILL'),
      },
      'a kernel that lets no process have more files': {
        condition: 'FDPressure',
        begin: () => {
          glutton = start(process.execPath, [
            '-e',
            `for (let i = 0; i < ${FEW_FILES * 0.9}; i++) require('fs').openSync('/dev/null'); setTimeout(() => {}, 120000)`,
          ])
          writeFileSync(NR_OPEN, `${FEW_FILES}\n`)
          undo.push(() => writeFileSync(NR_OPEN, nrOpen))
        },
        end() {
          writeFileSync(NR_OPEN, nrOpen)
          glutton.kill('SIGKILL')
        },
      },
      'a hung runtime': { condition: 'ContainerRuntimeUnhealthy', begin: () => containerd.kill('SIGSTOP'), end: () => containerd.kill('SIGCONT') },
      'a card without a pod': {
        condition: 'NetworkDeviceLeak',
        begin() {
          sh('ip', 'netns', 'add', `${NAME}x`)
          sh('ip', 'link', 'add', `${NAME.slice(0, 12)}x`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${NAME}x`)
        },
        end: () => sh('ip', 'link', 'del', `${NAME.slice(0, 12)}x`),
      },
      'a disk that became read-only': {
        condition: 'ReadonlyFilesystem',
        begin: () => sh('mount', '-o', 'remount,ro', mount),
        end: () => sh('mount', '-o', 'remount,rw', mount),
      },
      'a clock that nobody keeps': {
        condition: 'TimeUnsynchronized',
        begin: () => chronyd.kill('SIGKILL'),
        end: () => {
          rmSync(join(folder, 'chronyd.pid'), { force: true })
          chronyd = time()
        },
      },
      'a blocked way out': {
        condition: 'OutboundUnreachable',
        begin: () => sh('ip', 'route', 'add', 'blackhole', '198.18.77.2/32'),
        end: () => sh('ip', 'route', 'del', 'blackhole', '198.18.77.2/32'),
      },
    }
    if (!existsSync(join(MEMORY, 'memory.limit_in_bytes'))) delete all['a pod out of memory']
    // two faults share one
    const types = [...new Set(Object.values(all).map(({ condition }) => condition))]

    let running = agent()
    const well = await until(types, 'False', 60_000)
    expect(Object.keys(well).sort(), said).toEqual([...types].sort())

    const begunAt = Date.now()
    for (const { begin } of Object.values(all)) begin()
    const found = await until(types, 'True', 45_000)
    console.log('found after ms', found)
    expect(Object.keys(found).sort(), said).toEqual([...types].sort())
    expect(told.KernelTaskHung).toContain('sallyport:4194300')
    if (all['a pod out of memory']) expect(told.OutOfMemory).toMatch(/^Memory cgroup out of memory: Killed process \d+ \(tail\)/)

    // a restart of the agent in the middle changes nothing: no condition flaps
    const before = conditionsOf(await node()).map(({ type, status }) => `${type} ${status}`)
    running.kill('SIGTERM')
    await new Promise((resolve) => running.once('exit', resolve))
    running = agent()
    for (const type of ['FDPressure', 'ReadonlyFilesystem', 'OutboundUnreachable']) expect(before).toContain(`${type} True`)

    for (const { end } of Object.values(all)) end()
    const over = await until(types, 'False', 60_000)
    console.log('over after ms', over)
    expect(Object.keys(over).sort(), said).toEqual([...types].sort())

    const events = (await admin.cluster.list({ apiVersion: 'v1', kind: 'Event' }, { namespace: 'default', fields: 'involvedObject.name=node1' })).items
    const reasons = events.map((event) => String(event.reason))
    const nrOpenAt = Date.parse(String(events.find((event) => event.reason === 'NrOpen')?.firstTimestamp))
    console.log('fs.nr_open told after ms', nrOpenAt - begunAt)
    expect(nrOpenAt - begunAt).toBeLessThan(30_000)
    expect(reasons).toEqual(expect.arrayContaining(['NrOpen', 'NrOpenOver', 'TaskHung', 'TaskHungOver', 'FilesystemIsReadOnly', 'FilesystemIsReadOnlyOver']))
  })
})
