/** A thread of its own: a replay of days is seconds of work, and the server has other things to do. */
import { parentPort, workerData } from 'node:worker_threads'
import { replayTrace } from '../domain/simulate/replay.ts'
import type { WhatIfWork } from './what-if.ts'

const { spec, trace, names, options } = workerData as WhatIfWork
const work = replayTrace(spec, trace, names, options, (ms) => new Date(ms).toISOString())
let step = work.next()
while (!step.done) step = work.next()
parentPort!.postMessage(step.value)
