import { inChinese } from './chinese.ts'

/**
 * Every error a user can meet, once: code, HTTP status, exit code, message and what to do next in both languages.
 * Callers compare codes, never text. `{name}` in a text is filled from the error's `details`.
 */
export interface ErrorRow {
  status: number
  exit: ExitCode
  en: string
  'zh-CN': string
  next: { en: string; 'zh-CN': string }
}

/** Exit codes of the CLI, fixed: see docs/look-up/errors.md. */
export const EXIT = { done: 0, error: 1, usage: 2, findings: 3, timedOut: 4, forbidden: 5, partial: 6 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export type Language = 'en' | 'zh-CN'

const row = (status: number, exit: ExitCode, en: string, zh: string, nextEn: string, nextZh: string): ErrorRow => ({
  status,
  exit,
  en,
  'zh-CN': zh,
  next: { en: nextEn, 'zh-CN': nextZh },
})

export const ERRORS = {
  INVALID_INPUT: row(
    400,
    EXIT.usage,
    'The input has {count} problem(s).',
    '输入有 {count} 处问题。',
    'Correct the fields listed and try again; nothing was applied.',
    '请更正所列字段后重试；尚未应用任何内容。',
  ),
  USAGE: row(
    400,
    EXIT.usage,
    'The command line was not understood: {reason}.',
    '无法理解该命令行：{reason}。',
    'Run the command with --help for its options.',
    '请使用 --help 查看该命令的选项。',
  ),
  UNKNOWN_COMMAND: row(
    400,
    EXIT.usage,
    'There is no command "{name}".',
    '没有命令“{name}”。',
    'Run `sallyport --help` for the list.',
    '运行 `sallyport --help` 查看列表。',
  ),
  FILE_UNREADABLE: row(
    400,
    EXIT.error,
    '{path} cannot be read: {reason}.',
    '无法读取 {path}：{reason}。',
    'Check the path and its permissions.',
    '请检查路径和权限。',
  ),
  PROMQL_INVALID: row(
    400,
    EXIT.usage,
    'The PromQL expression is not valid at line {line}, column {column}: {reason}.',
    'PromQL 表达式在第 {line} 行第 {column} 列无效：{reason}。',
    'Correct the expression at that place.',
    '请更正该处的表达式。',
  ),
  PROMQL_FAILED: row(
    422,
    EXIT.error,
    'The query cannot be answered: {reason}.',
    '无法执行该查询：{reason}。',
    'Change the expression so that its labels and parameters fit the data.',
    '请修改表达式，使其标签和参数与数据相符。',
  ),
  PROMQL_LIMIT: row(
    422,
    EXIT.error,
    'The query needs more than {limit} {what}.',
    '该查询需要的 {what} 超过 {limit}。',
    'Ask for fewer series, a shorter time or a larger step.',
    '请减少序列数量、缩短时间范围或增大步长。',
  ),
  NOTHING_READ: row(
    400,
    EXIT.error,
    'None of the {lines} lines could be read as {format}.',
    '{lines} 行中没有一行能按 {format} 读取。',
    'Name the format or give its pattern with --format, e.g. --format \'$remote_addr [$time_local] "$request" $status\'.',
    '请用 --format 指定格式名称或模式，例如 --format \'$remote_addr [$time_local] "$request" $status\'。',
  ),
  UNAUTHENTICATED: row(
    401,
    EXIT.forbidden,
    'You are not logged in.',
    '您尚未登录。',
    'Open the login link that the server printed, or send a token.',
    '请打开服务器打印的登录链接，或发送令牌。',
  ),
  LOGIN_LINK_USED: row(
    401,
    EXIT.forbidden,
    'This login link was used already or has expired.',
    '此登录链接已被使用或已过期。',
    'Run `sallyport login-link` on the server for a new one.',
    '在服务器上运行 `sallyport login-link` 获取新链接。',
  ),
  TOKEN_UNKNOWN: row(
    401,
    EXIT.forbidden,
    'Cluster {cluster} does not know this token.',
    '集群 {cluster} 不认识此令牌。',
    'Make a new one, e.g. with `kubectl create token NAME`, and try again.',
    '请重新创建令牌（例如 `kubectl create token NAME`）后重试。',
  ),
  OIDC_FAILED: row(
    502,
    EXIT.error,
    'Logging in through {issuer} failed: {reason}.',
    '通过 {issuer} 登录失败：{reason}。',
    'Begin again; if it stays, look at the settings of the issuer and section login here.',
    '请重新登录；若仍失败，请检查身份提供方的设置以及此处的 login 设置。',
  ),
  FORBIDDEN: row(
    403,
    EXIT.forbidden,
    'You may not {verb} {resource}.',
    '您无权对 {resource} 执行 {verb}。',
    'Ask for the verb named here.',
    '请申请此处所列的权限。',
  ),
  WRONG_HOST: row(
    421,
    EXIT.forbidden,
    'This server does not answer to the host name {host}.',
    '此服务器不响应主机名 {host}。',
    'Open it by its address, or start it with --host {host}.',
    '请通过其地址访问，或使用 --host {host} 启动。',
  ),
  WRONG_ORIGIN: row(
    403,
    EXIT.forbidden,
    'This request did not come from a page of this console.',
    '此请求并非来自本控制台的页面。',
    'Reload the page and try again.',
    '请刷新页面后重试。',
  ),
  NOT_FOUND: row(404, EXIT.error, '{what} was not found.', '未找到 {what}。', 'Check the name.', '请检查名称。'),
  CONFLICT: row(
    409,
    EXIT.error,
    '{what} was changed by someone else meanwhile.',
    '{what} 已被他人修改。',
    'Read it again and repeat the change.',
    '请重新读取后再次修改。',
  ),
  TOO_LARGE: row(413, EXIT.usage, '{what} is larger than the limit of {limit}.', '{what} 超过上限 {limit}。', 'Send less at once.', '请减小单次发送量。'),
  UNSUPPORTED_MEDIA_TYPE: row(
    415,
    EXIT.usage,
    'The content type or encoding {type} is not accepted here.',
    '此处不接受内容类型或编码 {type}。',
    'Use one of: {valid}.',
    '请使用：{valid}。',
  ),
  NO_SINK: row(
    422,
    EXIT.error,
    'Nothing here takes lines of source {source} in format {format}.',
    '此处没有组件接收来源 {source}、格式 {format} 的日志行。',
    'Check the format name, or define the source in Settings.',
    '请检查格式名称，或在设置中定义该来源。',
  ),
  RATE_LIMITED: row(429, EXIT.error, 'Too many attempts.', '尝试次数过多。', 'Wait a minute and try again.', '请等待一分钟后重试。'),
  QUEUE_FULL: row(
    429,
    EXIT.error,
    'The ingest queue is full ({bytes}).',
    '接收队列已满（{bytes}）。',
    'The sender waits and sends the batch again; look at disk and engine if it lasts.',
    '发送方会等待并重发该批次；若持续出现，请检查磁盘和引擎。',
  ),
  DISK_FULL: row(
    507,
    EXIT.error,
    'The disk of {path} is full; nothing of this batch was kept.',
    '{path} 所在磁盘已满；该批次未保留任何内容。',
    'Free space or lower the budgets in Settings; senders keep the batch and send it again.',
    '请释放空间或在设置中降低预算；发送方会保留并重发该批次。',
  ),
  QUERY_LIMIT: row(
    422,
    EXIT.partial,
    'The query needs more than its limit of {limit}.',
    '查询超过其限制 {limit}。',
    'Choose a shorter range or a narrower filter.',
    '请选择更短的时间范围或更窄的过滤条件。',
  ),
  ENGINE_UNAVAILABLE: row(
    503,
    EXIT.error,
    'The telemetry engine is restarting.',
    '遥测引擎正在重启。',
    'Data received meanwhile is queued; the query can be repeated in a few seconds.',
    '期间收到的数据已排队；几秒后可重试查询。',
  ),
  ENGINE_FAILED: row(
    500,
    EXIT.error,
    'The telemetry engine refused the query: {reason}.',
    '遥测引擎拒绝了查询：{reason}。',
    'This is a defect; please report it with the request id.',
    '这是缺陷；请附上请求编号报告。',
  ),
  STORE_NEWER: row(
    500,
    EXIT.error,
    'The data in {path} was written by a newer version (schema {found} of {owner}, this one knows {known}).',
    '{path} 中的数据由更新的版本写入（{owner} 的结构版本 {found}，本版本只到 {known}）。',
    'Start the newer version, or another --data folder.',
    '请启动更新的版本，或使用其他 --data 目录。',
  ),
  ROUTE_NOT_SPLIT: row(
    409,
    EXIT.error,
    'The route cannot be split: {reason}.',
    '无法拆分该路由的流量：{reason}。',
    'All traffic stays where it was; correct the route or the Canary.',
    '流量保持原状；请更正路由或 Canary。',
  ),
  DATA_IN_USE: row(
    500,
    EXIT.error,
    'The data folder {path} is in use by another Sallyport (pid {pid}).',
    '数据目录 {path} 正被另一个 Sallyport 使用（pid {pid}）。',
    'Stop that one, or start with another --data.',
    '请停止该进程，或使用其他 --data。',
  ),
  PORT_IN_USE: row(500, EXIT.error, 'Port {port} on {host} is in use.', '{host} 的端口 {port} 已被占用。', 'Start with another --port.', '请使用其他 --port。'),
  CANNOT_LISTEN: row(
    500,
    EXIT.error,
    'Cannot listen on {host} port {port}: {reason}.',
    '无法在 {host} 的端口 {port} 上监听：{reason}。',
    'Choose an address of this machine and a port that you may use.',
    '请选择本机的地址以及有权使用的端口。',
  ),
  BUILD_FAILED: row(
    500,
    EXIT.error,
    'Building {what} failed: {reason}',
    '构建 {what} 失败：{reason}',
    'Run `npm install --no-save` and try again.',
    '请运行 `npm install --no-save` 后重试。',
  ),
  UNREACHABLE: row(
    502,
    EXIT.error,
    '{what} cannot be reached: {reason}.',
    '无法连接 {what}：{reason}。',
    'Check the address and that it is running.',
    '请检查地址以及目标是否正在运行。',
  ),
  KIND_UNKNOWN: row(
    404,
    EXIT.error,
    'Cluster {cluster} does not serve {kind}.',
    '集群 {cluster} 不提供 {kind}。',
    'Check the spelling; for a custom resource, see whether its definition is installed.',
    '请检查拼写；若是自定义资源，请确认其定义已安装。',
  ),
  ALREADY_EXISTS: row(
    409,
    EXIT.error,
    '{what} exists already.',
    '{what} 已存在。',
    'Choose another name, or change the one that exists.',
    '请换一个名称，或修改已有对象。',
  ),
  MOVE_UNDER_WAY: row(409, EXIT.error, 'Move {id} is under way.', '迁移 {id} 正在进行。', 'Wait until it ends, or stop it.', '请等待其结束，或先停止它。'),
  MOVE_UNKNOWN_HERE: row(
    409,
    EXIT.error,
    'What {what} wrote before stands in a journal that this server does not have.',
    '{what} 此前的写入记录在本服务器没有的日志中。',
    'Restore the data folder of the server that ran it, or remove what it wrote by hand and create it anew.',
    '请恢复执行它的服务器的数据目录，或手动删除其写入的对象后重新创建。',
  ),
  VOLUME_NOT_MOVED: row(
    409,
    EXIT.error,
    'The data of claim {claim} was not moved: {reason}',
    '声明 {claim} 的数据未迁移：{reason}',
    'Remove the cause and start the move again: it goes on from there.',
    '请消除原因后再次开始迁移：它会从该处继续。',
  ),
  APPLY_CONFLICT: row(
    409,
    EXIT.error,
    'Others own {count} field(s) of {what} that you would change.',
    '{what} 中有 {count} 个要修改的字段由他人管理。',
    'Leave out the fields listed, or apply with force to take them over.',
    '请去掉所列字段，或强制应用以接管它们。',
  ),
  OBJECT_REJECTED: row(
    422,
    EXIT.error,
    'Cluster {cluster} did not accept {what}: {reason}',
    '集群 {cluster} 未接受 {what}：{reason}',
    'Correct the fields listed and try again; nothing was changed.',
    '请更正所列字段后重试；未作任何更改。',
  ),
  LIST_EXPIRED: row(
    410,
    EXIT.error,
    'The list of {what} has changed too much to be continued.',
    '{what} 的列表变化过大，无法继续读取。',
    'Begin at the first page again.',
    '请从第一页重新开始。',
  ),
  CLUSTER_BUSY: row(
    503,
    EXIT.error,
    'Cluster {cluster} has too much to do right now.',
    '集群 {cluster} 当前过于繁忙。',
    'It is asked again by itself; if this lasts, look at the load of its API server.',
    '系统会自动重试；若持续出现，请检查其 API 服务器负载。',
  ),
  CLUSTER_FAILED: row(
    502,
    EXIT.error,
    'The API server of cluster {cluster} failed (HTTP {status}): {reason}',
    '集群 {cluster} 的 API 服务器出错（HTTP {status}）：{reason}',
    'Look at the log of its API server.',
    '请查看其 API 服务器日志。',
  ),
  CLUSTER_UNREACHABLE: row(
    502,
    EXIT.error,
    'Cluster {cluster} cannot be reached at {server}: {reason}.',
    '无法在 {server} 连接集群 {cluster}：{reason}。',
    'Check the address, the network and that its API server runs; it is tried again by itself.',
    '请检查地址、网络以及其 API 服务器是否运行；系统会自动重试。',
  ),
  CLUSTER_CERTIFICATE: row(
    502,
    EXIT.error,
    'The certificate of cluster {cluster} is not trusted: {reason}.',
    '集群 {cluster} 的证书不受信任：{reason}。',
    'Check certificate-authority and server in the kubeconfig, and the clocks of both machines.',
    '请检查 kubeconfig 中的 certificate-authority 和 server，以及两台机器的时钟。',
  ),
  CLUSTER_UNAUTHORIZED: row(
    502,
    EXIT.forbidden,
    'Cluster {cluster} does not accept the credentials of {who}.',
    '集群 {cluster} 不接受 {who} 的凭据。',
    'Renew the token or certificate, in the kubeconfig or by logging in again.',
    '请更新 kubeconfig 中的令牌或证书，或重新登录。',
  ),
  CREDENTIALS_EXPIRED: row(
    502,
    EXIT.forbidden,
    'The {what} for cluster {cluster} expired at {at}.',
    '集群 {cluster} 的 {what} 已于 {at} 过期。',
    'Renew it in the kubeconfig.',
    '请在 kubeconfig 中更新。',
  ),
  CREDENTIALS_FAILED: row(
    502,
    EXIT.forbidden,
    'No credentials for cluster {cluster}: {reason}.',
    '无法取得集群 {cluster} 的凭据：{reason}。',
    'Run the program or look at the file that the kubeconfig names for this user.',
    '请运行或检查 kubeconfig 为该用户指定的程序或文件。',
  ),
  CLUSTER_REMOVED: row(
    410,
    EXIT.error,
    'Cluster {cluster} was removed.',
    '集群 {cluster} 已被移除。',
    'Add it again with `sallyport cluster add`.',
    '可使用 `sallyport cluster add` 重新添加。',
  ),
  NO_SERVER: row(
    400,
    EXIT.error,
    'No Sallyport server is known: none was named, and none keeps its data in {path}.',
    '没有可用的 Sallyport 服务器：未指定服务器，{path} 中也没有服务器的数据。',
    'Run `sallyport start`, or name the server with --server (SALLYPORT_SERVER) or its folder with --data (SALLYPORT_DATA).',
    '请运行 `sallyport start`，或用 --server（SALLYPORT_SERVER）指定服务器，或用 --data（SALLYPORT_DATA）指定其数据目录。',
  ),
  TIMED_OUT: row(
    504,
    EXIT.timedOut,
    '{what} did not finish within {limit}.',
    '{what} 未在 {limit} 内完成。',
    'It may still go on; look at its status.',
    '它可能仍在继续；请查看其状态。',
  ),
  REGISTRY_REFUSED: row(
    502,
    EXIT.error,
    '{place} refused to {verb} {what}: {reason}.',
    '{place} 拒绝处理 {what}（{verb}）：{reason}。',
    'Look at the reason that the registry gave, and at its log.',
    '请查看镜像仓库给出的原因及其日志。',
  ),
  REGISTRY_UNAUTHORIZED: row(
    403,
    EXIT.forbidden,
    '{place} does not let this user {action}: {reason}.',
    '{place} 不允许当前用户执行 {action}：{reason}。',
    'Log in with a user that may do so (docker login, --auth, a pull secret), and check the name of the repository.',
    '请使用有权限的用户登录（docker login、--auth 或拉取密钥），并检查仓库名称。',
  ),
  CREDENTIAL_HELPER_FAILED: row(
    502,
    EXIT.forbidden,
    '{program} gave no credentials for {registry}: {reason}.',
    '{program} 未能提供 {registry} 的凭据：{reason}。',
    'Run the program by hand, or give credentials in another way.',
    '请手动运行该程序，或以其他方式提供凭据。',
  ),
  REGISTRY_BUSY: row(
    503,
    EXIT.error,
    '{place} kept asking to come back later ({what}): {reason}.',
    '{place} 一直要求稍后重试（{what}）：{reason}。',
    'Run the same command again later: it goes on where it stopped.',
    '请稍后再次运行同一命令：将从中断处继续。',
  ),
  REGISTRY_CONFUSED: row(
    502,
    EXIT.error,
    '{place} did not answer as a registry does ({what}): {reason}.',
    '{place} 的应答不符合镜像仓库协议（{what}）：{reason}。',
    'Check that the address is that of a registry and not of a proxy or login page.',
    '请确认该地址是镜像仓库，而非代理或登录页面。',
  ),
  DIGEST_MISMATCH: row(
    502,
    EXIT.error,
    '{what} from {place} has the digest {found} and not {wanted}: its bytes were changed on the way or in store.',
    '{place} 的 {what} 的摘要是 {found}，而不是 {wanted}：其字节在传输或存储中被改动。',
    'Nothing of it was kept at the target. Check what lies between here and the registry, and the registry itself.',
    '目标端未保留任何内容。请检查网络路径以及镜像仓库本身。',
  ),
  SIZE_MISMATCH: row(
    502,
    EXIT.error,
    '{what} from {place} has {found} bytes; its manifest says {wanted}.',
    '{place} 的 {what} 有 {found} 字节，但清单声明为 {wanted} 字节。',
    'The image is broken at the source; push it there again.',
    '源端镜像已损坏；请在源端重新推送。',
  ),
  MANIFEST_INVALID: row(
    422,
    EXIT.error,
    'The manifest {what} from {place} cannot be used: {reason}.',
    '{place} 的清单 {what} 无法使用：{reason}。',
    'The image is broken at the source; push it there again.',
    '源端镜像已损坏；请在源端重新推送。',
  ),
  IMAGE_SCHEMA1: row(
    422,
    EXIT.error,
    "{what} at {place} is a Docker schema 1 image; today's registries do not take it, and converting it would change its digest.",
    '{place} 的 {what} 是 Docker schema 1 镜像；现今的镜像仓库不再接收，而转换会改变其摘要。',
    'Pull and push it once with a Docker of version 1.10 to 26, which makes it schema 2, then move that.',
    '请用 Docker 1.10 至 26 版本拉取并重新推送一次（将变为 schema 2），然后再迁移。',
  ),
  IMAGE_TOO_DEEP: row(
    422,
    EXIT.error,
    'The index {what} from {place} holds itself or is nested more than {limit} deep.',
    '{place} 的索引 {what} 包含自身或嵌套超过 {limit} 层。',
    'The image is broken at the source; push it there again.',
    '源端镜像已损坏；请在源端重新推送。',
  ),
  MANIFEST_REFUSED: row(
    422,
    EXIT.error,
    '{place} does not take the manifest {what} of type {type}: {reason}.',
    '{place} 不接收类型为 {type} 的清单 {what}：{reason}。',
    'Check whether that registry knows this type; older ones take neither OCI indexes nor artifacts.',
    '请确认该镜像仓库是否支持此类型；较旧的仓库不接收 OCI 索引或制品。',
  ),
  TARGET_FULL: row(
    507,
    EXIT.error,
    '{place} has no room for {what}: {reason}.',
    '{place} 没有空间存放 {what}：{reason}。',
    'Free space or raise the quota there, then run the same command again: it goes on where it stopped.',
    '请释放空间或提高配额，然后再次运行同一命令：将从中断处继续。',
  ),
  UPLOAD_NOT_CHUNKED: row(
    501,
    EXIT.error,
    '{place} does not take uploads in pieces.',
    '{place} 不支持分块上传。',
    'Layers are sent there in one piece, which cannot be taken up again when it breaks.',
    '镜像层将一次性发送，中断后无法续传。',
  ),
  NO_OBJECTS: row(
    400,
    EXIT.error,
    'There are no objects in {where}.',
    '{where} 中没有对象。',
    'Check the path (files end in .yaml, .yml or .json), the namespace and the selectors.',
    '请检查路径（文件以 .yaml、.yml 或 .json 结尾）、命名空间和选择器。',
  ),
  NO_CONVERSION: row(
    422,
    EXIT.error,
    '{kind} of {from} cannot be written as {to}.',
    '{from} 的 {kind} 无法写成 {to}。',
    'Versions it can be written in: {known}.',
    '可以写成的版本：{known}。',
  ),
  SECRETS_LOCKED: row(
    400,
    EXIT.usage,
    'The Secrets in {path} cannot be unlocked.',
    '无法解锁 {path} 中的 Secret。',
    'Name --passphrase-file or --age-identity-file of the key that they were locked with.',
    '请用 --passphrase-file 或 --age-identity-file 指定加密时所用的密钥。',
  ),
  PLAN_BLOCKED: row(
    409,
    EXIT.error,
    '{count} object(s) cannot be written to the target; nothing was written.',
    '{count} 个对象无法写入目标集群；未写入任何内容。',
    'See the objects listed; objects that are there already can be skipped or updated with --existing.',
    '请查看列出的对象；已存在的对象可用 --existing 跳过或更新。',
  ),
  INTERNAL: row(
    500,
    EXIT.error,
    'Something went wrong here (request {request}).',
    '内部出错（请求 {request}）。',
    'Look for the request id in the server log.',
    '请在服务器日志中查找该请求编号。',
  ),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** One thing wrong with an input. `path` is a JSON path such as `spec.rules[0].window`; `line` counts from 1. */
export interface Problem {
  path: string
  message: string
  line?: number
  /** The nearest valid name, when a name was not known. */
  suggestion?: string
  /** The message in Chinese, where `inChinese` does not know it. */
  zh?: string
}

export type Details = Record<string, string | number>

export class CodedError extends Error {
  readonly code: ErrorCode
  readonly details: Details
  readonly problems: readonly Problem[]

  constructor(code: ErrorCode, details: Details = {}, options: { cause?: unknown; problems?: readonly Problem[] } = {}) {
    super(fill(ERRORS[code].en, details), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CodedError'
    this.code = code
    this.details = details
    this.problems = options.problems ?? []
  }
}

export const isError = (error: unknown, code: ErrorCode): error is CodedError => error instanceof CodedError && error.code === code

/** FILE_UNREADABLE, by what the file system said. */
export const fileUnreadable = (path: string, error: unknown): CodedError =>
  new CodedError('FILE_UNREADABLE', { path, reason: (error as { code?: string }).code ?? (error as Error).message }, { cause: error })

/** All problems of one input at once. */
export const invalidInput = (problems: readonly Problem[]): CodedError => new CodedError('INVALID_INPUT', { count: problems.length }, { problems })

/** What an error says and advises in a language; the shape that the API and `-o json` print. */
export function describeError(error: CodedError, language: Language) {
  const row = ERRORS[error.code]
  return {
    code: error.code,
    message: fill(row[language], language === 'en' ? error.details : { ...error.details, ...reasonInChinese(error.details) }),
    next: fill(row.next[language], error.details),
    details: error.details,
    ...(error.problems.length > 0 ? { problems: error.problems.map((problem) => inLanguage(problem, language)) } : {}),
  }
}

function inLanguage({ zh, ...problem }: Problem, language: Language): Problem {
  return language === 'en' ? problem : { ...problem, message: zh ?? inChinese(problem.message) }
}

const reasonInChinese = ({ reason }: Details): Details => (typeof reason === 'string' ? { reason: inChinese(reason) } : {})

/** The error that `describeError` described, from its JSON; undefined when it is none that this version knows. */
export function reviveError(described: unknown): CodedError | undefined {
  const { code, details, problems } = (described ?? {}) as { code?: string; details?: Details; problems?: readonly Problem[] }
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return undefined
  return new CodedError(code as ErrorCode, details ?? {}, { problems: Array.isArray(problems) ? problems : [] })
}

const fill = (text: string, details: Details) => text.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole))
