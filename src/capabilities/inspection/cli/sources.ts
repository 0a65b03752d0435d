/** What is inspected: objects of files, or of a cluster. */
import type { Problem } from '#core/kernel/errors.ts'
import { readManifests } from '#core/kube/manifests.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import type { Item } from '../domain/inventory.ts'

/** An object of a file, and which of its objects it is. */
export interface FileItem extends Item {
  index: number
}

export interface Files {
  items: FileItem[]
  /** By file; those that could be read. */
  texts: ReadonlyMap<string, string>
  problems: Problem[]
}

const TEMPLATE = /\{\{.*\}\}/s
/** Files of a kustomization say what becomes of others. */
const KUSTOMIZATION = /(^|\/)kustomization\.ya?ml$|(^|\/)Kustomization$/
/** Files of a chart that are no manifests. */
const CHART = /(^|\/)(Chart|values[\w.-]*)\.ya?ml$/

/** Objects of all files; what cannot be read is listed and the rest goes on. Rejects with FILE_UNREADABLE, TOO_LARGE. */
export async function readFiles(paths: readonly string[], context: CliContext): Promise<Files> {
  const zh = context.language === 'zh-CN'
  const items: FileItem[] = []
  const texts = new Map<string, string>()
  const problems: Problem[] = []
  for await (const { file, text } of manifestTexts(paths, context.signal)) {
    const read = readManifests(text)
    if (KUSTOMIZATION.test(file)) {
      context.note(
        zh
          ? `${file}：kustomize 目录按文件逐个检查；要检查构建结果请用 kubectl kustomize DIR | sallyport inspect -f -`
          : `${file}: the files of this kustomization are inspected as they stand; for what it makes of them: kubectl kustomize DIR | sallyport inspect -f -`,
      )
      continue
    }
    if (read.ok) {
      texts.set(file, text)
      for (const [index, { object, line }] of read.value.entries()) items.push({ object, file, line, index })
    } else if (TEMPLATE.test(text) || CHART.test(file))
      problems.push({
        path: file,
        message: zh ? '属于 Helm Chart：请先用 helm template 渲染，再用管道传入' : 'belongs to a Helm chart: render it with `helm template` and pipe that in',
      })
    else problems.push(...read.error.map((problem) => ({ ...problem, path: problem.path === '' ? file : `${file} ${problem.path}` })))
  }
  return { items, texts, problems }
}
