/** What is inspected: objects of files, or of a cluster. */
import type { Problem } from '#core/kernel/errors.ts'
import { type Manifest, readManifests } from '#core/kube/manifests.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import type { Item } from '../domain/inventory.ts'

/** An object of a file, and which of its objects it is. */
export interface FileItem extends Item {
  index: number
}

export interface Files {
  items: FileItem[]
  /** By file; those that could be read as a whole. */
  texts: ReadonlyMap<string, string>
  problems: Problem[]
}

const TEMPLATE = /\{\{.*\}\}/s
/** Files of a kustomization say what becomes of others. */
const KUSTOMIZATION = /(^|\/)kustomization\.ya?ml$|(^|\/)Kustomization$/
/** Files of a chart that are no manifests. */
const CHART = /(^|\/)(Chart|values[\w.-]*)\.ya?ml$/

/** The objects of those documents of a text that can be read by themselves. */
function soundDocuments(text: string): Manifest[] {
  const parts = text.split(/^(?=---(?:\s|$))/m)
  if (parts.length > MOST_PARTS) return []
  let before = 0
  return parts.flatMap((part) => {
    const read = readManifests(part)
    const offset = before
    before += part.split('\n').length - 1
    return read.ok ? read.value.map(({ object, line }) => ({ object, line: line + offset })) : []
  })
}
const MOST_PARTS = 20_000

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
    else {
      problems.push(...read.error.map((problem) => ({ ...problem, path: problem.path === '' ? file : `${file} ${problem.path}` })))
      // Its other documents are looked at, and none is edited: the text is not kept.
      for (const { object, line } of soundDocuments(text)) items.push({ object, file, line, index: items.length })
    }
  }
  return { items, texts, problems }
}
