/** Objects and checks to findings. */

import { jsonPath } from '#core/kernel/problems.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { describeRef } from '#core/kube/objects.ts'
import type { Category } from '#core/shapes/check.ts'
import { SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { Hit, InspectionCheck } from './check.ts'
import { type Item, nameOf, namespaceOf, type Surroundings, takeInventory } from './inventory.ts'

export interface InspectionFinding {
  file: string
  line: number
  /** `Deployment shop/cart` */
  object: string
  check: string
  aliases: readonly string[]
  category: Category
  severity: Severity
  /** `spec.template.spec.containers[0].image`; '' is the object as a whole. */
  path: string
  message: { en: string; 'zh-CN': string }
  what?: string
  /** Fields to set (or, without a value, to remove) so that the check passes. */
  fix?: readonly { path: string; value?: unknown; guess?: true }[]
}

export interface Inspection {
  findings: readonly InspectionFinding[]
  objects: number
  /** Checks that were run; 0 of either is no pass. */
  checks: number
}

const isNamed = ({ object }: Item): boolean => typeof object.metadata === 'object' && object.metadata !== null

export const objectName = (item: Item): string => {
  const namespace = namespaceOf(item)
  return describeRef({
    kind: item.object.kind,
    ...(namespace === '' ? {} : { namespace }),
    name: nameOf(item) || (item.object as KubeObject).metadata?.generateName || '(no name)',
  })
}

/** What a hit says. */
export function findingOf(check: InspectionCheck, { item, path, what, fix }: Hit): InspectionFinding {
  return {
    file: item.file,
    line: item.line,
    object: objectName(item),
    check: check.id,
    aliases: check.aliases,
    category: check.category,
    severity: check.severity,
    path: jsonPath(path),
    message: check.message,
    ...(what === undefined ? {} : { what }),
    ...(fix
      ? {
          fix: fix.map((edit) => ({
            path: jsonPath(edit.path),
            ...(edit.value === undefined ? {} : { value: edit.value }),
            ...(edit.guess ? { guess: edit.guess } : {}),
          })),
        }
      : {}),
  }
}

/** Objects without metadata are looked at too. */
export const whole = (item: Item): Item => (isNamed(item) ? item : { ...item, object: { ...item.object, metadata: { name: '' } } })

export const bySeverity = (a: InspectionFinding, b: InspectionFinding): number => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity)

/** Most severe first, then in the order of the files. */
export function inspect(items: readonly Item[], checks: readonly InspectionCheck[], around: Surroundings = {}): Inspection {
  const inventory = takeInventory(items.map(whole), around)
  const findings: InspectionFinding[] = []
  for (const check of checks) for (const hit of check.find(inventory)) findings.push(findingOf(check, hit))
  findings.sort(bySeverity)
  return { findings, objects: items.length, checks: checks.length }
}
