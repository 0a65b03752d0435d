/**
 * List types and merge keys of fields that came after 1.20, and quantities, which the client's models do not tell: from the marks of the published types
 * (`+listType`, `+listMapKey`, `patchStrategy`, `patchMergeKey` in k8s.io/api). One field a line; marks as in the generated file.
 */
export const LISTS = `
V1PodSpec.resourceClaims ~name ^ map=name
V1PodSpec.schedulingGates ~name map=name
V1PodSpec.nodeSelector atomic
V1PodStatus.resourceClaimStatuses ~name ^ map=name
V1PodStatus.hostIPs ~ip
V1Container.restartPolicyRules
V1ResourceRequirements.claims map=name
V1ContainerStatus.volumeMounts ~mountPath map=mountPath
V1ContainerStatus.allocatedResources quantity
V1ContainerStatus.allocatedResourcesStatus ~name map=name
V1ResourceStatus.resources map=resourceID
V1TypedObjectReference.name
V1ServiceSpec.selector atomic
V1ReplicationControllerSpec.selector atomic
V1NodeStatus.runtimeHandlers
V1PersistentVolumeClaimStatus.allocatedResources quantity
V1ServiceCIDRStatus.conditions ~type map=type
V1NamespaceStatus.conditions ~type map=type
V1PodDisruptionBudgetStatus.conditions ~type map=type
V2HorizontalPodAutoscalerStatus.conditions ~type map=type
V2MetricTarget.averageValue quantity
V2MetricTarget.value quantity
V2MetricValueStatus.averageValue quantity
V2MetricValueStatus.value quantity
V2HPAScalingRules.tolerance quantity
V1ValidatingAdmissionPolicySpec.matchConditions ~name map=name
V1ValidatingAdmissionPolicySpec.variables ~name map=name
V1MutatingAdmissionPolicySpec.matchConditions ~name map=name
V1ValidatingAdmissionPolicyStatus.conditions map=type
V1MutatingWebhook.matchConditions ~name map=name
V1ValidatingWebhook.matchConditions ~name map=name
V1CustomResourceDefinitionStatus.conditions map=type
V1CertificateSigningRequestStatus.conditions map=type
V1JobStatus.uncountedTerminatedPods
V1SuccessPolicyRule.succeededCount
V1FlowSchemaStatus.conditions ~type map=type
V1PriorityLevelConfigurationStatus.conditions ~type map=type
V1ClusterRole.rules
V1DeviceRequest.firstAvailable
V1DeviceClaim.requests
V1AllocatedDeviceStatus.conditions map=type
V1ResourceClaimStatus.devices map=driver,device,pool,shareID
V1ResourceClaimStatus.reservedFor ~uid map=uid
V1ResourceSliceSpec.devices
V1CSINodeSpec.drivers ~name map=name
V1CSIStorageCapacity.capacity quantity
V1CSIStorageCapacity.maximumVolumeSize quantity
V1ResourceQuotaStatus.hard quantity
V1EmptyDirVolumeSource.sizeLimit quantity
V1IngressLoadBalancerStatus.ingress
V1IngressStatus.loadBalancer
V1LimitedPriorityLevelConfiguration.limitResponse
`
  .split('\n')
  .filter((line) => line.includes(' '))
  .join('\n')

/** Objects that server-side apply replaces whole (`+structType=atomic`). */
export const ATOMIC: ReadonlySet<string> = new Set([
  'V1LabelSelector',
  'V1LocalObjectReference',
  'V1ObjectReference',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1SecretKeySelector',
  'V1ConfigMapKeySelector',
  'V1ObjectFieldSelector',
  'V1ResourceFieldSelector',
  'V1FileKeySelector',
  'V1SecretReference',
  'V1TypedLocalObjectReference',
  'V1TopologySelectorTerm',
  'V1ScopeSelector',
  'V1ScopedResourceSelectorRequirement',
  'V1CrossVersionObjectReference',
  'RbacV1Subject',
  'V1RoleRef',
  'CoreV1EndpointPort',
  'V1EndpointAddress',
  'V1ServiceBackendPort',
  'V1ParamKind',
  'V1ParamRef',
  'V1MatchResources',
  'V1NamedRuleWithOperations',
])
