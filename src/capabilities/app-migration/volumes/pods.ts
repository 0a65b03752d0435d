/** A pair of mover pods, one on each side: the data of a claim goes from one to the other and never through us. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject, ObjectRef } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { bodiesOf, bodyOf } from '../domain/parts.ts'
import type { Sent } from './send.ts'

export interface ClaimMove {
  claim: string
  namespace: string
  targetNamespace: string
  /** An image whose entrypoint is `sallyport`. */
  image: string
  /** The last pass: nothing may use the claim, and all contents are compared. */
  final: boolean
  /** HOST:PORT by which the source reaches the receiving pod; undefined: its own address. */
  address?: string
  /** For each pod to start, ms. */
  waitMs: number
  signal?: AbortSignal
}

export type ClaimMoved = MovedByPods | { claim: string; outcome: 'handed over'; snapshot: string }
type MovedByPods = { claim: string; outcome: 'moved' | 'unequal'; sent: Sent } | { claim: string; outcome: 'skipped'; why: string }

const PORT = 8443
const KEY_FILE = 'key'
/** Kubernetes keeps 4 KiB of it in the pod's status. */
const RESULT_FILE = '/dev/termination-log'
const core = (kind: string, namespace: string, name: string): ObjectRef => ({ apiVersion: 'v1', kind, namespace, name })

/** Rejects with NOT_FOUND when a side has no such claim, TIMED_OUT when a pod does not start, CLUSTER_FAILED when a mover fails; both pods are gone then. */
export async function moveClaim(source: Cluster, target: Cluster, move: ClaimMove, clock: Clock): Promise<MovedByPods> {
  const { claim, namespace, targetNamespace, final } = move
  const skipped = (why: string): MovedByPods => ({ claim, outcome: 'skipped', why })
  const [here, there] = await Promise.all([
    source.get(core('PersistentVolumeClaim', namespace, claim)),
    target.get(core('PersistentVolumeClaim', targetNamespace, claim)),
  ])
  for (const { spec } of [here, there]) if (bodyOf(spec).volumeMode === 'Block') return skipped('block volumes have no files')
  if (bodyOf(here.status).phase !== 'Bound') return skipped('the claim has no volume')
  const users = await podsUsing(source, namespace, claim)
  if (final && users.length > 0) return skipped(`${users.map(({ metadata }) => metadata.name).join(', ')} still use(s) it: scale down before the last pass`)
  const others = await podsUsing(target, targetNamespace, claim)
  if (others.length > 0) return skipped(`${others.map(({ metadata }) => metadata.name).join(', ')} use(s) it on the target`)

  const name = `sallyport-mover-${randomBytes(5).toString('hex')}`
  const key = randomBytes(32).toString('base64')
  const sides = [
    { cluster: source, namespace },
    { cluster: target, namespace: targetNamespace },
  ]
  try {
    for (const side of sides)
      await side.cluster.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: side === sides[0] ? `${name}-send` : `${name}-receive`, namespace: side.namespace },
        data: { [KEY_FILE]: key },
      })
    await target.create(pod(`${name}-receive`, targetNamespace, move, ['receive', '--port', String(PORT)], { ready: true }))
    const receiving = await untilPod(target, targetNamespace, `${name}-receive`, move, clock, ({ status }) =>
      bodiesOf(bodyOf(status).conditions).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
    const ip = String(bodyOf(receiving.status).podIP)
    const address = move.address ?? `${ip.includes(':') ? `[${ip}]` : ip}:${PORT}`
    // A volume that one node has can be read there only.
    const node = users.map(({ spec }) => bodyOf(spec).nodeName).find((one) => typeof one === 'string') as string | undefined
    await source.create(
      pod(`${name}-send`, namespace, move, ['send', '--to', address, '--result-file', RESULT_FILE, ...(final ? ['--checksum'] : [])], {
        readOnly: true,
        ...(node === undefined ? {} : { node }),
      }),
    )
    const ended = await untilPod(
      source,
      namespace,
      `${name}-send`,
      { ...move, waitMs: Number.POSITIVE_INFINITY },
      clock,
      ({ status }) => /^(?:Succeeded|Failed)$/.test(String(bodyOf(status).phase)),
      move.waitMs,
    )
    const said = messageOf(ended)
    if (bodyOf(ended.status).phase === 'Failed')
      throw new CodedError('CLUSTER_FAILED', { cluster: source.name, status: 0, reason: `the mover of ${claim} failed: ${said}` })
    const sent = JSON.parse(said) as Sent
    return { claim, outcome: sent.checksum !== undefined && sent.checksum.source !== sent.checksum.target ? 'unequal' : 'moved', sent }
  } finally {
    await Promise.all(
      (['Pod', 'Secret'] as const).flatMap((kind) => [
        source.delete(core(kind, namespace, `${name}-send`), { gracePeriodSeconds: 0 }).catch(() => {}),
        target.delete(core(kind, targetNamespace, `${name}-receive`), { gracePeriodSeconds: 0 }).catch(() => {}),
      ]),
    )
  }
}

/** Pods that use a claim and have not ended; mover pods are not counted. */
export async function podsUsing(cluster: Cluster, namespace: string, claim: string): Promise<KubeObject[]> {
  const { items } = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace })
  return items.filter(
    ({ spec, status, metadata }) =>
      metadata.name.startsWith('sallyport-mover-') === false &&
      !/^(?:Succeeded|Failed)$/.test(String(bodyOf(status).phase)) &&
      bodiesOf(bodyOf(spec).volumes).some((volume) => bodyOf(volume.persistentVolumeClaim).claimName === claim),
  )
}

function pod(
  name: string,
  namespace: string,
  { claim, image }: ClaimMove,
  words: readonly string[],
  { ready = false, readOnly = false, node }: { ready?: boolean; readOnly?: boolean; node?: string },
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'sallyport-mover' } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      ...(node === undefined ? {} : { nodeName: node }),
      // Owners of files are kept, which only root may do.
      securityContext: { runAsUser: 0 },
      containers: [
        {
          name: 'mover',
          image,
          args: ['apps', 'mover', ...words, '--root', '/data', '--key-file', `/key/${KEY_FILE}`],
          terminationMessagePolicy: 'FallbackToLogsOnError',
          resources: { requests: { cpu: '50m', memory: '64Mi' } },
          volumeMounts: [
            { name: 'data', mountPath: '/data', ...(readOnly ? { readOnly } : {}) },
            { name: 'key', mountPath: '/key', readOnly: true },
          ],
          ...(ready ? { readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 } } : {}),
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: claim } },
        { name: 'key', secret: { secretName: name, defaultMode: 0o400 } },
      ],
    },
  }
}

/** @param startMs for a pod that may run long: how long it may take to start */
async function untilPod(
  cluster: Cluster,
  namespace: string,
  name: string,
  { waitMs, signal }: Pick<ClaimMove, 'waitMs' | 'signal'>,
  clock: Clock,
  done: (pod: KubeObject) => boolean,
  startMs = waitMs,
): Promise<KubeObject> {
  const began = clock.now()
  for (;;) {
    signal?.throwIfAborted()
    const found = await cluster.get(core('Pod', namespace, name))
    if (done(found)) return found
    const phase = String(bodyOf(found.status).phase)
    if (phase === 'Failed')
      throw new CodedError('CLUSTER_FAILED', {
        cluster: cluster.name,
        status: 0,
        reason: `pod ${name} failed: ${messageOf(found)}`,
      })
    if (clock.now() - began > (phase === 'Pending' ? startMs : waitMs)) {
      const waiting = bodiesOf(bodyOf(found.status).containerStatuses).map(({ state }) => String(bodyOf(bodyOf(state).waiting).reason ?? ''))
      throw new CodedError('TIMED_OUT', { what: `Pod ${namespace}/${name} (${[phase, ...waiting].join(' ')})`, limit: `${Math.round(startMs / 1000)} s` })
    }
    await clock.sleep(500, signal)
  }
}

/** What the container said at its end (logs may be gone by then), or how it ended; a pod that a node refused has no container, and says so itself. */
const messageOf = ({ status }: KubeObject): string => {
  const ends = bodiesOf(bodyOf(status).containerStatuses).map(({ state }) => bodyOf(bodyOf(state).terminated))
  const said = ends.map(({ message }) => String(message ?? '')).join('')
  if (said !== '') return said
  const { reason, message } = bodyOf(status)
  return [reason, message, ...ends.map((end) => end.reason && `${String(end.reason)}, exit code ${String(end.exitCode)}`)].filter(Boolean).join(': ')
}
