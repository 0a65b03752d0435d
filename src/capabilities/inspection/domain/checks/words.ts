/** Names and values that lists of words call secret: broader than what `credentials-in-…` find, for people who keep such lists. */
import { containerCheck, type Fault, type InspectionCheck, objectCheck } from '../check.ts'
import { at, isFields, listAt, type Settings } from '../inventory.ts'

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)

const KEYS = [
  'aws_access_key_id',
  'aws_secret_access_key',
  'azure_batchai_storage_account',
  'azure_batchai_storage_key',
  'azure_batch_account',
  'azure_batch_key',
  'secret',
  'key',
  'password',
  'pwd',
  'token',
  'jwt',
  'bearer',
  'credential',
]
const VALUES = ['BEGIN \\w+ PRIVATE KEY', 'PRIVATE KEY', 'eyJhbGciO', 'JWT', 'Bearer', '_key_', '_secret_']

/** Lists come from people: a word that is no regular expression is taken as it stands, and so is one that could take for ever. */
function matches(word: string, text: string): boolean {
  if (/[+*}]\)?[+*{]/.test(word) || word.length > 200) return text.toLowerCase().includes(word.toLowerCase())
  try {
    return new RegExp(word, 'i').test(text.slice(0, 100_000))
  } catch {
    return text.toLowerCase().includes(word.toLowerCase())
  }
}

/** What base64 hides: the text, where the value may be that and is readable. */
function unfolded(value: string): string | undefined {
  const compact = value.replace(/\s/g, '')
  if (compact.length < 16 || compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined
  const text = new TextDecoder().decode(Uint8Array.from(atob(compact), (char) => char.charCodeAt(0)))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is no text is no text in disguise
  return /[\u0000-\u0008\ufffd]/.test(text) ? undefined : text
}

/** A path says where a secret is, not what it is. */
const isPath = (value: string): boolean => /^\/[\w./-]+$/.test(value)

function isSecret(settings: Settings, name: string, value: string): boolean {
  const allowedValue = (settings.sensitiveValuesAllowed ?? []).some((word) => word !== '' && matches(word, value))
  const allowedName = (settings.sensitiveKeyNamesAllowed ?? []).some((word) => word !== '' && name.toLowerCase().includes(word.toLowerCase()))
  if (value === '' || isPath(value) || allowedValue || allowedName) return false
  const named = (settings.sensitiveKeyNames ?? KEYS).some((word) => name.toLowerCase().includes(word.toLowerCase()))
  const texts = [value, unfolded(value) ?? []].flat()
  return named || (settings.sensitiveValues ?? VALUES).some((word) => texts.some((text) => matches(word, text)))
}

export const WORD_CHECKS: readonly InspectionCheck[] = [
  containerCheck(
    {
      id: 'secret-words-in-environment',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0012', 'C-0259', 'rule-credentials-in-env-var'),
      message: {
        en: 'The environment holds what lists of secret words name, or a whole Secret.',
        'zh-CN': '环境变量包含敏感词列表中的内容，或引入了整个 Secret。',
      },
    },
    ({ name, spec, path }, { settings }) => [
      ...listAt(spec, 'env').flatMap((variable, i): Fault[] => {
        const [key, value] = [at(variable, 'name'), at(variable, 'value')]
        return typeof key === 'string' && typeof value === 'string' && isSecret(settings, key, value)
          ? [{ path: [...path, 'env', i, 'value'], what: `${name}: ${key}`, fix: [{ path: [...path, 'env', i], value: undefined, guess: true }] }]
          : []
      }),
      ...listAt(spec, 'envFrom').flatMap((from, i): Fault[] =>
        isFields(at(from, 'secretRef'))
          ? [
              {
                path: [...path, 'envFrom', i, 'secretRef'],
                what: `${name}: ${at(from, 'secretRef', 'name')}`,
                fix: [{ path: [...path, 'envFrom', i], value: undefined, guess: true }],
              },
            ]
          : [],
      ),
    ],
  ),
  containerCheck(
    {
      id: 'secret-in-environment',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: [...kubescape('C-0207', 'rule-secrets-in-env-var'), 'cis/5.4.1', 'kube-linter/read-secret-from-env-var'],
      message: {
        en: 'A Secret is handed over as an environment variable: child processes and crash reports see it (a file would not).',
        'zh-CN': 'Secret 以环境变量方式传入：子进程与崩溃报告可见（应使用文件）。',
      },
    },
    ({ name, spec, path }) => [
      ...listAt(spec, 'env').flatMap((variable, i): Fault[] =>
        isFields(at(variable, 'valueFrom', 'secretKeyRef'))
          ? [
              {
                path: [...path, 'env', i, 'valueFrom', 'secretKeyRef'],
                what: `${name}: ${at(variable, 'name')}`,
                fix: [{ path: [...path, 'env', i], value: undefined, guess: true }],
              },
            ]
          : [],
      ),
      ...listAt(spec, 'envFrom').flatMap((from, i): Fault[] =>
        isFields(at(from, 'secretRef'))
          ? [{ path: [...path, 'envFrom', i, 'secretRef'], what: name, fix: [{ path: [...path, 'envFrom', i], value: undefined, guess: true }] }]
          : [],
      ),
    ],
  ),
  objectCheck(
    {
      id: 'secret-words-in-configmap',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: kubescape('C-0012', 'rule-credentials-configmap'),
      message: { en: 'The ConfigMap holds what lists of secret words name.', 'zh-CN': 'ConfigMap 包含敏感词列表中的内容。' },
    },
    ['ConfigMap'],
    ({ object }, { settings }) =>
      (['data', 'binaryData'] as const).flatMap((field) =>
        Object.entries(isFields(object[field]) ? object[field] : {}).flatMap(([key, value]): Fault[] =>
          typeof value === 'string' && isSecret(settings, key, value)
            ? [{ path: [field, key], what: key, fix: [{ path: [field, key], value: undefined, guess: true }] }]
            : [],
        ),
      ),
  ),
]
