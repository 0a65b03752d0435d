/** Bodies as a node's kubelet serves them: cAdvisor series of containers and a part like node_exporter's; seeded, and different from scrape to scrape. */
import { seededRandom } from '#core/kernel/random.ts'

const GAUGES = [
  'container_memory_usage_bytes',
  'container_memory_working_set_bytes',
  'container_memory_rss',
  'container_memory_cache',
  'container_spec_memory_limit_bytes',
  'container_spec_cpu_shares',
  'container_threads',
  'container_processes',
  'container_file_descriptors',
  'container_last_seen',
  'container_start_time_seconds',
]
const COUNTERS = [
  'container_cpu_usage_seconds_total',
  'container_cpu_user_seconds_total',
  'container_cpu_system_seconds_total',
  'container_cpu_cfs_periods_total',
  'container_cpu_cfs_throttled_seconds_total',
  'container_fs_reads_total',
  'container_fs_writes_total',
  'container_fs_reads_bytes_total',
  'container_fs_writes_bytes_total',
  'container_network_receive_bytes_total',
  'container_network_transmit_bytes_total',
  'container_network_receive_packets_total',
  'container_memory_failures_total',
  'container_oom_events_total',
]
const METRICS = [...GAUGES.map((name) => [name, 'gauge'] as const), ...COUNTERS.map((name) => [name, 'counter'] as const)]

const hexOf = (random: () => number, length: number) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')

/** `versions` bodies of `series` samples each, with the same series. */
export function cadvisorBodies(seed: number, series: number, versions: number): string[] {
  const random = seededRandom(seed)
  const containers = Array.from({ length: Math.ceil(series / METRICS.length) }, (_, i) => {
    const uid = `${hexOf(random, 8)}-${hexOf(random, 4)}-${hexOf(random, 4)}-${hexOf(random, 4)}-${hexOf(random, 12)}`
    const id = hexOf(random, 64)
    return `container="app-${i % 7}",id="/kubepods/burstable/pod${uid}/${id}",image="registry.example.com/shop/app-${i % 7}:v1.${i % 30}",name="${id}",namespace="team-${i % 12}",pod="app-${i % 7}-${hexOf(random, 10)}-${hexOf(random, 5)}"`
  })
  const state = METRICS.map(([, type]) =>
    containers.map(() => (type === 'counter' && random() < 0.4 ? 0 : Math.floor(random() * (type === 'counter' ? 1e6 : 4e8)))),
  )
  return Array.from({ length: versions }, () => {
    const lines: string[] = []
    let left = series
    METRICS.forEach(([name, type], m) => {
      if (left <= 0) return
      lines.push(`# HELP ${name} What ${name} says of a container`, `# TYPE ${name} ${type}`)
      const fractional = name.includes('_seconds_total')
      containers.forEach((labels, c) => {
        if (left-- <= 0) return
        const value = state[m]![c]!
        lines.push(`${name}{${labels}} ${fractional ? (value / 997).toFixed(6) : value > 2 ** 21 ? goExponent(value) : value}`)
        if (type === 'counter') state[m]![c] = value === 0 ? 0 : value + Math.floor(random() * 5000)
        else if (random() < 0.5) state[m]![c] = Math.max(0, value + Math.floor((random() - 0.5) * 1e6))
      })
    })
    return `${lines.join('\n')}\n`
  })
}

/** Go writes large floats with an exponent. */
const goExponent = (value: number): string => value.toExponential().replace(/e\+(\d)$/, 'e+0$1')
