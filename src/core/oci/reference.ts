/** Image references as people write them: https://github.com/distribution/reference (grammar and the short names of Docker Hub). */
import { err, ok, type Result } from '../kernel/result.ts'

export interface Reference {
  /** `docker.io`, `registry.example.com:5000`. */
  registry: string
  /** `library/nginx`; never empty. */
  repository: string
  tag?: string
  /** `sha256:…` */
  digest?: string
}

export const DOCKER_HUB = 'docker.io'

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
/** The distribution grammar of tags. */
export const TAG = /^\w[\w.-]{0,127}$/
/** `sha256:…`, `sha512:…` or another algorithm with at least 32 digits. */
export const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|(?!sha256:|sha512:)[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,})$/
const REGISTRY = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d{1,5})?$/

export const isRepository = (text: string): boolean => text.length <= 255 && REPOSITORY.test(text)
export const isRegistry = (text: string): boolean => text.length <= 255 && REGISTRY.test(text)

/** Is the first component of a name a registry? A dot, a port, `localhost` or a capital say so. */
const namesRegistry = (component: string): boolean => /[.:[]/.test(component) || component === 'localhost' || component !== component.toLowerCase()

/** Registry and repository of a name without tag and digest: `nginx` is `docker.io` and `library/nginx`. What is wrong, as a sentence without subject. */
export function parseName(name: string): Result<{ registry: string; repository: string }, string> {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const own = slash >= 0 && namesRegistry(first)
  const registry = own ? canonicalRegistry(first) : DOCKER_HUB
  let repository = own ? name.slice(slash + 1) : name
  if (registry === DOCKER_HUB && !repository.includes('/')) repository = `library/${repository}`
  if (!isRegistry(registry)) return err(`has no valid registry name: "${registry}"`)
  if (!isRepository(repository)) return err(`has no valid repository name: "${repository}"`)
  return ok({ registry, repository })
}

/** The names under which Docker Hub is known are one. */
export function canonicalRegistry(registry: string): string {
  return registry === 'index.docker.io' || registry === 'registry-1.docker.io' ? DOCKER_HUB : registry
}

/** `nginx`, `nginx:1.27`, `localhost:5000/a/b@sha256:…`, also with tag and digest. No tag is made up. What is wrong, as a sentence without subject. */
export function parseReference(text: string): Result<Reference, string> {
  if (text.length > 1024) return err('is too long')
  let rest = text
  let digest: string | undefined
  const at = rest.indexOf('@')
  if (at >= 0) {
    digest = rest.slice(at + 1)
    rest = rest.slice(0, at)
    if (!DIGEST.test(digest)) return err(`has no valid digest: "${digest}"`)
  }
  let tag: string | undefined
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1)
  if (colon >= 0) {
    tag = rest.slice(colon + 1)
    rest = rest.slice(0, colon)
    if (!TAG.test(tag)) return err(`has no valid tag: "${tag}"`)
  }
  const name = parseName(rest)
  if (!name.ok) return name
  return ok({ ...name.value, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) })
}

/** In full: `docker.io/library/nginx:1.27@sha256:…`. */
export const formatReference = ({ registry, repository, tag, digest }: Reference): string =>
  `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
