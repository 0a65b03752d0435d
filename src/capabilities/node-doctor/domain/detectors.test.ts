import { describe, expect, it } from 'vitest'
import { type FakeHost, FORBIDDEN, fakeHost } from '../../../../test/fakes/host.ts'
import { applyVerdict, EMPTY } from './conditions.ts'
import type { Detector } from './detector.ts'
import { DETECTORS } from './detectors/all.ts'
import { readChrony, readNtpq, readSntp, readTimesync } from './detectors/time.ts'
import { nodeSettings } from './settings.ts'

interface Story {
  settings?: object
  /** A machine on which all is well. */
  well(host: FakeHost): void
  /** What goes wrong; what `fixed` does not say is undone by `well`. */
  ill(host: FakeHost): void
  reason: string
  /** What hides the answer; the detector must then be blind. */
  hide?(host: FakeHost): void
  /** Nothing here to look at. */
  nothing?: true
}

const protobuf = (...fields: [number, Uint8Array | string | number][]): Uint8Array =>
  Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.from([number * 8, value])
      const bytes = Buffer.from(value as string)
      return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes])
    }),
  )
const LIMITS = (files: number | string) =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${files}                 4096                 files\n`
const pid = (host: FakeHost, number: number, name: string) => {
  host.files[`/proc/${number}/comm`] = `${name}\n`
  host.files[`/proc/${number}/limits`] = LIMITS(100)
  host.files[`/proc/${number}/status`] = `Name:\t${name}\nUid:\t7\t7\t7\t7\nFDSize:\t64\n`
  host.files[`/proc/${number}/stat`] = `${number} (${name}) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 ${number}00 1 1`
}
const fds = (host: FakeHost, number: number, count: number) => {
  host.files[`/proc/${number}/status`] = host.files[`/proc/${number}/status`]!.toString().replace(/FDSize:\t\d+/, 'FDSize:\t128')
  for (let fd = 0; fd < count; fd++) host.files[`/proc/${number}/fd/${fd}`] = ''
}
const MOUNT = (options: string, below: string) =>
  `29 1 8:1 / / rw,relatime - ext4 /dev/sda2 rw\n30 29 8:2 / /data ${options},relatime shared:1 - ext4 /dev/sda1 ${below}\n`
const veth = (host: FakeHost) => {
  host.links['/proc/self/ns/net'] = host.links['/proc/1/ns/net'] = 'net:[1]'
  host.files['/sys/class/net/eth0/ifindex'] = host.files['/sys/class/net/eth0/iflink'] = '2\n'
  host.files['/proc/50/comm'] = 'pause\n'
  host.files['/sys/class/net/veth1/ifindex'] = '7\n'
  host.files['/sys/class/net/veth1/iflink'] = '3\n'
  host.links['/proc/50/ns/net'] = 'net:[9]'
  host.programs['nsenter -t 50 -n ip -o link show type veth'] = { stdout: '3: eth0@if7: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state UP\n' }
}
const CONTAINERD = '/run/containerd/containerd.sock'
const runtime = (host: FakeHost, ready = true) => {
  host.files[CONTAINERD] = ''
  host.answers[`${CONTAINERD}/runtime.v1.RuntimeService/Status`] = protobuf([
    1,
    protobuf([1, protobuf([1, 'RuntimeReady'], ...(ready ? [[2, 1] as [number, number]] : []))]),
  ])
  host.answers[`${CONTAINERD}/runtime.v1.RuntimeService/ListPodSandbox`] = protobuf([
    1,
    protobuf([1, 'abc'], [2, protobuf([1, 'web'], [2, 'uid1'], [3, 'shop'])]),
  ])
}
const CHRONY = (offset: string, leap = 'Normal') => ({
  stdout: `C0A80001,192.168.0.1,3,1700000000.1,${offset},0.000001,0.00002,1.5,0.0,0.02,0.03,0.001,64.5,${leap}\n`,
})

const STORIES: Record<string, Story> = {
  'open-files': {
    well(host) {
      host.files['/proc/sys/fs/file-nr'] = '600\t0\t9223372036854775807\n'
      host.files['/proc/sys/fs/nr_open'] = '1048576\n'
      pid(host, 50, 'web')
      fds(host, 50, 79)
    },
    ill: (host) => fds(host, 50, 80),
    reason: 'ProcessOpenFiles',
    hide: (host) => {
      host.files['/proc/50/limits'] = FORBIDDEN
    },
  },
  processes: {
    well(host) {
      host.files['/proc/loadavg'] = '0.1 0.1 0.1 1/799 5000\n'
      host.files['/proc/sys/kernel/pid_max'] = '1000\n'
      host.files['/proc/sys/kernel/threads-max'] = '190000\n'
    },
    ill: (host) => {
      host.files['/proc/loadavg'] = '0.1 0.1 0.1 1/800 5000\n'
    },
    reason: 'ProcessesNearLimit',
    hide: (host) => {
      host.files['/proc/loadavg'] = FORBIDDEN
    },
  },
  conntrack: {
    well(host) {
      host.files['/proc/sys/net/netfilter/nf_conntrack_count'] = '799\n'
      host.files['/proc/sys/net/netfilter/nf_conntrack_max'] = '1000\n'
    },
    ill: (host) => {
      host.files['/proc/sys/net/netfilter/nf_conntrack_count'] = '1000\n'
    },
    reason: 'ConntrackNearLimit',
    hide: (host) => {
      host.files['/proc/sys/net/netfilter/nf_conntrack_max'] = FORBIDDEN
    },
  },
  inotify: {
    well(host) {
      host.files['/proc/sys/fs/inotify/max_user_instances'] = '10\n'
      host.files['/proc/sys/fs/inotify/max_user_watches'] = '1000\n'
      pid(host, 50, 'tail')
      for (let fd = 0; fd < 7; fd++) host.links[`/proc/50/fd/${fd}`] = 'anon_inode:inotify'
    },
    ill: (host) => {
      host.links['/proc/50/fd/7'] = 'anon_inode:inotify'
    },
    reason: 'InotifyNearLimit',
    hide: (host) => {
      host.links = {}
      host.files['/proc/50/fd/'] = FORBIDDEN
    },
  },
  'disk-space': {
    well(host) {
      host.files['/proc/1/mountinfo'] = MOUNT('rw', 'rw')
      host.spaces = { '/': { bytes: 100, freeBytes: 50, inodes: 100, freeInodes: 50 }, '/data': { bytes: 100, freeBytes: 11, inodes: 0, freeInodes: 0 } }
    },
    ill: (host) => {
      host.spaces['/'] = { bytes: 100, freeBytes: 50, inodes: 100, freeInodes: 10 }
    },
    reason: 'InodesNearlyUsedUp',
    hide: (host) => {
      host.spaces = {}
    },
  },
  'read-only': {
    well: (host) => {
      host.files['/proc/1/mountinfo'] = MOUNT('rw', 'rw')
    },
    ill: (host) => {
      host.files['/proc/1/mountinfo'] = MOUNT('ro', 'ro')
    },
    reason: 'FilesystemIsReadOnly',
    hide: (host) => {
      host.files['/proc/1/mountinfo'] = FORBIDDEN
      host.files['/proc/self/mountinfo'] = FORBIDDEN
    },
  },
  'container-runtime': {
    well: (host) => runtime(host),
    ill: (host) => runtime(host, false),
    reason: 'ContainerRuntimeDown',
    hide: (host) => {
      host.answers[`${CONTAINERD}/runtime.v1.RuntimeService/Status`] = FORBIDDEN
    },
  },
  'frequent-restarts': {
    well: (host) => pid(host, 60, 'containerd'),
    ill(host) {
      for (let i = 61; i < 66; i++) pid(host, i, 'containerd')
    },
    reason: 'FrequentRestart',
    hide: (host) => {
      delete host.files['/proc/2/comm']
    },
  },
  'image-store': {
    well(host) {
      host.files['/proc/1/mountinfo'] =
        '40 29 0:50 / /run/containerd/io.containerd.runtime.v2.task/k8s.io/abc/rootfs rw,relatime - overlay overlay rw,lowerdir=/snap/2/fs:/snap/1/fs,upperdir=/snap/3/fs,workdir=/snap/3/work\n'
      host.files['/snap/1/fs/bin'] = ''
      host.files['/snap/2/fs/bin'] = ''
    },
    ill: (host) => {
      delete host.files['/snap/1/fs/bin']
    },
    reason: 'OverlayLayerMissing',
    hide: (host) => {
      host.files['/proc/1/mountinfo'] = FORBIDDEN
    },
  },
  'leaked-veth': {
    well: veth,
    ill: (host) => {
      delete host.links['/proc/50/ns/net']
    },
    reason: 'VirtualCardWithoutPod',
    hide: (host) => {
      delete host.files['/proc/2/comm']
    },
  },
  'leaked-address': {
    well(host) {
      runtime(host)
      host.files['/var/lib/cni/networks/pods/10.1.0.2'] = 'abc\r\neth0'
      host.files['/var/lib/cni/networks/pods/last_reserved_ip.0'] = '10.1.0.2'
    },
    ill: (host) => {
      host.files['/var/lib/cni/networks/pods/10.1.0.3'] = 'gone\r\neth0'
    },
    reason: 'AddressWithoutPod',
    hide: (host) => {
      delete host.answers[`${CONTAINERD}/runtime.v1.RuntimeService/ListPodSandbox`]
    },
  },
  outbound: {
    settings: { outbound: ['tcp://example.net:443', 'http://example.org/'] },
    well(host) {
      host.answers['example.net:443'] = { status: 200, body: '' }
      host.answers['example.org:80/'] = { status: 403, body: '' }
    },
    ill: (host) => {
      delete host.answers['example.net:443']
    },
    reason: 'EndpointUnreachable',
  },
  'cloud-credentials': {
    settings: { cloud: { provider: 'alibaba' } },
    well: (host) => {
      host.answers['100.100.100.200:80/latest/meta-data/ram/security-credentials/'] = { status: 200, body: 'node-role' }
    },
    ill: (host) => {
      host.answers['100.100.100.200:80/latest/meta-data/ram/security-credentials/'] = { status: 404, body: '<html>' }
    },
    reason: 'RoleMissing',
  },
  'time-sync': {
    well(host) {
      pid(host, 70, 'chronyd')
      host.programs['chronyc'] = CHRONY('0.000123')
    },
    ill: (host) => {
      host.programs['chronyc'] = CHRONY('-0.250000')
    },
    reason: 'ClockOffset',
    hide: (host) => {
      host.programs['chronyc'] = { code: 1, stdout: '506 Cannot talk to daemon\n' }
    },
  },
  'clock-jump': {
    well: () => {},
    ill: (host) => {
      host.clock += 5_000
    },
    reason: 'ClockJumped',
  },
  kubelet: {
    well: (host) => {
      host.answers['127.0.0.1:10248/healthz'] = { status: 200, body: 'ok' }
    },
    ill: (host) => {
      host.answers['127.0.0.1:10248/healthz'] = { status: 500, body: 'PLEG is not healthy' }
    },
    reason: 'KubeletUnhealthy',
  },
  'kube-proxy': {
    well: (host) => {
      host.answers['127.0.0.1:10256/healthz'] = { status: 200, body: 'ok' }
    },
    ill: (host) => {
      host.answers['127.0.0.1:10256/healthz'] = { status: 503, body: '' }
    },
    reason: 'KubeProxyUnhealthy',
  },
  dns: {
    settings: { dns: { names: ['kubernetes.default.svc'] } },
    well: (host) => {
      host.answers['kubernetes.default.svc'] = ['10.96.0.1']
    },
    ill: (host) => {
      delete host.answers['kubernetes.default.svc']
    },
    reason: 'NameNotFound',
  },
  'failed-units': {
    well(host) {
      host.files['/run/systemd/system/'] = ''
      host.programs['systemctl'] = { stdout: '' }
    },
    ill: (host) => {
      host.programs['systemctl'] = { stdout: 'nginx.service loaded failed failed A web server\n' }
    },
    reason: 'UnitFailed',
    hide: (host) => {
      host.programs['systemctl'] = { code: 1, stderr: 'Failed to connect to bus' }
    },
  },
}

const CLOUDS: Record<string, { at: string; well: string }> = {
  aws: { at: '169.254.169.254:80/latest/meta-data/iam/security-credentials/', well: 'node-role' },
  gcp: { at: '169.254.169.254:80/computeMetadata/v1/instance/service-accounts/default/email', well: 'node@shop.iam.gserviceaccount.com' },
  azure: {
    at: '169.254.169.254:80/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F',
    well: '{"access_token":"eyJ0"}',
  },
  tencent: { at: '169.254.0.23:80/latest/meta-data/cam/security-credentials/', well: 'node-role' },
  huawei: { at: '169.254.169.254:80/openstack/latest/securitykey', well: '{"credential":{"access":"A"}}' },
}
const packet = (aheadMs: number) => {
  const at = (ms: number) => `Mon 2026-01-05 12:00:0${Math.floor(ms / 1000)}.${String((ms % 1000) * 1000).padStart(6, '0')} UTC`
  return {
    stdout: `NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, OriginateTimestamp=${at(1000 + aheadMs)}, ReceiveTimestamp=${at(1000)}, TransmitTimestamp=${at(1000)}, DestinationTimestamp=${at(1000 + aheadMs)}, Ignored=no }\n`,
  }
}

/** The same with the other programs and limits that a machine may have. */
const VARIANTS: Record<string, Story & { of: string }> = {
  docker: {
    of: 'container-runtime',
    well(host) {
      host.files['/run/docker.sock'] = ''
      host.answers['/run/docker.sock/_ping'] = { status: 200, body: 'OK' }
    },
    ill: (host) => {
      host.answers['/run/docker.sock/_ping'] = { status: 500, body: '' }
    },
    reason: 'ContainerRuntimeDown',
    hide: (host) => {
      host.answers['/run/docker.sock/_ping'] = FORBIDDEN
    },
  },
  'CRI-O': {
    of: 'container-runtime',
    well(host) {
      host.files['/run/crio/crio.sock'] = ''
      host.answers['/run/crio/crio.sock/runtime.v1.RuntimeService/Status'] = protobuf([1, protobuf([1, protobuf([1, 'RuntimeReady'], [2, 1])])])
    },
    ill: (host) => {
      delete host.answers['/run/crio/crio.sock/runtime.v1.RuntimeService/Status']
    },
    reason: 'ContainerRuntimeDown',
  },
  'dockerd starting over and over': {
    of: 'frequent-restarts',
    well: (host) => pid(host, 60, 'dockerd'),
    ill(host) {
      for (let i = 61; i < 66; i++) pid(host, i, 'dockerd')
    },
    reason: 'FrequentRestart',
  },
  ntpd: {
    of: 'time-sync',
    well(host) {
      pid(host, 70, 'ntpd')
      host.programs.ntpq = { stdout: 'leap=00, stratum=3, offset=0.500, refid=10.0.0.1\n' }
    },
    ill: (host) => {
      host.programs.ntpq = { stdout: 'leap=00, stratum=3, offset=-480.0, refid=10.0.0.1\n' }
    },
    reason: 'ClockOffset',
    hide: (host) => {
      host.programs.ntpq = { timedOut: true }
    },
  },
  timesyncd: {
    of: 'time-sync',
    well(host) {
      pid(host, 70, 'systemd-timesyn')
      host.programs.timedatectl = packet(3)
    },
    ill: (host) => {
      host.programs.timedatectl = packet(900)
    },
    reason: 'ClockOffset',
    hide: (host) => {
      delete host.programs.timedatectl
    },
  },
  'a time daemon that has the time from nobody': {
    of: 'time-sync',
    well(host) {
      pid(host, 70, 'chronyd')
      host.programs.chronyc = CHRONY('0.0001')
    },
    ill: (host) => {
      host.programs.chronyc = CHRONY('0', 'Not synchronised')
    },
    reason: 'ClockUnsynchronized',
  },
  'threads of the whole machine': {
    of: 'processes',
    well(host) {
      host.files['/proc/loadavg'] = '0.1 0.1 0.1 1/700 5000\n'
      host.files['/proc/sys/kernel/pid_max'] = '4194304\n'
      host.files['/proc/sys/kernel/threads-max'] = '1000\n'
    },
    ill: (host) => {
      host.files['/proc/loadavg'] = '0.1 0.1 0.1 1/960 5000\n'
    },
    reason: 'ProcessesNearLimit',
  },
  'watches of inotify': {
    of: 'inotify',
    well(host) {
      host.files['/proc/sys/fs/inotify/max_user_instances'] = '1000\n'
      host.files['/proc/sys/fs/inotify/max_user_watches'] = '10\n'
      pid(host, 50, 'tail')
      host.links['/proc/50/fd/3'] = 'anon_inode:inotify'
      host.files['/proc/50/fdinfo/3'] = 'inotify wd:1 ino:1\n'.repeat(7)
    },
    ill: (host) => {
      host.files['/proc/50/fdinfo/3'] = 'inotify wd:1 ino:1\n'.repeat(8)
    },
    reason: 'InotifyNearLimit',
  },
  'room on a disk': {
    of: 'disk-space',
    well(host) {
      host.files['/proc/1/mountinfo'] = MOUNT('rw', 'rw')
      host.spaces = { '/': { bytes: 100, freeBytes: 50, inodes: 100, freeInodes: 50 }, '/data': { bytes: 100, freeBytes: 11, inodes: 0, freeInodes: 0 } }
    },
    ill: (host) => {
      host.spaces['/data'] = { bytes: 100, freeBytes: 10, inodes: 0, freeInodes: 0 }
    },
    reason: 'DiskNearlyFull',
  },
  'kubelet that is gone': {
    of: 'kubelet',
    well(host) {
      pid(host, 80, 'kubelet')
      host.answers['127.0.0.1:10248/healthz'] = { status: 200, body: 'ok' }
    },
    ill(host) {
      delete host.files['/proc/80/comm']
      delete host.answers['127.0.0.1:10248/healthz']
    },
    reason: 'KubeletUnhealthy',
  },
  ...Object.fromEntries(
    Object.entries(CLOUDS).map(([provider, { at, well }]): [string, Story & { of: string }] => [
      `role of a machine at ${provider}`,
      {
        of: 'cloud-credentials',
        settings: { cloud: { provider } },
        well: (host) => {
          host.answers[at] = { status: 200, body: well }
        },
        ill: (host) => {
          host.answers[at] = { status: 404, body: '' }
        },
        reason: 'RoleMissing',
      },
    ]),
  ),
  'a metadata service that does not answer': {
    of: 'cloud-credentials',
    settings: { cloud: { provider: 'gcp' } },
    well: (host) => {
      host.answers[CLOUDS.gcp!.at] = { status: 200, body: CLOUDS.gcp!.well }
    },
    ill: (host) => {
      delete host.answers[CLOUDS.gcp!.at]
    },
    reason: 'MetadataUnreachable',
  },
}

/** Runs a detector again and again over one state, as the agent does. */
function watch(detector: Detector, host: FakeHost, story: Story) {
  const settings = nodeSettings.parse(story.settings ?? {})
  const state = structuredClone(EMPTY)
  return async (looks = 1) => {
    let last: Awaited<ReturnType<Detector['judge']>>['verdict'] | undefined
    for (let i = 0; i < looks; i++) {
      host.clock += detector.everyMs
      host.uptime += detector.everyMs
      const { verdict, memory } = detector.judge(await detector.gather(host, settings), settings, state.memory[detector.id], host.clock)
      state.memory[detector.id] = JSON.parse(JSON.stringify(memory ?? null)) ?? undefined
      applyVerdict(state, detector, verdict, host.clock)
      last = verdict
    }
    return { verdict: last!, open: Object.values(state.troubles).filter(({ open }) => open) }
  }
}

describe('every detector', () => {
  it('has a story', () => expect(Object.keys(STORIES).sort()).toEqual(DETECTORS.map(({ id }) => id).sort()))

  it.each([
    ...Object.entries(STORIES).map(([id, story]) => [id, id, story] as const),
    ...Object.entries(VARIANTS).map(([name, story]) => [name, story.of, story] as const),
  ])('%s: quiet when well, fires when ill, clears, and is blind when it cannot look', async (_, id, story) => {
    const detector = DETECTORS.find((one) => one.id === id)!
    const host = fakeHost()
    story.well(host)
    const look = watch(detector, host, story)
    expect((await look(3)).open).toEqual([])
    expect((await look()).verdict).toEqual({ state: 'looked', troubles: [] })

    story.ill(host)
    const ill = await look(detector.raise ?? 1)
    expect(ill.open.map(({ reason }) => reason)).toContain(story.reason)
    expect(ill.open[0]!.message).not.toMatch(/undefined|NaN|object Object/)

    const healed = fakeHost()
    story.well(healed)
    Object.assign(host, { files: healed.files, links: healed.links, programs: healed.programs, answers: healed.answers, spaces: healed.spaces })
    // what is counted over a window is over when the window is
    expect((await look(id === 'frequent-restarts' ? 250 : id === 'clock-jump' ? 70 : (detector.clear ?? 2))).open).toEqual([])

    if (story.hide) {
      story.hide(host)
      const { verdict, open } = await look(3)
      expect(verdict.state).toBe('blind')
      expect(open).toEqual([])
    }
  })

  it('looks at an empty machine without failing, and calls nothing healthy that it did not see', async () => {
    for (const detector of DETECTORS) {
      const host = fakeHost()
      const { verdict } = await watch(detector, host, { settings: STORIES[detector.id]!.settings } as Story)()
      if (verdict.state === 'looked' && verdict.troubles.length === 0) expect(['clock-jump', 'frequent-restarts']).toContain(detector.id)
    }
  })
})

describe('open files', () => {
  const judge = async (host: FakeHost) => {
    const detector = DETECTORS.find(({ id }) => id === 'open-files')!
    const settings = nodeSettings.parse({})
    const { verdict } = detector.judge(await detector.gather(host, settings), settings, undefined, 0)
    return verdict.state === 'looked' ? verdict.troubles.map(({ reason }) => reason) : verdict.state
  }
  it('counts the files of a process whose own limit is far, when nr_open is near', async () => {
    const host = fakeHost({ '/proc/sys/fs/file-nr': '1\t0\t1000\n', '/proc/sys/fs/nr_open': '120\n' })
    pid(host, 50, 'web')
    host.files['/proc/50/limits'] = LIMITS(4096)
    fds(host, 50, 110)
    expect(await judge(host)).toEqual(['NrOpen'])
    host.files['/proc/sys/fs/nr_open'] = '1048576\n'
    expect(await judge(host)).toEqual([])
  })
  it('holds the system to file-max and a process to nr_open', async () => {
    const host = fakeHost({ '/proc/sys/fs/file-nr': '900\t50\t1000\n', '/proc/sys/fs/nr_open': '64\n' })
    pid(host, 50, 'web')
    fds(host, 50, 60)
    expect(await judge(host)).toEqual(['SystemOpenFiles', 'NrOpen'])
    host.files['/proc/50/limits'] = LIMITS('unlimited')
    host.files['/proc/sys/fs/nr_open'] = '1048576\n'
    host.files['/proc/sys/fs/file-nr'] = '849\t50\t1000\n'
    expect(await judge(host)).toEqual([])
    // not the machine's processes but a container's own
    delete host.files['/proc/2/comm']
    expect(await judge(host)).toBe('blind')
  })
})

describe('the way out of pods', () => {
  const detector = DETECTORS.find(({ id }) => id === 'outbound')!
  const settings = nodeSettings.parse({ outbound: ['tcp://example.net:443'], outboundFrom: 'pods' })
  const judge = async (host: FakeHost) => detector.judge(await detector.gather(host, settings), settings, undefined, 0).verdict
  /** A process in a network of its own, and what becomes of a connection from there. */
  const podOf = (host: FakeHost, pid: number, ran: object) => {
    host.links[`/proc/${pid}/ns/net`] = `net:[${pid}]`
    host.files[`/proc/${pid}/net/dev`] = 'Inter-|   Receive\n face |bytes\n    lo:  0\n  eth0: 12 3\n'
    host.programs[`nsenter -t ${pid} -n bash -c exec 3<>/dev/tcp/$0/$1 192.0.2.7 443`] = ran
  }
  const machine = () => {
    const host = fakeHost()
    host.links['/proc/1/ns/net'] = 'net:[1]'
    host.answers['example.net'] = ['192.0.2.7']
    return host
  }
  const BLOCKED = { code: 1, stderr: 'bash: connect: Network is unreachable\nbash: line 1: /dev/tcp/192.0.2.7/443: Network is unreachable\n' }

  it('is blocked when no pod comes through, and free again when one does', async () => {
    const host = machine()
    expect(await judge(host)).toMatchObject({ state: 'absent' })
    podOf(host, 50, { code: 0 })
    podOf(host, 60, BLOCKED)
    // one that may not is no illness of the node
    expect(await judge(host)).toEqual({ state: 'looked', troubles: [] })
    podOf(host, 50, BLOCKED)
    expect(await judge(host)).toMatchObject({
      troubles: [{ reason: 'EndpointUnreachable', message: 'tcp://example.net:443 cannot be reached from any of 2 pods: Network is unreachable' }],
    })
    podOf(host, 60, { code: 0 })
    expect(await judge(host)).toEqual({ state: 'looked', troubles: [] })
  })
  it('is not known where other networks may not be entered', async () => {
    const host = machine()
    podOf(host, 50, { code: 1, stderr: 'nsenter: reassociate to namespace failed: Operation not permitted\n' })
    expect(await judge(host)).toMatchObject({ state: 'blind', why: expect.stringContaining('Operation not permitted') })
  })
})

describe('time', () => {
  it('reads what daemons say of the offset', () => {
    expect(readChrony(CHRONY('0.5').stdout)).toEqual({ synchronized: true, offsetMs: -500 })
    expect(readChrony(CHRONY('0', 'Not synchronised').stdout)).toEqual({ synchronized: false })
    expect(readChrony('rubbish')).toMatchObject({ synchronized: false, reason: expect.any(String) })
    expect(readNtpq('leap=00, stratum=3, offset=12.5, refid=10.0.0.1')).toEqual({ synchronized: true, offsetMs: -12.5 })
    expect(readNtpq('leap=11, stratum=16, offset=0.000, refid=INIT')).toEqual({ synchronized: false })
    expect(
      readTimesync(
        'NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, OriginateTimestamp=Mon 2026-01-05 12:00:00.100000 UTC, ReceiveTimestamp=Mon 2026-01-05 12:00:00.000000 UTC, TransmitTimestamp=Mon 2026-01-05 12:00:00.000000 UTC, DestinationTimestamp=Mon 2026-01-05 12:00:00.120000 UTC, Ignored=no }\n',
      ),
    ).toEqual({ synchronized: true, offsetMs: 110 })
    expect(readTimesync('PollIntervalUSec=0\n')).toEqual({ synchronized: false })
  })

  it('asks servers itself', () => {
    const message = new Uint8Array(48)
    message.set([0x24, 2])
    const view = new DataView(message.buffer)
    for (const at of [32, 40]) view.setUint32(at, 1_700_000_000 + 2_208_988_800)
    expect(readSntp(message, 1_700_000_000_000 + 90, 1_700_000_000_000 + 110)).toEqual({ synchronized: true, offsetMs: 100 })
    expect(readSntp(new Uint8Array(3), 0, 0)).toMatchObject({ synchronized: false })
    expect(readSntp(new Uint8Array(48), 0, 0)).toMatchObject({ synchronized: false })
  })
})
