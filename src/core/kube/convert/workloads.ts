/** Deployment, DaemonSet, ReplicaSet, StatefulSet and Scale of apps and extensions. https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-16 */
import type { KubeObject } from '../objects.ts'
import { annotate, annotation, bodyOf, type Family, isBody, keepDefault, type Step, same, take } from './family.ts'

// The annotations in which apps/v1 keeps what it has no field for.
const ROLLBACK = 'deprecated.deployment.rollback.to'
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'
const MAX_INT32 = 2 ** 31 - 1
/** A number of the API that is exact here too. */
const WHOLE = /^-?\d{1,15}$/

type Defaults = readonly (readonly [path: readonly string[], old: unknown, now: unknown])[]
const strategyIsRolling = (object: KubeObject): boolean => (bodyOf(bodyOf(object.spec).strategy).type ?? 'RollingUpdate') === 'RollingUpdate'

/** Old defaults are written down on the way up and today's on the way down, so that what was left out means the same. */
const defaults =
  (rows: Defaults, which: 'old' | 'now'): Step =>
  (object, note) => {
    if (!isBody(object.spec)) return
    for (const [path, old, now] of rows) {
      if (path.includes('rollingUpdate') && !strategyIsRolling(object)) continue
      keepDefault(object, path, which === 'old' ? old : now, note, `the default of the other version is ${JSON.stringify(which === 'old' ? now : old)}`)
    }
  }

/** The beta versions took the selector from the labels of the template when it was left out. */
const selectorFromTemplate: Step = (object, note) => {
  const spec = object.spec
  if (!isBody(spec) || isBody(spec.selector)) return
  const labels = bodyOf(bodyOf(spec.template).metadata).labels
  if (isBody(labels)) keepDefault(object, ['spec', 'selector'], { matchLabels: labels }, note, 'apps/v1 does not take it from the labels of the template')
}

const all =
  (...steps: Step[]): Step =>
  (object, note) => {
    for (const step of steps) step(object, note)
  }

const rollbackUp: Step = (object, note) => {
  if (!isBody(object.spec)) return
  const rollback = take(object.spec, 'rollbackTo')
  if (!isBody(rollback)) return
  annotate(object, ROLLBACK, String(rollback.revision ?? 0))
  note('changed', 'spec.rollbackTo', `kept in the annotation ${ROLLBACK}, which nothing acts on; use kubectl rollout undo`)
}
const rollbackDown: Step = (object) => {
  const revision = annotation(object, ROLLBACK)
  if (revision === undefined || !WHOLE.test(revision) || !isBody(object.spec)) return
  object.spec.rollbackTo = { revision: Number(revision) }
  annotate(object, ROLLBACK, undefined)
}

const generationUp: Step = (object) => {
  if (!isBody(object.spec)) return
  const generation = take(object.spec, 'templateGeneration')
  if (typeof generation === 'number') annotate(object, TEMPLATE_GENERATION, String(generation))
}
const generationDown: Step = (object) => {
  const generation = annotation(object, TEMPLATE_GENERATION)
  if (generation === undefined || !WHOLE.test(generation) || !isBody(object.spec)) return
  object.spec.templateGeneration = Number(generation)
  annotate(object, TEMPLATE_GENERATION, undefined)
}

const APPS_V1BETA1: Defaults = [[['spec', 'revisionHistoryLimit'], 2, 10]]
const EXTENSIONS: Defaults = [
  [['spec', 'revisionHistoryLimit'], MAX_INT32, 10],
  [['spec', 'progressDeadlineSeconds'], MAX_INT32, 600],
  [['spec', 'strategy', 'rollingUpdate', 'maxSurge'], 1, '25%'],
  [['spec', 'strategy', 'rollingUpdate', 'maxUnavailable'], 1, '25%'],
]
const ON_DELETE: Defaults = [[['spec', 'updateStrategy', 'type'], 'OnDelete', 'RollingUpdate']]

// A selector as text ↔ its parts. Only equality has a form with labels.
const scaleUp: Step = (object, note) => {
  const status = object.status
  if (!isBody(status)) return
  const target = take(status, 'targetSelector')
  const labels = bodyOf(take(status, 'selector'))
  const text =
    typeof target === 'string' && target !== ''
      ? target
      : Object.entries(labels)
          .map(([key, value]) => `${key}=${String(value)}`)
          .join(',')
  if (text !== '') status.selector = text
  const said = new Set(text.split(',').map((term) => term.trim().replace('==', '=')))
  for (const [key, value] of Object.entries(labels))
    if (!said.has(`${key}=${String(value)}`)) note('lost', `status.selector.${key}`, 'targetSelector says something else, and there is one selector only')
}
const scaleDown: Step = (object, note) => {
  const status = object.status
  if (!isBody(status) || typeof status.selector !== 'string') return
  const text = status.selector
  status.targetSelector = text
  delete status.selector
  const terms = text.split(',').map((term) => /^\s*([\w./-]+)\s*==?\s*([\w.-]*)\s*$/.exec(term))
  if (terms.every((term) => term !== null)) status.selector = Object.fromEntries(terms.map(([, key, value]) => [key!, value!]))
  else note('changed', 'status.selector', 'only targetSelector can hold what is no equality')
}

export const WORKLOADS: readonly Family[] = [
  {
    kinds: ['Deployment'],
    hub: 'apps/v1',
    versions: {
      'apps/v1beta2': same,
      'apps/v1beta1': {
        up: all(rollbackUp, selectorFromTemplate, defaults(APPS_V1BETA1, 'old')),
        down: all(rollbackDown, defaults(APPS_V1BETA1, 'now')),
      },
      'extensions/v1beta1': {
        up: all(rollbackUp, selectorFromTemplate, defaults(EXTENSIONS, 'old')),
        down: all(rollbackDown, defaults(EXTENSIONS, 'now')),
      },
    },
  },
  {
    kinds: ['DaemonSet'],
    hub: 'apps/v1',
    versions: {
      'apps/v1beta2': same,
      'extensions/v1beta1': { up: all(generationUp, selectorFromTemplate, defaults(ON_DELETE, 'old')), down: all(generationDown, defaults(ON_DELETE, 'now')) },
    },
  },
  {
    kinds: ['ReplicaSet'],
    hub: 'apps/v1',
    versions: { 'apps/v1beta2': same, 'extensions/v1beta1': { up: selectorFromTemplate } },
  },
  {
    kinds: ['StatefulSet'],
    hub: 'apps/v1',
    versions: {
      'apps/v1beta2': same,
      'apps/v1beta1': { up: all(selectorFromTemplate, defaults(ON_DELETE, 'old')), down: defaults(ON_DELETE, 'now') },
    },
  },
  { kinds: ['ControllerRevision'], hub: 'apps/v1', versions: { 'apps/v1beta2': same, 'apps/v1beta1': same } },
  {
    kinds: ['Scale'],
    hub: 'autoscaling/v1',
    versions: Object.fromEntries(['apps/v1beta2', 'apps/v1beta1', 'extensions/v1beta1'].map((version) => [version, { up: scaleUp, down: scaleDown }])),
  },
  { kinds: ['DeploymentRollback'], hub: 'apps/v1beta1', versions: { 'extensions/v1beta1': same } },
]
