/** Gateway API kinds, so that their objects can be made in the demo: names and versions of https://gateway-api.sigs.k8s.io; specs are taken as they are, nothing acts on them. */
import type { Obj } from '../api/store.ts'

const GROUP = 'gateway.networking.k8s.io'
const ANY = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

const KINDS = [
  { kind: 'GatewayClass', plural: 'gatewayclasses', shortNames: ['gc'], scope: 'Cluster', versions: ['v1'] },
  { kind: 'Gateway', plural: 'gateways', shortNames: ['gtw'], scope: 'Namespaced', versions: ['v1'] },
  { kind: 'HTTPRoute', plural: 'httproutes', shortNames: [], scope: 'Namespaced', versions: ['v1'] },
  { kind: 'GRPCRoute', plural: 'grpcroutes', shortNames: [], scope: 'Namespaced', versions: ['v1'] },
  { kind: 'ReferenceGrant', plural: 'referencegrants', shortNames: ['refgrant'], scope: 'Namespaced', versions: ['v1beta1'] },
]

export const gatewayDefinitions = (): Obj[] =>
  KINDS.map(({ kind, plural, shortNames, scope, versions }) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { kind, plural, shortNames, categories: ['gateway-api'] },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: ANY, status: ANY } } },
        subresources: { status: {} },
      })),
    },
  }))
