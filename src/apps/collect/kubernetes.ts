import type { Discover } from '#capabilities/collection/collect/discovery.ts'
import { CodedError } from '#core/kernel/errors.ts'

export const kubernetesOf = () => (): Discover => {
  throw new CodedError('USAGE', { reason: 'kubernetes_sd_configs are not read yet' })
}
