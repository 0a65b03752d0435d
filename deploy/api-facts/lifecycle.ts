/**
 * When a version of a kind came, was deprecated and was last served (minors of Kubernetes 1), where that is not "always".
 * From the deprecation guide (https://kubernetes.io/docs/reference/using-api/deprecation-guide/) and the lifecycle marks of the published types;
 * the generator refuses a row that contradicts what a release is seen to serve. `-`: never, or not yet.
 */
export const LIFECYCLE = `
admissionregistration.k8s.io/v1 *Webhook* 16 - -
admissionregistration.k8s.io/v1 Validating* 30 - -
admissionregistration.k8s.io/v1 Mutating* 36 - -
admissionregistration.k8s.io/v1beta1 *Webhook* 9 16 21
admissionregistration.k8s.io/v1beta1 Validating* 28 31 33
admissionregistration.k8s.io/v1beta1 Mutating* 34 37 -
admissionregistration.k8s.io/v1alpha1 Validating* 26 29 31
admissionregistration.k8s.io/v1alpha1 Mutating* 32 35 -
admissionregistration.k8s.io/v1alpha1 InitializerConfiguration 7 - 13
apiextensions.k8s.io/v1 * 16 - -
apiextensions.k8s.io/v1beta1 * 7 16 21
apiregistration.k8s.io/v1 * 10 - -
apiregistration.k8s.io/v1beta1 * 7 19 21
apps/v1 * 9 - -
apps/v1beta2 * 8 9 15
apps/v1beta1 * 6 8 15
auditregistration.k8s.io/v1alpha1 * 13 - 18
authentication.k8s.io/v1 SelfSubjectReview 28 - -
authentication.k8s.io/v1beta1 SelfSubjectReview 27 30 32
authentication.k8s.io/v1alpha1 SelfSubjectReview 26 29 31
authentication.k8s.io/v1beta1 TokenReview 4 19 21
authorization.k8s.io/v1beta1 * 2 19 21
autoscaling/v2 * 23 - -
autoscaling/v2beta2 * 12 23 25
autoscaling/v2beta1 * 8 22 24
batch/v1 CronJob 21 - -
batch/v1beta1 * 8 21 24
batch/v2alpha1 * 5 - 20
certificates.k8s.io/v1 * 19 - -
certificates.k8s.io/v1beta1 CertificateSigningRequest 6 19 21
certificates.k8s.io/v1beta1 ClusterTrustBundle 33 36 -
certificates.k8s.io/v1alpha1 ClusterTrustBundle 26 34 36
certificates.k8s.io/v1beta1 PodCertificateRequest 35 38 -
certificates.k8s.io/v1alpha1 PodCertificateRequest 34 - 34
coordination.k8s.io/v1 Lease 14 - -
coordination.k8s.io/v1beta1 Lease 12 19 21
coordination.k8s.io/v1beta1 LeaseCandidate 33 36 -
coordination.k8s.io/v1alpha2 LeaseCandidate 32 35 -
coordination.k8s.io/v1alpha1 LeaseCandidate 31 - 31
discovery.k8s.io/v1 * 21 - -
discovery.k8s.io/v1beta1 * 17 21 24
events.k8s.io/v1 * 19 - -
events.k8s.io/v1beta1 * 8 19 24
extensions/v1beta1 Ingress 1 14 21
extensions/v1beta1 * 1 9 15
flowcontrol.apiserver.k8s.io/v1 * 29 - -
flowcontrol.apiserver.k8s.io/v1beta3 * 26 29 31
flowcontrol.apiserver.k8s.io/v1beta2 * 23 26 28
flowcontrol.apiserver.k8s.io/v1beta1 * 20 23 25
flowcontrol.apiserver.k8s.io/v1alpha1 * 18 20 20
internal.apiserver.k8s.io/v1alpha1 * 20 - -
networking.k8s.io/v1 Ingress* 19 - -
networking.k8s.io/v1beta1 Ingress 14 19 21
networking.k8s.io/v1beta1 IngressClass 18 19 21
networking.k8s.io/v1 IPAddress 33 - -
networking.k8s.io/v1 ServiceCIDR 33 - -
networking.k8s.io/v1beta1 IPAddress 31 34 36
networking.k8s.io/v1beta1 ServiceCIDR 31 34 36
networking.k8s.io/v1alpha1 IPAddress 27 30 33
networking.k8s.io/v1alpha1 ServiceCIDR 27 30 33
networking.k8s.io/v1alpha1 ClusterCIDR 25 - 28
node.k8s.io/v1 * 20 - -
node.k8s.io/v1beta1 * 14 20 24
node.k8s.io/v1alpha1 * 12 20 23
policy/v1 PodDisruptionBudget 21 - -
policy/v1beta1 * 5 21 24
rbac.authorization.k8s.io/v1 * 8 - -
rbac.authorization.k8s.io/v1beta1 * 6 17 21
rbac.authorization.k8s.io/v1alpha1 * 5 17 22
resource.k8s.io/v1 DeviceTaintRule 37 - -
resource.k8s.io/v1 * 34 - -
resource.k8s.io/v1beta2 DeviceTaintRule 36 39 -
resource.k8s.io/v1beta2 * 33 36 -
resource.k8s.io/v1beta1 * 32 35 -
resource.k8s.io/v1alpha3 DeviceTaintRule 33 36 -
resource.k8s.io/v1alpha3 ResourcePoolStatusRequest 36 - -
resource.k8s.io/v1alpha3 * 31 - 33
resource.k8s.io/v1alpha2 * 27 - 30
resource.k8s.io/v1alpha1 * 26 - 26
scheduling.k8s.io/v1 PriorityClass 14 - -
scheduling.k8s.io/v1beta1 PriorityClass 11 14 21
scheduling.k8s.io/v1alpha1 PriorityClass 8 14 22
scheduling.k8s.io/v1alpha1 Workload 35 - 35
scheduling.k8s.io/v1alpha2 * 36 - 36
scheduling.k8s.io/v1alpha3 * 37 - -
scheduling.k8s.io/v1beta1 * 37 - -
settings.k8s.io/v1alpha1 * 6 - 19
storage.k8s.io/v1 CSIDriver 18 - -
storage.k8s.io/v1 CSINode 17 - -
storage.k8s.io/v1 CSIStorageCapacity 24 - -
storage.k8s.io/v1 VolumeAttachment 13 - -
storage.k8s.io/v1 VolumeAttributesClass 34 - -
storage.k8s.io/v1beta1 CSIStorageCapacity 21 24 26
storage.k8s.io/v1alpha1 CSIStorageCapacity 19 - 23
storage.k8s.io/v1beta1 VolumeAttributesClass 31 34 36
storage.k8s.io/v1alpha1 VolumeAttributesClass 29 32 34
storage.k8s.io/v1beta1 CSIDriver 14 19 21
storage.k8s.io/v1beta1 CSINode 14 19 21
storage.k8s.io/v1beta1 StorageClass 4 19 21
storage.k8s.io/v1beta1 VolumeAttachment 10 19 21
storage.k8s.io/v1alpha1 VolumeAttachment 9 19 23
storagemigration.k8s.io/v1 * 37 - -
storagemigration.k8s.io/v1beta1 * 35 38 -
storagemigration.k8s.io/v1alpha1 * 30 - 34
v1 Endpoints 0 33 -
v1 ComponentStatus 0 19 -
`

/** Kinds that went on in another group. */
export const MOVED: Readonly<Record<string, string>> = {
  'extensions Deployment': 'apps',
  'extensions DaemonSet': 'apps',
  'extensions ReplicaSet': 'apps',
  'extensions Ingress': 'networking.k8s.io',
  'extensions NetworkPolicy': 'networking.k8s.io',
  'extensions PodSecurityPolicy': 'policy',
}

/** Short names and categories of kinds that came after 1.20 (older ones are read from a server's discovery). */
export const NAMES: Readonly<Record<string, { short?: readonly string[]; categories?: readonly string[] }>> = {
  'networking.k8s.io IPAddress': { short: ['ip'] },
  'storage.k8s.io VolumeAttributesClass': { short: ['vac'] },
  'certificates.k8s.io PodCertificateRequest': { short: ['pcr'] },
  'batch CronJob': { short: ['cj'], categories: ['all'] },
  'autoscaling HorizontalPodAutoscaler': { short: ['hpa'], categories: ['all'] },
  'policy PodDisruptionBudget': { short: ['pdb'] },
  'events.k8s.io Event': { short: ['ev'] },
  'admissionregistration.k8s.io ValidatingAdmissionPolicy': { categories: ['api-extensions'] },
  'admissionregistration.k8s.io ValidatingAdmissionPolicyBinding': { categories: ['api-extensions'] },
  'admissionregistration.k8s.io MutatingAdmissionPolicy': { categories: ['api-extensions'] },
  'admissionregistration.k8s.io MutatingAdmissionPolicyBinding': { categories: ['api-extensions'] },
}
