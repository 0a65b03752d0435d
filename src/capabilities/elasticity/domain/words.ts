/** Every sentence that scaling says. The cluster (status, Events, plans) speaks English, so that kubectl and scripts read one text; pages show it in the reader's language. */
import type { Language } from '#core/kernel/errors.ts'
import { fill, translator } from '#core/kernel/sentences.ts'

const TEXTS = {
  // What the traffic asks for
  learning: ['the entry gets {rate} requests/s; too little was seen yet to look ahead', '入口每秒 {rate} 个请求；观察时间不足，尚不能预测'],
  step: ['in the last {seconds} s {rate} requests/s: a pod answers {pod}', '最近 {seconds} 秒每秒 {rate} 个请求：每个 Pod 可处理 {pod} 个'],
  kept: [
    'keeps {pods} pods for what was needed in the last {minutes} min; now {now}: {why}',
    '保留 {pods} 个 Pod：最近 {minutes} 分钟内需要过；现在需要 {now} 个：{why}',
  ],
  watched: [
    'keeps {pods} pods: the traffic is watched since {seconds} s only; now {now}: {why}',
    '保留 {pods} 个 Pod：流量仅观察了 {seconds} 秒；现在需要 {now} 个：{why}',
  ],
  grows: [
    'for {rate} requests/s now, at most {ahead} in {start} s: a pod answers {pod}',
    '现在每秒 {rate} 个请求，{start} 秒内最多 {ahead} 个：每个 Pod 可处理 {pod} 个',
  ],
  growsQueue: [
    'for {rate} requests/s now, at most {ahead} in {start} s and {waiting} requests that wait: a pod answers {pod}',
    '现在每秒 {rate} 个请求，{start} 秒内最多 {ahead} 个，另有 {waiting} 个请求在等待：每个 Pod 可处理 {pod} 个',
  ],
  right: [
    'for {rate} requests/s, at most {ahead} in {start} s: {pods} pods are right',
    '每秒 {rate} 个请求，{start} 秒内最多 {ahead} 个：{pods} 个 Pod 正合适',
  ],
  idle: ['of {pods} pods {idle} stand idle, not yet for long enough to shrink', '{pods} 个 Pod 中有 {idle} 个空闲，时间还不够长，暂不缩容'],
  shrinks: [
    'for {rate} requests/s, at most {ahead} in {start} s: {pods} pods suffice, {idle} stood idle',
    '每秒 {rate} 个请求，{start} 秒内最多 {ahead} 个：{pods} 个 Pod 足够，{idle} 个空闲',
  ],
  nowOnly: ['for the traffic of now {pods} pods; too little was seen to look ahead', '按当前流量需要 {pods} 个 Pod；观察时间不足，不能预测'],
  tooLittle: ['too little traffic was seen to shrink', '观察到的流量太少，不缩容'],
  alone: ['{why}; its calls for each request are not certain, so by its own traffic of now', '{why}；它的每请求调用数尚不确定，因此按它自己的当前流量'],
  learnedLoad: ['{why}; what a pod answers is learned ({percent} % sure)', '{why}；每个 Pod 的安全负载为学习所得（置信度 {percent} %）'],
  learningLoad: [
    'keeps {pods} pods while it is learned what a pod answers well ({percent} % sure)',
    '保留 {pods} 个 Pod：正在学习每个 Pod 的安全负载（置信度 {percent} %）',
  ],
  missedObjective: [
    'half as many pods more, for the objective is missed and it is not yet known what a pod answers well ({percent} % sure)',
    '增加一半 Pod：未达到目标，且每个 Pod 的安全负载尚不确定（置信度 {percent} %）',
  ],
  // Traffic that is not known
  holds: ['keeps {pods} pods: {why}', '保留 {pods} 个 Pod：{why}'],
  unknown: ['the traffic is not known', '流量未知'],
  neverSeen: ['no request of the ingress was seen yet', '尚未看到入口的任何请求'],
  seenAgo: ['the last request of the ingress was seen {seconds} s ago', '入口的上一个请求在 {seconds} 秒之前'],
  seenJustNow: ['the traffic is seen since a moment only', '刚刚开始看到流量'],
  silent: [
    'keeps {pods} pods: some sources of the traffic are silent, and what they saw is missing',
    '保留 {pods} 个 Pod：部分流量来源没有声音，它们看到的流量缺失',
  ],
  // Who else has a say
  floor: ['{pods} pods, the floor ({because}); {why}', '{pods} 个 Pod，即下限（{because}）；{why}'],
  ceiling: ['{pods} pods, the ceiling ({because}); {why}', '{pods} 个 Pod，即上限（{because}）；{why}'],
  between: ['between {min} and {max}', '{min} 到 {max} 之间'],
  atLeast: ['{window}: at least {min}', '{window}：至少 {min} 个'],
  atMost: ['{window}: at most {max}', '{window}：至多 {max} 个'],
  ceilingWins: ['the floor {min} is above the ceiling {max}, which wins', '下限 {min} 高于上限 {max}，以上限为准'],
  rollout: ['keeps {pods} pods until the rollout is over; then {wanted}: {why}', '发布结束前保留 {pods} 个 Pod；之后 {wanted} 个：{why}'],
  quota: [
    '{pods} pods, for the quota of the namespace allows no more; {wanted} are wanted: {why}',
    '{pods} 个 Pod，命名空间配额不允许更多；需要 {wanted} 个：{why}',
  ],
  byHand: ['{who} set {pods} pods by hand, respected until {until}', '{who} 手动设为 {pods} 个 Pod，{until} 之前予以保留'],
  hpaWrites: ['HorizontalPodAutoscaler {hpa} scales {target}', 'HorizontalPodAutoscaler {hpa} 正在伸缩 {target}'],
  otherWrites: ['{manager} sets the replicas of {target}', '{manager} 在设置 {target} 的副本数'],
  left: ['{who}: it is left to it', '{who}：由它负责，不做干预'],
  rival: ['ScalePolicy {name}, which is older, scales the same target', '更早创建的 ScalePolicy {name} 伸缩同一目标'],
  missing: ['spec.target: there is no {what}', 'spec.target：不存在 {what}'],
  // Deeds
  scale: ['scale {target} from {from} to {to}', '将 {target} 从 {from} 伸缩到 {to}'],
} as const satisfies Record<string, readonly [en: string, zh: string]>

type Word = keyof typeof TEXTS

/** The English text. */
export const say = (word: Word, params: Readonly<Record<string, string | number>> = {}): string => fill(TEXTS[word][0], params)

const chinese = translator(Object.values(TEXTS))
/** A text of `say` in the language; what was not made here stays as it is. */
export const inLanguage = (text: string, language: Language): string => (language === 'en' ? text : chinese(text))
