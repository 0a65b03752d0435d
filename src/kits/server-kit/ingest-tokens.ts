import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { SIGNALS, type Signal } from '#core/telemetry/table.ts'
import { clusterName, DEFAULT_CLUSTER } from './clusters.ts'
import { readKept, writeFileAtomic } from './files.ts'

/** What a sender may do: bound to one cluster and some signals. The token itself is known only when it is made. */
export interface IngestToken {
  id: string
  name: string
  cluster: string
  signals: readonly Signal[]
  /** ms since the epoch. */
  createdAt: number
  lastUsedAt?: number
}

export interface IngestTokens {
  list(): readonly IngestToken[]
  /** Makes a token; one of the same name is replaced when `replace` is set and is a CONFLICT otherwise. */
  issue(wanted: IngestTokenRequest, options?: { replace?: boolean }): Promise<{ token: string; record: IngestToken }>
  /** The record of a token that was sent, or undefined. Takes the same time whether or not the secret is right. */
  verify(token: string): IngestToken | undefined
  revoke(id: string): Promise<void>
}

export const ingestTokenRequest = z.object({
  name: z.string().trim().min(1).max(100),
  cluster: clusterName.default(DEFAULT_CLUSTER),
  signals: z.array(z.enum(SIGNALS)).min(1).max(SIGNALS.length).default(['access', 'logs']),
})
export type IngestTokenRequest = z.input<typeof ingestTokenRequest>

const record = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string(),
  cluster: clusterName,
  signals: z.array(z.enum(SIGNALS)),
  createdAt: z.number(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})
const fileSchema = z.object({ version: z.literal(1), tokens: z.array(record).max(10_000) })

const TOKEN = /^spi_([0-9a-f]{12})_[\w-]{43}$/
const hashOf = (token: string) => createHash('sha256').update(token).digest()

/** Tokens in `<folder>/ingest-tokens.json`, as hashes. Throws INVALID_INPUT when the file was damaged. */
export async function openIngestTokens(folder: string, clock: Clock): Promise<IngestTokens> {
  const path = join(folder, 'ingest-tokens.json')
  const records = new Map((await load(path)).map((item) => [item.id, item]))
  const usedAt = new Map<string, number>()
  let writing = Promise.resolve()

  const save = (): Promise<void> => {
    const text = () => `${JSON.stringify({ version: 1, tokens: [...records.values()] }, null, 2)}\n`
    writing = writing.catch(() => {}).then(() => writeFileAtomic(path, text()))
    return writing
  }
  const shown = ({ hash: _, ...item }: z.output<typeof record>): IngestToken => {
    const lastUsedAt = usedAt.get(item.id)
    return lastUsedAt === undefined ? item : { ...item, lastUsedAt }
  }

  return {
    list: () => [...records.values()].map(shown),

    async issue(wanted, { replace = false } = {}) {
      const parsed = parseInput(ingestTokenRequest, wanted)
      if (!parsed.ok) throw invalidInput(parsed.error)
      const same = [...records.values()].find((item) => item.name === parsed.value.name)
      if (same && !replace) throw invalidInput([{ path: 'name', message: `there is a token of the name "${same.name}" already` }])
      const id = randomBytes(6).toString('hex')
      const token = `spi_${id}_${randomBytes(32).toString('base64url')}`
      if (same) records.delete(same.id)
      const made = { id, ...parsed.value, createdAt: clock.now(), hash: hashOf(token).toString('hex') }
      records.set(id, made)
      await save()
      return { token, record: shown(made) }
    },

    verify(token) {
      const found = records.get(TOKEN.exec(token)?.[1] ?? '')
      const same = timingSafeEqual(hashOf(token), found ? Buffer.from(found.hash, 'hex') : Buffer.alloc(32))
      if (!found || !same) return undefined
      usedAt.set(found.id, clock.now())
      return shown(found)
    },

    async revoke(id) {
      if (!records.delete(id)) throw new CodedError('NOT_FOUND', { what: `ingest token ${id}` })
      await save()
    },
  }
}

const load = async (path: string): Promise<z.output<typeof record>[]> =>
  (await readKept(path, fileSchema, 'restore it, or remove it and make the tokens anew'))?.tokens ?? []
