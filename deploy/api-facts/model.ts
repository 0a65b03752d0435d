/** What the readers of published documents agree on. */
export interface Field {
  /** `string`, `int32`, `[]V1Container`, `{}string` … */
  type: string
  required: boolean
  /** Marks as in the generated file: `~name`, `map=name`, `set`, `atomic`. */
  marks?: readonly string[]
}
export type Types = Map<string, Map<string, Field>>

export interface Operation {
  name: string
  path: string
  method: string
  body?: string
  answer?: string
}

export interface Release {
  minor: number
  types: Types
  operations: readonly Operation[]
}
