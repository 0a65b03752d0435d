import type { Registries } from '#core/shapes/ports/registry.ts'
import type { Catalog } from '../domain/spec/expand.ts'

/** Tags and repositories as registries, layouts and archives list them. */
export function catalogOf(registries: Registries): Catalog {
  return {
    async tags(place) {
      const registry = await registries.open(
        place.kind === 'repository' ? { transport: 'registry', at: place.registry } : { transport: place.kind, at: place.path },
      )
      return all(registry.tags(place.kind === 'repository' ? place.repository : ''))
    },
    async repositories(registry) {
      return all((await registries.open({ transport: 'registry', at: registry })).repositories())
    },
  }
}

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const name of names) found.push(name)
  return found
}
