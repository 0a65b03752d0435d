/** `sallyport images …` in this process, on the real edge. */
import { runCli } from '#apps/cli/program.ts'
import type { RunReport } from '#capabilities/image-migration/domain/job.ts'
import { registriesWith } from '#edges/registry/open.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { fakeStream } from '#test/fakes/terminal.ts'

const DOOR = [{ name: 'images', summary: { en: '', 'zh-CN': '' }, load: () => import('#capabilities/image-migration/cli/index.ts') }]

export async function runImages(words: readonly string[], data: string, signal = new AbortController().signal) {
  const stdout = fakeStream()
  const stderr = fakeStream()
  const around = {
    env: { HOME: data },
    stdout,
    stderr,
    clock: systemClock,
    signal,
    registries: async () => registriesWith(systemClock),
    cluster: () => Promise.reject(new Error('none is needed here')),
    host: () => Promise.reject(new Error('none is needed here')),
  }
  const exit = await runCli(['--data', data, '--progress', 'none', 'images', ...words], around, DOOR)
  const out = stdout.text()
  return { exit, out, stderr: stderr.text(), report: (out.startsWith('{') ? JSON.parse(out) : undefined) as RunReport }
}
