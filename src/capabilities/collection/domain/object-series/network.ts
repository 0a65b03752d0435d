import type { KubeObject } from '#core/kube/objects.ts'
import type { Put } from './text.ts'

interface ServicePort {
  name?: string
  port: number
  protocol?: string
  targetPort?: number | string
  nodePort?: number
  appProtocol?: string
}

export function serviceSeries({ spec: rawSpec, status }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as {
    type?: string
    clusterIP?: string
    externalName?: string
    externalTrafficPolicy?: string
    loadBalancerIP?: string
    externalIPs?: readonly string[]
    ports?: readonly ServicePort[]
  }
  put(
    'kube_service_info',
    1,
    ...['cluster_ip', spec.clusterIP, 'external_name', spec.externalName, 'external_traffic_policy', spec.externalTrafficPolicy],
    ...['load_balancer_ip', spec.loadBalancerIP],
  )
  put('kube_service_spec_type', 1, 'type', spec.type)
  for (const ip of spec.externalIPs ?? []) put('kube_service_spec_external_ip', 1, 'external_ip', ip)
  const { loadBalancer } = (status ?? {}) as { loadBalancer?: { ingress?: readonly { ip?: string; hostname?: string }[] } }
  for (const { ip, hostname } of loadBalancer?.ingress ?? []) put('kube_service_status_load_balancer_ingress', 1, 'ip', ip, 'hostname', hostname)
  for (const { name, port, protocol, targetPort, nodePort, appProtocol } of spec.ports ?? [])
    put(
      'kube_service_ports',
      1,
      ...['port_name', name, 'port_protocol', protocol, 'port_number', port, 'port_target', targetPort],
      ...['port_app_protocol', appProtocol, 'port_node_number', nodePort],
    )
}

interface Path {
  path?: string
  pathType?: string
  backend?: {
    service?: { name: string; port?: { name?: string; number?: number } }
    resource?: { apiGroup?: string; kind: string; name: string }
  }
}

export function ingressSeries({ metadata, spec: rawSpec }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as {
    ingressClassName?: string
    rules?: readonly { host?: string; http?: { paths?: readonly Path[] } }[]
    tls?: readonly { hosts?: readonly string[]; secretName?: string }[]
  }
  put('kube_ingress_info', 1, 'ingressclass', spec.ingressClassName ?? '_default')
  put('kube_ingress_metadata_resource_version', /^\d+$/.test(metadata.resourceVersion ?? '') ? Number(metadata.resourceVersion) : undefined)
  for (const { host, http } of spec.rules ?? [])
    for (const { path, pathType, backend } of http?.paths ?? []) {
      const { service, resource } = backend ?? {}
      put(
        'kube_ingress_path',
        1,
        ...['host', host, 'path', path, 'path_type', pathType],
        ...(service ? ['service_name', service.name, 'service_port', service.port?.name ?? service.port?.number] : []),
        ...(resource ? ['resource_api_group', resource.apiGroup, 'resource_kind', resource.kind, 'resource_name', resource.name] : []),
      )
    }
  for (const { hosts, secretName } of spec.tls ?? []) for (const host of hosts ?? []) put('kube_ingress_tls', 1, 'tls_host', host, 'secret', secretName)
}
