/** One thing to look at. A check is a function of the inventory; its meaning, not its wording, is what its aliases in other tools mean. */

import type { Category } from '#core/shapes/check.ts'
import type { Severity } from '#core/shapes/severity.ts'
import type { Container, Inventory, Item, Path, PodTemplate } from './inventory.ts'

/** Set the value at the path, or take it away. */
export interface FixEdit {
  path: Path
  /** Undefined: remove. */
  value: unknown
  /** The value is a guess, to be looked at: it is set only when the check was asked for by name. */
  guess?: true
}

/** Something is not as it should be, there. */
export interface Hit {
  item: Item
  path: Path
  /** What stands there, or what it is about: a container's name, a capability. */
  what?: string
  fix?: readonly FixEdit[]
}

export interface InspectionCheck {
  /** Permanent. */
  id: string
  category: Category
  severity: Severity
  /** Ids of other tools for the same thing. */
  aliases: readonly string[]
  /** Runs only when it is asked for, by name or by profile: a habit of another tool, or a question of taste. */
  optional?: true
  /** A sentence that a person understands. */
  message: { en: string; 'zh-CN': string }
  find(inventory: Inventory): Iterable<Hit>
}

type About = Omit<InspectionCheck, 'find'>

/** Where a container or a pod fails; several at once when there are several places. */
export type Fault = { path: Path; what?: string; fix?: readonly FixEdit[] }

/** A check of every container, init containers included unless `roles` says otherwise. */
export const containerCheck = (
  about: About,
  find: (container: Container, inventory: Inventory) => Fault | readonly Fault[] | undefined,
  roles: readonly Container['role'][] = ['container', 'init'],
): InspectionCheck => ({
  ...about,
  *find(inventory) {
    for (const pod of inventory.pods)
      for (const container of pod.containers)
        if (roles.includes(container.role))
          for (const fault of [find(container, inventory) ?? []].flat() as Fault[]) yield { item: pod.item, what: container.name, ...fault }
  },
})

/** A check of every pod template. */
export const podCheck = (about: About, find: (pod: PodTemplate, inventory: Inventory) => Fault | readonly Fault[] | undefined): InspectionCheck => ({
  ...about,
  *find(inventory) {
    for (const pod of inventory.pods) for (const fault of [find(pod, inventory) ?? []].flat() as Fault[]) yield { item: pod.item, ...fault }
  },
})

/** A check of every object of some kinds. */
export const objectCheck = (
  about: About,
  kinds: readonly string[],
  find: (item: Item, inventory: Inventory) => Fault | readonly Fault[] | undefined,
): InspectionCheck => ({
  ...about,
  *find(inventory) {
    for (const kind of kinds)
      for (const item of inventory.subjects(kind)) for (const fault of [find(item, inventory) ?? []].flat() as Fault[]) yield { item, ...fault }
  },
})
