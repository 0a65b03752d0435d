import { describe, expect, test } from 'vitest'
import type { KubeObject, ObjectMeta } from '#core/kube/objects.ts'
import { keptObject, OBJECT_KINDS, type ObjectPlural, putObject } from './kinds.ts'
import { seriesText } from './text.ts'

const NOW = 1_767_225_600_000 // 2026-01-01T00:00:00Z
const CREATED = '2025-12-31T23:00:00Z'

/** Lines without comments, through what an informer keeps. */
function lines(plural: ObjectPlural, object: object, wanted: readonly string[] = []): string[] {
  const kind = OBJECT_KINDS[plural]
  const whole = { apiVersion: kind.versions[0], kind: kind.kind, metadata: {}, ...object } as KubeObject
  whole.metadata = { name: 'x', namespace: 'shop', uid: 'u1', creationTimestamp: CREATED, ...(whole.metadata as Partial<ObjectMeta>) }
  const text = seriesText()
  text.begin()
  putObject(text, kind, keptObject(kind, wanted)(whole), wanted, NOW)
  return text
    .take()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}
const of = (all: readonly string[], name: string) => all.filter((line) => line.startsWith(`${name}{`)).map((line) => line.slice(name.length))

describe('pods', () => {
  const container = (name: string, resources = {}) => ({ name, image: `${name}:1`, resources, env: [{ name: 'LONG', value: 'x' }] })
  const pod = {
    metadata: {
      name: 'cart-1',
      labels: { app: 'cart', 'app.kubernetes.io/part-of': 'shop' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart', uid: 'r', controller: true }],
    },
    spec: {
      nodeName: 'n1',
      restartPolicy: 'Always',
      serviceAccountName: 'cart',
      containers: [container('web', { requests: { cpu: '250m', memory: '64Mi', 'nvidia.com/gpu': 1 }, limits: { memory: '128Mi' } })],
      initContainers: [container('init')],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'cart-data', readOnly: true } },
        { name: 'tmp', emptyDir: {} },
      ],
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.7',
      hostIP: '10.1.0.1',
      qosClass: 'Burstable',
      startTime: CREATED,
      conditions: [
        { type: 'Ready', status: 'False', lastTransitionTime: CREATED },
        { type: 'PodScheduled', status: 'True', lastTransitionTime: CREATED },
      ],
      containerStatuses: [
        {
          name: 'web',
          image: 'registry/web:1',
          imageID: 'sha256:1',
          containerID: 'containerd://1',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: CREATED } },
        },
      ],
    },
  }
  const all = lines('pods', pod)
  const base = 'namespace="shop",pod="cart-1",uid="u1"'
  const hour = 1_767_222_000

  test('what a pod is', () => {
    expect(of(all, 'kube_pod_info')).toEqual([
      `{${base},host_ip="10.1.0.1",pod_ip="10.0.0.7",node="n1",created_by_kind="ReplicaSet",created_by_name="cart",host_network="false"} 1`,
    ])
    expect(of(all, 'kube_pod_owner')).toEqual([`{${base},owner_kind="ReplicaSet",owner_name="cart",owner_is_controller="true"} 1`])
    expect(of(all, 'kube_pod_created')).toEqual([`{${base}} ${hour}`])
    expect(of(all, 'kube_pod_spec_volumes_persistentvolumeclaims_readonly')).toEqual([`{${base},volume="data",persistentvolumeclaim="cart-data"} 1`])
    expect(all.join('\n')).not.toContain('label_')
    expect(of(lines('pods', pod, ['app']), 'kube_pod_labels')).toEqual([`{${base},label_app="cart"} 1`])
    expect(of(lines('pods', pod, ['*']), 'kube_pod_labels')).toEqual([`{${base},label_app="cart",label_app_kubernetes_io_part_of="shop"} 1`])
  })

  test('states are one of each', () => {
    expect(of(all, 'kube_pod_status_phase').map((line) => line.slice(base.length + 2))).toEqual([
      'phase="Pending"} 0',
      'phase="Succeeded"} 0',
      'phase="Failed"} 0',
      'phase="Unknown"} 0',
      'phase="Running"} 1',
    ])
    expect(of(all, 'kube_pod_status_ready').map((line) => line.slice(base.length + 2))).toEqual([
      'condition="true"} 0',
      'condition="false"} 1',
      'condition="unknown"} 0',
    ])
    expect(of(all, 'kube_pod_status_ready_time')).toEqual([])
    expect(of(all, 'kube_pod_status_scheduled_time')).toEqual([`{${base}} ${hour}`])
    expect(of(all, 'kube_pod_status_unschedulable')).toEqual([])
  })

  test('what containers ask for and how they fare', () => {
    expect(of(all, 'kube_pod_container_resource_requests')).toEqual([
      `{${base},container="web",node="n1",resource="cpu",unit="core"} 0.25`,
      `{${base},container="web",node="n1",resource="memory",unit="byte"} 67108864`,
      `{${base},container="web",node="n1",resource="nvidia_com_gpu",unit="integer"} 1`,
    ])
    expect(of(all, 'kube_pod_container_resource_limits')).toEqual([`{${base},container="web",node="n1",resource="memory",unit="byte"} 134217728`])
    const one = (name: string, more = '', value: number | string = 1) =>
      expect(of(all, `kube_pod_container_${name}`)).toEqual([`{${base},container="web"${more}} ${value}`])
    one('status_restarts_total', '', 3)
    one('status_waiting')
    one('status_waiting_reason', ',reason="CrashLoopBackOff"')
    one('status_running', '', 0)
    one('status_terminated', '', 0)
    one('status_last_terminated_reason', ',reason="OOMKilled"')
    one('status_last_terminated_exitcode', '', 137)
    one('status_last_terminated_timestamp', '', hour)
    one('status_ready', '', 0)
    one('info', ',image_spec="web:1",image="registry/web:1",image_id="sha256:1",container_id="containerd://1"')
    // No status yet: nothing is known of it, so nothing is said.
    expect(of(all, 'kube_pod_init_container_status_ready')).toEqual([])
  })

  test('a pod that nobody owns, and texts with quotes', () => {
    const bare = lines('pods', { metadata: { name: 'bare' }, spec: { nodeName: 'a"b\\c' }, status: {} })
    expect(of(bare, 'kube_pod_owner')).toEqual(['{namespace="shop",pod="bare",uid="u1"} 1'])
    expect(of(bare, 'kube_pod_status_phase')).toEqual([])
    expect(of(bare, 'kube_pod_info')[0]).toContain('node="a\\"b\\\\c"')
  })
})

test('nodes', () => {
  const all = lines('nodes', {
    metadata: { name: 'n1', namespace: undefined, labels: { 'node-role.kubernetes.io/control-plane': '', zone: 'a' } },
    spec: { unschedulable: true, taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] },
    status: {
      capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' },
      conditions: [{ type: 'Ready', status: 'Unknown' }],
      nodeInfo: { kubeletVersion: 'v1.30.1' },
      addresses: [{ type: 'InternalIP', address: '10.1.0.1' }],
    },
  })
  expect(of(all, 'kube_node_info')).toEqual(['{node="n1",kubelet_version="v1.30.1",internal_ip="10.1.0.1"} 1'])
  expect(of(all, 'kube_node_role')).toEqual(['{node="n1",role="control-plane"} 1'])
  expect(of(all, 'kube_node_spec_unschedulable')).toEqual(['{node="n1"} 1'])
  expect(of(all, 'kube_node_spec_taint')).toEqual(['{node="n1",key="dedicated",value="db",effect="NoSchedule"} 1'])
  expect(of(all, 'kube_node_status_capacity')).toEqual([
    '{node="n1",resource="cpu",unit="core"} 4',
    '{node="n1",resource="memory",unit="byte"} 8589934592',
    '{node="n1",resource="pods",unit="integer"} 110',
    '{node="n1",resource="ephemeral_storage",unit="byte"} 107374182400',
  ])
  expect(of(all, 'kube_node_status_condition')).toEqual([
    '{node="n1",condition="Ready",status="true"} 0',
    '{node="n1",condition="Ready",status="false"} 0',
    '{node="n1",condition="Ready",status="unknown"} 1',
  ])
})

describe('workloads', () => {
  const base = (label: string) => `{namespace="shop",${label}="x"}`

  test('shares of a rolling update: down for those that are missing, up for those that are more', () => {
    const spec = { replicas: 5, strategy: { rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }, template: { spec: {} } }
    const all = lines('deployments', { metadata: { generation: 7 }, spec, status: { replicas: 5, availableReplicas: 4, unavailableReplicas: 1 } })
    expect(of(all, 'kube_deployment_spec_strategy_rollingupdate_max_unavailable')).toEqual([`${base('deployment')} 1`])
    expect(of(all, 'kube_deployment_spec_strategy_rollingupdate_max_surge')).toEqual([`${base('deployment')} 2`])
    expect(of(all, 'kube_deployment_status_replicas_unavailable')).toEqual([`${base('deployment')} 1`])
    expect(of(all, 'kube_deployment_metadata_generation')).toEqual([`${base('deployment')} 7`])
    expect(of(all, 'kube_deployment_status_replicas_ready')).toEqual([`${base('deployment')} 0`])
  })

  test('jobs: why they failed', () => {
    const failed = (reason: string) => ({ status: { failed: 2, conditions: [{ type: 'Failed', status: 'True', reason }] } })
    expect(of(lines('jobs', failed('DeadlineExceeded')), 'kube_job_status_failed')).toEqual([
      '{namespace="shop",job_name="x",reason="BackoffLimitExceeded"} 0',
      '{namespace="shop",job_name="x",reason="DeadlineExceeded"} 2',
      '{namespace="shop",job_name="x",reason="Evicted"} 0',
    ])
    expect(of(lines('jobs', failed('Odd')), 'kube_job_status_failed')).toEqual([`${base('job_name')} 2`])
    expect(of(lines('jobs', { status: { succeeded: 1 } }), 'kube_job_status_failed')).toEqual([`${base('job_name')} 0`])
    expect(of(lines('jobs', failed('Evicted')), 'kube_job_failed')[0]).toBe('{namespace="shop",job_name="x",condition="true"} 1')
  })

  test.each([
    ['0 * * * *', undefined, '2025-12-31T23:00:00Z', '2026-01-01T00:00:00Z'],
    ['30 6 * * *', 'Asia/Shanghai', '2025-12-31T23:00:00Z', '2026-01-01T22:30:00Z'],
    ['CRON_TZ=Asia/Shanghai 30 6 * * *', undefined, '2025-12-31T23:00:00Z', '2026-01-01T22:30:00Z'],
    ['0 0 31 2 *', undefined, '2025-12-31T23:00:00Z', undefined],
    ['not a schedule', undefined, '2025-12-31T23:00:00Z', undefined],
  ])('cron jobs: %s in %s after %s is next at %s', (schedule, timeZone, lastScheduleTime, next) => {
    const all = lines('cronjobs', { spec: { schedule, timeZone }, status: { lastScheduleTime } })
    expect(of(all, 'kube_cronjob_next_schedule_time')).toEqual(next === undefined ? [] : [`${base('cronjob')} ${Date.parse(next) / 1000}`])
    expect(of(lines('cronjobs', { spec: { schedule, suspend: true } }), 'kube_cronjob_next_schedule_time')).toEqual([])
  })

  test('autoscalers', () => {
    const all = lines('horizontalpodautoscalers', {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
        maxReplicas: 9,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
          { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '1500m' } } },
        ],
      },
      status: { currentReplicas: 3, desiredReplicas: 4, currentMetrics: null },
    })
    const hpa = 'namespace="shop",horizontalpodautoscaler="x"'
    expect(of(all, 'kube_horizontalpodautoscaler_spec_target_metric')).toEqual([
      `{${hpa},metric_name="cpu",metric_target_type="utilization"} 70`,
      `{${hpa},metric_name="rps",metric_target_type="average"} 1.5`,
    ])
    expect(of(all, 'kube_horizontalpodautoscaler_spec_min_replicas')).toEqual([`{${hpa}} 1`])
    expect(of(all, 'kube_horizontalpodautoscaler_status_desired_replicas')).toEqual([`{${hpa}} 4`])
  })
})

test('services, ingresses, claims, volumes, quotas', () => {
  expect(
    of(
      lines('services', { spec: { type: 'ClusterIP', clusterIP: '10.96.0.9', ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 8080 }] } }),
      'kube_service_ports',
    ),
  ).toEqual(['{namespace="shop",service="x",uid="u1",port_name="web",port_protocol="TCP",port_number="80",port_target="8080"} 1'])
  const ingress = {
    spec: {
      rules: [{ host: 'shop.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'cart', port: { number: 80 } } } }] } }],
    },
  }
  expect(of(lines('ingresses', ingress), 'kube_ingress_path')).toEqual([
    '{namespace="shop",ingress="x",host="shop.example",path="/",path_type="Prefix",service_name="cart",service_port="80"} 1',
  ])
  expect(of(lines('ingresses', ingress), 'kube_ingress_info')).toEqual(['{namespace="shop",ingress="x",ingressclass="_default"} 1'])
  expect(
    of(
      lines('persistentvolumeclaims', { spec: { resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Bound' } }),
      'kube_persistentvolumeclaim_status_phase',
    ),
  ).toEqual([
    '{namespace="shop",persistentvolumeclaim="x",phase="Lost"} 0',
    '{namespace="shop",persistentvolumeclaim="x",phase="Bound"} 1',
    '{namespace="shop",persistentvolumeclaim="x",phase="Pending"} 0',
  ])
  const volume = { metadata: { namespace: undefined }, spec: { capacity: { storage: '5Gi' }, claimRef: { namespace: 'shop', name: 'data' } } }
  expect(of(lines('persistentvolumes', volume), 'kube_persistentvolume_claim_ref')).toEqual(['{persistentvolume="x",claim_namespace="shop",name="data"} 1'])
  expect(of(lines('resourcequotas', { status: { hard: { 'requests.cpu': '10' }, used: { 'requests.cpu': '1500m' } } }), 'kube_resourcequota')).toEqual([
    '{namespace="shop",resourcequota="x",resource="requests.cpu",type="hard"} 10',
    '{namespace="shop",resourcequota="x",resource="requests.cpu",type="used"} 1.5',
  ])
  expect(of(lines('namespaces', { metadata: { name: 'shop', namespace: undefined }, status: { phase: 'Active' } }), 'kube_namespace_status_phase')).toEqual([
    '{namespace="shop",phase="Active"} 1',
    '{namespace="shop",phase="Terminating"} 0',
  ])
})
