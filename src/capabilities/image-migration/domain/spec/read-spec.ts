import type { Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { readImageSyncer } from './image-syncer.ts'
import { readOwn } from './own.ts'
import { readRegsync } from './regsync.ts'
import type { Spec, SpecFile, SpecFormat, SpecOptions } from './rule.ts'
import { readSkopeo } from './skopeo.ts'
import { isPlain, openText, type SourceText } from './source-text.ts'

/** A file of any format as rules, or everything wrong with it (and with its auth file): file, line, field, nearest valid name. */
export function readSpec(file: SpecFile, options: SpecOptions): Result<Spec, readonly Problem[]> {
  const source = openText(file)
  const auth = options.auth && openText(options.auth)
  const problems = () => [...source.problems, ...(auth?.problems ?? [])]
  if (problems().length > 0) return err(problems())
  const format = file.format ?? formatOf(source)
  if (format === undefined) return err(problems())
  if (auth && format !== 'image-syncer') source.problem([], `is a file of ${format}; --auth belongs to files of image-syncer`)
  const read =
    format === 'sallyport'
      ? readOwn(source, options)
      : format === 'regsync'
        ? readRegsync(source, options)
        : format === 'skopeo'
          ? readSkopeo(source, options)
          : readImageSyncer(source, options, auth)
  if (problems().length > 0) return err(problems())
  return ok({ format, ...read, notes: [...source.notes, ...(auth?.notes ?? [])] })
}

const SKOPEO_KEYS = ['images', 'images-by-tag-regex', 'images-by-semver', 'credentials', 'tls-verify', 'cert-dir']

/** Which tool's file it is, by the shape that only that one has. */
function formatOf(source: SourceText): SpecFormat | undefined {
  const { data } = source
  if (!isPlain(data)) {
    source.problem([], data === undefined ? 'is empty' : 'must be a map')
    return undefined
  }
  const keys = Object.keys(data)
  if (Array.isArray(data.copy)) return 'sallyport'
  if (Array.isArray(data.sync) || Array.isArray(data.creds)) return 'regsync'
  const values = Object.values(data)
  const isTarget = (value: unknown) => typeof value === 'string' || value === null || (Array.isArray(value) && value.every((each) => typeof each === 'string'))
  if (isPlain(data.images) && keys.every((key) => key === 'images' || key === 'auth') && Object.values(data.images).every(isTarget)) return 'image-syncer'
  if (values.length > 0 && values.every((value) => isPlain(value) && Object.keys(value).some((key) => SKOPEO_KEYS.includes(nearest(key, SKOPEO_KEYS) ?? key))))
    return 'skopeo'
  if (values.length > 0 && values.some(isTarget) && keys.some((key) => key.includes('/') || key.includes(':'))) return 'image-syncer'
  const near = nearest(keys[0] ?? '', ['copy', 'sync', 'images', 'registries', 'defaults'])
  source.problem(
    keys.length > 0 ? [keys[0]!] : [],
    'is no file of Sallyport (copy), image-syncer (SOURCE: TARGET), skopeo (REGISTRY: images) or regsync (sync)',
    near === keys[0] ? undefined : near,
  )
  return undefined
}
