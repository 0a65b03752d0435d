/** Registries that the server knows how to reach: the settings section `imageRegistries`. */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { isRegistry, isRepository } from '#core/oci/reference.ts'
import type { SectionDefinition } from '#kits/server-kit/door.ts'
import type { RegistrySettings, Spec } from '../domain/spec/rule.ts'
import { problemAt } from '../domain/spec/rule.ts'

const registrySettings = z.strictObject({
  registries: z
    .array(
      z.strictObject({
        /** `quay.io` or `quay.io/coreos`. */
        name: z.string().min(1).max(500),
        username: z.string().max(1000).optional(),
        password: z.string().max(100_000).optional(),
        insecure: z.boolean().optional(),
        ca: z
          .string()
          .max(1 << 20)
          .optional(),
        requestsPerSecond: z.number().positive().max(10_000).optional(),
      }),
    )
    .max(1000)
    .default([]),
})

export const registrySection: SectionDefinition<typeof registrySettings> = {
  schema: registrySettings,
  initial: {},
  secrets: ['registries.*.password'],
  check: ({ registries }) =>
    registries.flatMap(({ name }, i) => {
      const slash = name.indexOf('/')
      const valid = isRegistry(slash < 0 ? name : name.slice(0, slash)) && (slash < 0 || isRepository(name.slice(slash + 1)))
      return valid ? [] : [{ path: `registries[${i}].name`, message: 'must be a registry, or a registry and the beginning of a path' }]
    }),
}

export const knownRegistries = ({ registries }: z.output<typeof registrySettings>): RegistrySettings[] =>
  registries.map(({ name, ...rest }, i) => ({ ...rest, prefix: name, origin: { file: 'settings', line: 1, path: `imageRegistries.registries[${i}]` } }))

/** What a spec may not ask of a server: to read its disk, or to run its programs. */
export function serverProblems({ rules, registries }: Pick<Spec, 'rules' | 'registries'>): Problem[] {
  return [
    ...rules.flatMap(({ origin, source, target }) =>
      [source, target].some(({ kind }) => kind === 'oci' || kind === 'dir' || kind === 'docker-archive')
        ? [problemAt(origin, "names a place on the server's disk; only registries can be named here")]
        : [],
    ),
    ...registries.flatMap(({ origin, helper, certDir }) => [
      ...(helper === undefined ? [] : [problemAt(origin, 'names a program of the server; give a user name and password, or set them in Settings')]),
      ...(certDir === undefined ? [] : [problemAt(origin, 'names a folder of the server; give the certificate itself (`ca`)')]),
    ]),
  ]
}
