/** The files of `deploy/chart/templates` and `deploy/kubernetes.yaml`, made from the same objects; `npm run docs` writes them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Capability } from '#core/shapes/capability.ts'
import { agentObjects, collectorObjects, impersonationObjects, monitorAccessObjects, networkObjects, rightsOf, serverObjects } from './objects.ts'
import { render } from './render.ts'

const root = join(import.meta.dirname, '../..')
const NOTICE = '# Generated from deploy/manifests/. Edit that, then run `npm run docs`.\n'
const OPTIONAL = {
  'impersonation.yaml': '.Values.oidcImpersonation',
  'collector.yaml': '.Values.collector.enabled',
  'monitor-access.yaml': '.Values.collector.monitorSecrets',
} as Readonly<Record<string, string>>

async function capabilities(): Promise<Capability[]> {
  const folder = join(root, 'src/capabilities')
  const found: Capability[] = []
  for (const name of readdirSync(folder).sort()) {
    const exported = Object.values((await import(join(folder, name, 'capability.ts'))) as Record<string, unknown>)
    found.push(...exported.filter((one): one is Capability => typeof one === 'object' && one !== null && 'rbac' in one))
  }
  return found
}

const documents = (objects: readonly KubeObject[]): string =>
  objects
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n')
    .replace(/"?@@(.+?)@@"?/g, '{{ toJson $1 }}')

/** Name → text of the chart's templates. */
export async function chartTemplates(): Promise<Record<string, string>> {
  const parts = {
    'rights.yaml': rightsOf(await capabilities()),
    'network.yaml': networkObjects(),
    'server.yaml': serverObjects(),
    'agent.yaml': agentObjects(),
    'collector.yaml': collectorObjects(),
    'monitor-access.yaml': monitorAccessObjects(),
    'impersonation.yaml': impersonationObjects(),
  }
  return Object.fromEntries(
    Object.entries(parts).map(([name, objects]) => {
      const text = NOTICE + documents(objects)
      return [name, OPTIONAL[name] === undefined ? text : `{{- if ${OPTIONAL[name]} }}\n${text}{{- end }}\n`]
    }),
  )
}

export const defaultValues = (): Record<string, unknown> => parse(readFileSync(join(root, 'deploy/chart/values.yaml'), 'utf8'))

/** The chart with its defaults in namespace `sallyport`, for `kubectl apply -f`. */
export function plainManifests(templates: Readonly<Record<string, string>>): string {
  const release = { namespace: 'sallyport', values: defaultValues() }
  const namespace = stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: release.namespace } })
  const parts = Object.values(templates).map((text) => render(text, release).replace(NOTICE, ''))
  return NOTICE + [namespace, ...parts].filter((text) => text !== '').join('---\n')
}
