/** What an object needs to exist before it, and what points at what. */
import { groupVersionOf, type KubeObject, type ObjectRef } from '#core/kube/objects.ts'
import { type Body, bodiesOf, bodyOf, containersOf, isBody, templateOf, textOf } from './parts.ts'

export interface Need extends ObjectRef {
  /** Field that says so. */
  path: string
  /** The object works without it (`optional: true`). */
  optional?: boolean
}

const core = 'v1'

/** Everything an object names. References into the object's own namespace carry it. */
export function needsOf(object: KubeObject): Need[] {
  const needs: Need[] = []
  const namespace = object.metadata?.namespace
  const need = (apiVersion: string, kind: string, name: unknown, path: string, extra: { namespace?: string | null; optional?: unknown } = {}): void => {
    const text = textOf(name)
    if (text === undefined) return
    const within = extra.namespace === null ? undefined : (extra.namespace ?? namespace)
    needs.push({
      apiVersion,
      kind,
      name: text,
      path,
      ...(within === undefined ? {} : { namespace: within }),
      ...(extra.optional === true ? { optional: true } : {}),
    })
  }
  const cluster = { namespace: null }
  if (namespace !== undefined) need(core, 'Namespace', namespace, 'metadata.namespace', cluster)
  for (const owner of object.metadata?.ownerReferences ?? []) need(owner.apiVersion, owner.kind, owner.name, 'metadata.ownerReferences')

  const template = templateOf(object)
  if (template !== undefined) podNeeds(bodyOf(template.spec), object.kind === 'Pod' ? 'spec' : 'spec.template.spec', need)

  const spec = bodyOf(object.spec)
  const { group } = groupVersionOf(object.apiVersion)
  switch (object.kind) {
    case 'StatefulSet':
      need(core, 'Service', spec.serviceName, 'spec.serviceName', { optional: true })
      for (const claim of bodiesOf(spec.volumeClaimTemplates))
        need('storage.k8s.io/v1', 'StorageClass', bodyOf(claim.spec).storageClassName, 'spec.volumeClaimTemplates', cluster)
      break
    case 'PersistentVolumeClaim':
      need('storage.k8s.io/v1', 'StorageClass', spec.storageClassName, 'spec.storageClassName', cluster)
      need(core, 'PersistentVolume', spec.volumeName, 'spec.volumeName', cluster)
      if (bodyOf(spec.dataSource).kind === 'VolumeSnapshot')
        need('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', bodyOf(spec.dataSource).name, 'spec.dataSource')
      break
    case 'VolumeSnapshot':
      need('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', spec.volumeSnapshotClassName, 'spec.volumeSnapshotClassName', cluster)
      break
    case 'PersistentVolume':
      need('storage.k8s.io/v1', 'StorageClass', spec.storageClassName, 'spec.storageClassName', { ...cluster, optional: true })
      break
    case 'ServiceAccount':
      for (const secret of bodiesOf(object.imagePullSecrets)) need(core, 'Secret', secret.name, 'imagePullSecrets')
      for (const secret of bodiesOf(object.secrets)) need(core, 'Secret', secret.name, 'secrets', { optional: true })
      break
    case 'RoleBinding':
    case 'ClusterRoleBinding': {
      const role = bodyOf(object.roleRef)
      need('rbac.authorization.k8s.io/v1', String(role.kind), role.name, 'roleRef', role.kind === 'Role' ? {} : cluster)
      for (const subject of bodiesOf(object.subjects))
        if (subject.kind === 'ServiceAccount') need(core, 'ServiceAccount', subject.name, 'subjects', { namespace: textOf(subject.namespace) })
      break
    }
    case 'Ingress': {
      need('networking.k8s.io/v1', 'IngressClass', spec.ingressClassName, 'spec.ingressClassName', cluster)
      for (const tls of bodiesOf(spec.tls)) need(core, 'Secret', tls.secretName, 'spec.tls', { optional: true })
      const paths = bodiesOf(spec.rules).flatMap((rule) => bodiesOf(bodyOf(rule.http).paths))
      for (const backend of [spec.defaultBackend, spec.backend, ...paths.map((path) => path.backend)].map(bodyOf))
        need(core, 'Service', bodyOf(backend.service).name ?? backend.serviceName, 'spec.rules')
      break
    }
    case 'HorizontalPodAutoscaler':
    case 'VerticalPodAutoscaler':
    case 'ScaledObject': {
      const target = bodyOf(spec.scaleTargetRef ?? spec.targetRef)
      need(textOf(target.apiVersion) ?? 'apps/v1', textOf(target.kind) ?? 'Deployment', target.name, 'spec.scaleTargetRef')
      break
    }
    case 'ValidatingWebhookConfiguration':
    case 'MutatingWebhookConfiguration':
      for (const webhook of bodiesOf(object.webhooks)) serviceNeed(bodyOf(webhook.clientConfig).service, 'webhooks', need)
      break
    case 'APIService':
      serviceNeed(spec.service, 'spec.service', need)
      break
    case 'CustomResourceDefinition':
      serviceNeed(bodyOf(bodyOf(bodyOf(spec.conversion).webhook).clientConfig).service, 'spec.conversion', need)
      break
    case 'Gateway':
      need('gateway.networking.k8s.io/v1', 'GatewayClass', spec.gatewayClassName, 'spec.gatewayClassName', cluster)
      for (const listener of bodiesOf(spec.listeners))
        for (const reference of bodiesOf(bodyOf(listener.tls).certificateRefs))
          need(core, 'Secret', reference.name, 'spec.listeners', { namespace: textOf(reference.namespace) })
      break
  }
  if (group === 'gateway.networking.k8s.io' && object.kind.endsWith('Route')) {
    for (const parent of bodiesOf(spec.parentRefs))
      need('gateway.networking.k8s.io/v1', textOf(parent.kind) ?? 'Gateway', parent.name, 'spec.parentRefs', { namespace: textOf(parent.namespace) })
    for (const rule of bodiesOf(spec.rules))
      for (const backend of bodiesOf(rule.backendRefs))
        if ((backend.kind ?? 'Service') === 'Service') need(core, 'Service', backend.name, 'spec.rules', { namespace: textOf(backend.namespace) })
  }
  return needs
}

type AddNeed = (apiVersion: string, kind: string, name: unknown, path: string, extra?: { namespace?: string | null; optional?: unknown }) => void

function serviceNeed(service: unknown, path: string, need: AddNeed): void {
  if (isBody(service)) need(core, 'Service', service.name, path, { namespace: textOf(service.namespace) })
}

function podNeeds(spec: Body, at: string, need: AddNeed): void {
  need(core, 'ServiceAccount', spec.serviceAccountName === 'default' ? undefined : spec.serviceAccountName, `${at}.serviceAccountName`)
  need(
    'scheduling.k8s.io/v1',
    'PriorityClass',
    /^system-/.test(String(spec.priorityClassName)) ? undefined : spec.priorityClassName,
    `${at}.priorityClassName`,
    { namespace: null },
  )
  need('node.k8s.io/v1', 'RuntimeClass', spec.runtimeClassName, `${at}.runtimeClassName`, { namespace: null })
  for (const secret of bodiesOf(spec.imagePullSecrets)) need(core, 'Secret', secret.name, `${at}.imagePullSecrets`)
  for (const claim of bodiesOf(spec.resourceClaims)) {
    need('resource.k8s.io/v1', 'ResourceClaim', claim.resourceClaimName, `${at}.resourceClaims`)
    need('resource.k8s.io/v1', 'ResourceClaimTemplate', claim.resourceClaimTemplateName, `${at}.resourceClaims`)
  }
  for (const container of containersOf(spec)) {
    for (const from of bodiesOf(container.envFrom)) {
      need(core, 'ConfigMap', bodyOf(from.configMapRef).name, `${at}.containers.envFrom`, { optional: bodyOf(from.configMapRef).optional })
      need(core, 'Secret', bodyOf(from.secretRef).name, `${at}.containers.envFrom`, { optional: bodyOf(from.secretRef).optional })
    }
    for (const { valueFrom } of bodiesOf(container.env)) {
      const { configMapKeyRef, secretKeyRef } = bodyOf(valueFrom)
      need(core, 'ConfigMap', bodyOf(configMapKeyRef).name, `${at}.containers.env`, { optional: bodyOf(configMapKeyRef).optional })
      need(core, 'Secret', bodyOf(secretKeyRef).name, `${at}.containers.env`, { optional: bodyOf(secretKeyRef).optional })
    }
  }
  for (const volume of bodiesOf(spec.volumes)) {
    for (const source of [volume, ...bodiesOf(bodyOf(volume.projected).sources)]) {
      need(core, 'ConfigMap', bodyOf(source.configMap).name, `${at}.volumes`, { optional: bodyOf(source.configMap).optional })
      need(core, 'Secret', bodyOf(source.secret).secretName ?? bodyOf(source.secret).name, `${at}.volumes`, { optional: bodyOf(source.secret).optional })
    }
    need(core, 'PersistentVolumeClaim', bodyOf(volume.persistentVolumeClaim).claimName, `${at}.volumes`)
    need(core, 'Secret', bodyOf(bodyOf(volume.csi).nodePublishSecretRef).name, `${at}.volumes`)
  }
}
