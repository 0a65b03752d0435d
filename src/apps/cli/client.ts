/** The CLI as it is bundled: everything but the server itself. */
import './nursery.ts'

const [{ DOORS, SERVER_DOORS }, { runProcess }] = await Promise.all([import('./doors.ts'), import('./process.ts')])
await runProcess(DOORS.filter(({ name }) => !SERVER_DOORS.includes(name)))
