/** Reads what a release of the JavaScript client was generated from: operations (paths, verbs, bodies) and models (fields, formats, required). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Field, Operation, Release, Types } from './model.ts'

/** `folder` is an unpacked package of @kubernetes/client-node. */
export function readClient(folder: string): Release {
  const gen = join(folder, 'package/dist/gen')
  const modern = readdirSync(gen).includes('models')
  const models = join(gen, modern ? 'models' : 'model')
  const text = readFileSync(join(models, modern ? 'V1Pod.js' : 'v1Pod.js'), 'utf8')
  const minor = Number(/OpenAPI (?:document|spec version): (?:v|release-)1\.(\d+)/.exec(text)?.[1])
  if (!Number.isInteger(minor)) throw new Error(`${folder}: no version of the OpenAPI document`)
  const types: Types = new Map()
  const spec = versionOf(text)
  for (const file of readdirSync(models)) {
    if (!/^\w+\.js$/.test(file) || file === 'ObjectSerializer.js' || file === 'models.js') continue
    const code = readFileSync(join(models, file), 'utf8')
    // Packages carry files that an earlier release left behind.
    if (versionOf(code) !== spec) continue
    const found = readModel(code, readFileSync(join(models, file.replace('.js', '.d.ts')), 'utf8'))
    if (found) types.set(...found)
  }
  const apis = join(gen, modern ? 'apis' : 'api')
  const operations = readdirSync(apis)
    .filter((file) => /^\w+\.js$/.test(file))
    .map((file) => readOperations(readFileSync(join(apis, file), 'utf8')))
    .filter((operations) => operations.every(({ body, answer }) => [body, answer].every((type) => type === undefined || !/^V\d/.test(type) || types.has(type))))
    .flat()
  return { minor, types, operations }
}

const versionOf = (code: string): string | undefined => /OpenAPI (?:document|spec version): (\S+)/.exec(code)?.[1]

function readModel(code: string, declarations: string): [string, Map<string, Field>] | undefined {
  const name = /^(?:export )?class ([A-Z]\w+) \{/m.exec(code)?.[1]
  if (name === undefined) return undefined
  const required = new Set([...declarations.matchAll(/^ {4}'([^']+)': /gm)].map(([, field]) => field!))
  const fields = new Map<string, Field>()
  for (const [, field, type, format] of code.matchAll(/"?baseName"?: "([^"]+)",\s*"?type"?: "([^"]+)"(?:,\s*"?format"?: "([^"]*)")?/g))
    fields.set(field!, { type: typeText(type!, format ?? ''), required: required.has(field!) })
  return [name, fields]
}

/** The client's words for a type → ours: `[]` is a list of, `{}` a map of. */
export function typeText(type: string, format: string): string {
  const list = /^(?:Array|Set)<(.*)>$/.exec(type)
  if (list) return `[]${typeText(list[1]!, format)}`
  const map = /^\{ ?\[key: ?string\]: (.*?);? ?\}$/.exec(type)
  if (map) return `{}${typeText(map[1]!, format)}`
  if (type === 'number') return format === 'int32' || format === 'int64' ? format : format === '' ? 'int64' : 'number'
  if (type === 'string') return format === 'byte' ? 'byte' : 'string'
  if (type === 'Date' || type === 'V1MicroTime') return 'time'
  if (type === 'IntOrString') return 'int-or-string'
  // Any object: its only field, Raw, is how Go holds it.
  if (type === 'any' || type === 'object' || type === 'RuntimeRawExtension') return 'any'
  return type
}

function readOperations(code: string): Operation[] {
  const answers = new Map(
    [...code.matchAll(/async (\w+)WithHttpInfo\(response\)[\s\S]*?deserialize\([\s\S]*?, "(\w+)"/g)].map(([, name, type]) => [name!, type!]),
  )
  const operations: Operation[] = []
  let name = ''
  let path = ''
  for (const [, called, at, modern, old, body, answer] of code.matchAll(
    /^ {4}(?:async )?([a-z]\w+)\([^\n]*\{$|localVarPath = (?:this\.basePath \+ )?'([^']+)'|makeRequestContext\(localVarPath, HttpMethod\.(\w+)\)|^\s+method: '(\w+)'|serialize\(body, "(\w+)"|body = models_\d+\.ObjectSerializer\.deserialize\(body, "(\w+)"/gm,
  )) {
    if (called !== undefined) name = called
    else if (at !== undefined) path = at
    else if (modern !== undefined || old !== undefined) operations.push({ name, path, method: (modern ?? old)!, answer: answers.get(name) })
    else if (body !== undefined && operations.length > 0) operations.at(-1)!.body = body
    else if (answer !== undefined && operations.length > 0) operations.at(-1)!.answer ??= answer
  }
  return operations
}
