/** resource.k8s.io (devices), RuntimeClass, storage and scheduling. */
import { type Body, bodies, bodyOf, type Family, isBody, type Note, rename, type Step, same, take } from './family.ts'
import { names } from './network.ts'

/** Fields of a request that v1beta2 moved below `exactly`. */
const EXACTLY = ['deviceClassName', 'selectors', 'allocationMode', 'count', 'adminAccess', 'tolerations', 'capacity']
const requestsUp = (spec: unknown): void => {
  for (const [request] of bodies(bodyOf(bodyOf(spec).devices).requests, '')) {
    const exactly: Body = {}
    for (const field of EXACTLY) if (request[field] !== undefined) exactly[field] = take(request, field)
    // A request is exact or a list of alternatives; the flat form of the latter had all its fields empty.
    if (Object.keys(exactly).length > 0) request.exactly = exactly
  }
}
const requestsDown = (spec: unknown, note: Note, path: string): void => {
  for (const [request, at] of bodies(bodyOf(bodyOf(spec).devices).requests, `${path}.devices.requests`)) {
    const exactly = take(request, 'exactly')
    if (!isBody(exactly)) continue
    for (const [field, value] of Object.entries(exactly))
      if (EXACTLY.includes(field)) request[field] = value
      else note('lost', `${at}.exactly.${field}`, 'the older request has no field for it')
  }
}

/** v1alpha3 had capacities as bare quantities. */
const capacityUp: Step = (object) => {
  for (const [device] of bodies(bodyOf(object.spec).devices, '')) {
    const capacity = bodyOf(device.basic).capacity
    if (isBody(capacity)) for (const [key, value] of Object.entries(capacity)) if (!isBody(value)) capacity[key] = { value }
  }
}
const capacityDown: Step = (object, note) => {
  for (const [device, at] of bodies(bodyOf(object.spec).devices, 'spec.devices')) {
    const capacity = bodyOf(device.basic).capacity
    if (!isBody(capacity)) continue
    for (const [key, value] of Object.entries(capacity)) {
      if (!isBody(value)) continue
      capacity[key] = value.value
      for (const field of Object.keys(value)) if (field !== 'value') note('lost', `${at}.capacity.${key}.${field}`, 'a capacity was a bare quantity')
    }
  }
}
const devicesUp: Step = (object) => {
  for (const [device] of bodies(bodyOf(object.spec).devices, '')) Object.assign(device, bodyOf(take(device, 'basic')))
}
const devicesDown: Step = (object) => {
  for (const [device] of bodies(bodyOf(object.spec).devices, '')) {
    const { name, ...basic } = device
    for (const field of Object.keys(basic)) delete device[field]
    device.name = name
    device.basic = basic
  }
}

const claims = { up: ((object) => requestsUp(object.spec)) as Step, down: ((object, note) => requestsDown(object.spec, note, 'spec')) as Step }
const templates = {
  up: ((object) => requestsUp(bodyOf(object.spec).spec)) as Step,
  down: ((object, note) => requestsDown(bodyOf(object.spec).spec, note, 'spec.spec')) as Step,
}
const taintRuleUp: Step = (object, note) => {
  const selector = bodyOf(object.spec).deviceSelector
  if (!isBody(selector)) return
  for (const field of ['deviceClassName', 'selectors'])
    if (take(selector, field) !== undefined) note('lost', `spec.deviceSelector.${field}`, 'newer versions select by driver, pool and device only')
}

const RUNTIME = [
  ['runtimeHandler', 'handler'],
  ['overhead', 'overhead'],
  ['scheduling', 'scheduling'],
] as const
const runtimeUp: Step = (object) => {
  const spec = bodyOf(take(object, 'spec'))
  for (const [old, now] of RUNTIME) if (spec[old] !== undefined) object[now] = spec[old]
}
const runtimeDown: Step = (object) => {
  const spec: Body = {}
  for (const [old, now] of RUNTIME) if (object[now] !== undefined) spec[old] = take(object, now)
  object.spec = spec
}

const migrationUp: Step = (object, note) => {
  const resource = bodyOf(object.spec).resource
  if (isBody(resource) && take(resource, 'version') !== undefined)
    note('lost', 'spec.resource.version', 'newer versions migrate to the storage version of the resource')
  if (isBody(object.spec) && take(object.spec, 'continueToken') !== undefined) note('lost', 'spec.continueToken', 'newer versions have no field for it')
  for (const [condition] of bodies(bodyOf(object.status).conditions, '')) rename(condition, 'lastUpdateTime', 'lastTransitionTime')
}
const migrationDown: Step = (object, note) => {
  for (const [condition, at] of bodies(bodyOf(object.status).conditions, 'status.conditions')) {
    rename(condition, 'lastTransitionTime', 'lastUpdateTime')
    if (take(condition, 'observedGeneration') !== undefined) note('lost', `${at}.observedGeneration`, 'the older condition has no field for it')
  }
}

const GROUP = 'resource.k8s.io'
export const DEVICES: readonly Family[] = [
  names(['DeviceClass'], GROUP, 'v1', 'v1beta2', 'v1beta1', 'v1alpha3'),
  { kinds: ['DeviceTaintRule'], hub: `${GROUP}/v1`, versions: { [`${GROUP}/v1beta2`]: same, [`${GROUP}/v1alpha3`]: { up: taintRuleUp } } },
  { kinds: ['ResourceClaim'], hub: `${GROUP}/v1`, versions: { [`${GROUP}/v1beta2`]: same, [`${GROUP}/v1beta1`]: claims, [`${GROUP}/v1alpha3`]: claims } },
  {
    kinds: ['ResourceClaimTemplate'],
    hub: `${GROUP}/v1`,
    versions: { [`${GROUP}/v1beta2`]: same, [`${GROUP}/v1beta1`]: templates, [`${GROUP}/v1alpha3`]: templates },
  },
  {
    kinds: ['ResourceSlice'],
    hub: `${GROUP}/v1`,
    versions: {
      [`${GROUP}/v1beta2`]: same,
      [`${GROUP}/v1beta1`]: { up: devicesUp, down: devicesDown },
      [`${GROUP}/v1alpha3`]: {
        up: (object, note) => {
          capacityUp(object, note)
          devicesUp(object, note)
        },
        down: (object, note) => {
          devicesDown(object, note)
          capacityDown(object, note)
        },
      },
    },
  },
  {
    kinds: ['RuntimeClass'],
    hub: 'node.k8s.io/v1',
    versions: { 'node.k8s.io/v1beta1': same, 'node.k8s.io/v1alpha1': { up: runtimeUp, down: runtimeDown } },
  },
  names(
    ['StorageClass', 'CSIDriver', 'CSINode', 'CSIStorageCapacity', 'VolumeAttachment', 'VolumeAttributesClass'],
    'storage.k8s.io',
    'v1',
    'v1beta1',
    'v1alpha1',
  ),
  names(['PriorityClass'], 'scheduling.k8s.io', 'v1', 'v1beta1', 'v1alpha1'),
  names(['Workload', 'PodGroup', 'CompositePodGroup'], 'scheduling.k8s.io', 'v1beta1', 'v1alpha3'),
  {
    kinds: ['StorageVersionMigration'],
    hub: 'storagemigration.k8s.io/v1',
    versions: { 'storagemigration.k8s.io/v1beta1': same, 'storagemigration.k8s.io/v1alpha1': { up: migrationUp, down: migrationDown } },
  },
  names(['Lease'], 'coordination.k8s.io', 'v1', 'v1beta1'),
  names(['LeaseCandidate'], 'coordination.k8s.io', 'v1beta1', 'v1alpha2'),
  names(['CronJob'], 'batch', 'v1', 'v1beta1', 'v2alpha1'),
  names(['APIService'], 'apiregistration.k8s.io', 'v1', 'v1beta1'),
  names(['APIGroupDiscovery', 'APIGroupDiscoveryList'], 'apidiscovery.k8s.io', 'v2', 'v2beta1'),
]
