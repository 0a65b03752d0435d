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
}

/** Rows that are asked for, in order: by the column, then by namespace and name. */
export function selectRows(rows: readonly ObjectRow[], columns: readonly ObjectColumn[], request: RowsRequest): readonly ObjectRow[] {
  const words = request.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word.replace('!', '') !== '')
  const labels = request.labels
  const found = rows.filter((row) => (labels === undefined || selects(labels, row.labels)) && (words.length === 0 || hasWords(row, words)))
  const read = sortValue(columns, request.sort)
  const sign = request.order === 'asc' ? 1 : -1
  return found.sort((a, b) => (read ? compare(read(a), read(b), sign) : sign * byName(a, b)) || byName(a, b))
}

function hasWords(row: ObjectRow, words: readonly string[]): boolean {
  const labels = Object.entries(row.labels).map(([name, value]) => `${name}=${value}`)
  const text = [row.namespace, row.name, row.status.word, row.status.reason ?? '', ...row.cells.map((cell) => cell ?? ''), ...labels].join('\n').toLowerCase()
  return words.every((word) => (word.startsWith('!') ? !text.includes(word.slice(1)) : text.includes(word)))
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
const byName = (a: ObjectRow, b: ObjectRow) => plain(a.namespace, b.namespace) || plain(a.name, b.name)
const isEmpty = (cell: Cell) => cell === null || cell === ''

/** Empty cells come last in both directions. */
function compare(a: Cell, b: Cell, sign: number): number {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b) ? 0 : isEmpty(a) ? 1 : -1
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
  const [x, y] = [String(a), String(b)]
  // `3/10` after `3/9`: numbers in front count as such.
  const [m, n] = [Number.parseFloat(x), Number.parseFloat(y)]
  return sign * (Number.isFinite(m) && Number.isFinite(n) && m !== n ? m - n : plain(x, y))
}
