/** Lines to Native blocks, without the store: MB per CPU-second by format, median of 5. `node bench/parse.ts [LINES]` */
import { accessLogBytes, GENERATED, type Generated } from '#bench/access-log-generator.ts'
import { machineSpeed, median } from '#bench/measure.ts'
import { detectFormat } from '#capabilities/ingress-analytics/domain/formats/detect.ts'
import { createBlockBuilder } from '#capabilities/ingress-analytics/domain/rows/columns.ts'
import { createLineReader } from '#capabilities/ingress-analytics/domain/rows/read-lines.ts'
import { createRejects } from '#capabilities/ingress-analytics/domain/rows/rejects.ts'
import { createVocabulary } from '#capabilities/ingress-analytics/domain/rows/vocabulary.ts'

const lines = Number(process.argv[2] ?? 500_000)
const BATCH = 1 << 20

console.log(`machine: ${machineSpeed().toFixed(0)} MB per CPU-second in a plain byte loop`)
for (const format of process.argv[3] ? [process.argv[3] as Generated] : GENERATED) {
  const bytes = accessLogBytes(lines, { format })
  const rates: number[] = []
  const builder = createBlockBuilder()
  const reader = createLineReader()
  const detected = detectFormat(bytes)
  let native = 0
  for (let round = 0; round < 5; round++) {
    const vocabulary = createVocabulary()
    const before = process.cpuUsage()
    let accepted = 0
    native = 0
    for (let from = 0; from < bytes.length; ) {
      const cut = from + BATCH >= bytes.length ? bytes.length : bytes.lastIndexOf(10, from + BATCH) + 1
      const batch = new Uint8Array(bytes.subarray(from, cut))
      const run = { format: detected, earliest: 0, latest: Number.POSITIVE_INFINITY, rejects: createRejects(), accepted: 0 }
      builder.begin({ cluster: 'bench', source: 'file', receivedAt: 0, vocabulary })
      reader.read(run, batch, new DataView(batch.buffer), 0, batch.length, builder)
      native += builder.finish().native.length
      accepted += run.accepted
      from = cut
    }
    if (accepted !== lines) throw new Error(`${accepted} of ${lines} lines were accepted`)
    const used = process.cpuUsage(before)
    rates.push(bytes.length / (used.user + used.system))
  }
  console.log(
    `${format.padEnd(14)} ${(bytes.length / lines).toFixed(0)} B/line  ${median(rates).toFixed(0)} MB/CPU-s  ${(native / lines).toFixed(0)} B/line in the block`,
  )
}
