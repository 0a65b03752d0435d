/** What the forms ask, by kind: paths into the YAML beside them, which is the one truth. */
import { editYaml } from '#core/yaml/edit.ts'
import { readYaml, type YamlPath } from '#core/yaml/read.ts'
import type { FormKind } from '../domain/api.ts'
import { TARGET_KINDS } from '../domain/foreign.ts'

export interface Field {
  path: YamlPath
  /** Key of its title, in the catalog below `form`. */
  label: string
  type: 'text' | 'number' | 'check' | 'words' | 'choice'
  options?: readonly string[]
  placeholder?: string
}
export interface FieldList {
  path: YamlPath
  label: string
  /** Kinds of items, the first is what "add" makes. */
  items: readonly { label: string; is(item: unknown): boolean; made: object; fields: readonly Field[] }[]
}
export interface Form {
  fields: readonly Field[]
  lists: readonly FieldList[]
  made: string
}

const about: Field[] = [
  { path: ['metadata', 'name'], label: 'name', type: 'text' },
  { path: ['metadata', 'namespace'], label: 'namespace', type: 'text' },
]
const TARGETS = TARGET_KINDS
const any = () => true
const number = (path: YamlPath, label: string, placeholder?: string): Field => ({ path, label, type: 'number', ...(placeholder ? { placeholder } : {}) })
const text = (path: YamlPath, label: string, placeholder?: string): Field => ({ path, label, type: 'text', ...(placeholder ? { placeholder } : {}) })

export const FORMS: Record<FormKind, Form> = {
  ScalePolicy: {
    fields: [
      ...about,
      { path: ['spec', 'target', 'kind'], label: 'targetKind', type: 'choice', options: TARGETS },
      text(['spec', 'target', 'name'], 'target'),
      number(['spec', 'min'], 'min', '1'),
      number(['spec', 'max'], 'max'),
      number(['spec', 'loadPerPod'], 'loadPerPod'),
      text(['spec', 'podStart'], 'podStart', '45s'),
      text(['spec', 'keep'], 'keep', '5m'),
      text(['spec', 'respectManualFor'], 'respectManualFor', '15m'),
      { path: ['spec', 'mode'], label: 'mode', type: 'choice', options: ['preview', 'active'] },
      { path: ['spec', 'otherWriters'], label: 'otherWriters', type: 'choice', options: ['refuse', 'adopt', 'shadow'] },
      { path: ['spec', 'traffic', 'services'], label: 'traffic', type: 'words' },
      text(['spec', 'timezone'], 'timezone', 'UTC'),
    ],
    lists: [
      {
        path: ['spec', 'bounds'],
        label: 'bounds',
        items: [
          {
            label: 'window',
            is: any,
            made: { name: 'day', start: '0 8 * * *', end: '0 20 * * *', min: 2 },
            fields: [
              text(['name'], 'name'),
              text(['start'], 'start', '0 8 * * *'),
              text(['end'], 'end', '0 20 * * *'),
              number(['min'], 'min'),
              number(['max'], 'max'),
            ],
          },
        ],
      },
      {
        path: ['spec', 'services'],
        label: 'services',
        items: [
          {
            label: 'service',
            is: any,
            made: { target: { name: '' }, max: 10, loadPerPod: 50 },
            fields: [
              text(['target', 'name'], 'target'),
              number(['min'], 'min', '1'),
              number(['max'], 'max'),
              number(['loadPerPod'], 'loadPerPod'),
              number(['callsPerRequest'], 'calls'),
              text(['requests'], 'requestsQuery'),
            ],
          },
        ],
      },
    ],
    made: `apiVersion: sallyport.io/v1alpha1
kind: ScalePolicy
metadata:
  name: ""
  namespace: default
spec:
  target:
    kind: Deployment
    name: ""
  mode: preview
  min: 2
  max: 20
  loadPerPod: 100
  podStart: 45s
`,
  },
  HorizontalPodAutoscaler: {
    fields: [
      ...about,
      { path: ['spec', 'scaleTargetRef', 'kind'], label: 'targetKind', type: 'choice', options: TARGETS },
      text(['spec', 'scaleTargetRef', 'name'], 'target'),
      number(['spec', 'minReplicas'], 'min', '1'),
      number(['spec', 'maxReplicas'], 'max'),
      number(['spec', 'behavior', 'scaleDown', 'stabilizationWindowSeconds'], 'stabilization', '300'),
    ],
    lists: [
      {
        path: ['spec', 'metrics'],
        label: 'metrics',
        items: [
          {
            label: 'resource',
            is: (item) => (item as { type?: unknown } | null)?.type === 'Resource',
            made: { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
            fields: [
              { path: ['resource', 'name'], label: 'resourceName', type: 'choice', options: ['cpu', 'memory'] },
              number(['resource', 'target', 'averageUtilization'], 'utilization'),
            ],
          },
          {
            label: 'external',
            is: (item) => (item as { type?: unknown } | null)?.type === 'External',
            made: {
              type: 'External',
              external: {
                metric: { name: 'sallyport_ingress_requests_per_second', selector: { matchLabels: { service: '' } } },
                target: { type: 'AverageValue', averageValue: '100' },
              },
            },
            fields: [
              text(['external', 'metric', 'name'], 'metric'),
              text(['external', 'metric', 'selector', 'matchLabels', 'service'], 'service'),
              text(['external', 'target', 'averageValue'], 'averageValue'),
            ],
          },
        ],
      },
    ],
    made: `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: ""
  namespace: default
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: ""
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
`,
  },
  CronHorizontalPodAutoscaler: {
    fields: [
      ...about,
      { path: ['spec', 'scaleTargetRef', 'kind'], label: 'targetKind', type: 'choice', options: [...TARGETS, 'HorizontalPodAutoscaler'] },
      text(['spec', 'scaleTargetRef', 'name'], 'target'),
      text(['spec', 'timezone'], 'timezone', 'UTC'),
      { path: ['spec', 'suspend'], label: 'suspend', type: 'check' },
      { path: ['spec', 'excludeDates'], label: 'excludeDates', type: 'words', placeholder: '0 0 0 1 1 *' },
    ],
    lists: [
      {
        path: ['spec', 'jobs'],
        label: 'jobs',
        items: [
          {
            label: 'job',
            is: any,
            made: { name: 'up', schedule: '0 0 8 * * *', targetSize: 5 },
            fields: [
              text(['name'], 'name'),
              text(['schedule'], 'schedule', '0 0 8 * * *'),
              number(['targetSize'], 'targetSize'),
              { path: ['runOnce'], label: 'runOnce', type: 'check' },
            ],
          },
        ],
      },
    ],
    made: `apiVersion: autoscaling.alibabacloud.com/v1beta1
kind: CronHorizontalPodAutoscaler
metadata:
  name: ""
  namespace: default
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: ""
  jobs:
    - name: up
      schedule: 0 0 8 * * *
      targetSize: 5
    - name: down
      schedule: 0 0 20 * * *
      targetSize: 2
`,
  },
}

export const valueAt = (data: unknown, path: YamlPath): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | null | undefined)?.[step], data)

/** The one document of a text; undefined while it is no YAML. */
export function dataOf(yaml: string): unknown {
  const read = readYaml(yaml)
  return read.ok ? read.value.documents[0]?.data : undefined
}

/** The text with one value replaced; undefined removes it. A text that cannot be edited stays. */
export function withValue(yaml: string, path: YamlPath, value: unknown): string {
  const read = readYaml(yaml)
  if (!read.ok) return yaml
  return editYaml(read.value, [{ document: 0, path, value }]) ?? yaml
}

/** What somebody typed into a field. Empty: the field is left out. */
export function typedValue({ type }: Pick<Field, 'type'>, typed: string): unknown {
  const trimmed = typed.trim()
  if (trimmed === '') return undefined
  if (type === 'number') return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed
  if (type === 'words')
    return trimmed
      .split(/[,\n]+/)
      .map((word) => word.trim())
      .filter((word) => word !== '')
  return typed
}
