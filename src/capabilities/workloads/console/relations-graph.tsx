/** Relations drawn: the object in the middle, arrows from what leads to it to what it leads to. The table below has the same as text. */
import { Graph, layout } from '@dagrejs/dagre'
import { Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useMemo } from 'react'
import type { ObjectRef } from '#core/kube/objects.ts'
import { relationGraph, SELF } from '../domain/relation-graph.ts'
import type { Related } from '../domain/relations.ts'
import styles from './relations-graph.module.css'
import { StatusCell } from './status-cell.tsx'
import { useOpenObject } from './view.ts'
import { useWords } from './words.ts'

const WIDTH = 240
const HEIGHT = 58
const MOST_HIGH = 520

type Card = Node<{ object?: Related; more?: number; self: Pick<ObjectRef, 'kind' | 'name'> }, 'card'>

export default function RelationsGraph({ self, related }: { self: Pick<ObjectRef, 'kind' | 'name'>; related: readonly Related[] }) {
  const t = useWords()
  const { nodes, edges, height } = useMemo(() => {
    const graph = relationGraph(related)
    const placed = new Graph().setGraph({ rankdir: 'LR', nodesep: 12, ranksep: 70, marginx: 8, marginy: 8 }).setDefaultEdgeLabel(() => ({}))
    // It sets what comes first at the bottom.
    for (const { id } of graph.nodes.toReversed()) placed.setNode(id, { width: WIDTH, height: HEIGHT })
    for (const { from, to } of graph.edges.toReversed()) placed.setEdge(from, to)
    layout(placed)
    return {
      height: Math.min(MOST_HIGH, (placed.graph().height ?? HEIGHT) + 24),
      nodes: graph.nodes.map(({ id, related: object, more }): Card => {
        const { x, y } = placed.node(id)
        return { id, type: 'card', position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 }, width: WIDTH, height: HEIGHT, data: { object, more, self } }
      }),
      edges: graph.edges.map(({ from, to, relation }) => ({ id: `${from} ${to} ${relation}`, source: from, target: to, className: styles.edge })),
    }
  }, [related, self])
  return (
    <section className={styles.graph} style={{ height }} aria-label={t('relations.graph')}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={CARDS}
        fitView
        fitViewOptions={{ maxZoom: 1 }}
        minZoom={0.2}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
      />
    </section>
  )
}

function CardNode({ id, data: { object, more, self } }: NodeProps<Card>) {
  const t = useWords()
  const open = useOpenObject()
  return (
    <div className={styles.card} data-self={id === SELF || undefined}>
      <Handle type="target" position={Position.Left} className={styles.handle} />
      {more !== undefined ? (
        <span className={styles.kind}>{t('relations.more', { count: more })}</span>
      ) : (
        <>
          <span className={styles.line}>
            <span className={styles.kind}>{object ? `${object.kind} · ${t(`relations.${object.relation}`)}` : self.kind}</span>
            {object?.status && <StatusCell status={{ ...object.status, reason: '' }} />}
          </span>
          {object ? (
            <button type="button" className={`${styles.name} nopan`} title={object.name} onClick={() => open(object)}>
              {object.name}
            </button>
          ) : (
            <strong className={styles.name} title={self.name}>
              {self.name}
            </strong>
          )}
        </>
      )}
      <Handle type="source" position={Position.Right} className={styles.handle} />
    </div>
  )
}
const CARDS = { card: CardNode }
