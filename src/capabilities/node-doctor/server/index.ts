import { createHash, randomBytes } from 'node:crypto'
import { Gauge } from 'prom-client'
import { CodedError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { listAll } from '#core/kube/list-all.ts'
import { fingerprintInput } from '#core/shapes/finding.ts'
import type { LineSink } from '#core/shapes/ports/lines.ts'
import { atLeast } from '#core/shapes/severity.ts'
import { encodeRows, type Row } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import type { ActiveAlert, ServerContext, ServerDoor } from '#kits/server-kit/door.ts'
import { type NodeReport, nodeReport, REPORT_FORMAT, SILENT_MS } from '../domain/report.ts'
import { repairReconciler } from '../reconcilers/repair.ts'
import { createConditionWriter, OWN_CONDITIONS } from './node-conditions.ts'
import { type Held, nodeRoutes } from './nodes.ts'

const CLUSTER_ALARMS_MS = 30_000
const MOST_NODES = 10_000

export const door: ServerDoor = {
  id: 'node-doctor',

  async start(context: ServerContext) {
    const { telemetry, clock, log, alerts } = context
    const clusters = new Map<string, Map<string, Held>>()
    const stopping = new AbortController()
    const conditions = createConditionWriter(context)
    const gauge = new Gauge({
      name: 'sallyport_node_condition',
      help: 'Conditions of nodes: 1 true, 0 false, -1 not known.',
      labelNames: ['cluster', 'node', 'condition'],
      registers: [context.metrics],
    })
    const isSilent = ({ receivedAt }: Held) => clock.now() - receivedAt > SILENT_MS

    const tellAlarms = async (cluster: string) => {
      const firing = [...(clusters.get(cluster)?.values() ?? [])].flatMap((held) => alarmsOf(held.report, isSilent(held), held.receivedAt))
      await alerts.report('node-doctor', cluster, firing)
    }

    async function take(cluster: string, report: NodeReport, receivedAt: number): Promise<void> {
      const nodes = clusters.get(cluster) ?? new Map<string, Held>()
      clusters.set(cluster, nodes)
      const before = nodes.get(report.node)
      // a report that was on its way longer than a later one
      if (before && before.report.at > report.at && before.report.startedAt >= report.startedAt) return
      if (!before && nodes.size >= MOST_NODES) throw new CodedError('TOO_LARGE', { what: 'nodes of one cluster', limit: `${MOST_NODES}` })
      nodes.set(report.node, { report, receivedAt })
      for (const { type } of before?.report.conditions ?? []) {
        if (!report.conditions.some((one) => one.type === type)) gauge.remove({ cluster, node: report.node, condition: type })
      }
      for (const { type, status } of report.conditions)
        gauge.set({ cluster, node: report.node, condition: type }, status === 'True' ? 1 : status === 'False' ? 0 : -1)
      conditions.write(cluster, report)
      if (report.changes.length > 0 || !before)
        await tellAlarms(cluster).catch((err: unknown) => log.warn({ err }, 'alarms could not be told; they are told again'))
    }

    const sink: LineSink = {
      name: 'node-doctor',
      accepts: ({ format }) => format === REPORT_FORMAT,
      async write({ id, cluster, bytes, receivedAt }) {
        const reasons: Record<string, number> = {}
        const reports: NodeReport[] = []
        const lines = new TextDecoder().decode(bytes).split('\n').filter(Boolean)
        for (const line of lines) {
          const report = readReport(line)
          if (typeof report === 'string') reasons[report] = (reasons[report] ?? 0) + 1
          else reports.push(report)
        }
        // kept first: what was told of and not kept could not be told again
        const rows = reports.flatMap((report) => findingRows(cluster, report, receivedAt))
        if (rows.length > 0) await telemetry.append({ id, table: 'findings', ...encodeRows(TABLES.findings, rows) })
        for (const report of reports) await take(cluster, report, receivedAt)
        return { accepted: reports.length, rejected: lines.length - reports.length, reasons }
      },
    }

    context.reconcile(repairReconciler, (cluster) => ({
      cluster,
      clock,
      newId: () => uuidv7(clock.now(), randomBytes(10)),
      heard: (name, node) => {
        const held = clusters.get(name)?.get(node)
        return held !== undefined && !isSilent(held)
      },
      hook: callHook,
    }))

    /** Agents that said something to the server before this one, and nothing since: what their nodes say is not known to be true. */
    const openedAt = clock.now()
    const askedAfter = new Set<string>()
    const askAfterLost = async (name: string) => {
      if (askedAfter.has(name) || clock.now() - openedAt <= SILENT_MS) return
      const cluster = context.clusters.get(name)
      for (const node of await listAll(cluster, { apiVersion: 'v1', kind: 'Node' })) {
        const all = (node.status as { conditions?: Record<string, string>[] } | undefined)?.conditions ?? []
        const stale = all.filter(({ type = '', status }) => OWN_CONDITIONS.has(type) && status !== 'Unknown')
        if (stale.length > 0 && !clusters.get(name)?.has(node.metadata.name)) conditions.lost(name, node.metadata.name, stale)
      }
      askedAfter.add(name)
    }

    const loop = (async () => {
      while (!stopping.signal.aborted) {
        await clock.sleep(CLUSTER_ALARMS_MS, stopping.signal).catch(() => {})
        if (stopping.signal.aborted) return
        for (const { name, health } of context.clusters.list())
          if (health.state === 'ready') await askAfterLost(name).catch((err: unknown) => log.warn({ err, cluster: name }, 'nodes could not be listed'))
        for (const [cluster, nodes] of clusters) {
          for (const held of nodes.values()) if (isSilent(held)) conditions.silent(cluster, held.report, held.receivedAt)
          await tellAlarms(cluster).catch((err: unknown) => log.warn({ err }, 'alarms could not be told; they are told again'))
        }
      }
    })()

    nodeRoutes(context, (cluster) => clusters.get(cluster) ?? new Map(), isSilent)

    return {
      sinks: [sink],
      async stop() {
        stopping.abort()
        await loop
        await conditions.stop()
      },
    }
  },
}

const HOOK_MS = 10_000

async function callHook(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(HOOK_MS),
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`the hook answered ${answer.status}`)
}

function readReport(line: string): NodeReport | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'no JSON'
  }
  const parsed = parseInput(nodeReport, json)
  return parsed.ok ? parsed.value : `no report of a node: ${parsed.error[0]!.path} ${parsed.error[0]!.message}`.slice(0, 200)
}

/** Rows for what opened and closed; the object is the Node, which has the node's name as its identity where no uid is known. */
function findingRows(cluster: string, { node, changes }: NodeReport, now: number): Row[] {
  return changes
    .filter(({ what }) => what !== 'seen')
    .map(({ what, at, trouble, proof }) => {
      const check = `node-doctor/${trouble.reason}`
      const key = `${trouble.detector}/${trouble.key}`
      const fingerprint = createHash('sha256')
        .update(fingerprintInput({ check, cluster, subject: { kind: 'Node', namespace: '', name: node, uid: node }, key }))
        .digest()
      const evidence = [
        { name: 'condition', value: trouble.condition, at, source: trouble.detector },
        ...(trouble.pod === undefined ? [] : [{ name: 'pod', value: trouble.pod, at, source: trouble.detector }]),
        ...(proof === undefined ? [] : [{ name: 'proof', value: proof, at, source: trouble.detector }]),
      ]
      return {
        ts: Math.min(at, now),
        cluster,
        fingerprint: new Uint8Array(fingerprint),
        check_id: check,
        severity: trouble.severity,
        state: what === 'opened' ? 'open' : 'cleared',
        kind: 'Node',
        namespace: '',
        name: node,
        uid: node,
        key,
        since: trouble.since,
        message: trouble.message,
        evidence: JSON.stringify(evidence),
        fix: '',
      }
    })
}

/** One alarm a condition, and one for a doctor that has fallen silent: then nothing else is known. */
function alarmsOf(report: NodeReport, silent: boolean, receivedAt: number): ActiveAlert[] {
  const path = `/nodes?node=${encodeURIComponent(report.node)}`
  const labels = { capability: 'node-doctor', node: report.node }
  if (silent)
    return [
      {
        labels: { alertname: 'node:silent', ...labels },
        severity: 'error',
        annotations: {
          summary: `${report.node}: its agent has said nothing since ${new Date(receivedAt).toISOString()}; how the node is is not known`,
          'summary.zh-CN': `${report.node}：代理自 ${new Date(receivedAt).toISOString()} 起没有上报；节点状况未知`,
        },
        value: 1,
        activeSince: receivedAt,
        path,
      },
    ]
  return report.conditions
    .filter(({ status, severity }) => status === 'True' && severity !== undefined && atLeast(severity, 'warning'))
    .map(({ type, reason, message, since, severity }) => ({
      labels: { alertname: `node:${type}`, ...labels, reason },
      severity: severity!,
      annotations: { summary: `${report.node}: ${message}`.slice(0, 500), 'summary.zh-CN': `${report.node}（${type}）：${message}`.slice(0, 500) },
      value: report.troubles.filter(({ condition }) => condition === type).length,
      activeSince: since,
      path,
    }))
}
