/**
 * YAML as programs in Go read it, which the files of others were written for: what a plain scalar is, the field says. `- 1.10` in a list of tags is
 * the text 1.10 and not the number 1.1, `password: 0123` keeps its zero, `insecure: yes` is true, and a field without a value is one that is not there.
 */
import type { z } from 'zod'
import type { YamlPath } from '#core/yaml/read.ts'

const TRUE = /^(?:y|yes|on|true)$/i
const FALSE = /^(?:n|no|off|false)$/i

/** The value with its scalars in the types of the schema. @param written the text of a plain scalar as it stands in the file */
export function asWritten(schema: z.core.$ZodType, value: unknown, written: (path: YamlPath) => string | undefined, path: YamlPath = []): unknown {
  const def = (schema as z.core.$ZodTypes)._zod.def
  const inside = (inner: z.core.$ZodType, item: unknown, step: string | number) => asWritten(inner, item, written, [...path, step])
  switch (def.type) {
    case 'string':
      return typeof value === 'number' || typeof value === 'boolean' ? (written(path) ?? String(value)) : value
    case 'boolean':
      return typeof value !== 'string' ? value : TRUE.test(value) ? true : FALSE.test(value) ? false : value
    case 'optional':
      return value === null && !acceptsNull(def.innerType) ? undefined : asWritten(def.innerType, value, written, path)
    case 'nullable':
      return value === null ? value : asWritten(def.innerType, value, written, path)
    case 'pipe':
      return asWritten((def.in as z.core.$ZodTypes)._zod.def.type === 'transform' ? def.out : def.in, value, written, path)
    case 'array':
      return Array.isArray(value) ? value.map((item, i) => inside(def.element, item, i)) : value
    case 'union': {
      const kinds = Array.isArray(value) ? ['array'] : isMap(value) ? ['object', 'record'] : ['string', 'pipe']
      const option = def.options.find((each) => kinds.includes((each as z.core.$ZodTypes)._zod.def.type))
      return option === undefined ? value : asWritten(option, value, written, path)
    }
    case 'record':
      return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(def.valueType, item, key)])) : value
    case 'object':
      return isMap(value)
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, Object.hasOwn(def.shape, key) ? inside(def.shape[key]!, item, key) : item]))
        : value
    default:
      return value
  }
}

const acceptsNull = (schema: z.core.$ZodType): boolean => (schema as z.core.$ZodTypes)._zod.def.type === 'nullable'
const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
