/** What a URL of the API asks for. */

export interface ResourcePath {
  group: string
  version: string
  resource: string
  namespace?: string
  name?: string
  subresource?: string
}

/** Undefined for paths that name no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  let parts: string[]
  try {
    parts = path.split('/').slice(1).map(decodeURIComponent)
  } catch {
    return undefined
  }
  if (parts.at(-1) === '') parts.pop()
  let group: string
  if (parts[0] === 'api') group = ''
  else if (parts[0] === 'apis' && parts.length >= 2) group = parts[1]!
  else return undefined
  const rest = parts.slice(group === '' ? 1 : 2)
  const version = rest[0]
  if (version === undefined || rest.length < 2 || rest.length > 7) return undefined
  const [, first, second, third, ...more] = rest
  if (
    first === 'namespaces' &&
    second !== undefined &&
    third !== undefined &&
    !(group === '' && rest.length === 4 && (third === 'status' || third === 'finalize'))
  ) {
    const [name, ...subresource] = more
    return { group, version, resource: third, namespace: second, name, subresource: subresource.length === 0 ? undefined : subresource.join('/') }
  }
  const subresource = [third, ...more].filter((part) => part !== undefined)
  return { group, version, resource: first!, name: second, subresource: subresource.length === 0 ? undefined : subresource.join('/') }
}
