/** Logs of containers on a node of a cluster: which are followed, and what is said about them. */
import { join } from 'node:path'
import type { NodePod, NodePods } from '#edges/cluster/pods-of-node.ts'
import { endOfWholeLines, joinPieces } from '#edges/host/container-log.ts'
import type { TailSource } from '#edges/host/file-tail.ts'

/** What a container's log is to be sent as; undefined: not at all. */
export type Selecting = (pod: NodePod, container: { name: string; image: string }) => { format?: string; stream?: 'stdout' | 'stderr' } | undefined

export interface PodLogs {
  source: TailSource
  /** What goes out for bytes of a log. */
  batch(path: string, bytes: Buffer): { source: string; format?: string; labels: Record<string, string>; bytes: Buffer }
}

/** `<folder>/<namespace>_<pod>_<uid>/<container>/<n>.log`, as the kubelet lays them out (kubernetes `pkg/kubelet/kuberuntime/helpers.go`). */
const LOG_PATH = /\/([^/_]+)_([^/_]+)_[^/_]+\/([^/]+)\/\d+\.log$/

/** The longest label or source that the server takes. */
const MOST_TEXT = 256

export function podLogs(folder: string, pods: Pick<NodePods, 'get'>, select: Selecting): PodLogs {
  const containerAt = (path: string) => {
    const [, namespace, name, containerName] = LOG_PATH.exec(path) ?? []
    const pod = namespace === undefined ? undefined : pods.get(namespace, name!)
    const container = pod?.containers.find((one) => one.name === containerName)
    return { namespace, name, containerName, pod, selected: pod && container && select(pod, container) }
  }
  return {
    source: {
      pattern: join(folder, '*/*/*.log'),
      wanted: (path) => containerAt(path).selected !== undefined,
      endOfWhole: endOfWholeLines,
    },
    batch(path, bytes) {
      const { namespace = '', name = '', containerName = '', pod, selected } = containerAt(path)
      const workload = pod?.workload ?? name
      return {
        // Of the workload, not of the pod: its lines have one format, and pods come and go.
        source: `${namespace}/${workload}/${containerName}`.slice(0, MOST_TEXT),
        format: selected?.format,
        labels: { namespace, pod: name, container: containerName, workload },
        bytes: joinPieces(bytes, selected?.stream ?? 'stdout'),
      }
    },
  }
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
  if (said === 'false' || (only !== undefined && only !== name)) return undefined
  if (said !== undefined && said !== 'true') return /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(said) ? { format: said, stream: 'stdout' } : undefined
  const known = CONTROLLERS.some(
    ({ image: like, when }) => like.test(repositoryOf(image)) && (!when || Object.entries(labels).some(([key, value]) => when.test(`${key}=${value}`))),
  )
  return said === 'true' || known ? { stream: 'stdout' } : undefined
}
