import type { Clock } from '#core/kernel/clock.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import { createLiveStream } from '#edges/telemetry/live/live-stream.ts'

/** The real live stream, for tests of what reads it. */
export const openTestLive = (clock: Clock): LiveStream => createLiveStream({ clock })
