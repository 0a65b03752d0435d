/** From a spec to a job: asks registries for tags and repositories, and says in words what was not as asked. */
import type { Language } from '#core/kernel/errors.ts'
import { invalidInput } from '#core/kernel/errors.ts'
import type { Registries } from '#core/shapes/ports/registry.ts'
import type { ItemReport, Job } from '../domain/job.ts'
import { type Expansion, expandRules, ruleName } from '../domain/spec/expand.ts'
import { formatPlace } from '../domain/spec/places.ts'
import type { Spec } from '../domain/spec/rule.ts'
import { failureOf } from '../domain/world.ts'
import { catalogOf } from './catalog.ts'

export interface Resolved {
  job: Job
  /** Rules that could not be followed, as the report lists them. */
  failed: readonly ItemReport[]
  conflicts: Expansion['conflicts']
  notes: readonly string[]
}

export async function resolveSpec(spec: Pick<Spec, 'rules' | 'notes'>, registries: Registries, language: Language): Promise<Resolved> {
  const { pairs, mirrors, failures, conflicts, remarks } = await expandRules(spec.rules, catalogOf(registries))
  const zh = language === 'zh-CN'
  const at = ({ file, line, path }: Spec['notes'][number]['origin']) =>
    zh ? `${file} 第 ${line} 行${path ? `，${path}` : ''}` : `${file}, line ${line}${path ? `, ${path}` : ''}`
  const said = {
    repeated: zh ? '其他规则已包含' : 'other rules have it already:',
    nothing: zh ? '没有匹配到任何镜像：' : 'nothing there is meant by this rule:',
    missing: zh ? '源端没有：' : 'is not at the source:',
  }
  const platforms = pairs.filter((pair) => pair.platforms !== undefined).length
  return {
    job: { pairs, mirrors },
    failed: failures.map(failedItem),
    conflicts,
    notes: [
      ...spec.notes.map(({ origin, message }) => `${at(origin)}: ${message[language]}`),
      ...remarks.map(({ rule, kind, what }) => `${at(rule.origin)}: ${said[kind]} ${what}`),
      ...(platforms > 0
        ? [
            zh
              ? `${platforms} 个镜像只保留部分平台：其索引会被改写，摘要随之改变。`
              : `${platforms} image(s) keep some platforms only: their indexes are rewritten, so their digests change.`,
          ]
        : []),
    ],
  }
}

function failedItem({ rule, place, error }: Expansion['failures'][number]): ItemReport {
  return {
    source: place,
    target: formatPlace(rule.target),
    rule: ruleName(rule.origin),
    outcome: 'failed',
    manifests: 0,
    blobs: 0,
    bytesSent: 0,
    bytesSpared: 0,
    mounts: 0,
    referrers: [],
    foreignLayers: 0,
    failure: { ...failureOf(error), side: 'source' },
    notes: [],
    took: 0,
  }
}

/** INVALID_INPUT with every conflict, when there is one: nothing may be copied then. */
export function refuseConflicts({ conflicts }: Pick<Resolved, 'conflicts'>): void {
  if (conflicts.length > 0) throw invalidInput(conflicts)
}
