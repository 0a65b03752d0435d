/** Amounts of resources, with the names and units that kube-state-metrics gives them. */
import { parseQuantity } from '#core/kernel/quantity.ts'
import { labelName, type Put } from './text.ts'

export type Amounts = Readonly<Record<string, string | number>>

/** A number of the API that may be a text with a unit. */
export const amount = (value: string | number | undefined): number | undefined => (value === undefined ? undefined : parseQuantity(String(value)))

function unitOf(resource: string): string | undefined {
  if (resource === 'cpu') return 'core'
  if (/^(?:memory|storage|ephemeral-storage)$|^(?:hugepages|attachable-volumes)-/.test(resource)) return 'byte'
  return resource === 'pods' || resource.includes('/') ? 'integer' : undefined
}

/** One series for each resource that has a unit. */
export function putAmounts(put: Put, name: string, amounts: Amounts | undefined, ...labels: readonly (string | undefined)[]): void {
  for (const [resource, value] of Object.entries(amounts ?? {})) {
    const unit = unitOf(resource)
    if (unit) put(name, amount(value), ...labels, 'resource', labelName(resource), 'unit', unit)
  }
}
