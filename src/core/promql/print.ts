/** The text of a tree, fully in brackets where binding would otherwise be in doubt; `parse` of it gives the tree again. */
import type { Binary, DurationExpr, Expr, LabelMatcher, Modifiers, Selector, VectorMatching } from './ast.ts'
import { plain } from './histogram/histogram.ts'
import { quote } from './lexer.ts'

const WORD = /^[A-Za-z_]\w*$/
/** Words that stand for something else where a metric would be are none. */
const METRIC = /^(?!(?:inf|nan)$)[A-Za-z_:][\w:]*$/i
const name = (text: string): string => (WORD.test(text) ? text : quote(text))
const list = (names: readonly string[]): string => `(${names.map(name).join(', ')})`

export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return plain(expr.value)
    case 'string':
      return quote(expr.value)
    case 'unary':
      return `${expr.op}${print(expr.expr)}`
    case 'paren':
      return `(${print(expr.expr)})`
    case 'selector':
      return `${selector(expr)}${modifiers(expr)}${expr.extend ? ` ${expr.extend}` : ''}`
    case 'subquery':
      return `${print(expr.expr)}[${duration(expr.range)}:${expr.step ? duration(expr.step) : ''}]${modifiers(expr)}`
    case 'aggregate': {
      const clause = expr.without ? ` without ${list(expr.labels)} ` : expr.labels.length > 0 ? ` by ${list(expr.labels)} ` : ''
      return `${expr.op}${clause}(${expr.param ? `${print(expr.param)}, ` : ''}${print(expr.expr)})`
    }
    case 'call':
      return `${expr.name}(${expr.args.map(print).join(', ')})`
    case 'binary':
      return `${print(expr.left)} ${expr.op}${expr.bool ? ' bool' : ''}${matching(expr)} ${print(expr.right)}`
  }
}

function selector({ matchers, range }: Selector): string {
  const matcher = ({ name: label, op, value }: LabelMatcher) => `${name(label)}${op}${quote(value)}`
  const named = matchers.filter((one) => one.name === '__name__')
  const [own] = named
  const metric = named.length === 1 && own!.op === '=' && METRIC.test(own!.value) ? own!.value : ''
  const rest = matchers.filter((one) => metric === '' || one !== own)
  const braces = rest.length > 0 || metric === '' ? `{${rest.map(matcher).join(', ')}}` : ''
  return `${metric}${braces}${range ? `[${duration(range)}]` : ''}`
}

function modifiers({ offset, at }: Modifiers): string {
  const pinned = at === undefined ? '' : typeof at === 'number' ? ` @ ${plain(at / 1000)}` : ` @ ${at}()`
  return `${pinned}${offset ? ` offset ${duration(offset)}` : ''}`
}

function duration(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'seconds':
      return plain(expr.seconds)
    case 'negate':
      return `-${duration(expr.of)}`
    case 'binary':
      return expr.op === 'min' || expr.op === 'max'
        ? `${expr.op}(${duration(expr.left)}, ${duration(expr.right)})`
        : `(${duration(expr.left)} ${expr.op} ${duration(expr.right)})`
    default:
      return `${expr.kind}()`
  }
}

function matching({ matching: written }: Binary): string {
  if (!written) return ''
  const { on, labels, card, include, fillLeft, fillRight }: VectorMatching = written
  const group = card === 'many-to-one' ? ` group_left${list(include)}` : card === 'one-to-many' ? ` group_right${list(include)}` : ''
  const fill = (side: string, value: number | undefined) => (value === undefined ? '' : ` fill_${side}(${plain(value)})`)
  return ` ${on ? 'on' : 'ignoring'}${list(labels)}${group}${fill('left', fillLeft)}${fill('right', fillRight)}`
}
