/** What a request wants to run: the pod of a pod, or of a workload's template, also of patches. */
import { type AuditEvent, isJson, type Json, jsonAt, listAt, NO_JSON, textAt } from './event.ts'

/** Where the pod's spec stands, by resource. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  pods: ['spec'],
  podtemplates: ['template', 'spec'],
  deployments: ['spec', 'template', 'spec'],
  replicasets: ['spec', 'template', 'spec'],
  replicationcontrollers: ['spec', 'template', 'spec'],
  statefulsets: ['spec', 'template', 'spec'],
  daemonsets: ['spec', 'template', 'spec'],
  jobs: ['spec', 'template', 'spec'],
  cronjobs: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
}
export const WORKLOADS = Object.keys(TEMPLATES)

/** The object that a request asks for: its body, or of a patch what it puts in. Never the answer, in which all stands that was there before. */
export const wantedObject = (event: AuditEvent): Json =>
  isJson(event.request) ? event.request : Array.isArray(event.request) ? fromJsonPatch(event.request) : NO_JSON

/** The pod's spec; empty when the event does not have it. */
export const wantedPod = (event: AuditEvent): Json => (TEMPLATES[event.resource] ?? []).reduce<Json>(jsonAt, wantedObject(event))

const CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers']

export const containersOf = (pod: Json): Json[] => CONTAINERS.flatMap((list) => listAt(pod, list).filter(isJson))
export const imagesOf = (pod: Json): string[] => containersOf(pod).map((container) => textAt(container, 'image', 512))

/** Adds and replacements of RFC 6902 as the object they would make of nothing; enough to see what was put in. */
export function fromJsonPatch(operations: readonly unknown[]): Json {
  const root: Record<string, unknown> = {}
  for (const operation of operations.slice(0, 1000)) {
    const op = textAt(operation, 'op')
    const path = textAt(operation, 'path', 2048)
    if ((op !== 'add' && op !== 'replace') || !path.startsWith('/')) continue
    const steps = path
      .slice(1)
      .split('/')
      .slice(0, 30)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    let at: Record<string, unknown> | unknown[] = root
    steps.forEach((step, i) => {
      const value = i === steps.length - 1 ? (operation as Json).value : /^(?:\d{1,3}|-)$/.test(steps[i + 1]!) ? [] : {}
      at = put(at, step, value, i === steps.length - 1)
    })
  }
  return root
}

function put(into: Record<string, unknown> | unknown[], step: string, value: unknown, last: boolean): Record<string, unknown> {
  const key = Array.isArray(into) ? (step === '-' || Number(step) > into.length ? into.length : Number(step) || 0) : step
  const holder = into as Record<PropertyKey, unknown>
  const there = Object.hasOwn(holder, key) ? holder[key] : undefined
  if (last || typeof there !== 'object' || there === null) Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true })
  return holder[key] as Record<string, unknown>
}
