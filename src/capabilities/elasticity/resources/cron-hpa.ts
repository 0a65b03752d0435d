import type { KubeObject } from '#core/kube/objects.ts'

const text = { type: 'string' }
const target = { type: 'object', required: ['apiVersion', 'kind', 'name'], properties: { apiVersion: text, kind: text, name: text } }
const job = { name: text, schedule: text, targetSize: { type: 'integer', format: 'int32' }, runOnce: { type: 'boolean' } }
const condition = { ...job, jobId: text, state: text, lastProbeTime: { type: 'string', format: 'date-time' }, message: text }

/** CronHorizontalPodAutoscaler, for clusters that do not have the vendor's: the same fields, `timezone` and `suspend` besides. */
export const cronHpaDefinition: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'cronhorizontalpodautoscalers.autoscaling.alibabacloud.com' },
  spec: {
    group: 'autoscaling.alibabacloud.com',
    scope: 'Namespaced',
    names: {
      kind: 'CronHorizontalPodAutoscaler',
      listKind: 'CronHorizontalPodAutoscalerList',
      plural: 'cronhorizontalpodautoscalers',
      singular: 'cronhorizontalpodautoscaler',
      shortNames: ['cronhpa'],
    },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              apiVersion: text,
              kind: text,
              metadata: { type: 'object' },
              spec: {
                type: 'object',
                required: ['scaleTargetRef', 'jobs'],
                properties: {
                  scaleTargetRef: target,
                  excludeDates: { type: 'array', items: text },
                  timezone: text,
                  suspend: { type: 'boolean' },
                  jobs: { type: 'array', items: { type: 'object', required: ['name', 'schedule', 'targetSize'], properties: job } },
                },
              },
              status: {
                type: 'object',
                properties: {
                  scaleTargetRef: target,
                  excludeDates: { type: 'array', items: text },
                  conditions: { type: 'array', items: { type: 'object', properties: condition } },
                },
              },
            },
          },
        },
      },
    ],
  },
}
