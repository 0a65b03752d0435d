/** `--fix` of files: shows what would change, or writes it with an undo file beside. */
import { randomUUID } from 'node:crypto'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { invalidInput, type Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import type { InspectionCheck } from '../domain/check.ts'
import { fixedText, lineDiff, settleFixes } from '../domain/fix.ts'
import type { Settings } from '../domain/inventory.ts'
import type { FileItem, Files } from './sources.ts'

const undoFile = z.strictObject({ version: z.literal(1), files: z.array(z.strictObject({ file: z.string(), before: z.string(), after: z.string() })) })

interface FixOptions {
  dryRun: boolean
  undo: string
  /** Checks that were asked for by name: guesses are made for these. */
  named: ReadonlySet<string>
  settings: Settings
}

/** Writes all files or, when one cannot be written, none. Returns what could not be fixed. */
export async function fixFiles(files: Files, checks: readonly InspectionCheck[], options: FixOptions, context: CliContext): Promise<Problem[]> {
  const zh = context.language === 'zh-CN'
  const { fixes, refused } = settleFixes(files.items, checks, checks, options.settings, options.named)
  const problems: Problem[] = refused.map(({ item, checks: ids }) => ({
    path: `${item.file}:${item.line}`,
    message: zh ? `未修复（会引出新问题）：${ids.join(', ')}` : `is left as it is, because the fix would raise another finding: ${ids.join(', ')}`,
  }))
  const changed: { file: string; before: string; after: string }[] = []
  for (const [file, list] of Map.groupBy(fixes, ({ item }) => item.file)) {
    const before = files.texts.get(file)
    if (before === undefined) {
      problems.push({ path: file, message: zh ? '文件中有错误，因此未修改' : 'is left as it is, because of what is wrong in it' })
      continue
    }
    const after = file === '-' ? undefined : fixedText(before, new Map(list.map(({ item, edits }) => [(item as FileItem).index, edits])))
    if (after === undefined)
      problems.push({
        path: file,
        message:
          file === '-'
            ? zh
              ? '标准输入无法就地修改'
              : 'stdin cannot be edited in place'
            : zh
              ? '无法在不改动其他内容的前提下修改'
              : 'cannot be edited without changing more than that',
      })
    else if (after !== before) changed.push({ file, before, after })
  }
  for (const { file, before, after } of changed) context.out.write(`${lineDiff(before, after, file)}\n`)
  if (changed.length === 0) context.note(zh ? '没有可自动修复的内容。' : 'There is nothing that can be fixed without a person.')
  else if (options.dryRun)
    context.note(zh ? `将修改 ${changed.length} 个文件；去掉 --dry-run 以写入。` : `${changed.length} files would change; leave out --dry-run to write them.`)
  else {
    await writeFile(options.undo, JSON.stringify({ version: 1, files: changed }), { flag: 'wx', mode: 0o600 }).catch((error) => {
      throw invalidInput([{ path: '--undo-file', message: `${options.undo}: ${(error as Error).message}` }])
    })
    for (const { file, after } of changed) await replace(file, after)
    context.note(
      zh
        ? `已修改 ${changed.length} 个文件；撤销：sallyport inspect --undo ${options.undo}`
        : `${changed.length} files changed; to take it back: sallyport inspect --undo ${options.undo}`,
    )
  }
  return problems
}

/** Whole or not at all, with the mode that it had. */
async function replace(file: string, text: string): Promise<void> {
  const beside = join(dirname(file), `.${randomUUID()}.tmp`)
  await writeFile(beside, text, { mode: (await stat(file)).mode })
  await rename(beside, file)
}

/** Files that somebody has changed since are left alone. */
export async function undoFix(path: string, context: CliContext): Promise<Problem[]> {
  const zh = context.language === 'zh-CN'
  const text = await readFile(path, 'utf8').catch((error) => {
    throw invalidInput([{ path: '--undo', message: (error as Error).message }])
  })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalidInput([{ path: '--undo', message: `${path} is no undo file` }])
  }
  const read = parseInput(undoFile, json)
  if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `${path} ${problem.path}` })))
  const problems: Problem[] = []
  for (const { file, before, after } of read.value.files) {
    const now = await readFile(file, 'utf8').catch(() => undefined)
    if (now === after) await replace(file, before)
    else if (now !== before) problems.push({ path: file, message: zh ? '此后被修改过，保持原样' : 'was changed since, and is left as it is' })
  }
  context.note(zh ? `已还原 ${read.value.files.length - problems.length} 个文件。` : `${read.value.files.length - problems.length} files are as they were.`)
  return problems
}
