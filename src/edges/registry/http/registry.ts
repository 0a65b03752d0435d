/** A registry over HTTP: OCI distribution-spec 1.1 and what Docker registries did before it. */
import { CodedError, isError } from '#core/kernel/errors.ts'
import { ACCEPT, LARGEST_MANIFEST, type ManifestDescriptor, MEDIA_TYPES, parseManifest } from '#core/oci/manifest.ts'
import { DIGEST } from '#core/oci/place.ts'
import type { Descriptor, Registry, Upload } from '#core/shapes/ports/registry.ts'
import { digestOf } from '../digest.ts'
import { readBlob, type Throttle } from './blob.ts'
import type { Answer, Ask, Client } from './client.ts'
import { type Body, readAll } from './send.ts'

/** Bytes of the longest page of a list. */
const LONGEST_PAGE = 16 * 1024 * 1024
const MOST_PAGES = 100_000

export function createHttpRegistry(client: Client, throttle: Throttle | undefined): Registry {
  const { host } = client
  const confused = (what: string, reason: string) => new CodedError('REGISTRY_CONFUSED', { place: host, what, reason })
  const manifestPath = (repository: string, reference: string) => `/v2/${repository}/manifests/${reference}`
  const nameOf = (repository: string, reference: string) => `${repository}${reference.includes(':') ? '@' : ':'}${reference}`
  let chunks = true
  /** Does the registry have the referrers API? Unknown until it was asked once. */
  let listsReferrers: Promise<boolean> | undefined

  const digestHeader = (answer: Answer): string | undefined => {
    const value = answer.headers['docker-content-digest']
    return typeof value === 'string' && DIGEST.test(value) ? value : undefined
  }
  const typeOf = (answer: Answer) => (answer.headers['content-type'] ?? '').split(';')[0]!.trim()

  /** The session of an upload, from a Location that may be relative. */
  const sessionOf = (answer: Answer, what: string): string => {
    const { location } = answer.headers
    if (location === undefined || !URL.canParse(location, answer.url)) throw confused(what, 'it names no place to upload to')
    const url = new URL(location, answer.url)
    // A registry behind a proxy may name itself by http although it is reached by https; secrets do not go there.
    if (url.host === answer.url.host) url.protocol = answer.url.protocol
    return url.href
  }

  async function* pages(first: string, repository: string, actions: string, key: string, what: string): AsyncIterable<string> {
    let next: URL | undefined
    for (let page = 0; page < MOST_PAGES; page++) {
      const ask = { method: 'GET', url: next ?? first, repository, actions, what, accept: [404], headers: { accept: 'application/json' } } as const
      const { answer, list } = await listOf(ask, key)
      for (const item of list ?? []) if (typeof item === 'string') yield item
      const link = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(String(answer.headers.link ?? ''))?.[1]
      if (link === undefined || !URL.canParse(link, answer.url)) return
      const following = new URL(link, answer.url)
      if (following.host !== answer.url.host || following.href === answer.url.href) return
      following.protocol = answer.url.protocol
      next = following
    }
  }
  /** A list of an answer; one that cannot be read is asked for again, as it may have been damaged on the way. Without entries Go writes null. */
  async function listOf(ask: Ask, key: string): Promise<{ answer: Answer; list: readonly unknown[] | null | undefined }> {
    for (let attempt = 0; ; attempt++) {
      const answer = await client.askAll(ask, LONGEST_PAGE)
      if (answer.status === 404) throw new CodedError('NOT_FOUND', { what: `${host}: ${ask.what}` })
      try {
        const list = jsonOf(answer.bytes, ask.what)[key]
        if (list !== null && list !== undefined && !Array.isArray(list)) throw confused(ask.what, `${key} is no list`)
        return { answer, list }
      } catch (error) {
        if (attempt >= 2) throw error
        await client.backOff(attempt)
      }
    }
  }
  const jsonOf = (bytes: Uint8Array, what: string): Record<string, unknown> => {
    try {
      const value = JSON.parse(Buffer.from(bytes).toString('utf8'))
      if (value && typeof value === 'object') return value
    } catch {}
    throw confused(what, 'the answer is not JSON')
  }

  async function resolve(repository: string, reference: string): Promise<Descriptor | undefined> {
    const what = nameOf(repository, reference)
    const answer = await client.ask({
      method: 'HEAD',
      url: manifestPath(repository, reference),
      repository,
      actions: 'pull',
      what,
      accept: [404, 400, 405],
      headers: { accept: ACCEPT },
    })
    answer.response.resume()
    if (answer.status === 404 || (answer.status === 400 && !DIGEST.test(reference))) return undefined
    const digest = digestHeader(answer) ?? (DIGEST.test(reference) ? reference : undefined)
    const size = Number(answer.headers['content-length'] ?? Number.NaN)
    if (answer.status < 300 && digest !== undefined && Number.isFinite(size)) return { mediaType: typeOf(answer), digest, size }
    // No digest in the header, or no HEAD at all: it has to be computed.
    const stored = await manifest(repository, reference)
    return stored && { mediaType: stored.mediaType, digest: stored.digest, size: stored.size }
  }

  async function manifest(repository: string, reference: string) {
    const what = nameOf(repository, reference)
    for (let attempt = 0; ; attempt++) {
      const answer = await client.askAll(
        { method: 'GET', url: manifestPath(repository, reference), repository, actions: 'pull', what, accept: [404], headers: { accept: ACCEPT } },
        LARGEST_MANIFEST,
      )
      if (answer.status === 404) return undefined
      const { bytes } = answer
      const wanted = DIGEST.test(reference) ? reference : digestHeader(answer)
      const digest = digestOf(bytes, wanted)
      if (wanted === digest) return { mediaType: typeOf(answer), digest, size: bytes.length, bytes }
      if (wanted === undefined) {
        // Nobody vouches for the bytes: the registry must know what they came to.
        const known = await client.ask({
          method: 'HEAD',
          url: manifestPath(repository, digest),
          repository,
          actions: 'pull',
          what,
          accept: [404, 400],
          headers: { accept: ACCEPT },
        })
        known.response.resume()
        if (known.status < 300) return { mediaType: typeOf(answer), digest, size: bytes.length, bytes }
      }
      // Bytes that were changed on the way may come whole the next time.
      if (attempt >= 3) throw new CodedError('DIGEST_MISMATCH', { place: host, what, wanted: wanted ?? 'a digest it knows', found: digest })
      await client.backOff(attempt)
    }
  }

  const uploadAsk = (upload: Upload) => ({
    url: upload.session,
    repository: upload.repository,
    actions: 'pull,push',
    what: `blob ${upload.digest} of ${upload.repository}`,
  })
  const bodyOf = (body: AsyncIterable<Uint8Array> | Uint8Array, size: number): Body => (body instanceof Uint8Array ? body : { stream: body, size })

  async function listReferrers(repository: string, digest: string): Promise<ManifestDescriptor[] | undefined> {
    const found: ManifestDescriptor[] = []
    let url: string | URL = `/v2/${repository}/referrers/${digest}`
    for (let page = 0; page < 1000; page++) {
      const what = `referrers of ${nameOf(repository, digest)}`
      const answer = await client.askAll(
        { method: 'GET', url, repository, actions: 'pull', what, accept: [400, 404, 405], headers: { accept: MEDIA_TYPES.ociIndex } },
        LARGEST_MANIFEST,
      )
      // Where the API is, a digest without referrers has an empty index and never 404 (distribution-spec, "Listing Referrers").
      if (answer.status !== 200 || !typeOf(answer).includes('json')) return undefined
      const parsed = parseManifest(answer.bytes, MEDIA_TYPES.ociIndex)
      if (!parsed.ok) throw confused(what, parsed.error.reason)
      found.push(...parsed.value.manifests)
      const link = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(String(answer.headers.link ?? ''))?.[1]
      if (link === undefined || !URL.canParse(link, answer.url) || new URL(link, answer.url).host !== answer.url.host) break
      url = new URL(link, answer.url)
    }
    return found
  }

  return {
    name: host,
    resolve,
    manifest,
    blob: (repository, blob, from = 0, signal) => readBlob(client, repository, blob, from, throttle, signal),
    tags: (repository) => pages(`/v2/${repository}/tags/list?n=1000`, repository, 'pull', 'tags', `tags of ${repository}`),
    repositories: () => pages('/v2/_catalog?n=1000', '', 'registry:catalog:*', 'repositories', 'its list of repositories'),

    async referrers(repository, digest) {
      // The first answer says whether there is such an API; until then the others wait, so that its absence costs one request.
      if (listsReferrers === undefined) {
        const asking = listReferrers(repository, digest)
        listsReferrers = asking.then(
          (list) => list !== undefined,
          () => {
            listsReferrers = undefined
            return true
          },
        )
        return asking
      }
      return (await listsReferrers) ? listReferrers(repository, digest) : undefined
    },

    async hasBlob(repository, digest) {
      const answer = await client.ask({
        method: 'HEAD',
        url: `/v2/${repository}/blobs/${digest}`,
        repository,
        actions: 'pull',
        what: `blob ${digest} of ${repository}`,
        accept: [404],
      })
      answer.response.resume()
      return answer.status < 300
    },

    async beginUpload(repository, { digest }, mountFrom) {
      const what = `blob ${digest} of ${repository}`
      const start = `/v2/${repository}/blobs/uploads/`
      const mount = mountFrom === undefined ? '' : `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(mountFrom)}`
      const ask = { method: 'POST', repository, actions: 'pull,push', what, headers: { 'content-length': '0' } } as const
      // Mounting is a courtesy: where it is refused, a plain upload begins.
      let answer = mount === '' ? undefined : await client.ask({ ...ask, url: start + mount, also: mountFrom!, accept: [400, 404, 405] }).catch(unlessForbidden)
      answer?.response.resume()
      if (answer === undefined || answer.status >= 300) {
        answer = await client.ask({ ...ask, url: start })
        answer.response.resume()
      }
      if (answer.status === 201) return 'present'
      return { repository, digest, session: sessionOf(answer, what), offset: 0 }
    },

    async uploadState(upload) {
      const answer = await client.ask({ ...uploadAsk(upload), method: 'GET', accept: [400, 404, 405, 416] })
      answer.response.resume()
      if (answer.status >= 300) return undefined
      return {
        ...upload,
        session: answer.headers.location === undefined ? upload.session : sessionOf(answer, uploadAsk(upload).what),
        offset: endOf(answer) ?? 0,
      }
    },

    async appendUpload(upload, body, size) {
      const ask = uploadAsk(upload)
      if (!chunks) throw new CodedError('UPLOAD_NOT_CHUNKED', { place: host })
      const answer = await client.ask({
        ...ask,
        method: 'PATCH',
        body: bodyOf(body, size),
        again: false,
        whole: true,
        accept: [404, 405, 416, 501],
        headers: { 'content-type': 'application/octet-stream', 'content-range': `${upload.offset}-${upload.offset + size - 1}` },
      })
      answer.response.resume()
      if (answer.status === 405 || answer.status === 501) {
        chunks = false
        throw new CodedError('UPLOAD_NOT_CHUNKED', { place: host })
      }
      if (answer.status >= 300)
        throw new CodedError('REGISTRY_REFUSED', { place: host, verb: 'take', what: ask.what, status: answer.status, reason: `HTTP ${answer.status}` })
      return { ...upload, session: sessionOf(answer, ask.what), offset: endOf(answer) ?? upload.offset + size }
    },

    async finishUpload(upload, body, size = 0) {
      const url = new URL(upload.session)
      url.searchParams.set('digest', upload.digest)
      const answer = await client.ask({
        ...uploadAsk(upload),
        url,
        method: 'PUT',
        again: false,
        whole: upload.offset > 0,
        headers: {
          'content-type': 'application/octet-stream',
          ...(body && upload.offset > 0 ? { 'content-range': `${upload.offset}-${upload.offset + size - 1}` } : {}),
        },
        body: body ? bodyOf(body, size) : new Uint8Array(),
      })
      answer.response.resume()
    },

    async cancelUpload(upload) {
      await client.ask({ ...uploadAsk(upload), method: 'DELETE', again: false, accept: [400, 401, 403, 404, 405] }).then(
        ({ response }) => response.resume(),
        () => {},
      )
    },

    async putManifest(repository, reference, stored) {
      const what = nameOf(repository, reference)
      const answer = await client.ask({
        method: 'PUT',
        url: manifestPath(repository, reference),
        repository,
        actions: 'pull,push',
        what: `manifest ${what}`,
        body: stored.bytes,
        accept: [400, 415, 422],
        headers: { 'content-type': stored.mediaType },
      })
      if (answer.status >= 300) {
        const said = Buffer.from(await readAll(answer.response, 64 * 1024).catch(() => new Uint8Array())).toString('utf8')
        throw new CodedError('MANIFEST_REFUSED', {
          place: host,
          what,
          type: stored.mediaType,
          reason: `HTTP ${answer.status}: ${said.replace(/\s+/g, ' ').slice(0, 300)}`,
        })
      }
      answer.response.resume()
      const kept = digestHeader(answer)
      if (kept !== undefined && kept !== stored.digest) throw new CodedError('DIGEST_MISMATCH', { place: host, what, wanted: stored.digest, found: kept })
      // OCI-Subject says that the registry keeps the list itself (distribution-spec, "Pushing Manifests with Subject").
      return { listsSubject: answer.headers['oci-subject'] !== undefined }
    },

    async remove(repository, reference) {
      const answer = await client.ask({
        method: 'DELETE',
        url: manifestPath(repository, reference),
        repository,
        actions: 'pull,push,delete',
        what: nameOf(repository, reference),
        accept: [404],
      })
      answer.response.resume()
    },

    close: async () => client.close(),
  }
}

/** Bytes that an upload has, from `Range: 0-END` (or `bytes=0-END`); `0-0` of a new upload is none. */
function endOf(answer: Answer): number | undefined {
  const found = /^(?:bytes=)?0-(\d+)$/.exec(String(answer.headers.range ?? ''))
  if (!found) return undefined
  const end = Number(found[1])
  return end === 0 ? 0 : end + 1
}

function unlessForbidden(error: unknown): undefined {
  if (!isError(error, 'REGISTRY_UNAUTHORIZED')) throw error
}
