/** Who may talk to whom, over what, and what lies open. */
import { containerCheck, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, isFields, listAt, nameOf, namespaceOf, ofKindIn, takes } from '../inventory.ts'

/** Words in a name that say that its value is a credential. */
const SECRET_WORD =
  /passw(or)?d|passphrase|secret(?![_-]?(name|ref))|(api|access|private|signing|encryption|ssh|account|master)[_-]?key|bearer|credential|connection[_-]?string|jwt$|(?<!max[_-]?)token$|[_.-]pwd$/i
/** Names under which clouds' own tools look for credentials. */
const CLOUD_NAME =
  /^(AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|AZURE_[A-Z_]*(KEY|SECRET|PASSWORD|TOKEN)|ARM_CLIENT_SECRET|OCI_CLI_(KEY_CONTENT|SECURITY_TOKEN)|GOOGLE_(CREDENTIALS|API_KEY)|GCLOUD_[A-Z_]*KEY[A-Z_]*|CLOUDSDK_[A-Z_]*TOKEN|ALIBABA_CLOUD_ACCESS_KEY_SECRET|(DIGITALOCEAN|DO)_[A-Z_]*TOKEN|HCLOUD_TOKEN|LINODE_TOKEN)$/i
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/
/** Tokens with a form of their own: JSON web tokens, AWS, GitHub, GitLab, Slack, Google. */
const TOKEN = /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{36,}|\bglpat-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{35}\b/

/** A path says where a credential is, not what it is. */
const isPath = (value: string): boolean => /^(\/[\w.-]+){2,}$/.test(value)
const isSecretName = (name: string): boolean => SECRET_WORD.test(name) || CLOUD_NAME.test(name)
const isSecretValue = (value: unknown): boolean => typeof value === 'string' && (PRIVATE_KEY.test(value) || TOKEN.test(value))

export const NETWORK_AND_DATA_CHECKS: readonly InspectionCheck[] = [
  podCheck(
    {
      id: 'network-policy-missing',
      category: 'security',
      severity: 'warning',
      aliases: ['polaris/missingNetworkPolicy', 'popeye/POP-1204', 'popeye/POP-1205', 'kube-score/pod-networkpolicy', 'kube-linter/non-isolated-pod'],
      message: {
        en: 'No NetworkPolicy limits both what reaches the pod and what it may reach.',
        'zh-CN': '没有同时限制该 Pod 入向与出向流量的 NetworkPolicy。',
      },
    },
    (pod, inventory) => {
      const policies = ofKindIn(inventory, 'NetworkPolicy', pod.namespace).filter((policy) =>
        takes(at(policy.object, 'spec', 'podSelector'), namespaceOf(policy), pod),
      )
      const limits = (direction: 'Ingress' | 'Egress') => {
        const rules = direction.toLowerCase()
        return policies.some(({ object }) => {
          const types = at(object, 'spec', 'policyTypes')
          // Without policyTypes: ingress always, egress when there are egress rules.
          const applies = Array.isArray(types) ? types.includes(direction) : direction === 'Ingress' || at(object, 'spec', 'egress') !== undefined
          return applies && listAt(object, 'spec', rules).length > 0
        })
      }
      const open = (['Ingress', 'Egress'] as const).filter((direction) => !limits(direction))
      return open.length > 0 ? { path: [], what: open.join(', ') } : undefined
    },
  ),
  objectCheck(
    {
      id: 'ingress-without-tls',
      category: 'security',
      severity: 'warning',
      aliases: ['polaris/tlsSettingsMissing', 'kubescape/C-0263', 'kubescape/ingress-no-tls'],
      message: { en: 'The Ingress has no TLS: requests travel in the clear.', 'zh-CN': 'Ingress 未配置 TLS：请求以明文传输。' },
    },
    ['Ingress'],
    (item) => {
      if (listAt(item.object, 'spec', 'tls').length > 0) return undefined
      const hosts = [...new Set(listAt(item.object, 'spec', 'rules').flatMap((rule) => at(rule, 'host') ?? []))]
      const path = ['spec', 'tls']
      // The Secret with the certificate has to be made, by people or by cert-manager.
      return { path, fix: [{ path, value: [{ ...(hosts.length > 0 ? { hosts } : {}), secretName: `${nameOf(item) || 'ingress'}-tls` }], guess: true }] }
    },
  ),
  objectCheck(
    {
      id: 'credentials-in-configmap',
      category: 'security',
      severity: 'error',
      aliases: ['polaris/sensitiveConfigmapContent', 'kube-linter/configmap-with-credentials'],
      message: {
        en: 'The ConfigMap holds what looks like a credential: everyone who may read configuration can read it.',
        'zh-CN': 'ConfigMap 中疑似含有凭据：任何可读取配置的人都能看到。',
      },
    },
    ['ConfigMap'],
    ({ object }) =>
      Object.entries(isFields(object.data) ? object.data : {}).flatMap(([key, value]) =>
        (typeof value === 'string' && value !== '' && !isPath(value) && isSecretName(key)) || isSecretValue(value) ? [{ path: ['data', key], what: key }] : [],
      ),
  ),
  containerCheck(
    {
      id: 'credentials-in-environment',
      category: 'security',
      severity: 'error',
      aliases: ['polaris/sensitiveContainerEnvVar', 'kube-linter/env-var-secret'],
      message: {
        en: 'An environment variable holds what looks like a credential in plain text: use a Secret.',
        'zh-CN': '环境变量以明文保存疑似凭据：应使用 Secret。',
      },
    },
    ({ name, spec, path }) =>
      listAt(spec, 'env').flatMap((variable, i) => {
        const [key, value] = [at(variable, 'name'), at(variable, 'value')]
        const found = typeof value === 'string' && value !== '' && !isPath(value) && ((typeof key === 'string' && isSecretName(key)) || isSecretValue(value))
        return found ? [{ path: [...path, 'env', i, 'value'], what: `${name}: ${key}` }] : []
      }),
  ),
]
