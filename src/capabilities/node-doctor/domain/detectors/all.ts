import type { Detector } from '../detector.ts'
import { disk, readOnly } from './disk.ts'
import { openFiles } from './files.ts'
import { leakedAddresses, leakedCards, outbound } from './network.ts'
import { imageStore, restarts, runtimeHealth } from './runtime.ts'
import { cloudCredentials, dns, failedUnits, kubelet, kubeProxy } from './services.ts'
import { conntrack, inotify, processes } from './tables.ts'
import { clockJump, timeSync } from './time.ts'

/** Everything that is looked at besides the kernel's log. */
export const DETECTORS: readonly Detector[] = [
  openFiles,
  processes,
  conntrack,
  inotify,
  disk,
  readOnly,
  runtimeHealth,
  restarts,
  imageStore,
  leakedCards,
  leakedAddresses,
  outbound,
  cloudCredentials,
  timeSync,
  clockJump,
  kubelet,
  kubeProxy,
  dns,
  failedUnits,
] as readonly unknown[] as readonly Detector[]
