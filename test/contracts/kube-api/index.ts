/**
 * What a Kubernetes API must do, over HTTP. It runs against the sandbox and against a real kube-apiserver, so that they agree; where versions differ, `differences.ts`
 * says in what and why. Works in a namespace and an API group of its own.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { type ApiClient, type ApiTarget, createApiClient, until } from './client.ts'
import { customContract, thingsDefinition } from './custom.ts'
import { listContract } from './lists.ts'
import { objectContract } from './objects.ts'
import { patchContract } from './patches.ts'

export interface Context {
  api: ApiClient
  target: ApiTarget
  namespace: string
  /** Of the CustomResourceDefinition `things`. */
  group: string
}

export function kubeApiContract(title: string, open: () => Promise<ApiTarget & AsyncDisposable>): void {
  describe(`Kubernetes API contract: ${title}`, () => {
    let context: Context
    let target: ApiTarget & AsyncDisposable
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    beforeAll(async () => {
      target = await open()
      const id = randomBytes(4).toString('hex')
      context = { api: createApiClient(target), target, namespace: `contract-${id}`, group: `c${id}.sallyport.test` }
      const { api, group, namespace } = context
      await api.post('/api/v1/namespaces', { metadata: { name: namespace } })
      const made = await api.post(definitions, thingsDefinition(group, target.minor))
      if (made.status !== 201) throw new Error(JSON.stringify(made.body))
      await until(
        'the definition is served',
        () => api.get(`/apis/${group}/v1/namespaces/${namespace}/things`),
        (answer) => answer.status === 200,
      )
      // Pods of a service account that is not there yet are refused by a real server.
      await until(
        'the namespace has its account',
        () => api.get(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
        (answer) => answer.status === 200,
      )
    }, 60_000)
    afterAll(async () => {
      await context?.api.delete(`${definitions}/things.${context.group}`)
      await context?.api.delete(`/api/v1/namespaces/${context.namespace}`)
      context?.api.close()
      await target?.[Symbol.asyncDispose]()
    })
    describe('objects', () => objectContract(() => context))
    describe('lists and watches', () => listContract(() => context))
    describe('patches and apply', () => patchContract(() => context))
    describe('custom resources', () => customContract(() => context))
  })
}
