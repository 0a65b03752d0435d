import './nursery.ts'

const [{ DOORS }, { runProcess }] = await Promise.all([import('./doors.ts'), import('./process.ts')])
await runProcess(DOORS)
