/** Rows of a list: what is held of each object, and how they are searched, sorted and paged. Pure. */
import type { KubeObject } from '#core/kube/objects.ts'
import { type Requirement, selects } from '#core/kube/selectors.ts'
import type { Cell, ObjectColumn } from './columns.ts'
import { moment } from './fields.ts'
import { type ObjectStatus, severityOf, statusOf } from './object-status.ts'

export interface ObjectRow {
  uid: string
  namespace: string
  name: string
  /** ms since the epoch; null when the object does not say. */
  created: number | null
  status: ObjectStatus
  labels: Readonly<Record<string, string>>
  /** In the order of the kind's columns. */
  cells: readonly Cell[]
}

export const rowOf = (object: KubeObject, columns: readonly ObjectColumn[]): ObjectRow => ({
  uid: object.metadata.uid ?? '',
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  created: moment(object.metadata.creationTimestamp) ?? null,
  status: statusOf(object),
  labels: object.metadata.labels ?? {},
  cells: columns.map((column) => column.read(object)),
})

export interface RowsRequest {
  /** Words that must all be found; with `!` in front, must not. */
  search: string
  labels?: readonly Requirement[]
  /** `namespace`, `name`, `status`, `created` or a column. */
  sort: string
  order: 'asc' | 'desc'
  /** So many of the first are wanted. */
  most: number
}

/** Asked between slices of work: a promise when it is somebody else's turn. */
export type Turn = () => Promise<void> | undefined

/** Rows that are between two turns. */
const SLICE = 500

/**
 * The first `most` of the rows that are asked for, in order: by the column, then by namespace and name; and how many are asked for in all. Long lists are
 * searched and sorted in slices, and what is behind the last that is wanted is not sorted.
 */
export async function selectRows(
  rows: readonly ObjectRow[],
  columns: readonly ObjectColumn[],
  request: RowsRequest,
  turn: Turn,
): Promise<{ rows: readonly ObjectRow[]; total: number }> {
  const words = request.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word.replace('!', '') !== '')
  const { labels, most } = request
  const read = sortValue(columns, request.sort)
  const sign = request.order === 'asc' ? 1 : -1
  const inOrder = (a: Sortable, b: Sortable) => (read ? compare(a, b, sign) : sign * byName(a.row, b.row)) || byName(a.row, b.row)
  /** Sorted lists, each more than twice as long as the next. */
  const runs: Sortable[][] = []
  let total = 0
  /** What comes after this is not among the first. */
  let last: Sortable | undefined
  for (let at = 0; at < rows.length; at += SLICE) {
    await turn()
    const found: Sortable[] = []
    for (const row of rows.slice(at, at + SLICE)) {
      if ((labels !== undefined && !selects(labels, row.labels)) || (words.length > 0 && !hasWords(row, words))) continue
      total++
      const one = sortable(row, read)
      if (last === undefined || inOrder(one, last) < 0) found.push(one)
    }
    let run = found.sort(inOrder).slice(0, most)
    while (runs.length > 0 && runs.at(-1)!.length <= 2 * run.length) run = await mergeRuns(runs.pop()!, run, inOrder, most, turn)
    runs.push(run)
    last = run[most - 1] ?? last
  }
  let all: Sortable[] = []
  for (const run of runs.reverse()) all = await mergeRuns(all, run, inOrder, most, turn)
  return { rows: all.map(({ row }) => row), total }
}

/** The first `most` of two sorted lists. */
async function mergeRuns<T>(left: readonly T[], right: readonly T[], inOrder: (a: T, b: T) => number, most: number, turn: Turn): Promise<T[]> {
  const both: T[] = []
  for (let i = 0, j = 0; both.length < most && (i < left.length || j < right.length); ) {
    both.push(j >= right.length || (i < left.length && inOrder(left[i]!, right[j]!) <= 0) ? left[i++]! : right[j++]!)
    if (both.length % SLICE === 0) await turn()
  }
  return both
}

/** What is searched in a row, made when it is first searched. */
const searched = new WeakMap<ObjectRow, string>()
function hasWords(row: ObjectRow, words: readonly string[]): boolean {
  let text = searched.get(row)
  if (text === undefined) {
    const labels = Object.entries(row.labels).map(([name, value]) => `${name}=${value}`)
    text = [row.namespace, row.name, row.status.word, row.status.reason ?? '', ...row.cells.map((cell) => cell ?? ''), ...labels].join('\n').toLowerCase()
    searched.set(row, text)
  }
  const all = text
  return words.every((word) => (word.startsWith('!') ? !all.includes(word.slice(1)) : all.includes(word)))
}

/** A row with what it is sorted by, read once. */
interface Sortable {
  row: ObjectRow
  text: string
  /** The number in front, or NaN: `3/10` after `3/9`. */
  number: number
  empty: boolean
}
function sortable(row: ObjectRow, read: SortValue | undefined): Sortable {
  const cell = read?.(row) ?? null
  const empty = cell === null || cell === ''
  return { row, empty, text: empty ? '' : String(cell), number: typeof cell === 'number' ? cell : empty ? Number.NaN : Number.parseFloat(String(cell)) }
}

type SortValue = (row: ObjectRow) => Cell
/** Undefined: the order of names. */
function sortValue(columns: readonly ObjectColumn[], sort: string): SortValue | undefined {
  if (sort === 'created') return (row) => row.created
  if (sort === 'status') return (row) => severityOf(row.status)
  if (sort === 'namespace') return undefined
  if (sort === 'name') return (row) => row.name
  const at = columns.findIndex(({ id }) => id === sort)
  return at < 0 ? undefined : (row) => row.cells[at] ?? null
}

const plain = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
/** As API servers list: by `namespace/name`. */
const byName = (a: ObjectRow, b: ObjectRow) => (a.namespace === b.namespace ? plain(a.name, b.name) : plain(`${a.namespace}/`, `${b.namespace}/`))

/** Empty cells come last in both directions. */
function compare(a: Sortable, b: Sortable, sign: number): number {
  if (a.empty || b.empty) return Number(a.empty) - Number(b.empty)
  return sign * (Number.isFinite(a.number) && Number.isFinite(b.number) && a.number !== b.number ? a.number - b.number : plain(a.text, b.text))
}
