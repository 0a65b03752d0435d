/** What a node needs of its own programs: kubelet, kube-proxy, names, units, and the cloud's credentials. */
import type { Host, Reading } from '#core/shapes/ports/host.ts'
import { absent, blind, type Detector, looked, type Trouble } from '../detector.ts'
import type { NodeSettings } from '../settings.ts'
import { reach } from './network.ts'

interface HealthFacts {
  running: boolean
  answer: Reading<{ status?: number; body?: string }>
}

/** A health endpoint of a program. It is asked whether or not the program is seen to run; refused and never seen is no program here. */
function health(options: {
  id: string
  condition: string
  title: Detector['title']
  process: string
  reason: string
  url: (settings: NodeSettings) => string
}): Detector<HealthFacts, { seen: boolean }> {
  return {
    id: options.id,
    condition: options.condition,
    title: options.title,
    everyMs: 10_000,
    // one slow answer of a busy node is no illness
    raise: 2,
    async gather(host, settings) {
      const [running, answer] = await Promise.all([isRunning(host, options.process), reach(host, options.url(settings), 3_000)])
      return { running, answer }
    },
    judge({ running, answer }, settings, before = { seen: false }) {
      const memory = { seen: before.seen || running || answer.ok }
      if (!memory.seen) return { memory, verdict: absent(`${options.process} is not seen on this machine`) }
      const healthy = answer.ok && (answer.value.status === undefined || answer.value.status === 200)
      if (healthy) return { memory, verdict: looked() }
      const why = answer.ok ? `HTTP ${answer.value.status} ${answer.value.body?.slice(0, 200) ?? ''}` : answer.reason
      return {
        memory,
        verdict: looked({
          key: options.process,
          reason: options.reason,
          severity: 'critical',
          message: `${options.process} is ${running ? 'not healthy' : 'not running'}: ${options.url(settings)}: ${why}`.trim().slice(0, 500),
        }),
      }
    },
  }
}

async function isRunning(host: Host, name: string): Promise<boolean> {
  const pids = await host.list('/proc')
  for (const pid of pids.ok ? pids.value : []) {
    if (!/^\d+$/.test(pid)) continue
    const comm = await host.read(`/proc/${pid}/comm`, 64)
    if (comm.ok && comm.value.trim() === name) return true
  }
  return false
}

export const kubelet = health({
  id: 'kubelet',
  condition: 'KubeletUnhealthy',
  title: { en: 'kubelet', 'zh-CN': 'kubelet' },
  process: 'kubelet',
  reason: 'KubeletUnhealthy',
  url: (settings) => settings.kubelet.health,
})

export const kubeProxy = health({
  id: 'kube-proxy',
  condition: 'KubeProxyUnhealthy',
  title: { en: 'kube-proxy', 'zh-CN': 'kube-proxy' },
  process: 'kube-proxy',
  reason: 'KubeProxyUnhealthy',
  url: (settings) => settings.kubeProxy.health,
})

interface DnsFacts {
  resolvers: Reading<string>
  names: readonly { name: string; addresses: Reading<readonly string[]> }[]
}

export const dns: Detector<DnsFacts> = {
  id: 'dns',
  condition: 'DNSUnreachable',
  title: { en: 'Name resolution', 'zh-CN': '域名解析' },
  everyMs: 15_000,
  raise: 2,
  async gather(host, settings) {
    const resolvers = await host.read('/etc/resolv.conf')
    const names = await Promise.all(settings.dns.names.map(async (name) => ({ name, addresses: await host.lookup(name, 5_000) })))
    return { resolvers, names }
  },
  judge({ resolvers, names }) {
    if (names.length === 0) return { verdict: absent('no name is given to look up (dns.names)') }
    const troubles: Trouble[] = names.flatMap(({ name, addresses }) =>
      addresses.ok && addresses.value.length > 0
        ? []
        : [
            {
              key: name,
              reason: 'NameNotFound',
              severity: 'error' as const,
              message: `${name} is not found: ${addresses.ok ? 'no address' : addresses.reason} (name servers: ${resolvers.ok ? [...resolvers.value.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server]) => server).join(', ') : 'not known'})`,
            },
          ],
    )
    return { verdict: looked(...troubles) }
  },
}

interface UnitFacts {
  systemd: boolean
  failed: Reading<string>
}

export const failedUnits: Detector<UnitFacts> = {
  id: 'failed-units',
  condition: 'FailedUnits',
  title: { en: 'Failed systemd units', 'zh-CN': '失败的 systemd 单元' },
  everyMs: 15_000,
  async gather(host) {
    const systemd = await host.list('/run/systemd/system')
    if (!systemd.ok) return { systemd: false, failed: systemd }
    const ran = await host.run('systemctl', ['list-units', '--state=failed', '--plain', '--no-legend', '--full', '--no-pager'], { timeoutMs: 4_000 })
    if (!ran.ok) return { systemd: true, failed: ran }
    const { code, stdout, stderr, timedOut } = ran.value
    if (timedOut || code !== 0)
      return { systemd: true, failed: { ok: false, why: 'failed', reason: timedOut ? 'systemctl does not answer' : stderr.trim().slice(0, 200) } }
    return { systemd: true, failed: { ok: true, value: stdout } }
  },
  judge({ systemd, failed }, { ignoreUnits }) {
    if (!systemd) return { verdict: absent('systemd does not run here') }
    if (!failed.ok) return { verdict: blind(`systemctl: ${failed.reason}`) }
    const units = failed.value.split('\n').flatMap((line) => /^(?:● )?(\S+)/.exec(line.trim())?.[1] ?? [])
    return {
      verdict: looked(
        ...units
          .filter((unit) => !ignoreUnits.includes(unit))
          .slice(0, 50)
          .map((unit) => ({ key: unit, reason: 'UnitFailed', severity: 'warning' as const, message: `the unit ${unit} has failed` })),
      ),
    }
  },
}

type Provider = Exclude<NodeSettings['cloud']['provider'], 'auto' | 'none'>
interface CloudFacts {
  /** What the machine's maker says of it. */
  provider: Provider | 'none' | 'unknown'
  answer?: Reading<{ status: number; body: string }>
}

interface Adapter {
  /** Words in the machine's tables of its maker (DMI). */
  words: RegExp
  host: string
  path: string
  headers?: Record<string, string>
  /** Does the answer name a role or hold a token? */
  holds(body: string): boolean
}

const names = (body: string) => /^[\w+=,.@/-]+$/.test(body.trim())
const ADAPTERS: Record<Provider, Adapter> = {
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
  aws: { words: /\bamazon|\bec2/i, host: '169.254.169.254', path: '/latest/meta-data/iam/security-credentials/', holds: names },
  // https://cloud.google.com/compute/docs/access/authenticate-workloads
  gcp: {
    words: /\bgoogle/i,
    host: '169.254.169.254',
    path: '/computeMetadata/v1/instance/service-accounts/default/email',
    headers: { 'Metadata-Flavor': 'Google' },
    holds: (body) => body.includes('@'),
  },
  // https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
  azure: {
    words: /7783-7084-3265-9085-8269-3286-77/,
    host: '169.254.169.254',
    path: '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F',
    headers: { Metadata: 'true' },
    holds: (body) => body.includes('"access_token"'),
  },
  // https://www.alibabacloud.com/help/en/ecs/user-guide/attach-an-instance-ram-role-to-an-ecs-instance
  alibaba: { words: /alibaba/i, host: '100.100.100.200', path: '/latest/meta-data/ram/security-credentials/', holds: names },
  tencent: { words: /tencent/i, host: '169.254.0.23', path: '/latest/meta-data/cam/security-credentials/', holds: names },
  huawei: { words: /huawei/i, host: '169.254.169.254', path: '/openstack/latest/securitykey', holds: (body) => body.includes('"access"') },
}

export const cloudCredentials: Detector<CloudFacts> = {
  id: 'cloud-credentials',
  condition: 'CloudCredentialsMissing',
  title: { en: 'Role of this machine in its cloud', 'zh-CN': '云上实例角色凭据' },
  everyMs: 30_000,
  raise: 2,
  async gather(host, { cloud }) {
    const provider = cloud.provider === 'auto' ? await providerOf(host) : cloud.provider
    if (provider === 'none' || provider === 'unknown') return { provider }
    const { host: address, path, headers = {} } = ADAPTERS[provider]
    const to = { host: address, port: 80 }
    const token: Record<string, string> = {}
    if (provider === 'aws') {
      const session = await host.http(to, {
        method: 'PUT',
        path: '/latest/api/token',
        headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '60' },
        timeoutMs: 2_000,
      })
      if (session.ok && session.value.status === 200) token['X-aws-ec2-metadata-token'] = session.value.body
    }
    return { provider, answer: await host.http(to, { path, headers: { ...headers, ...token }, timeoutMs: 3_000 }) }
  },
  judge({ provider, answer }) {
    if (provider === 'none') return { verdict: absent('this is no machine of a cloud that is known') }
    if (provider === 'unknown' || !answer)
      return { verdict: blind('who made this machine cannot be read (/sys/class/dmi/id); name the provider (cloud.provider)') }
    const { holds, host } = ADAPTERS[provider]
    if (answer.ok && answer.value.status === 200 && holds(answer.value.body)) return { verdict: looked() }
    const why = answer.ok ? `the metadata service answers ${answer.value.status}` : `the metadata service at ${host} does not answer: ${answer.reason}`
    return {
      verdict: looked({
        key: provider,
        reason: answer.ok ? 'RoleMissing' : 'MetadataUnreachable',
        severity: 'error',
        message: `no credentials of a role (${provider}): ${why}; what this node asks of the cloud will fail`,
      }),
    }
  },
}

async function providerOf(host: Host): Promise<CloudFacts['provider']> {
  const folder = await host.list('/sys/class/dmi/id')
  if (!folder.ok) return folder.why === 'absent' ? 'none' : 'unknown'
  const texts = await Promise.all(['sys_vendor', 'product_name', 'bios_vendor', 'chassis_asset_tag'].map((name) => host.read(`/sys/class/dmi/id/${name}`, 256)))
  const all = texts.map((text) => (text.ok ? text.value : '')).join('\n')
  const found = (Object.keys(ADAPTERS) as Provider[]).find((provider) => ADAPTERS[provider].words.test(all))
  return found ?? (texts.every((text) => !text.ok && text.why === 'forbidden') ? 'unknown' : 'none')
}
