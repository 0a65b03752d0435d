/** `sallyport apps export`: an app and everything it needs, as files that another cluster takes. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { parse } from 'yaml'
import { CodedError, EXIT, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { type ApiFacts, loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { writeManifests } from '#core/kube/manifests.ts'
import { describeRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { MAPPING, type Mapping } from '../domain/mapping.ts'
import { type Prepared, type PrepareOptions, prepare } from '../domain/prepare.ts'
import type { Found } from '../move/read-cluster.ts'
import { minorOf } from './convert.ts'
import { encryptSecrets, isSecret, SECRETS_FILE } from './secrets.ts'
import { findObjects, type SourceOptions, sourceOptions } from './source.ts'

export interface ExportOptions extends SourceOptions {
  mapping?: string
  targetVersion?: string
  out?: string
  layout: 'plain' | 'kustomize'
}

export function addExport(apps: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  preparing(sourceOptions(apps.command('export').description(zh ? '导出应用及其所需的一切' : 'export an app and everything it needs'), zh), zh)
    .option('--target-version <version>', zh ? '目标集群的版本，例如 1.36' : 'version of the target cluster, e.g. 1.36')
    .option('--out <folder>', zh ? '写入该目录；默认写到标准输出，不含 Secret' : 'write into this folder; by default to stdout, without Secrets')
    .addOption(new Option('--layout <layout>', zh ? '目录布局' : 'layout of the folder').choices(['plain', 'kustomize']).default('plain'))
    .action(async (options: ExportOptions) => {
      const facts = await loadApiFacts()
      const { prepared, unseen } = await prepareFrom(
        options,
        options.targetVersion === undefined ? {} : { minor: minorOf(options.targetVersion, facts) },
        facts,
        context,
      )
      const secrets = prepared.objects.filter(isSecret)
      if (options.out === undefined) {
        context.out.write(writeManifests(prepared.waves.flat().filter((object) => !isSecret(object))))
        if (secrets.length > 0)
          context.note(
            zh
              ? `${secrets.length} 个 Secret 未打印；用 --out 写入目录并加密`
              : `${secrets.length} Secrets are not printed: write a folder with --out, where they are encrypted`,
          )
      } else await writeFolder(options.out, options, prepared, secrets)
      tell(prepared, unseen, context)
      if (unseen.length > 0 || (secrets.length > 0 && options.out === undefined)) context.exit(EXIT.partial)
    })
}

export const preparing = (command: Command, zh: boolean): Command =>
  command.option('--mapping <file>', zh ? '映射文件：命名空间、镜像仓库、存储类、域名等' : 'mapping file: namespaces, registries, classes, domains …')

export async function prepareFrom(
  options: ExportOptions | (SourceOptions & { mapping?: string }),
  target: Pick<PrepareOptions, 'minor' | 'serves'>,
  facts: ApiFacts,
  context: CliContext,
): Promise<{ prepared: Prepared } & Pick<Found, 'unseen' | 'sourceVersion'>> {
  const mapping = options.mapping === undefined ? undefined : await readMapping(options.mapping)
  const { objects, seed, unseen, sourceVersion } = await findObjects(options, context, target.serves)
  const prepared = prepare(objects, facts, {
    ...(mapping === undefined ? {} : { mapping }),
    ...target,
    consume: true,
    ...(seed === undefined ? {} : { seed }),
    nodePorts: options.keepNodePorts === true,
    volumes: options.keepVolumes === true,
  })
  if (prepared.objects.length === 0)
    throw new CodedError('NO_OBJECTS', {
      where: options.file?.join(', ') ?? options.namespace?.join(', ') ?? options.fromContext ?? options.fromKubeconfig ?? '',
    })
  return { prepared, unseen, ...(sourceVersion === undefined ? {} : { sourceVersion }) }
}

export async function readMapping(path: string): Promise<Mapping> {
  let value: unknown
  try {
    value = parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw fileUnreadable(path, error)
  }
  const read = parseInput(MAPPING, value ?? {})
  if (!read.ok) throw invalidInput(read.error)
  return read.value
}

async function writeFolder(folder: string, options: ExportOptions, prepared: Prepared, secrets: readonly KubeObject[]): Promise<void> {
  if (secrets.length > 0 && options.passphraseFile === undefined && options.ageRecipient === undefined)
    throw new CodedError('USAGE', { reason: `there are ${secrets.length} Secrets: name --age-recipient or --passphrase-file to encrypt them` })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new CodedError('USAGE', { reason: `the folder ${folder} is not empty` })
  const resources: string[] = []
  for (const object of prepared.waves.flat().filter((one) => !isSecret(one))) {
    const { name, namespace } = object.metadata
    const file = join(
      safe(namespace ?? 'cluster'),
      `${safe(object.kind.toLowerCase())}.${safe(object.apiVersion.split('/').at(-2) ?? 'core')}.${safe(name)}.yaml`,
    )
    await mkdir(join(folder, file, '..'), { recursive: true })
    await writeFile(join(folder, file), writeManifests([object]), { flag: 'wx' })
    resources.push(file)
  }
  if (secrets.length > 0) await writeFile(join(folder, SECRETS_FILE), await encryptSecrets(secrets, options), { mode: 0o600 })
  if (options.layout === 'kustomize')
    await writeFile(join(folder, 'kustomization.yaml'), writeManifests([{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }]))
}

/** A name as part of a path: names of RBAC may hold colons and more. */
const safe = (name: string): string => name.replace(/[^\w.-]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`).replace(/^\.+/, '_')

/** What a person should know of it, on stderr. */
export function tell(prepared: Prepared, unseen: Found['unseen'], context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const counts = new Map<string, number>()
  for (const { rule } of prepared.left) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  const left = [...counts].map(([rule, count]) => `${rule} ${count}`).join(', ')
  context.note(
    zh
      ? `${prepared.objects.length} 个对象，${prepared.waves.length} 波${left === '' ? '' : `；未带走：${left}`}`
      : `${prepared.objects.length} objects in ${prepared.waves.length} waves${left === '' ? '' : `; left out: ${left}`}`,
  )
  for (const { object, from, outcome, notes } of prepared.converted) {
    if (outcome === 'gone')
      context.note(`${describeRef(refOf(object))} (${from}): ${zh ? '目标集群不提供该类型' : 'the target serves no version of this kind'}`)
    for (const { kind, path, reason } of notes) if (kind === 'lost') context.note(`${describeRef(refOf(object))}: ${path}: ${reason}`)
  }
  for (const members of prepared.cycles) context.note(`${zh ? '互相依赖' : 'need one another'}: ${members.join(', ')}`)
  for (const { object, path, text, why } of prepared.undecided.slice(0, 50)) context.note(`${object} ${path}: ${why}: ${text.trim().replaceAll('\n', ' ')}`)
  if (prepared.undecided.length > 50)
    context.note(zh ? `另有 ${prepared.undecided.length - 50} 处未定` : `and ${prepared.undecided.length - 50} more undecided texts`)
  for (const { object, patch, reason } of prepared.failedPatches) context.note(`${object}: patches[${patch}]: ${reason}`)
  for (const { kind, name, namespace, by, path, optional } of prepared.missing.filter(({ kind }) => kind !== 'Namespace'))
    if (!optional)
      context.note(
        `${by} ${zh ? '需要' : 'needs'} ${describeRef({ kind, name, ...(namespace === undefined ? {} : { namespace }) })} (${path}), ${zh ? '不在其中' : 'which is not among them'}`,
      )
  for (const { kind, reason } of unseen) context.note(zh ? `无法读取 ${kind}：${reason}` : `could not be seen: ${kind} (${reason})`)
}
