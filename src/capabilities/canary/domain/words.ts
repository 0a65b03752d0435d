/**
 * Every sentence that a release says. The cluster (status, Events) speaks English, so that kubectl and scripts read one text; pages and the CLI show it in the
 * reader's language: `inLanguage` finds the template that made a text and fills the other language's.
 */
import type { Language } from '#core/kernel/errors.ts'
import { fill, translator } from '#core/kernel/sentences.ts'

const TEXTS = {
  // Steps
  step: ['Step {step} of {all}: {weight} % of the traffic. {why}', '第 {step} 步（共 {all} 步）：{weight} % 的流量。{why}'],
  stepFew: ['Step {step}: waiting for {min} requests to the canary, {seen} so far.', '第 {step} 步：等待金丝雀收到 {min} 个请求，目前 {seen} 个。'],
  stepPerson: ['Step {step} waits for a person.', '第 {step} 步等待人工继续。'],
  stepHooks: ['Step {step}: waiting for the hooks {hooks}.', '第 {step} 步：等待钩子 {hooks}。'],
  ready: ['The canary is ready.', '金丝雀已就绪。'],
  noHarm: ['No harm was found.', '未发现损害。'],
  // People
  byPromoted: ['A person promoted it.', '由人工晋级。'],
  byAborted: ['A person aborted the release.', '由人工中止发布。'],
  byPaused: ['A person paused the release.', '由人工暂停发布。'],
  byResumed: ['A person resumed it.', '由人工恢复。'],
  // Begin
  tried: ['Version {version} is tried: {why}.', '正在试用版本 {version}：{why}。'],
  newVersion: ['a new version is there', '出现了新版本'],
  canaryChanged: ['the Deployment of the canary was changed in mid-flight, so the analysis begins anew', '金丝雀的 Deployment 中途被修改，分析重新开始'],
  stableChanged: ['the stable Deployment was changed in mid-flight, so the analysis begins anew', '稳定版的 Deployment 中途被修改，分析重新开始'],
  nothingNew: ['There is no new version.', '没有新版本。'],
  nothingNewOutlook: ['There is no new version. {outlook}', '没有新版本。{outlook}'],
  alreadyDecided: ['Both versions differ, and there is a decision about them already.', '两个版本不同，但已有决定。'],
  waitingFor: ['Waiting for the canary: {what}.', '等待金丝雀：{what}。'],
  podsReady: ['{ready} of {min} pods are ready', '{min} 个 Pod 中有 {ready} 个就绪'],
  rolloutOpen: ['its rollout is not over', '其发布尚未结束'],
  preparingHooks: ['Waiting for the hooks {hooks}.', '等待钩子 {hooks}。'],
  notReady: ['The canary did not get ready: {what}.', '金丝雀未能就绪：{what}。'],
  rolloutEnded: ['its rollout did not end', '其发布没有结束'],
  outlookMinutes: ['At this traffic a promotion takes about {minutes} min after its start.', '按当前流量，开始后约需 {minutes} 分钟才能晋级。'],
  outlookNever: [
    'At this traffic nothing can be proven within {deadline}: {measure} needs more requests.',
    '按当前流量，{deadline} 内无法得出结论：{measure} 需要更多请求。',
  ],
  // One place
  aaOpen: ['A/A check, because the canary runs in one place: {why}.', 'A/A 检查（金丝雀只在一个位置运行）：{why}。'],
  aaFew: [
    '{seen} of {min} requests to each of two stable pods in the last {minutes} min',
    '最近 {minutes} 分钟内，两个稳定 Pod 各需 {min} 个请求，目前 {seen} 个',
  ],
  aaOnePod: ['fewer than 2 stable pods answer, so places cannot be compared', '应答的稳定 Pod 少于 2 个，无法比较位置差异'],
  aaUnknown: ['requests cannot be read', '无法读取请求'],
  aaPassed: [
    'A/A check passed: {pods} stable pods were judged against one another over {requests} requests, and none is worse by its place.',
    'A/A 检查通过：{pods} 个稳定 Pod 互相对比（{requests} 个请求），没有因位置变差的。',
  ],
  aaFailed: [
    'A/A check failed: stable pod {pod} is worse than the others ({measures}), so one place proves nothing. Give the canary 2 pods on 2 nodes.',
    'A/A 检查未通过：稳定 Pod {pod} 比其他的差（{measures}），单一位置不能说明问题。请让金丝雀在 2 个节点上运行 2 个 Pod。',
  ],
  // Evidence
  noRequests: ['no request of either version was seen', '没有看到任何版本的请求'],
  skew: ['requests are dated in the future: the clocks of the proxies disagree', '请求的时间在未来：代理之间的时钟不一致'],
  unreadable: ['requests cannot be read ({code})', '无法读取请求（{code}）'],
  metricGone: ['the metric {name} has no values: {why}', '指标 {name} 没有数值：{why}'],
  seen: ['Requests of both versions are seen.', '两个版本的请求均可见。'],
  blind: ['For 10 minutes nothing is known: {why}.', '10 分钟内一无所知：{why}。'],
  notProven: ['There was not enough evidence for a promotion within {deadline}.', '{deadline} 内没有足够的证据晋级。'],
  noPods: ['No pod of the canary is ready.', '没有就绪的金丝雀 Pod。'],
  overtaken: ['The stable Deployment has the version of the canary now.', '稳定版的 Deployment 现在已是金丝雀的版本。'],
  splitIs: [
    'The canary gets {realized} % of the requests where {asked} % were asked, so the arms cannot be compared.',
    '金丝雀实际得到 {realized} % 的请求，要求是 {asked} %，两组无法比较。',
  ],
  // Judge
  worse: ['The canary is worse than its budget allows: {measures}.', '金丝雀超出预算：{measures}。'],
  proven: ['Every measure is proven to stay within its margin.', '所有指标均已证明在允许范围内。'],
  splitOther: [
    'The canary gets another share of the requests than was asked ({asked}), so the arms cannot be compared.',
    '金丝雀得到的请求份额与要求（{asked}）不同，两组无法比较。',
  ],
  noCanaryRequest: ['There was no request to the canary.', '金丝雀没有收到请求。'],
  noStableRequest: ['There was no request to stable while the canary ran.', '金丝雀运行期间稳定版没有收到请求。'],
  warming: ['The canary is still warming up.', '金丝雀仍在预热。'],
  soaking: ['Every measure is within its margin, but the canary has not run for the minimum time yet.', '所有指标均在允许范围内，但尚未达到最短运行时间。'],
  open: ['There is not enough evidence yet on {measures}.', '{measures} 的证据尚不足。'],
  openWhen: [
    'There is not enough evidence yet on {measures}; about {more} more canary requests are needed ({minutes} min at this traffic) if it is as good as stable.',
    '{measures} 的证据尚不足；如果与稳定版一样好，还需约 {more} 个金丝雀请求（按当前流量 {minutes} 分钟）。',
  ],
  warnPods: [
    'Fewer than 2 stable pods are known: noise between pods cannot be told from harm, so the canary is compared with its own ups and downs.',
    '已知的稳定 Pod 少于 2 个：无法区分 Pod 间的噪声与损害，只能与金丝雀自身的波动比较。',
  ],
  warnFails: [
    'Stable pod {pods} failed while the others did not; it is no measure for the canary, so {requests} of its requests are not compared with.',
    '稳定版 Pod {pods} 出现故障而其他 Pod 正常；它不能作为金丝雀的参照，其 {requests} 个请求不参与比较。',
  ],
  warnManyFail: [
    'Pods of stable fail by turns, so failing pods count as noise: a verdict takes longer.',
    '稳定版的多个 Pod 轮流出现故障，因此故障计为噪声：裁决需要更长时间。',
  ],
  warnOnePod: [
    'The canary is one pod: what its node does to it cannot be told from what the version does. Run at least 2 on 2 nodes.',
    '金丝雀只有一个 Pod：无法区分节点的影响与版本的影响。请在 2 个节点上至少运行 2 个。',
  ],
  warnShort: [
    'All requests lie within {seconds} s (ts is in milliseconds); the first {minutes} min of the canary are not judged.',
    '所有请求都在 {seconds} 秒之内（ts 的单位是毫秒）；金丝雀开始后的 {minutes} 分钟不参与裁决。',
  ],
  warnNoLatency: [
    'No latency of the canary is known, so nothing can be promoted; turn the latency gates off to judge by errors alone.',
    '金丝雀的延迟未知，因此无法晋级；如只按错误裁决，请关闭延迟门槛。',
  ],
  // Ends
  onCanary: ['All traffic is on the canary.', '全部流量在金丝雀上。'],
  onStable: ['Stable runs the new version.', '稳定版已运行新版本。'],
  stuck: ['The rollout of the stable Deployment is stuck: {why}', '稳定版 Deployment 的发布卡住：{why}'],
  hookFailed: ['The hook {hook} failed: {why}', '钩子 {hook} 失败：{why}'],
  hookFailedAfter: ['The hook {hook} failed, which changes nothing any more: {why}', '钩子 {hook} 失败（不再影响结果）：{why}'],
  confirming: ['Everything is proven; waiting for the hooks {hooks} to confirm.', '全部已证明；等待钩子 {hooks} 确认。'],
  // Missing
  valid: ['The spec can be used.', '规格可用。'],
  allFound: ['Workloads, Services and routes are there.', '工作负载、Service 和路由均存在。'],
  goneDeployment: ['Deployment {name} is not there', 'Deployment {name} 不存在'],
  goneService: ['Service {name} is not there', 'Service {name} 不存在'],
  goneRoute: ['{route} is not there', '{route} 不存在'],
  routeUnfit: ['{route} has no rule that leads to Service {service}', '{route} 没有指向 Service {service} 的规则'],
  routeOwned: ['{route} is split by Canary {owner}', '{route} 已由 Canary {owner} 分流'],
  routeOwnedRule: ['{route} on the same rule belongs to Canary {owner}', '同一规则上的 {route} 属于 Canary {owner}'],
  routeSplit: [
    '{route} already splits the same rule, and ingress-nginx knows one canary per rule',
    '{route} 已在同一规则上分流，而 ingress-nginx 每条规则只认一个金丝雀',
  ],
  // Judging for another tool
  judgeNothing: [
    'Both Services lead to the same pods or the canary has none: there is nothing to judge.',
    '两个 Service 指向相同的 Pod，或金丝雀没有 Pod：无可裁决。',
  ],
  judging: ['Judged for another tool, which shifts the traffic. {why}', '为其他工具裁决，流量由其切换。{why}'],
} as const satisfies Record<string, readonly [en: string, zh: string]>

type Word = keyof typeof TEXTS
type Params = Readonly<Record<string, string | number>>

/** The English text. */
export const say = (word: Word, params: Params = {}): string => fill(TEXTS[word][0], params)

/** A text of `say`, also one that stands in another or several joined by "; ", in the language; what was not made here stays as it is. */
const chinese = translator(Object.values(TEXTS))
export const inLanguage = (text: string, language: Language): string => (language === 'en' ? text : chinese(text))
