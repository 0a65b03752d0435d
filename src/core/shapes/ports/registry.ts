/**
 * Where images lie: registries over HTTP, OCI layouts, docker archives and directories behind one port.
 * Protocol: OCI distribution-spec 1.1. Errors are CodedErrors whose details name `side`, `place` and `image`.
 */

import type { Descriptor, ManifestDescriptor } from '../../oci/manifest.ts'
import type { Place } from '../../oci/place.ts'

export type { Descriptor, Place }

export interface StoredManifest extends Descriptor {
  /** Verified: their digest is `digest`. */
  bytes: Uint8Array
}

/** An upload that another process can take up again: plain data, kept in journals. */
export interface Upload {
  repository: string
  /** Of the blob that it will be. */
  digest: string
  /** Opaque; may hold a secret of the registry. */
  session: string
  /** Bytes that the place has. */
  offset: number
}

export interface Registry {
  /** `registry.example:5000`, `oci:/var/images`: as messages and reports name it. */
  readonly name: string
  /** What a tag or digest stands for, without fetching it (HEAD: costs no pull). Undefined: not there. */
  resolve(repository: string, reference: string): Promise<Descriptor | undefined>
  /** Undefined: not there. */
  manifest(repository: string, reference: string): Promise<StoredManifest | undefined>
  /**
   * The bytes of a blob from `from` on. Interrupted bodies are taken up where they broke. Read from 0 it ends only when size and digest are right
   * (else it throws DIGEST_MISMATCH before the last bytes are handed out); from elsewhere only the size is known to be right.
   * `signal` ends the reading in place of the one that the registries were opened with.
   */
  blob(repository: string, blob: Pick<Descriptor, 'digest' | 'size'>, from?: number, signal?: AbortSignal): AsyncIterable<Uint8Array>
  tags(repository: string): AsyncIterable<string>
  /** All repositories that it tells about; rejects with REGISTRY_REFUSED where it does not tell. */
  repositories(): AsyncIterable<string>
  /** Descriptors of what refers to a digest. Undefined: the place has no such list, and fallback tags (`sha256-…`) have to be read. */
  referrers(repository: string, digest: string): Promise<readonly ManifestDescriptor[] | undefined>

  hasBlob(repository: string, digest: string): Promise<boolean>
  /**
   * Begins to write a blob; 'present' when the place took it from `mountFrom`, a repository of the same place (the same repository: it was there).
   */
  beginUpload(repository: string, blob: Pick<Descriptor, 'digest' | 'size'>, mountFrom?: string): Promise<Upload | 'present'>
  /** Where an upload stands at the place now; undefined when it is known there no more. */
  uploadState(upload: Upload): Promise<Upload | undefined>
  /** Appends exactly `size` bytes at `upload.offset`. Rejects with UPLOAD_NOT_CHUNKED where a blob has to come in one piece. */
  appendUpload(upload: Upload, body: AsyncIterable<Uint8Array> | Uint8Array, size: number): Promise<Upload>
  /** Ends an upload, with the rest of the blob when `body` is given; the place has verified the digest when it resolves. */
  finishUpload(upload: Upload, body?: AsyncIterable<Uint8Array> | Uint8Array, size?: number): Promise<void>
  /** Gives an upload up; never rejects. */
  cancelUpload(upload: Upload): Promise<void>
  /** Stores under a tag or under its digest; the bytes are kept as they are. Resolves to whether the place keeps a referrers list for its subject itself. */
  putManifest(repository: string, reference: string, manifest: StoredManifest): Promise<{ listsSubject: boolean }>
  /** Removes a tag, or a manifest by its digest with all its tags. Rejects with REGISTRY_REFUSED where the place does not remove such. */
  remove(repository: string, reference: string): Promise<void>
  /** Writes what was held back (an archive is written as a whole), and closes. */
  close(): Promise<void>
}

/** What one place is asked with. */
export type Credential = { username: string; password: string } | { identityToken: string } | { registryToken: string }

/** Looks up what to log in with: the longest key that `host/repository` begins with wins. Undefined: anonymous. */
export type Credentials = (host: string, repository: string) => Promise<Credential | undefined>

export interface RegistrySettings {
  /** `verify` (default) · `skip`: certificates are not verified, plain HTTP when there is no TLS · `off`: plain HTTP. Loopback is `skip` unless said. */
  tls?: 'verify' | 'skip' | 'off'
  /** PEM of further certificate authorities. */
  ca?: string
  /** PEM of a client certificate and its key. */
  cert?: string
  key?: string
  /** Requests under way at once, at most; adapts below that. Default 32. */
  concurrency?: number
  /** Requests a second, at most. */
  requestsPerSecond?: number
}

export interface RegistriesOptions {
  credentials?: Credentials
  /** By host. */
  settings?: Readonly<Record<string, RegistrySettings>>
  /** Of hosts that `settings` does not name, and of what it leaves out. */
  fallback?: RegistrySettings
  /** Of all blobs read together. */
  bytesPerSecond?: number
  /** Retries of a request after resets, 5xx and time-outs; 429 and 503 with Retry-After are waited for longer. Default 6. */
  retries?: number
  signal?: AbortSignal
}

/** What was exchanged with a place so far. */
export interface Traffic {
  /** By method; a retry counts again, token requests too. */
  requests: Readonly<Record<string, number>>
  bytesSent: number
  bytesReceived: number
  retries: number
  /** Answers 429, or 503 with Retry-After. */
  slowedDown: number
  /** What the last answers said about limits, as sent (RateLimit-Limit, RateLimit-Remaining). */
  rateLimit?: { limit?: string; remaining?: string }
}

export interface Registries {
  /** The same object for the same place. Rejects when a file cannot be read. */
  open(place: Place): Promise<Registry>
  traffic(): Readonly<Record<string, Traffic>>
  /** Closes all; what was held back is written. */
  close(): Promise<void>
}

export type OpenRegistries = (options?: RegistriesOptions) => Registries
