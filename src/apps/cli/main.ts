import { DOORS } from './doors.ts'
import { runProcess } from './process.ts'

await runProcess(DOORS)
