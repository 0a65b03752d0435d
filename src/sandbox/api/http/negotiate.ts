/** In which form an answer is wanted: objects, tables, or metadata only. */
import { notAcceptable } from '../status.ts'

export type Form = { as: 'object' } | { as: 'Table' } | { as: 'PartialObjectMetadata' }

/** From the Accept header. Only JSON is served; protobuf is refused with 406 unless JSON is accepted too. */
export function negotiate(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return { as: 'object' }
  for (const part of accept.split(',')) {
    const [type, ...parameters] = part.split(';').map((one) => one.trim())
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*' && type !== 'application/yaml') continue
    const as = parameters.find((one) => one.startsWith('as='))?.slice(3)
    if (as === undefined) return { as: 'object' }
    const group = parameters.find((one) => one.startsWith('g='))?.slice(2)
    if (group !== 'meta.k8s.io') continue
    if (as === 'Table') return { as: 'Table' }
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { as: 'PartialObjectMetadata' }
  }
  throw notAcceptable('application/json')
}
