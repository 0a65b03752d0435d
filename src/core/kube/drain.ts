/** Which pods must leave a node, which stay, and which may not leave now. As `kubectl drain` has it: https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/ */
import type { KubeObject } from './objects.ts'
import { type LabelSelector, requirementsOf, selects } from './selectors.ts'

export interface DrainPlan {
  /** In the order in which they are to be asked to leave: at most as many of a budget as it allows now. */
  evict: readonly KubeObject[]
  /** Must leave, and may not now. */
  blocked: readonly { pod: KubeObject; why: string }[]
  /** Belong to the node, or have ended. */
  stay: readonly { pod: KubeObject; why: 'daemon set' | 'static' | 'ended' }[]
}

interface Budget {
  name: string
  namespace: string
  selector: LabelSelector | undefined
  left: number
}

/** `pods` of the node; `budgets` are all PodDisruptionBudgets. A budget whose status is not known (or older than its spec) allows nothing. */
export function planDrain(pods: readonly KubeObject[], budgets: readonly KubeObject[]): DrainPlan {
  const evict: KubeObject[] = []
  const blocked: { pod: KubeObject; why: string }[] = []
  const stay: DrainPlan['stay'][number][] = []
  const open = budgets.map((budget): Budget => {
    const status = budget.status as { disruptionsAllowed?: number; observedGeneration?: number } | undefined
    const current = status?.observedGeneration === undefined || status.observedGeneration >= (budget.metadata.generation ?? 0)
    return {
      name: budget.metadata.name,
      namespace: budget.metadata.namespace ?? '',
      selector: (budget.spec as { selector?: LabelSelector } | undefined)?.selector,
      left: current ? (status?.disruptionsAllowed ?? 0) : 0,
    }
  })
  for (const pod of pods) {
    const phase = (pod.status as { phase?: string } | undefined)?.phase
    const owners = pod.metadata.ownerReferences ?? []
    if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) stay.push({ pod, why: 'static' })
    else if (owners.some(({ kind, controller }) => kind === 'DaemonSet' && controller)) stay.push({ pod, why: 'daemon set' })
    else if (phase === 'Succeeded' || phase === 'Failed') stay.push({ pod, why: 'ended' })
    else if (pod.metadata.deletionTimestamp !== undefined) blocked.push({ pod, why: 'is leaving already' })
    else if (!owners.some(({ controller }) => controller)) blocked.push({ pod, why: 'has no controller that would start it elsewhere' })
    else {
      const own = open.filter(
        ({ namespace, selector }) => namespace === pod.metadata.namespace && selector !== undefined && selects(requirementsOf(selector), pod.metadata.labels),
      )
      const full = own.find(({ left }) => left <= 0)
      if (full) blocked.push({ pod, why: `the disruption budget ${full.name} allows none now` })
      else {
        for (const budget of own) budget.left--
        evict.push(pod)
      }
    }
  }
  return { evict, blocked, stay }
}
