/** `--to-kubeconfig`, `--to-context`: where it goes. */
import type { Command } from 'commander'
import { CodedError } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'

export interface TargetOptions {
  toKubeconfig?: string
  toContext?: string
}

export const targetOptions = (command: Command, zh: boolean): Command =>
  command
    .option('--to-kubeconfig <file>', zh ? '目标集群的 kubeconfig' : 'kubeconfig of the target')
    .option('--to-context <context>', zh ? '目标集群的 context' : 'context of the target')

/** Rejects with USAGE when neither is given. */
export async function targetCluster({ toKubeconfig, toContext }: TargetOptions, context: CliContext): Promise<Cluster> {
  if (toKubeconfig === undefined && toContext === undefined) throw new CodedError('USAGE', { reason: 'name the target: --to-kubeconfig or --to-context' })
  return context.cluster({ kubeconfig: toKubeconfig, context: toContext })
}
