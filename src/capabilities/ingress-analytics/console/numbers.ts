import type { Unit } from '#kits/console-kit/format.ts'
import type { IncompleteReason, NumberName } from '../domain/api.ts'

/** How a number of the API is written. */
export function unitOf(number: NumberName | 'share'): Unit {
  switch (number) {
    case 'qps':
      return 'rate'
    case 'share':
    case 'success_rate':
    case 'error_rate':
    case 'rate_4xx':
    case 'rate_5xx':
      return 'share'
    case 'bytes_in':
    case 'bytes_out':
      return 'bytes'
    case 'requests':
    case 'visitors':
    case 's499':
    case 's502':
    case 's503':
    case 's504':
      return 'number'
    default:
      return 'seconds'
  }
}

/** `retention:1700000000000` → its word and its detail. */
export function incompleteReason(reason: IncompleteReason): { word: string; detail: string } {
  const colon = reason.indexOf(':')
  return colon < 0 ? { word: reason, detail: '' } : { word: reason.slice(0, colon), detail: reason.slice(colon + 1) }
}
