/** Relations as a graph: what leads to the object stands before it, what it leads to behind it. Pure. */
import type { ObjectRef } from '#core/kube/objects.ts'
import type { Related, Relation } from './relations.ts'

export interface GraphNode {
  id: string
  /** Undefined: the object itself. */
  related?: Related
  /** Stands for this many that are not drawn. */
  more?: number
}
export interface GraphEdge {
  from: string
  to: string
  relation: Relation
}

/** Relations whose arrows end at the object. */
const INWARD: ReadonlySet<Relation> = new Set(['owner', 'selectedBy', 'routedBy'])
/** Of each relation and distance this many are drawn; the table has them all. */
const MOST_DRAWN = 8

export const SELF = 'self'
const idOf = ({ kind, namespace = '', name }: Omit<ObjectRef, 'apiVersion'>): string => `${kind}/${namespace}/${name}`

/** Each object once, however many relations it has; the first `MOST_DRAWN` of a kind of relation, then how many more there are. */
export function relationGraph(related: readonly Related[]): { nodes: readonly GraphNode[]; edges: readonly GraphEdge[] } {
  const nodes = new Map<string, GraphNode>([[SELF, { id: SELF }]])
  const edges: GraphEdge[] = []
  const byUid = new Map<string, string>()
  const drawn = new Map<string, number>()
  const owners = new Map<number, string>([[0, SELF]])
  for (const one of [...related].sort((a, b) => a.distance - b.distance)) {
    const { relation, distance } = one
    const group = `${relation} ${distance}`
    const count = (drawn.get(group) ?? 0) + 1
    drawn.set(group, count)
    // What is owned by something that is not drawn stands beside the object's own.
    const beside = relation === 'owner' ? (owners.get(distance - 1) ?? SELF) : ((one.via && byUid.get(one.via)) ?? SELF)
    const rest = count > MOST_DRAWN
    const id = rest ? `more ${group}` : idOf(one)
    if (rest) nodes.set(id, { id, more: count - MOST_DRAWN, related: one })
    else if (!nodes.has(id)) nodes.set(id, { id, related: one })
    if (!rest && one.uid !== undefined) byUid.set(one.uid, id)
    if (relation === 'owner' && !rest) owners.set(distance, id)
    if (rest && count > MOST_DRAWN + 1) continue
    edges.push(INWARD.has(relation) ? { from: id, to: beside, relation } : { from: beside, to: id, relation })
  }
  return { nodes: [...nodes.values()], edges }
}
