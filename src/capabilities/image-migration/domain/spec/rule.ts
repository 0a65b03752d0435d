/** What every kind of file becomes: rules that say what to copy from where to where. */
import type { Problem } from '#core/kernel/errors.ts'

export type RulePlace =
  /** One repository of a registry. */
  | { kind: 'repository'; registry: string; repository: string }
  /** All repositories of a registry whose name begins with `prefix` (`''`: the whole registry, else it ends in `/`). */
  | { kind: 'namespace'; registry: string; prefix: string }
  | { kind: ArchiveKind; path: string }

/** Places on this machine. */
export const ARCHIVE_KINDS = ['oci', 'dir', 'docker-archive'] as const
export type ArchiveKind = (typeof ARCHIVE_KINDS)[number]

/** A tag is selected when it is named, or when it passes `match` and `semver` (each: any of its entries), is not excluded and among the newest. */
export interface TagSelection {
  names?: readonly string[]
  /** RE2; a match anywhere in the tag counts, so formats whose patterns are bound add `^(?:…)$`. */
  match?: readonly string[]
  /** Ranges; tags that are no version never pass. */
  semver?: readonly string[]
  exclude?: readonly string[]
  /** Only so many, by version, newest first; tags that are no version are left out then. */
  newest?: number
}

export interface CopyRule {
  /** Where it is written. */
  origin: Origin
  source: RulePlace
  target: RulePlace
  /** Any of them; empty: every tag, unless digests are named. */
  select: readonly TagSelection[]
  /** Named digests; copied without a tag, or under the tag that `rename` has for the digest. */
  digests: readonly string[]
  /** Source tag (or digest) → target tag. */
  rename: Readonly<Record<string, string>>
  /** RE2 over the whole path of repositories of a namespace. */
  repositories?: { match?: readonly string[]; exclude?: readonly string[] }
  /** `linux/amd64`, `linux/arm64/v8`: other images of an index are left behind, so the index and its digest change. Empty: all. */
  platforms: readonly string[]
  /** Signatures, SBOMs and attestations that refer to an image go with it. */
  referrers: boolean
}

export interface Origin {
  file: string
  /** From 1. */
  line: number
  /** JSON path in the file. */
  path: string
}

/** How a registry, or a part of it, is reached. Longest prefix wins. */
export interface RegistrySettings {
  origin: Origin
  /** `quay.io` or `quay.io/coreos`. */
  prefix: string
  username?: string
  password?: string
  /** An OAuth refresh token, instead of a password. */
  identityToken?: string
  /** Program `docker-credential-NAME`. */
  helper?: string
  /** HTTP instead of HTTPS where the registry speaks it, and certificates are not checked. */
  insecure?: boolean
  /** PEM. */
  ca?: string
  /** PEM of a client certificate and its key. */
  cert?: string
  key?: string
  /** Folder with `*.crt` (authorities), `*.cert` and `*.key` (ours). */
  certDir?: string
  requestsPerSecond?: number
}

export interface Spec {
  format: SpecFormat
  rules: readonly CopyRule[]
  registries: readonly RegistrySettings[]
  /** Accepted, but something that the file asks for does not happen here or happens otherwise. */
  notes: readonly Note[]
}

export interface Note {
  origin: Origin
  message: { en: string; 'zh-CN': string }
}

export const SPEC_FORMATS = ['sallyport', 'image-syncer', 'skopeo', 'regsync'] as const
export type SpecFormat = (typeof SPEC_FORMATS)[number]

export interface SpecFile {
  file: string
  text: string
  /** Found from the text when left out. */
  format?: SpecFormat
}

export interface SpecOptions {
  /** Where formats that leave it open copy to: skopeo files, and image-syncer rules with an empty target. `registry.example.com/mirror`. */
  to?: string
  /** skopeo files: keep the source's registry and path below the target, as its `--scoped` does. */
  scoped?: boolean
  /** image-syncer's `--auth` file. */
  auth?: SpecFile
  /** The environment, for `${NAME}`. */
  env: Readonly<Record<string, string | undefined>>
  /** Text of a file that a template names; undefined when it cannot be read. */
  readFile(path: string): string | undefined
}

/** What is wrong at one place of a file. */
export const problemAt = (origin: Origin, message: string, suggestion?: string): Problem => ({
  path: `${origin.file}${origin.path === '' ? '' : `: ${origin.path}`}`,
  message,
  line: origin.line,
  ...(suggestion === undefined ? {} : { suggestion }),
})
