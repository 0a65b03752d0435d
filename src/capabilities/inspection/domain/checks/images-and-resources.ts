/** Which image runs, how much it may use, and how the kubelet learns that it is well. */
import { containerCheck, type FixEdit, type InspectionCheck } from '../check.ts'
import { at, type Container, type Path } from '../inventory.ts'

/** Name, tag and digest of an image reference; the port of a registry is no tag. */
export function imageParts(image: unknown): { tag?: string; digest?: string } {
  if (typeof image !== 'string') return {}
  const [name = '', digest] = image.split('@')
  const tag = /:([^/:]+)$/.exec(name)?.[1]
  return { ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

const RESOURCES = [
  {
    resource: 'cpu',
    set: 'requests',
    id: 'cpu-request-missing',
    aliases: ['polaris/cpuRequestsMissing', 'kube-linter/unset-cpu-requirements'],
    en: 'No CPU request: the scheduler takes the container for one that needs none.',
    zh: '未设置 CPU 请求：调度器会认为该容器不需要 CPU。',
  },
  {
    resource: 'memory',
    set: 'requests',
    id: 'memory-request-missing',
    aliases: ['polaris/memoryRequestsMissing', 'kube-linter/unset-memory-requirements'],
    en: 'No memory request: the scheduler takes the container for one that needs none, and it is evicted first.',
    zh: '未设置内存请求：调度器会认为该容器不需要内存，且会最先被驱逐。',
  },
  {
    resource: 'cpu',
    set: 'limits',
    id: 'cpu-limit-missing',
    aliases: ['polaris/cpuLimitsMissing'],
    en: 'No CPU limit: the container may take all of the node.',
    zh: '未设置 CPU 限制：容器可能占满节点 CPU。',
  },
  {
    resource: 'memory',
    set: 'limits',
    id: 'memory-limit-missing',
    aliases: ['polaris/memoryLimitsMissing', 'popeye/POP-107'],
    en: 'No memory limit: a leak takes the node with it.',
    zh: '未设置内存限制：内存泄漏会拖垮节点。',
  },
] as const

/** A probe of the first port, or of 8080 where none is told; whether the program answers there when it is well is for people to say. */
export function probeFix(spec: Container['spec'], path: Path): { fix: readonly FixEdit[] } {
  const port = at(spec, 'ports', 0, 'containerPort')
  return { fix: [{ path, value: { tcpSocket: { port: typeof port === 'number' ? port : 8080 } }, guess: true }] }
}

/** What a fix sets where there is nothing: small, and to be looked at. */
const MODEST = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } } as const

/** Kinds whose pods end by themselves: nothing is served, nothing is probed. */
const RUNS_ONCE = ['Job', 'CronJob']

const PROBES = [
  {
    field: 'livenessProbe',
    id: 'liveness-probe-missing',
    aliases: ['polaris/livenessProbeMissing', 'popeye/POP-103', 'kube-linter/no-liveness-probe'],
    en: 'No liveness probe: a container that hangs is not restarted.',
    zh: '未设置存活探针：容器挂起时不会被重启。',
  },
  {
    field: 'readinessProbe',
    id: 'readiness-probe-missing',
    aliases: ['polaris/readinessProbeMissing', 'popeye/POP-104', 'kube-linter/no-readiness-probe'],
    en: 'No readiness probe: requests come before the container can answer them.',
    zh: '未设置就绪探针：容器尚未可用时就会收到请求。',
  },
] as const

export const IMAGE_AND_RESOURCE_CHECKS: readonly InspectionCheck[] = [
  containerCheck(
    {
      id: 'image-tag-missing',
      category: 'stability',
      severity: 'error',
      aliases: ['polaris/tagNotSpecified', 'popeye/POP-100', 'popeye/POP-101', 'kube-linter/latest-tag', 'kube-score/container-image-tag'],
      message: {
        en: 'The image has no tag, or latest: what runs may change at every start.',
        'zh-CN': '镜像没有标签或使用 latest：每次启动运行的内容都可能不同。',
      },
    },
    ({ name, spec, path }) => {
      const { tag, digest } = imageParts(spec.image)
      return digest === undefined && (tag === undefined || tag === 'latest') ? { path: [...path, 'image'], what: `${name}: ${spec.image ?? ''}` } : undefined
    },
  ),
  containerCheck(
    {
      id: 'pull-policy-not-always',
      category: 'stability',
      severity: 'advice',
      aliases: ['polaris/pullPolicyNotAlways', 'kube-score/container-image-pull-policy'],
      message: {
        en: 'The image is not pulled at every start: nodes may run what they have kept, without asking for credentials.',
        'zh-CN': '并非每次启动都拉取镜像：节点可能运行本地缓存的镜像，且不校验凭据。',
      },
    },
    ({ spec, path }) =>
      spec.imagePullPolicy === 'Always' ? undefined : { path: [...path, 'imagePullPolicy'], fix: [{ path: [...path, 'imagePullPolicy'], value: 'Always' }] },
  ),
  ...RESOURCES.map(({ resource, set, id, aliases, en, zh }) =>
    containerCheck({ id, category: 'limitation', severity: 'warning', aliases, message: { en, 'zh-CN': zh } }, ({ spec, path }) =>
      at(spec, 'resources', set, resource) === undefined
        ? { path: [...path, 'resources', set, resource], fix: [{ path: [...path, 'resources', set, resource], value: MODEST[set][resource], guess: true }] }
        : undefined,
    ),
  ),
  ...PROBES.map(({ field, id, aliases, en, zh }) =>
    containerCheck(
      { id, category: 'stability', severity: 'warning', aliases, message: { en, 'zh-CN': zh } },
      ({ pod, spec, path }: Container) =>
        RUNS_ONCE.includes(pod.kind) || at(spec, field) ? undefined : { path: [...path, field], ...probeFix(spec, [...path, field]) },
      ['container'],
    ),
  ),
]
