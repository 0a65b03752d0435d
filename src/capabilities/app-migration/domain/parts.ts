/** Where things stand in objects of built-in kinds. */
import type { KubeObject } from '#core/kube/objects.ts'
import { type LabelSelector, requirementsOf, selects as takes } from '#core/kube/selectors.ts'

export type Body = Record<string, unknown>
export const isBody = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)
export const bodyOf = (value: unknown): Body => (isBody(value) ? value : {})
export const bodiesOf = (value: unknown): Body[] => (Array.isArray(value) ? value.filter(isBody) : [])
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** The pod template's parent path; a Pod is its own template. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ['template'],
  Deployment: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/** The template of the pods that an object makes, or the Pod itself; undefined for kinds that make none. */
export function templateOf(object: KubeObject): Body | undefined {
  const path = TEMPLATES[object.kind]
  if (path === undefined || (object.kind !== 'Pod' && !/^(?:apps|batch|extensions)\/|^v1$/.test(object.apiVersion))) return undefined
  const template = path.reduce<unknown>((value, step) => bodyOf(value)[step], object)
  return isBody(template) ? template : undefined
}

export const containersOf = (podSpec: Body): Body[] => [podSpec.initContainers, podSpec.containers, podSpec.ephemeralContainers].flatMap(bodiesOf)

/** `group kind namespace/name`: what an object is whatever its version. Kinds that moved between groups are one. */
export function keyOf(ref: { apiVersion: string; kind: string; namespace?: string; name: string }): string {
  const slash = ref.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : ref.apiVersion.slice(0, slash)
  return `${MOVED[`${group} ${ref.kind}`] ?? group} ${ref.kind} ${ref.namespace ?? ''}/${ref.name}`
}
const MOVED: Readonly<Record<string, string>> = {
  'extensions Deployment': 'apps',
  'extensions DaemonSet': 'apps',
  'extensions ReplicaSet': 'apps',
  'extensions Ingress': 'networking.k8s.io',
  'extensions NetworkPolicy': 'networking.k8s.io',
}
export const keyOfObject = (object: KubeObject): string => keyOf({ ...object, namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' })

/** Does a label selector (matchLabels and matchExpressions) take these labels? Nothing is taken by a selector that is not there. */
export const selects = (selector: unknown, labels: unknown): boolean =>
  isBody(selector) && takes(requirementsOf(selector as LabelSelector), bodyOf(labels) as Record<string, string>)
