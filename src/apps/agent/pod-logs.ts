/** Logs of containers on a node of a cluster: which are followed, and what is said about them. */
import { join } from 'node:path'
import { endOfRecords } from '#capabilities/logs/domain/records.ts'
import type { NodePod, NodePods } from '#edges/cluster/pods-of-node.ts'
import { endOfWholeLines, joinPieces } from '#edges/host/container-log.ts'
import { TAIL_LIMITS, type TailSource } from '#edges/host/file-tail.ts'

interface Sending {
  format?: string
  stream?: 'stdout' | 'stderr'
}
/** What a container's log is to be sent as, each stream at most once; nothing: it is not followed. */
export type Selecting = (pod: NodePod, container: { name: string; image: string }) => readonly Sending[]

export interface LogBatch extends Pick<Sending, 'format'> {
  source: string
  labels: Record<string, string>
  bytes: Buffer
}

export interface PodLogs {
  source: TailSource
  /** What goes out for bytes of a log; the same bytes make the same batches in the same order. */
  batches(path: string, bytes: Buffer): LogBatch[]
}

/** `<folder>/<namespace>_<pod>_<uid>/<container>/<n>.log`, as the kubelet lays them out (kubernetes `pkg/kubelet/kuberuntime/helpers.go`). */
const LOG_PATH = /\/([^/_]+)_([^/_]+)_[^/_]+\/([^/]+)\/\d+\.log$/

/** The longest label or source that the server takes. */
const MOST_TEXT = 256

/** @param unknown how a log is sent whose pod is no longer known */
export function podLogs(folder: string, pods: Pick<NodePods, 'get'>, select: Selecting, unknown: Sending = { stream: 'stdout' }): PodLogs {
  const containerAt = (path: string) => {
    const [, namespace, name, containerName] = LOG_PATH.exec(path) ?? []
    const pod = namespace === undefined ? undefined : pods.get(namespace, name!)
    const container = pod?.containers.find((one) => one.name === containerName)
    return { namespace, name, containerName, pod, selected: pod && container ? select(pod, container) : [] }
  }
  return {
    source: {
      pattern: join(folder, '*/*/*.log'),
      wanted: (path) => containerAt(path).selected.length > 0,
      // Access logs are lines: nothing is waited for.
      endOfWhole: unknown.format === CONTAINER ? endOfWholeRecords : endOfWholeLines,
    },
    batches(path, bytes) {
      const { namespace = '', name = '', containerName = '', pod, selected } = containerAt(path)
      const workload = pod?.workload ?? name
      const sendings = selected.length > 0 ? selected : [unknown]
      return sendings
        .map(({ format, stream }) => ({
          // Of the workload, not of the pod: its lines have one format, and pods come and go.
          source: `${namespace}/${workload}/${containerName}`.slice(0, MOST_TEXT),
          format,
          labels: {
            namespace,
            pod: name,
            container: containerName,
            workload: format === CONTAINER && pod?.workloadKind ? `${pod.workloadKind}/${workload}`.slice(0, MOST_TEXT) : workload,
          },
          bytes: joinPieces(bytes, stream),
        }))
        .filter((batch) => batch.bytes.length > 0)
    },
  }
}

/** The last record may go on, in what comes next or after a full chunk: it waits until its file has not grown for a moment. */
function endOfWholeRecords(bytes: Buffer, settled: boolean): number {
  const whole = endOfWholeLines(bytes)
  const full = bytes.length >= TAIL_LIMITS.chunkBytes
  if ((settled && !full) || whole === 0) return whole
  const end = endOfRecords(bytes.subarray(0, whole))
  return end < whole || full ? end : 0
}

/** As the logs of containers are told from access logs, by the server too. */
const CONTAINER = 'container'
/** On a pod: `false` keeps its logs where they are. */
const LOGS_ANNOTATION = 'sallyport.io/logs'

/** All logs of containers; of those that write access logs, what is none. */
export const allLogs: Selecting = (pod, container) => {
  const access = accessLogs(pod, container)
  if (pod.annotations[LOGS_ANNOTATION] === 'false') return access
  return access.length > 0 ? [...access, { format: CONTAINER, stream: 'stderr' }] : [{ format: CONTAINER }]
}

/** On a pod: `true`, `false`, or the name of the line format. */
export const ACCESS_LOG_ANNOTATION = 'sallyport.io/access-log'
/** On a pod of several containers: the one that writes the access log. */
export const ACCESS_LOG_CONTAINER_ANNOTATION = 'sallyport.io/access-log-container'

/** Proxies that a cluster's traffic comes in through, by the end of the image's name; `when` tells gateways from sidecars of the same image. */
const CONTROLLERS: readonly { image: RegExp; when?: RegExp }[] = [
  { image: /(^|\/)(ingress-nginx\/controller|nginx-ingress-controller|nginx-(plus-)?ingress)$/ },
  { image: /(^|\/)traefik$/ },
  { image: /(^|\/)(kong|kong-gateway)$/ },
  { image: /(^|\/)apisix$/ },
  { image: /(^|\/)(envoy|envoy-distroless)$/, when: /^(gateway\.envoyproxy\.io\/owning-gateway-name=|app(\.kubernetes\.io\/name)?=(contour-)?envoy$)/ },
  { image: /(^|\/)(proxyv2|higress\/gateway)$/, when: /^(istio=ingressgateway$|gateway\.networking\.k8s\.io\/gateway-name=|app=higress-gateway$)/ },
]

/** `r.example:5000/ingress-nginx/controller:v1@sha256:…` → `r.example:5000/ingress-nginx/controller` */
const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')

/** Access logs of ingress controllers: what the pod's annotation says, else what is known of the image. Proxies write them to standard output, their own words elsewhere. */
export const accessLogs: Selecting = ({ annotations, labels }, { name, image }) => {
  const said = annotations[ACCESS_LOG_ANNOTATION]
  const only = annotations[ACCESS_LOG_CONTAINER_ANNOTATION]
  if (said === 'false' || (only !== undefined && only !== name)) return []
  if (said !== undefined && said !== 'true') return /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(said) ? [{ format: said, stream: 'stdout' }] : []
  const known = CONTROLLERS.some(
    ({ image: like, when }) => like.test(repositoryOf(image)) && (!when || Object.entries(labels).some(([key, value]) => when.test(`${key}=${value}`))),
  )
  return said === 'true' || known ? [{ stream: 'stdout' }] : []
}
