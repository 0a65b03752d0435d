/** Who may, how many at once, what is admitted: RBAC, disruption budgets, flow control, admission webhooks, reviews, certificates. */
import { annotate, annotation, bodies, bodyOf, type Family, isBody, keepDefault, listOf, rename, type Step, same } from './family.ts'
import { names } from './network.ts'

// What the API server itself writes for the empty selector, which matched nothing in v1beta1 and matches everything in v1.
const EMPTY = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match'
const isEmpty = (selector: unknown): boolean =>
  isBody(selector) && Object.keys(bodyOf(selector.matchLabels)).length === 0 && listOf(selector.matchExpressions).length === 0
const only = (selector: unknown, operator: string): boolean => {
  const [first, ...rest] = listOf(bodyOf(selector).matchExpressions)
  return (
    Object.keys(bodyOf(bodyOf(selector).matchLabels)).length === 0 && rest.length === 0 && bodyOf(first).key === EMPTY && bodyOf(first).operator === operator
  )
}
const pdbUp: Step = (object, note) => {
  const spec = object.spec
  if (!isBody(spec)) return
  if (only(spec.selector, 'DoesNotExist')) spec.selector = {}
  else if (isEmpty(spec.selector)) {
    spec.selector = { matchExpressions: [{ key: EMPTY, operator: 'Exists' }] }
    note('changed', 'spec.selector', 'empty matched no pod in policy/v1beta1 and would match every pod in policy/v1: written so that it still matches none')
  }
}
const pdbDown: Step = (object, note) => {
  const spec = object.spec
  if (!isBody(spec)) return
  if (only(spec.selector, 'Exists')) spec.selector = {}
  else if (isEmpty(spec.selector)) {
    spec.selector = { matchExpressions: [{ key: EMPTY, operator: 'DoesNotExist' }] }
    note('changed', 'spec.selector', 'empty matches every pod in policy/v1 and matched none in policy/v1beta1: written so that it still matches every one')
  }
}

const RBAC = 'rbac.authorization.k8s.io'
/** v1alpha1 named a subject by apiVersion, and everybody by the user `*`. */
const subjectsUp: Step = (object, note) => {
  for (const [subject, path] of bodies(object.subjects, 'subjects')) {
    const version = typeof subject.apiVersion === 'string' ? subject.apiVersion : ''
    delete subject.apiVersion
    const group =
      subject.kind === 'ServiceAccount'
        ? ''
        : subject.kind === 'User' || subject.kind === 'Group'
          ? RBAC
          : version.includes('/')
            ? version.slice(0, version.indexOf('/'))
            : ''
    if (group !== '') subject.apiGroup = group
    if (!['ServiceAccount', 'User', 'Group'].includes(String(subject.kind)) && version !== '')
      note('lost', `${path}.apiVersion`, 'a subject has a group and no version')
    if (subject.kind !== 'User' || subject.name !== '*') continue
    subject.kind = 'Group'
    subject.name = 'system:authenticated'
    note('changed', path, 'the user * stood for everybody who is logged in')
  }
}
const subjectsDown: Step = (object) => {
  for (const [subject] of bodies(object.subjects, 'subjects')) {
    const group = typeof subject.apiGroup === 'string' ? subject.apiGroup : ''
    delete subject.apiGroup
    subject.apiVersion =
      subject.kind === 'ServiceAccount'
        ? 'v1'
        : subject.kind === 'User' || subject.kind === 'Group'
          ? `${RBAC}/v1alpha1`
          : group === ''
            ? 'v1'
            : `${group}/v1alpha1`
  }
}

const sharesUp: Step = (object) => {
  const limited = bodyOf(object.spec).limited
  if (isBody(limited)) rename(limited, 'assuredConcurrencyShares', 'nominalConcurrencyShares')
}
const sharesDown: Step = (object, note) => {
  const limited = bodyOf(object.spec).limited
  if (!isBody(limited)) return
  rename(limited, 'nominalConcurrencyShares', 'assuredConcurrencyShares')
  if (limited.assuredConcurrencyShares === 0) note('lost', 'spec.limited.nominalConcurrencyShares', 'the older version reads 0 as its default of 30')
}
const ZERO = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares'
/** v1beta3 reads 0 as 30 unless an annotation says that it is meant. */
const zeroUp: Step = (object) => {
  const limited = bodyOf(object.spec).limited
  if (isBody(limited) && limited.nominalConcurrencyShares === 0 && annotation(object, ZERO) === undefined) delete limited.nominalConcurrencyShares
  annotate(object, ZERO, undefined)
}
const zeroDown: Step = (object) => {
  if (bodyOf(bodyOf(object.spec).limited).nominalConcurrencyShares === 0) annotate(object, ZERO, '')
}

/** Defaults of admissionregistration v1beta1 and of v1. https://kubernetes.io/docs/reference/using-api/deprecation-guide/#webhook-resources-v122 */
const WEBHOOK_DEFAULTS = [
  ['failurePolicy', 'Ignore', 'Fail'],
  ['matchPolicy', 'Exact', 'Equivalent'],
  ['timeoutSeconds', 30, 10],
] as const
const webhooksUp: Step = (object, note) => {
  for (const [webhook, path] of bodies(object.webhooks, 'webhooks')) {
    const at = (kind: 'lost' | 'changed' | 'kept', field: string, reason: string): void => note(kind, `${path}.${field}`, reason)
    for (const [field, old, now] of WEBHOOK_DEFAULTS) keepDefault(webhook, [field], old, at, `the default of v1 is ${now}`)
    keepDefault(webhook, ['admissionReviewVersions'], ['v1beta1'], at, 'v1 has no default')
    if (webhook.sideEffects === undefined || webhook.sideEffects === 'Unknown' || webhook.sideEffects === 'Some') {
      at(
        'lost',
        'sideEffects',
        `v1 takes None and NoneOnDryRun only, not ${String(webhook.sideEffects ?? 'Unknown')}: set to None; see that the webhook has none on a dry run`,
      )
      webhook.sideEffects = 'None'
    }
  }
}
const webhooksDown: Step = (object, note) => {
  for (const [webhook, path] of bodies(object.webhooks, 'webhooks'))
    for (const [field, old, now] of WEBHOOK_DEFAULTS)
      keepDefault(webhook, [field], now, (kind, _, reason) => note(kind, `${path}.${field}`, reason), `the default of v1beta1 is ${old}`)
}

const reviewUp: Step = (object) => {
  if (isBody(object.spec)) rename(object.spec, 'group', 'groups')
}
const reviewDown: Step = (object) => {
  if (isBody(object.spec)) rename(object.spec, 'groups', 'group')
}

const LEGACY = 'kubernetes.io/legacy-unknown'
const csrUp: Step = (object, note) => {
  if (isBody(object.spec)) {
    keepDefault(object, ['spec', 'signerName'], LEGACY, note, 'v1 has no default')
    if (object.spec.signerName === LEGACY) note('lost', 'spec.signerName', `certificates.k8s.io/v1 refuses to create requests for ${LEGACY}: name a signer`)
    keepDefault(object, ['spec', 'usages'], ['digital signature', 'key encipherment'], note, 'v1 has no default')
  }
  for (const [condition, path] of bodies(bodyOf(object.status).conditions, 'status.conditions'))
    keepDefault(condition, ['status'], 'True', (kind, _, reason) => note(kind, `${path}.status`, reason), 'v1 has no default')
}

const podRequestUp: Step = (object, note) => {
  const spec = bodyOf(object.spec)
  if (spec.pkixPublicKey !== undefined && spec.stubPKCS10Request === undefined)
    note('lost', 'spec.stubPKCS10Request', 'newer versions want the key in a request signed by it: only who has the key can make one')
}

export const POLICY: readonly Family[] = [
  { kinds: ['PodDisruptionBudget'], hub: 'policy/v1', versions: { 'policy/v1beta1': { up: pdbUp, down: pdbDown } } },
  names(['Eviction'], 'policy', 'v1', 'v1beta1'),
  names(['PodSecurityPolicy'], 'policy', 'v1beta1', 'extensions/v1beta1'),
  names(['Role', 'ClusterRole'], RBAC, 'v1', 'v1beta1', 'v1alpha1'),
  {
    kinds: ['RoleBinding', 'ClusterRoleBinding'],
    hub: `${RBAC}/v1`,
    versions: { [`${RBAC}/v1beta1`]: same, [`${RBAC}/v1alpha1`]: { up: subjectsUp, down: subjectsDown } },
  },
  names(['FlowSchema'], 'flowcontrol.apiserver.k8s.io', 'v1', 'v1beta3', 'v1beta2', 'v1beta1', 'v1alpha1'),
  {
    kinds: ['PriorityLevelConfiguration'],
    hub: 'flowcontrol.apiserver.k8s.io/v1',
    versions: {
      'flowcontrol.apiserver.k8s.io/v1beta3': { up: zeroUp, down: zeroDown },
      ...Object.fromEntries(
        ['v1beta2', 'v1beta1', 'v1alpha1'].map((version) => [`flowcontrol.apiserver.k8s.io/${version}`, { up: sharesUp, down: sharesDown }]),
      ),
    },
  },
  {
    kinds: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
    hub: 'admissionregistration.k8s.io/v1',
    versions: { 'admissionregistration.k8s.io/v1beta1': { up: webhooksUp, down: webhooksDown } },
  },
  names(
    ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'],
    'admissionregistration.k8s.io',
    'v1',
    'v1beta1',
    'v1alpha1',
  ),
  {
    kinds: ['SubjectAccessReview', 'LocalSubjectAccessReview'],
    hub: 'authorization.k8s.io/v1',
    versions: { 'authorization.k8s.io/v1beta1': { up: reviewUp, down: reviewDown } },
  },
  names(['SelfSubjectAccessReview', 'SelfSubjectRulesReview'], 'authorization.k8s.io', 'v1', 'v1beta1'),
  names(['TokenReview', 'SelfSubjectReview'], 'authentication.k8s.io', 'v1', 'v1beta1', 'v1alpha1'),
  { kinds: ['CertificateSigningRequest'], hub: 'certificates.k8s.io/v1', versions: { 'certificates.k8s.io/v1beta1': { up: csrUp } } },
  names(['ClusterTrustBundle'], 'certificates.k8s.io', 'v1beta1', 'v1alpha1'),
  {
    kinds: ['PodCertificateRequest'],
    hub: 'certificates.k8s.io/v1',
    versions: { 'certificates.k8s.io/v1beta1': same, 'certificates.k8s.io/v1alpha1': { up: podRequestUp } },
  },
  names(['AdmissionReview'], 'admission.k8s.io', 'v1', 'v1beta1'),
]
