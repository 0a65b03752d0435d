/**
 * Constants that the server fills in (`in=` names the closed lists of values), where they are the same for every object of the type. Facts of the API reference;
 * the tests compare them with what a real API server fills in. One field a line, several types joined by commas.
 */
export const DEFAULTS = `
V1Container,V1EphemeralContainer.terminationMessagePath ="/dev/termination-log"
V1Container,V1EphemeralContainer.terminationMessagePolicy ="File" in=File|FallbackToLogsOnError
V1Container,V1EphemeralContainer.imagePullPolicy in=Always|Never|IfNotPresent
V1Container,V1EphemeralContainer.resources ={}
V1ContainerPort.protocol ="TCP" in=TCP|UDP|SCTP
V1Probe.timeoutSeconds =1
V1Probe.periodSeconds =10
V1Probe.successThreshold =1
V1Probe.failureThreshold =3
V1HTTPGetAction.scheme ="HTTP" in=HTTP|HTTPS
V1HTTPGetAction.path ="/"
V1GRPCAction.service =""
V1PodSpec.dnsPolicy ="ClusterFirst" in=ClusterFirst|ClusterFirstWithHostNet|Default|None
V1PodSpec.restartPolicy ="Always" in=Always|OnFailure|Never
V1PodSpec.schedulerName ="default-scheduler"
V1PodSpec.terminationGracePeriodSeconds =30
V1PodSpec.securityContext ={}
V1PodSpec.preemptionPolicy in=PreemptLowerPriority|Never
V1ConfigMapVolumeSource.defaultMode =420
V1SecretVolumeSource.defaultMode =420
V1DownwardAPIVolumeSource.defaultMode =420
V1ProjectedVolumeSource.defaultMode =420
V1ServiceAccountTokenProjection.expirationSeconds =3600
V1ObjectFieldSelector.apiVersion ="v1"
V1HostPathVolumeSource.type ="" in=|DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice
V1EmptyDirVolumeSource.medium in=|Memory|HugePages
V1ResourceFieldSelector.divisor ="0"
V1Toleration.operator in=Exists|Equal|Lt|Gt
V1Toleration.effect in=NoSchedule|PreferNoSchedule|NoExecute
V1Taint.effect in=NoSchedule|PreferNoSchedule|NoExecute
V1NodeSelectorRequirement.operator in=In|NotIn|Exists|DoesNotExist|Gt|Lt
V1LabelSelectorRequirement.operator in=In|NotIn|Exists|DoesNotExist
V1TopologySpreadConstraint.whenUnsatisfiable in=DoNotSchedule|ScheduleAnyway
V1DeploymentSpec.replicas =1
V1DeploymentSpec.revisionHistoryLimit =10
V1DeploymentSpec.progressDeadlineSeconds =600
V1DeploymentSpec.strategy ={"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}
V1DeploymentStrategy.type ="RollingUpdate" in=Recreate|RollingUpdate
V1RollingUpdateDeployment.maxSurge ="25%"
V1RollingUpdateDeployment.maxUnavailable ="25%"
V1ReplicaSetSpec.replicas =1
V1ReplicationControllerSpec.replicas =1
V1DaemonSetSpec.revisionHistoryLimit =10
V1DaemonSetSpec.updateStrategy ={"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}}
V1DaemonSetUpdateStrategy.type ="RollingUpdate" in=RollingUpdate|OnDelete
V1RollingUpdateDaemonSet.maxUnavailable =1
V1RollingUpdateDaemonSet.maxSurge =0
V1StatefulSetSpec.replicas =1
V1StatefulSetSpec.revisionHistoryLimit =10
V1StatefulSetSpec.podManagementPolicy ="OrderedReady" in=OrderedReady|Parallel
V1StatefulSetSpec.updateStrategy ={"type":"RollingUpdate","rollingUpdate":{"partition":0}}
V1StatefulSetSpec.persistentVolumeClaimRetentionPolicy ={"whenDeleted":"Retain","whenScaled":"Retain"}
V1StatefulSetUpdateStrategy.type ="RollingUpdate" in=RollingUpdate|OnDelete
V1RollingUpdateStatefulSetStrategy.partition =0
V1JobSpec.backoffLimit =6
V1JobSpec.completionMode ="NonIndexed" in=NonIndexed|Indexed
V1JobSpec.suspend =false
V1CronJobSpec.concurrencyPolicy ="Allow" in=Allow|Forbid|Replace
V1CronJobSpec.suspend =false
V1CronJobSpec.successfulJobsHistoryLimit =3
V1CronJobSpec.failedJobsHistoryLimit =1
V1ServiceSpec.type ="ClusterIP" in=ClusterIP|NodePort|LoadBalancer|ExternalName
V1ServiceSpec.sessionAffinity ="None" in=None|ClientIP
V1ServiceSpec.internalTrafficPolicy ="Cluster" in=Cluster|Local
V1ServiceSpec.externalTrafficPolicy in=Cluster|Local
V1ServicePort.protocol ="TCP" in=TCP|UDP|SCTP
CoreV1EndpointPort.protocol ="TCP" in=TCP|UDP|SCTP
DiscoveryV1EndpointPort.protocol ="TCP" in=TCP|UDP|SCTP
DiscoveryV1EndpointPort.name =""
V1NetworkPolicyPort.protocol ="TCP" in=TCP|UDP|SCTP
V1HTTPIngressPath.pathType in=Exact|Prefix|ImplementationSpecific
V1PersistentVolumeClaimSpec.volumeMode ="Filesystem" in=Filesystem|Block
V1PersistentVolumeSpec.volumeMode ="Filesystem" in=Filesystem|Block
V1PersistentVolumeSpec.persistentVolumeReclaimPolicy ="Retain" in=Retain|Delete|Recycle
V1StorageClass.reclaimPolicy ="Delete" in=Delete|Retain
V1StorageClass.volumeBindingMode ="Immediate" in=Immediate|WaitForFirstConsumer
V1Secret.type ="Opaque"
V1HorizontalPodAutoscalerSpec.minReplicas =1
V2HorizontalPodAutoscalerSpec.minReplicas =1
V1PriorityClass.preemptionPolicy ="PreemptLowerPriority" in=PreemptLowerPriority|Never
V1MutatingWebhook,V1ValidatingWebhook.failurePolicy ="Fail" in=Fail|Ignore
V1MutatingWebhook,V1ValidatingWebhook.matchPolicy ="Equivalent" in=Exact|Equivalent
V1MutatingWebhook,V1ValidatingWebhook.timeoutSeconds =10
V1MutatingWebhook,V1ValidatingWebhook.namespaceSelector ={}
V1MutatingWebhook,V1ValidatingWebhook.objectSelector ={}
V1MutatingWebhook,V1ValidatingWebhook.sideEffects in=None|NoneOnDryRun
V1MutatingWebhook.reinvocationPolicy ="Never" in=Never|IfNeeded
V1RuleWithOperations.scope ="*" in=*|Cluster|Namespaced
AdmissionregistrationV1ServiceReference.port =443
ApiextensionsV1ServiceReference.port =443
ApiregistrationV1ServiceReference.port =443
V1CustomResourceDefinitionSpec.scope in=Cluster|Namespaced
V1CustomResourceConversion.strategy ="None" in=None|Webhook
V1CSIDriverSpec.attachRequired =true
V1CSIDriverSpec.podInfoOnMount =false
V1CSIDriverSpec.requiresRepublish =false
V1CSIDriverSpec.storageCapacity =false
V1CSIDriverSpec.fsGroupPolicy ="ReadWriteOnceWithFSType" in=ReadWriteOnceWithFSType|File|None
`.trim()
