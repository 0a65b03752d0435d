import type { KubeObject } from '#core/kube/objects.ts'

interface Backend {
  service?: { name?: string }
}
interface IngressSpec {
  defaultBackend?: Backend
  rules?: { http?: { paths?: { backend?: Backend }[] } }[]
}

/** Names of the services behind an Ingress of networking.k8s.io/v1; each once. */
export function servicesOfIngress({ spec }: KubeObject): string[] {
  const { defaultBackend, rules = [] } = (spec ?? {}) as IngressSpec
  const backends = [defaultBackend, ...rules.flatMap((rule) => rule.http?.paths?.map(({ backend }) => backend) ?? [])]
  return [...new Set(backends.flatMap((backend) => backend?.service?.name ?? []))]
}
