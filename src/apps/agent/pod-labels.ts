/**
 * What a path says about the container that wrote it: `/var/log/containers/<pod>_<namespace>_<container>-<id>.log` and
 * `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<n>.log`, as the kubelet lays them out (kubelet `pkg/kubelet/kuberuntime/legacy.go`, `helpers.go`).
 */
export function podLabels(path: string): Record<string, string> {
  const link = /\/containers\/([^/_]+)_([^/_]+)_([^/]+)-[0-9a-f]{64}\.log$/.exec(path)
  if (link) return { pod: link[1]!, namespace: link[2]!, container: link[3]! }
  const real = /\/pods\/([^/_]+)_([^/_]+)_[^/]+\/([^/]+)\/\d+\.log$/.exec(path)
  if (real) return { namespace: real[1]!, pod: real[2]!, container: real[3]! }
  return {}
}
