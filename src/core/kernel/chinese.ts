/**
 * What is wrong with a field or a command line, in Chinese: by its English text, so that whoever finds a problem writes one sentence. `{}` stands for a value
 * and is kept as it is, in order. A text that is not here stays English.
 */
const TEXTS: Readonly<Record<string, string>> = {
  'unknown key': '未知的键',
  'unknown section': '未知的部分',
  'unknown variable': '未知的变量',
  twice: '重复',
  odd: '不成对',
  'too long': '过长',
  'is missing': '缺失',
  'is empty': '为空',
  'is no duration': '不是时长',
  'is no valid JSON': '不是有效的 JSON',
  'to must be after from': 'to 必须晚于 from',
  'must be after startsAt': '必须晚于 startsAt',
  'the begin must be before the end': '开始必须早于结束',
  'must be a number': '必须是数字',
  'must be greater than 0': '必须大于 0',
  'must be greater than or equal to 0': '必须大于或等于 0',
  'a number of at least {}': '不小于 {} 的数字',
  'a whole number from {} to {}': '{} 到 {} 的整数',
  'at most {} characters': '最多 {} 个字符',
  'at most {} labels': '最多 {} 个标签',
  'is larger than {} bytes': '大于 {} 字节',
  'one of {}': '应为 {} 之一',
  '"{}" is there already': '“{}”已存在',
  '{} is named twice': '{} 出现了两次',
  'there is a token of the name "{}" already': '已有名为“{}”的令牌',
  'must be an http or https URL': '必须是 http 或 https 地址',
  'must be an http:// or https:// address': '必须是 http:// 或 https:// 地址',
  'must be bytes, as a number or like 20Gi': '必须是字节数，可写数字或 20Gi 之类',
  'must be one document': '只能有一个文档',
  'must have one key per section': '每个部分只能有一个键',
  'must be a UUIDv7': '必须是 UUIDv7',
  'is missing: a UUIDv7 that stays the same when the batch is sent again': '缺失：应为重发同一批次时保持不变的 UUIDv7',
  'must be the name of a line format': '必须是日志格式的名称',
  'must be percent-encoded text of 1 to {} characters': '必须是 1 到 {} 个字符、经百分号编码的文本',
  'must be name=value, the value percent-encoded': '必须是 name=value，值经百分号编码',
  'the cluster comes from the token': '集群由令牌决定',
  'a token is needed: --token-file, or SALLYPORT_TOKEN': '需要令牌：--token-file 或 SALLYPORT_TOKEN',
  'name at least one file (--file PATH, or sources in the configuration)': '请至少指定一个文件（--file 路径，或配置中的 sources）',
  'is masked, and there is no stored value that the mask could stand for': '已被遮盖，而没有可对应的已存值',
  'one line, without its end': '单独一行，不含换行',
  'a built-in format has this name': '与内置格式同名',
  'a pattern with $variables or an expression with (?P<named>groups) is needed': '需要带 $变量 的模式或带 (?P<名称>组) 的正则表达式',
  '"{}" is neither a known format ({}) nor a pattern with $variables, nor an expression with (?P<named>groups)':
    '“{}”既不是已知格式（{}），也不是带 $变量 的模式或带 (?P<名称>组) 的正则表达式',
  'no time is read: {}, {} or {}': '没有读取时间：{}、{} 或 {}',
  '{} or {} is needed': '需要 {} 或 {}',
  '{} is needed': '需要 {}',
  'nothing separates {} from {}': '{} 与 {} 之间没有分隔',
  'the expression is too large: {} instructions of at most {}': '表达式过大：{} 条指令，最多 {} 条',
  'a filter is `dimension:operator:value`, e.g. `status:gte:500`': '过滤条件写作 `维度:运算符:值`，例如 `status:gte:500`',
  'there is no dimension "{}"; did you mean {}?': '没有维度“{}”；是否指 {}？',
  'there is no dimension "{}"': '没有维度“{}”',
  'there is no operator "{}"; did you mean {}?': '没有运算符“{}”；是否指 {}？',
  'there is no operator "{}"': '没有运算符“{}”',
  '{} is text: it has eq, ne and contains': '{} 是文本：可用 eq、ne 和 contains',
  '{} is a number: it has eq, ne, gte and lte': '{} 是数字：可用 eq、ne、gte 和 lte',
  '{} is compared with a number from 0 up, not "{}"': '{} 应与不小于 0 的数字比较，而不是“{}”',
  'live traffic is known by one route, namespace, service or arm each, with eq': '实时流量只能按 route、namespace、service、arm 各用一个 eq 过滤',
  '"{}" is no duration; write {}': '“{}”不是时长；可写 {}',
  '"{}" is neither a time ({}) nor how long ago ({})': '“{}”既不是时间（{}）也不是多久以前（{}）',
  // What commander says of a command line.
  "unknown option '{}' (Did you mean {}?)": '未知选项“{}”（是否指 {}？）',
  "unknown option '{}'": '未知选项“{}”',
  "missing required argument '{}'": '缺少必需的参数“{}”',
  "required option '{}' not specified": '未给出必需的选项“{}”',
  "option '{}' argument missing": '选项“{}”缺少参数',
  "option '{}' argument '{}' is invalid. Allowed choices are {}.": '选项“{}”的参数“{}”无效；可选值：{}',
  "option '{}' argument '{}' is invalid. {}": '选项“{}”的参数“{}”无效：{}',
  "option '{}' cannot be used with option '{}'": '选项“{}”不能与“{}”同时使用',
  "too many arguments for '{}'. Expected {} arguments but got {}: {}.": '“{}”的参数过多：应为 {} 个，实际 {} 个（{}）',
  "too many arguments for '{}'. Expected {} argument but got {}: {}.": '“{}”的参数过多：应为 {} 个，实际 {} 个（{}）',
  "too many arguments for '{}'. Expected {} arguments but got {}.": '“{}”的参数过多：应为 {} 个，实际 {} 个',
  'it has expired, or the clock here is wrong': '已过期，或本机时钟有误',
  'it is not valid yet, or the clock here is wrong': '尚未生效，或本机时钟有误',
  'it is for another name': '其名称不符',
  'it was not signed by the certificate authority of the kubeconfig': '不是由 kubeconfig 中的证书颁发机构签发',
  'nothing listens there': '该地址没有服务在监听',
  'the connection was cut': '连接被切断',
  'the name is not known': '域名无法识别',
  'the name cannot be looked up right now': '暂时无法解析域名',
  'no route to it': '没有到达它的路由',
  'it does not answer': '没有应答',
  'no answer within {} s': '{} 秒内没有应答',
  'the log was cut off': '日志被切断',
  'sessions do not pass proxies': '会话无法通过代理',
  'the program {} is not there': '程序 {} 不存在',
  '{} did not end within {} s': '{} 未在 {} 秒内结束',
  '{} failed ({})': '{} 失败（{}）',
  '{} did not print an ExecCredential': '{} 没有输出 ExecCredential',
  '{} printed neither a token nor a certificate with its key': '{} 既没有输出令牌，也没有输出证书及其密钥',
  'the OIDC id-token has expired, and there is no refresh-token': 'OIDC id-token 已过期，且没有 refresh-token',
  '{} names no token endpoint': '{} 没有给出令牌端点',
  '{} gave no new token': '{} 没有给出新令牌',
  '{} cannot be asked: {}': '无法询问 {}：{}',
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
let patterns: readonly (readonly [RegExp, string])[] | undefined

/** The text in Chinese, or as it is. Values that are sentences themselves are looked up too. */
export function inChinese(english: string): string {
  const known = TEXTS[english]
  if (known !== undefined) return known
  patterns ??= Object.entries(TEXTS).flatMap(([text, zh]) =>
    text.includes('{}') ? [[new RegExp(`^${text.split('{}').map(escaped).join('(.+?)')}$`, 's'), zh] as const] : [],
  )
  for (const [pattern, zh] of patterns) {
    const values = pattern.exec(english)?.slice(1)
    if (values) return filledIn(zh, values)
  }
  return english
}

function filledIn(text: string, values: readonly string[]): string {
  let next = 0
  return text.replaceAll('{}', () => {
    const value = values[next++] ?? ''
    return value.includes(' ') ? inChinese(value) : value
  })
}
