import type { Reporter, TestModule } from 'vitest/node'

/** Steps before Vitest that failed (test/run.ts) count as failures. Ends the run with the plain line that CI reads, names every skip with its reason, and turns a skip into a failure where everything must be real. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length + Number(process.env.SALLYPORT_FAILED_STEPS ?? 0), skipped: 0 }
    const skips: string[] = []
    for (const module of modules) {
      if (module.children.size === 0 && module.state() === 'failed') count.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') count.passed++
        else if (state === 'failed') count.failed++
        else {
          count.skipped++
          skips.push(`${module.relativeModuleId}: ${test.fullName}`)
        }
      }
    }
    for (const skip of skips) console.log(`skipped: ${skip}`)
    if (count.skipped > 0 && process.env.SALLYPORT_REQUIRE_REAL === '1') {
      console.log('SALLYPORT_REQUIRE_REAL=1: a skipped test is a failed test.')
      process.exitCode = 1
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}
