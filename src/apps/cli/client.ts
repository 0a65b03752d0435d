/** The CLI as it is bundled: everything but the server itself. */
import { DOORS, SERVER_DOORS } from './doors.ts'
import { runProcess } from './process.ts'

await runProcess(DOORS.filter(({ name }) => !SERVER_DOORS.includes(name)))
