import { expect, it } from 'vitest'
import { readResource } from '#core/shapes/custom-resource.ts'
import { inspectionResource } from '../resources/inspection.ts'
import { checksFor } from './chosen.ts'

const entry = { id: 'CVE-2031-0001', component: 'kubelet', severity: 'error', affected: [['1.30.0', '1.30.9']], en: 'x', zh: 'x' }
const read = (spec: object) => readResource(inspectionResource, { apiVersion: 'sallyport.io/v1alpha1', kind: 'Inspection', metadata: { name: 'x' }, spec })

it('an Inspection brings newer data of vulnerabilities, which can be asked for by their names', () => {
  const resource = read({ vulnerabilities: [entry], checks: ['CVE-2031-0001'], settings: { corePerHour: ['0.1'] } })
  if (!resource.ok) throw new Error(JSON.stringify(resource.error))
  const checks = checksFor(resource.value.spec, () => {})
  expect(checks.ok && checks.value.map(({ id }) => id)).toEqual(['cve-2031-0001'])
  expect(checksFor({ checks: ['CVE-2031-0001'] }, () => {}).ok).toBe(false)
  expect(read({ vulnerabilities: [{ ...entry, affected: [['1.30.0']] }] }).ok).toBe(false)
})
