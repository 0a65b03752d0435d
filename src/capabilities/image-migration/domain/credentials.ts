/** Which of the credentials that are known fit a repository. */
import type { Credential } from '#core/shapes/ports/registry.ts'

/** What is known for one registry, or a part of it. */
export interface CredentialEntry {
  /** `quay.io`, `quay.io/coreos`, `*.example.com`; without scheme. */
  key: string
  /** Said to people: `~/.docker/config.json`, `Secret shop/pull`. Never the secret. */
  from: string
  /** The credential itself, or the program `docker-credential-NAME` that is asked for it by `server`. */
  use: Credential | { helper: string; server: string }
}

/** Keys are written as `https://index.docker.io/v1/`, `quay.io`, `quay.io/coreos`. */
export function credentialKey(key: string): string {
  const plain = key
    .replace(/^https?:\/\//, '')
    .replace(/\/(?:v[12]\/?)?$/, '')
    .replace(/\/+$/, '')
  return /^(?:index|registry-1)\.docker\.io(?=\/|$)/.test(plain) ? plain.replace(/^[^/]+/, 'docker.io') : plain
}

/**
 * The entries that fit `host/repository`, best first: the longest key, and of equal ones the earlier. Hosts may have `*` for a part, as kubelet reads them;
 * a store fits everything, last.
 */
export function fitting(entries: readonly CredentialEntry[], host: string, repository: string): readonly CredentialEntry[] {
  const name = `${host}/${repository}`
  return entries
    .filter(({ key }) => {
      if (key === '') return true
      if (name === key || name.startsWith(`${key}/`)) return true
      if (!key.includes('*')) return false
      const slash = key.indexOf('/')
      const path = slash < 0 ? '' : key.slice(slash + 1)
      return hostFits(slash < 0 ? key : key.slice(0, slash), host) && (path === '' || repository === path || repository.startsWith(`${path}/`))
    })
    .sort((a, b) => b.key.length - a.key.length)
}

function hostFits(pattern: string, host: string): boolean {
  const [wanted, given] = [pattern.split('.'), host.split('.')]
  return (
    wanted.length === given.length && wanted.every((part, i) => new RegExp(`^${part.replace(/[^\w*-]/g, '\\$&').replaceAll('*', '[^.]*')}$`).test(given[i]!))
  )
}
