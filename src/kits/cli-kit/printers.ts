import { type Command, Option } from 'commander'
import { type CliContext, FORMATS, type Format } from './door.ts'
import { oneLine, paint, type Tone, truncate, widthOf } from './terminal.ts'

export interface Column<Row> {
  /** In capitals, as kubectl's. */
  header: string
  value(row: Row): string | number | null | undefined
  align?: 'right'
  /** Shown with `-o wide` only. */
  wide?: boolean
  /** May be cut when the terminal is too narrow. */
  flexible?: boolean
  tone?(row: Row): Tone | undefined
}

/** How a value becomes rows, for the formats that have rows. */
export interface View<Value, Row> {
  rows(value: Value): readonly Row[]
  columns: readonly Column<Row>[]
  /** For `-o name`; by default the first column. */
  name?(row: Row): string
}

/** What `outputOptions` adds to a command's options. */
export interface OutputOptions {
  output: Format
  headers?: boolean
}

/** Adds `-o` and `--no-headers` to a command. */
export function outputOptions(command: Command, initial: Format = 'table'): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default(initial))
    .option('--no-headers', 'leave out the headers of a table')
}

const GAP = 3
const NARROWEST = 8

/**
 * A table as kubectl prints it: capitals, three spaces, `<none>` for what is missing.
 * Nothing is cut unless stdout is a terminal, and then only flexible columns.
 */
export function printTable<Row>(
  context: Pick<CliContext, 'out' | 'tty' | 'color' | 'columns' | 'unicode'>,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { wide?: boolean; headers?: boolean } = {},
): void {
  const shown = columns.filter((column) => options.wide || !column.wide)
  const cells = rows.map((row) => shown.map((column) => cellText(column.value(row))))
  const headers = options.headers === false ? shown.map(() => '') : shown.map((column) => column.header)
  const widths = shown.map((_, i) => cells.reduce((most, row) => Math.max(most, widthOf(row[i]!)), widthOf(headers[i]!)))
  if (context.tty) narrow(shown, widths, context.columns)

  const line = (texts: readonly string[], tones: readonly (Tone | undefined)[]) => {
    const padded = texts.map((text, i) => {
      const cut = truncate(text, widths[i]!, context.unicode)
      const tone = tones[i]
      const colored = tone ? paint(context.color, tone, cut) : cut
      const gap = ' '.repeat(widths[i]! - widthOf(cut))
      return shown[i]!.align === 'right' ? gap + colored : i === texts.length - 1 ? colored : colored + gap
    })
    return `${padded.join(' '.repeat(GAP)).trimEnd()}\n`
  }
  if (options.headers !== false) {
    context.out.write(
      line(
        headers,
        headers.map(() => 'strong'),
      ),
    )
  }
  cells.forEach((texts, r) => {
    context.out.write(
      line(
        texts,
        shown.map((column) => column.tone?.(rows[r]!)),
      ),
    )
  })
}

const cellText = (value: string | number | null | undefined): string => {
  const text = value === undefined || value === null || Number.isNaN(value) ? '' : String(value)
  return text === '' ? '<none>' : oneLine(text)
}

/** Takes columns away from the widest flexible ones until the line fits, or nothing more can give. */
function narrow(columns: readonly Column<never>[], widths: number[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - room
  while (excess > 0) {
    let widest = -1
    columns.forEach((column, i) => {
      if (column.flexible && widths[i]! > NARROWEST && (widest < 0 || widths[i]! > widths[widest]!)) widest = i
    })
    if (widest < 0) return
    widths[widest]!--
    excess--
  }
}

/**
 * Prints a value in the format that the user chose. `json` and `yaml` print the value as it is (the stable form),
 * `ndjson` one row a line, `name` one name a line, `table` and `wide` the columns of the view.
 */
export async function printData<Value, Row>(
  context: Pick<CliContext, 'out' | 'note' | 'tty' | 'color' | 'columns' | 'unicode' | 'language'>,
  options: OutputOptions,
  value: Value,
  view: View<Value, Row>,
): Promise<void> {
  switch (options.output) {
    case 'json':
      context.out.write(`${JSON.stringify(value, undefined, 2)}\n`)
      return
    case 'yaml': {
      const { stringify } = await import('./yaml.ts')
      context.out.write(stringify(value))
      return
    }
    case 'ndjson':
      for (const row of view.rows(value)) context.out.write(`${JSON.stringify(row)}\n`)
      return
    case 'name':
      for (const row of view.rows(value)) context.out.write(`${oneLine(view.name ? view.name(row) : String(view.columns[0]?.value(row) ?? ''))}\n`)
      return
    case 'table':
    case 'wide': {
      const rows = view.rows(value)
      if (rows.length === 0) context.note(context.language === 'zh-CN' ? '没有结果。' : 'Nothing found.')
      else printTable(context, view.columns, rows, { wide: options.output === 'wide', headers: options.headers })
    }
  }
}
