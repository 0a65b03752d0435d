import { z } from 'zod'

const percent = z.number().min(1).max(100)
const hostName = z.string().regex(/^[\w.:-]{1,253}$/, 'a host name or an address')
const endpoint = z.string().regex(/^(?:https?:\/\/\S{1,1000}|tcp:\/\/(?:\[[0-9a-fA-F:]+\]|[\w.-]{1,253}):\d{1,5})$/, 'http://…, https://… or tcp://host:port')
const unit = z.string().regex(/^[\w@.\\:-]{1,255}$/, 'the name of a unit')
const path = z.string().min(1).max(4096)

/** What an administrator may say about a node's checks; everything has a default. */
export const nodeSettings = z.strictObject({
  /** Percent of a limit from which on it is a problem. */
  watermarks: z
    .strictObject({
      files: percent.default(80),
      inotify: percent.default(80),
      processes: percent.default(80),
      conntrack: percent.default(80),
      inodes: percent.default(90),
      disk: percent.default(90),
    })
    .prefault({}),
  /** Places outside that pods must reach. */
  outbound: z.array(endpoint).max(50).default([]),
  /** From where: `host`, or `pods`, because what leaves a pod is also translated (SNAT). */
  outboundFrom: z.enum(['host', 'pods']).default('host'),
  time: z
    .strictObject({
      /** Offset from which on the clock is wrong, ms. */
      maxOffsetMs: z.number().positive().max(86_400_000).default(100),
      /** Servers to ask the time directly; none: only the machine's time daemon is asked. */
      servers: z.array(hostName).max(10).default([]),
    })
    .prefault({}),
  /** Socket of the container runtime; left out: the first of containerd, CRI-O, docker that is there. */
  runtime: z.strictObject({ socket: path.optional(), timeoutMs: z.number().int().min(100).max(60_000).default(5_000) }).prefault({}),
  kubelet: z.strictObject({ health: endpoint.default('http://127.0.0.1:10248/healthz') }).prefault({}),
  kubeProxy: z.strictObject({ health: endpoint.default('http://127.0.0.1:10256/healthz') }).prefault({}),
  dns: z.strictObject({ names: z.array(hostName).max(20).default([]) }).prefault({}),
  cloud: z.strictObject({ provider: z.enum(['auto', 'none', 'aws', 'gcp', 'azure', 'alibaba', 'tencent', 'huawei']).default('auto') }).prefault({}),
  cni: z.strictObject({ addresses: path.default('/var/lib/cni/networks') }).prefault({}),
  /** Units whose failure is nobody's business. */
  ignoreUnits: z.array(unit).max(200).default([]),
  /** Mount points that are not looked at. */
  ignoreMounts: z.array(path).max(200).default([]),
  /** So long after the last line about it a problem of the kernel's log is over, when nothing can be looked at to prove it, seconds. */
  quietSeconds: z.number().int().min(5).max(86_400).default(600),
  /** Detectors that do not run, by id. */
  off: z.array(z.string().max(64)).max(100).default([]),
  /** Configurations of node-problem-detector: log monitors and custom plugins. */
  npd: z.array(path).max(50).default([]),
})
export type NodeSettings = z.output<typeof nodeSettings>
