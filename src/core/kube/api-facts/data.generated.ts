// Made by deploy/api-facts.ts from published OpenAPI documents of Kubernetes (Apache-2.0): facts only. Do not edit.
export const NEWEST = 36
export const KINDS: [string, string, string, string, number, string, string, string, string, string, number, number, number, string][] = [["","v1","Binding","bindings",1,"create","","","","V1Binding",0,0,0,""],["","v1","ComponentStatus","componentstatuses",0,"get,list","cs","","","V1ComponentStatus",0,0,19,""],["","v1","ConfigMap","configmaps",1,"create,delete,deletecollection,get,list,patch,update,watch","cm","","","V1ConfigMap",0,0,0,""],["","v1","Endpoints","endpoints",1,"create,delete,deletecollection,get,list,patch,update,watch","ep","","","V1Endpoints",0,0,33,"discovery.k8s.io/v1.EndpointSlice"],["","v1","Event","events",1,"create,delete,deletecollection,get,list,patch,update,watch","ev","","","CoreV1Event",0,0,0,""],["","v1","LimitRange","limitranges",1,"create,delete,deletecollection,get,list,patch,update,watch","limits","","","V1LimitRange",0,0,0,""],["","v1","Namespace","namespaces",0,"create,delete,get,list,patch,update,watch","ns","","finalize:update;status:get,patch,update","V1Namespace",0,0,0,""],["","v1","Node","nodes",0,"create,delete,deletecollection,get,list,patch,update,watch","no","","proxy:create,delete,get,patch,update;status:get,patch,update","V1Node",0,0,0,""],["","v1","PersistentVolume","persistentvolumes",0,"create,delete,deletecollection,get,list,patch,update,watch","pv","","status:get,patch,update","V1PersistentVolume",0,0,0,""],["","v1","PersistentVolumeClaim","persistentvolumeclaims",1,"create,delete,deletecollection,get,list,patch,update,watch","pvc","","status:get,patch,update","V1PersistentVolumeClaim",0,0,0,""],["","v1","Pod","pods",1,"create,delete,deletecollection,get,list,patch,update,watch","po","all","attach:create,get;binding:create@v1.Binding;ephemeralcontainers:get,patch,update;eviction:create@policy/v1.Eviction;exec:create,get;log:get;portforward:create,get;proxy:create,delete,get,patch,update;resize:get,patch,update;status:get,patch,update","V1Pod",0,0,0,""],["","v1","PodTemplate","podtemplates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1PodTemplate",0,0,0,""],["","v1","ReplicationController","replicationcontrollers",1,"create,delete,deletecollection,get,list,patch,update,watch","rc","all","scale:get,patch,update@autoscaling/v1.Scale;status:get,patch,update","V1ReplicationController",0,0,0,""],["","v1","ResourceQuota","resourcequotas",1,"create,delete,deletecollection,get,list,patch,update,watch","quota","","status:get,patch,update","V1ResourceQuota",0,0,0,""],["","v1","Secret","secrets",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1Secret",0,0,0,""],["","v1","Service","services",1,"create,delete,deletecollection,get,list,patch,update,watch","svc","all","proxy:create,delete,get,patch,update;status:get,patch,update","V1Service",0,0,0,""],["","v1","ServiceAccount","serviceaccounts",1,"create,delete,deletecollection,get,list,patch,update,watch","sa","","token:create@authentication.k8s.io/v1.TokenRequest","V1ServiceAccount",0,0,0,""],["admissionregistration.k8s.io","v1","MutatingAdmissionPolicy","mutatingadmissionpolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1MutatingAdmissionPolicy",36,0,0,""],["admissionregistration.k8s.io","v1","MutatingAdmissionPolicyBinding","mutatingadmissionpolicybindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1MutatingAdmissionPolicyBinding",36,0,0,""],["admissionregistration.k8s.io","v1","MutatingWebhookConfiguration","mutatingwebhookconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1MutatingWebhookConfiguration",16,0,0,""],["admissionregistration.k8s.io","v1","ValidatingAdmissionPolicy","validatingadmissionpolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","status:get,patch,update","V1ValidatingAdmissionPolicy",30,0,0,""],["admissionregistration.k8s.io","v1","ValidatingAdmissionPolicyBinding","validatingadmissionpolicybindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1ValidatingAdmissionPolicyBinding",30,0,0,""],["admissionregistration.k8s.io","v1","ValidatingWebhookConfiguration","validatingwebhookconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1ValidatingWebhookConfiguration",16,0,0,""],["admissionregistration.k8s.io","v1beta1","MutatingAdmissionPolicy","mutatingadmissionpolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1beta1MutatingAdmissionPolicy",34,0,37,"admissionregistration.k8s.io/v1.MutatingAdmissionPolicy"],["admissionregistration.k8s.io","v1beta1","MutatingAdmissionPolicyBinding","mutatingadmissionpolicybindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1beta1MutatingAdmissionPolicyBinding",34,0,37,"admissionregistration.k8s.io/v1.MutatingAdmissionPolicyBinding"],["admissionregistration.k8s.io","v1beta1","MutatingWebhookConfiguration","mutatingwebhookconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1beta1MutatingWebhookConfiguration",9,21,16,"admissionregistration.k8s.io/v1.MutatingWebhookConfiguration"],["admissionregistration.k8s.io","v1beta1","ValidatingAdmissionPolicy","validatingadmissionpolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","status:get,patch,update","V1beta1ValidatingAdmissionPolicy",28,33,31,"admissionregistration.k8s.io/v1.ValidatingAdmissionPolicy"],["admissionregistration.k8s.io","v1beta1","ValidatingAdmissionPolicyBinding","validatingadmissionpolicybindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1beta1ValidatingAdmissionPolicyBinding",28,33,31,"admissionregistration.k8s.io/v1.ValidatingAdmissionPolicyBinding"],["admissionregistration.k8s.io","v1beta1","ValidatingWebhookConfiguration","validatingwebhookconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1beta1ValidatingWebhookConfiguration",9,21,16,"admissionregistration.k8s.io/v1.ValidatingWebhookConfiguration"],["admissionregistration.k8s.io","v1alpha1","InitializerConfiguration","initializerconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1InitializerConfiguration",7,13,0,""],["admissionregistration.k8s.io","v1alpha1","MutatingAdmissionPolicy","mutatingadmissionpolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1alpha1MutatingAdmissionPolicy",32,0,35,"admissionregistration.k8s.io/v1.MutatingAdmissionPolicy"],["admissionregistration.k8s.io","v1alpha1","MutatingAdmissionPolicyBinding","mutatingadmissionpolicybindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1alpha1MutatingAdmissionPolicyBinding",32,0,35,"admissionregistration.k8s.io/v1.MutatingAdmissionPolicyBinding"],["admissionregistration.k8s.io","v1alpha1","ValidatingAdmissionPolicy","validatingadmissionpolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","status:get,patch,update","V1alpha1ValidatingAdmissionPolicy",26,31,29,"admissionregistration.k8s.io/v1.ValidatingAdmissionPolicy"],["admissionregistration.k8s.io","v1alpha1","ValidatingAdmissionPolicyBinding","validatingadmissionpolicybindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","","V1alpha1ValidatingAdmissionPolicyBinding",26,31,29,"admissionregistration.k8s.io/v1.ValidatingAdmissionPolicyBinding"],["apiextensions.k8s.io","v1","CustomResourceDefinition","customresourcedefinitions",0,"create,delete,deletecollection,get,list,patch,update,watch","crd,crds","api-extensions","status:get,patch,update","V1CustomResourceDefinition",16,0,0,""],["apiextensions.k8s.io","v1beta1","CustomResourceDefinition","customresourcedefinitions",0,"create,delete,deletecollection,get,list,patch,update,watch","crd,crds","api-extensions","status:get,patch,update","V1beta1CustomResourceDefinition",7,21,16,"apiextensions.k8s.io/v1.CustomResourceDefinition"],["apiregistration.k8s.io","v1","APIService","apiservices",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","status:get,patch,update","V1APIService",10,0,0,""],["apiregistration.k8s.io","v1beta1","APIService","apiservices",0,"create,delete,deletecollection,get,list,patch,update,watch","","api-extensions","status:get,patch,update","V1beta1APIService",7,21,19,"apiregistration.k8s.io/v1.APIService"],["apps","v1","ControllerRevision","controllerrevisions",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1ControllerRevision",9,0,0,""],["apps","v1","DaemonSet","daemonsets",1,"create,delete,deletecollection,get,list,patch,update,watch","ds","all","status:get,patch,update","V1DaemonSet",9,0,0,""],["apps","v1","Deployment","deployments",1,"create,delete,deletecollection,get,list,patch,update,watch","deploy","all","scale:get,patch,update@autoscaling/v1.Scale;status:get,patch,update","V1Deployment",9,0,0,""],["apps","v1","ReplicaSet","replicasets",1,"create,delete,deletecollection,get,list,patch,update,watch","rs","all","scale:get,patch,update@autoscaling/v1.Scale;status:get,patch,update","V1ReplicaSet",9,0,0,""],["apps","v1","StatefulSet","statefulsets",1,"create,delete,deletecollection,get,list,patch,update,watch","sts","all","scale:get,patch,update@autoscaling/v1.Scale;status:get,patch,update","V1StatefulSet",9,0,0,""],["apps","v1beta2","ControllerRevision","controllerrevisions",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta2ControllerRevision",8,15,9,"apps/v1.ControllerRevision"],["apps","v1beta2","DaemonSet","daemonsets",1,"create,delete,deletecollection,get,list,patch,update,watch","ds","all","status:get,patch,update","V1beta2DaemonSet",8,15,9,"apps/v1.DaemonSet"],["apps","v1beta2","Deployment","deployments",1,"create,delete,deletecollection,get,list,patch,update,watch","deploy","all","scale:get,patch,update@apps/v1beta2.Scale;status:get,patch,update","V1beta2Deployment",8,15,9,"apps/v1.Deployment"],["apps","v1beta2","ReplicaSet","replicasets",1,"create,delete,deletecollection,get,list,patch,update,watch","rs","all","scale:get,patch,update@apps/v1beta2.Scale;status:get,patch,update","V1beta2ReplicaSet",8,15,9,"apps/v1.ReplicaSet"],["apps","v1beta2","StatefulSet","statefulsets",1,"create,delete,deletecollection,get,list,patch,update,watch","sts","all","scale:get,patch,update@apps/v1beta2.Scale;status:get,patch,update","V1beta2StatefulSet",8,15,9,"apps/v1.StatefulSet"],["apps","v1beta1","ControllerRevision","controllerrevisions",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1ControllerRevision",6,15,8,"apps/v1.ControllerRevision"],["apps","v1beta1","Deployment","deployments",1,"create,delete,deletecollection,get,list,patch,update,watch","deploy","all","rollback:create@apps/v1beta1.DeploymentRollback;scale:get,patch,update@apps/v1beta1.Scale;status:get,patch,update","AppsV1beta1Deployment",6,15,8,"apps/v1.Deployment"],["apps","v1beta1","StatefulSet","statefulsets",1,"create,delete,deletecollection,get,list,patch,update,watch","sts","all","scale:get,patch,update@apps/v1beta1.Scale;status:get,patch,update","V1beta1StatefulSet",6,15,8,"apps/v1.StatefulSet"],["auditregistration.k8s.io","v1alpha1","AuditSink","auditsinks",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1AuditSink",13,18,0,""],["authentication.k8s.io","v1","SelfSubjectReview","selfsubjectreviews",0,"create","","","","V1SelfSubjectReview",28,0,0,""],["authentication.k8s.io","v1","TokenReview","tokenreviews",0,"create","","","","V1TokenReview",0,0,0,""],["authentication.k8s.io","v1beta1","SelfSubjectReview","selfsubjectreviews",0,"create","","","","V1beta1SelfSubjectReview",27,32,30,"authentication.k8s.io/v1.SelfSubjectReview"],["authentication.k8s.io","v1beta1","TokenReview","tokenreviews",0,"create","","","","V1beta1TokenReview",4,21,19,"authentication.k8s.io/v1.TokenReview"],["authentication.k8s.io","v1alpha1","SelfSubjectReview","selfsubjectreviews",0,"create","","","","V1alpha1SelfSubjectReview",26,31,29,"authentication.k8s.io/v1.SelfSubjectReview"],["authorization.k8s.io","v1","LocalSubjectAccessReview","localsubjectaccessreviews",1,"create","","","","V1LocalSubjectAccessReview",0,0,0,""],["authorization.k8s.io","v1","SelfSubjectAccessReview","selfsubjectaccessreviews",0,"create","","","","V1SelfSubjectAccessReview",0,0,0,""],["authorization.k8s.io","v1","SelfSubjectRulesReview","selfsubjectrulesreviews",0,"create","","","","V1SelfSubjectRulesReview",0,0,0,""],["authorization.k8s.io","v1","SubjectAccessReview","subjectaccessreviews",0,"create","","","","V1SubjectAccessReview",0,0,0,""],["authorization.k8s.io","v1beta1","LocalSubjectAccessReview","localsubjectaccessreviews",1,"create","","","","V1beta1LocalSubjectAccessReview",2,21,19,"authorization.k8s.io/v1.LocalSubjectAccessReview"],["authorization.k8s.io","v1beta1","SelfSubjectAccessReview","selfsubjectaccessreviews",0,"create","","","","V1beta1SelfSubjectAccessReview",2,21,19,"authorization.k8s.io/v1.SelfSubjectAccessReview"],["authorization.k8s.io","v1beta1","SelfSubjectRulesReview","selfsubjectrulesreviews",0,"create","","","","V1beta1SelfSubjectRulesReview",2,21,19,"authorization.k8s.io/v1.SelfSubjectRulesReview"],["authorization.k8s.io","v1beta1","SubjectAccessReview","subjectaccessreviews",0,"create","","","","V1beta1SubjectAccessReview",2,21,19,"authorization.k8s.io/v1.SubjectAccessReview"],["autoscaling","v2","HorizontalPodAutoscaler","horizontalpodautoscalers",1,"create,delete,deletecollection,get,list,patch,update,watch","hpa","all","status:get,patch,update","V2HorizontalPodAutoscaler",23,0,0,""],["autoscaling","v1","HorizontalPodAutoscaler","horizontalpodautoscalers",1,"create,delete,deletecollection,get,list,patch,update,watch","hpa","all","status:get,patch,update","V1HorizontalPodAutoscaler",0,0,0,""],["autoscaling","v2beta2","HorizontalPodAutoscaler","horizontalpodautoscalers",1,"create,delete,deletecollection,get,list,patch,update,watch","hpa","all","status:get,patch,update","V2beta2HorizontalPodAutoscaler",12,25,23,"autoscaling/v2.HorizontalPodAutoscaler"],["autoscaling","v2beta1","HorizontalPodAutoscaler","horizontalpodautoscalers",1,"create,delete,deletecollection,get,list,patch,update,watch","hpa","all","status:get,patch,update","V2beta1HorizontalPodAutoscaler",8,24,22,"autoscaling/v2.HorizontalPodAutoscaler"],["batch","v1","CronJob","cronjobs",1,"create,delete,deletecollection,get,list,patch,update,watch","cj","all","status:get,patch,update","V1CronJob",21,0,0,""],["batch","v1","Job","jobs",1,"create,delete,deletecollection,get,list,patch,update,watch","","all","status:get,patch,update","V1Job",0,0,0,""],["batch","v1beta1","CronJob","cronjobs",1,"create,delete,deletecollection,get,list,patch,update,watch","cj","all","status:get,patch,update","V1beta1CronJob",8,24,21,"batch/v1.CronJob"],["batch","v2alpha1","CronJob","cronjobs",1,"create,delete,deletecollection,get,list,patch,update,watch","cj","all","status:get,patch,update","V2alpha1CronJob",5,20,0,"batch/v1.CronJob"],["certificates.k8s.io","v1","CertificateSigningRequest","certificatesigningrequests",0,"create,delete,deletecollection,get,list,patch,update,watch","csr","","approval:get,patch,update;status:get,patch,update","V1CertificateSigningRequest",19,0,0,""],["certificates.k8s.io","v1beta1","CertificateSigningRequest","certificatesigningrequests",0,"create,delete,deletecollection,get,list,patch,update,watch","csr","","approval:get,patch,update;status:get,patch,update","V1beta1CertificateSigningRequest",6,21,19,"certificates.k8s.io/v1.CertificateSigningRequest"],["certificates.k8s.io","v1beta1","ClusterTrustBundle","clustertrustbundles",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1ClusterTrustBundle",33,0,36,""],["certificates.k8s.io","v1beta1","PodCertificateRequest","podcertificaterequests",1,"create,delete,deletecollection,get,list,patch,update,watch","pcr","","status:get,patch,update","V1beta1PodCertificateRequest",35,0,38,""],["certificates.k8s.io","v1alpha1","ClusterTrustBundle","clustertrustbundles",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1ClusterTrustBundle",26,36,34,"certificates.k8s.io/v1beta1.ClusterTrustBundle"],["certificates.k8s.io","v1alpha1","PodCertificateRequest","podcertificaterequests",1,"create,delete,deletecollection,get,list,patch,update,watch","pcr","","status:get,patch,update","V1alpha1PodCertificateRequest",34,34,0,"certificates.k8s.io/v1beta1.PodCertificateRequest"],["coordination.k8s.io","v1","Lease","leases",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1Lease",14,0,0,""],["coordination.k8s.io","v1beta1","Lease","leases",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1Lease",12,21,19,"coordination.k8s.io/v1.Lease"],["coordination.k8s.io","v1beta1","LeaseCandidate","leasecandidates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1LeaseCandidate",33,0,36,""],["coordination.k8s.io","v1alpha2","LeaseCandidate","leasecandidates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha2LeaseCandidate",32,0,35,"coordination.k8s.io/v1beta1.LeaseCandidate"],["discovery.k8s.io","v1","EndpointSlice","endpointslices",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1EndpointSlice",21,0,0,""],["discovery.k8s.io","v1beta1","EndpointSlice","endpointslices",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1EndpointSlice",17,24,21,"discovery.k8s.io/v1.EndpointSlice"],["events.k8s.io","v1","Event","events",1,"create,delete,deletecollection,get,list,patch,update,watch","ev","","","EventsV1Event",19,0,0,""],["events.k8s.io","v1beta1","Event","events",1,"create,delete,deletecollection,get,list,patch,update,watch","ev","","","V1beta1Event",8,24,19,"events.k8s.io/v1.Event"],["extensions","v1beta1","DaemonSet","daemonsets",1,"create,delete,deletecollection,get,list,patch,update,watch","ds","all","status:get,patch,update","V1beta1DaemonSet",1,15,9,"apps/v1.DaemonSet"],["extensions","v1beta1","Deployment","deployments",1,"create,delete,deletecollection,get,list,patch,update,watch","deploy","all","rollback:create@extensions/v1beta1.DeploymentRollback;scale:get,patch,update@extensions/v1beta1.Scale;status:get,patch,update","ExtensionsV1beta1Deployment",1,15,9,"apps/v1.Deployment"],["extensions","v1beta1","Ingress","ingresses",1,"create,delete,deletecollection,get,list,patch,update,watch","ing","","status:get,patch,update","ExtensionsV1beta1Ingress",1,21,14,"networking.k8s.io/v1.Ingress"],["extensions","v1beta1","NetworkPolicy","networkpolicies",1,"create,delete,deletecollection,get,list,patch,update,watch","netpol","","","V1beta1NetworkPolicy",1,15,9,"networking.k8s.io/v1.NetworkPolicy"],["extensions","v1beta1","PodSecurityPolicy","podsecuritypolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","psp","","","ExtensionsV1beta1PodSecurityPolicy",1,15,9,"policy/v1beta1.PodSecurityPolicy"],["extensions","v1beta1","ReplicaSet","replicasets",1,"create,delete,deletecollection,get,list,patch,update,watch","rs","all","scale:get,patch,update@extensions/v1beta1.Scale;status:get,patch,update","V1beta1ReplicaSet",1,15,9,"apps/v1.ReplicaSet"],["flowcontrol.apiserver.k8s.io","v1","FlowSchema","flowschemas",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1FlowSchema",29,0,0,""],["flowcontrol.apiserver.k8s.io","v1","PriorityLevelConfiguration","prioritylevelconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1PriorityLevelConfiguration",29,0,0,""],["flowcontrol.apiserver.k8s.io","v1beta3","FlowSchema","flowschemas",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta3FlowSchema",26,31,29,"flowcontrol.apiserver.k8s.io/v1.FlowSchema"],["flowcontrol.apiserver.k8s.io","v1beta3","PriorityLevelConfiguration","prioritylevelconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta3PriorityLevelConfiguration",26,31,29,"flowcontrol.apiserver.k8s.io/v1.PriorityLevelConfiguration"],["flowcontrol.apiserver.k8s.io","v1beta2","FlowSchema","flowschemas",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta2FlowSchema",23,28,26,"flowcontrol.apiserver.k8s.io/v1.FlowSchema"],["flowcontrol.apiserver.k8s.io","v1beta2","PriorityLevelConfiguration","prioritylevelconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta2PriorityLevelConfiguration",23,28,26,"flowcontrol.apiserver.k8s.io/v1.PriorityLevelConfiguration"],["flowcontrol.apiserver.k8s.io","v1beta1","FlowSchema","flowschemas",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta1FlowSchema",20,25,23,"flowcontrol.apiserver.k8s.io/v1.FlowSchema"],["flowcontrol.apiserver.k8s.io","v1beta1","PriorityLevelConfiguration","prioritylevelconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta1PriorityLevelConfiguration",20,25,23,"flowcontrol.apiserver.k8s.io/v1.PriorityLevelConfiguration"],["flowcontrol.apiserver.k8s.io","v1alpha1","FlowSchema","flowschemas",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha1FlowSchema",18,20,20,"flowcontrol.apiserver.k8s.io/v1.FlowSchema"],["flowcontrol.apiserver.k8s.io","v1alpha1","PriorityLevelConfiguration","prioritylevelconfigurations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha1PriorityLevelConfiguration",18,20,20,"flowcontrol.apiserver.k8s.io/v1.PriorityLevelConfiguration"],["internal.apiserver.k8s.io","v1alpha1","StorageVersion","storageversions",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha1StorageVersion",20,0,0,""],["networking.k8s.io","v1","IPAddress","ipaddresses",0,"create,delete,deletecollection,get,list,patch,update,watch","ip","","","V1IPAddress",33,0,0,""],["networking.k8s.io","v1","Ingress","ingresses",1,"create,delete,deletecollection,get,list,patch,update,watch","ing","","status:get,patch,update","V1Ingress",19,0,0,""],["networking.k8s.io","v1","IngressClass","ingressclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1IngressClass",19,0,0,""],["networking.k8s.io","v1","NetworkPolicy","networkpolicies",1,"create,delete,deletecollection,get,list,patch,update,watch","netpol","","","V1NetworkPolicy",0,0,0,""],["networking.k8s.io","v1","ServiceCIDR","servicecidrs",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1ServiceCIDR",33,0,0,""],["networking.k8s.io","v1beta1","IPAddress","ipaddresses",0,"create,delete,deletecollection,get,list,patch,update,watch","ip","","","V1beta1IPAddress",31,36,34,"networking.k8s.io/v1.IPAddress"],["networking.k8s.io","v1beta1","Ingress","ingresses",1,"create,delete,deletecollection,get,list,patch,update,watch","ing","","status:get,patch,update","NetworkingV1beta1Ingress",14,21,19,"networking.k8s.io/v1.Ingress"],["networking.k8s.io","v1beta1","IngressClass","ingressclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1IngressClass",18,21,19,"networking.k8s.io/v1.IngressClass"],["networking.k8s.io","v1beta1","ServiceCIDR","servicecidrs",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta1ServiceCIDR",31,36,34,"networking.k8s.io/v1.ServiceCIDR"],["networking.k8s.io","v1alpha1","ClusterCIDR","clustercidrs",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1ClusterCIDR",25,28,0,""],["networking.k8s.io","v1alpha1","IPAddress","ipaddresses",0,"create,delete,deletecollection,get,list,patch,update,watch","ip","","","V1alpha1IPAddress",27,33,30,"networking.k8s.io/v1.IPAddress"],["networking.k8s.io","v1alpha1","ServiceCIDR","servicecidrs",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha1ServiceCIDR",27,33,30,"networking.k8s.io/v1.ServiceCIDR"],["node.k8s.io","v1","RuntimeClass","runtimeclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1RuntimeClass",20,0,0,""],["node.k8s.io","v1beta1","RuntimeClass","runtimeclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1RuntimeClass",14,24,20,"node.k8s.io/v1.RuntimeClass"],["node.k8s.io","v1alpha1","RuntimeClass","runtimeclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1RuntimeClass",12,23,20,"node.k8s.io/v1.RuntimeClass"],["policy","v1","PodDisruptionBudget","poddisruptionbudgets",1,"create,delete,deletecollection,get,list,patch,update,watch","pdb","","status:get,patch,update","V1PodDisruptionBudget",21,0,0,""],["policy","v1beta1","PodDisruptionBudget","poddisruptionbudgets",1,"create,delete,deletecollection,get,list,patch,update,watch","pdb","","status:get,patch,update","V1beta1PodDisruptionBudget",5,24,21,"policy/v1.PodDisruptionBudget"],["policy","v1beta1","PodSecurityPolicy","podsecuritypolicies",0,"create,delete,deletecollection,get,list,patch,update,watch","psp","","","V1beta1PodSecurityPolicy",5,24,21,""],["rbac.authorization.k8s.io","v1","ClusterRole","clusterroles",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1ClusterRole",8,0,0,""],["rbac.authorization.k8s.io","v1","ClusterRoleBinding","clusterrolebindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1ClusterRoleBinding",8,0,0,""],["rbac.authorization.k8s.io","v1","Role","roles",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1Role",8,0,0,""],["rbac.authorization.k8s.io","v1","RoleBinding","rolebindings",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1RoleBinding",8,0,0,""],["rbac.authorization.k8s.io","v1beta1","ClusterRole","clusterroles",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1ClusterRole",6,21,17,"rbac.authorization.k8s.io/v1.ClusterRole"],["rbac.authorization.k8s.io","v1beta1","ClusterRoleBinding","clusterrolebindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1ClusterRoleBinding",6,21,17,"rbac.authorization.k8s.io/v1.ClusterRoleBinding"],["rbac.authorization.k8s.io","v1beta1","Role","roles",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1Role",6,21,17,"rbac.authorization.k8s.io/v1.Role"],["rbac.authorization.k8s.io","v1beta1","RoleBinding","rolebindings",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1RoleBinding",6,21,17,"rbac.authorization.k8s.io/v1.RoleBinding"],["rbac.authorization.k8s.io","v1alpha1","ClusterRole","clusterroles",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1ClusterRole",5,22,17,"rbac.authorization.k8s.io/v1.ClusterRole"],["rbac.authorization.k8s.io","v1alpha1","ClusterRoleBinding","clusterrolebindings",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1ClusterRoleBinding",5,22,17,"rbac.authorization.k8s.io/v1.ClusterRoleBinding"],["rbac.authorization.k8s.io","v1alpha1","Role","roles",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1Role",5,22,17,"rbac.authorization.k8s.io/v1.Role"],["rbac.authorization.k8s.io","v1alpha1","RoleBinding","rolebindings",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1RoleBinding",5,22,17,"rbac.authorization.k8s.io/v1.RoleBinding"],["resource.k8s.io","v1","DeviceClass","deviceclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1DeviceClass",34,0,0,""],["resource.k8s.io","v1","ResourceClaim","resourceclaims",1,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","ResourceV1ResourceClaim",34,0,0,""],["resource.k8s.io","v1","ResourceClaimTemplate","resourceclaimtemplates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1ResourceClaimTemplate",34,0,0,""],["resource.k8s.io","v1","ResourceSlice","resourceslices",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1ResourceSlice",34,0,0,""],["resource.k8s.io","v1beta2","DeviceClass","deviceclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta2DeviceClass",33,0,36,"resource.k8s.io/v1.DeviceClass"],["resource.k8s.io","v1beta2","DeviceTaintRule","devicetaintrules",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta2DeviceTaintRule",36,0,39,""],["resource.k8s.io","v1beta2","ResourceClaim","resourceclaims",1,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta2ResourceClaim",33,0,36,"resource.k8s.io/v1.ResourceClaim"],["resource.k8s.io","v1beta2","ResourceClaimTemplate","resourceclaimtemplates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta2ResourceClaimTemplate",33,0,36,"resource.k8s.io/v1.ResourceClaimTemplate"],["resource.k8s.io","v1beta2","ResourceSlice","resourceslices",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta2ResourceSlice",33,0,36,"resource.k8s.io/v1.ResourceSlice"],["resource.k8s.io","v1beta1","DeviceClass","deviceclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1DeviceClass",32,0,35,"resource.k8s.io/v1.DeviceClass"],["resource.k8s.io","v1beta1","ResourceClaim","resourceclaims",1,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta1ResourceClaim",32,0,35,"resource.k8s.io/v1.ResourceClaim"],["resource.k8s.io","v1beta1","ResourceClaimTemplate","resourceclaimtemplates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1ResourceClaimTemplate",32,0,35,"resource.k8s.io/v1.ResourceClaimTemplate"],["resource.k8s.io","v1beta1","ResourceSlice","resourceslices",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1ResourceSlice",32,0,35,"resource.k8s.io/v1.ResourceSlice"],["resource.k8s.io","v1alpha3","DeviceClass","deviceclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha3DeviceClass",31,33,0,"resource.k8s.io/v1.DeviceClass"],["resource.k8s.io","v1alpha3","DeviceTaintRule","devicetaintrules",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha3DeviceTaintRule",33,0,36,"resource.k8s.io/v1beta2.DeviceTaintRule"],["resource.k8s.io","v1alpha3","ResourceClaim","resourceclaims",1,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha3ResourceClaim",31,33,0,"resource.k8s.io/v1.ResourceClaim"],["resource.k8s.io","v1alpha3","ResourceClaimTemplate","resourceclaimtemplates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha3ResourceClaimTemplate",31,33,0,"resource.k8s.io/v1.ResourceClaimTemplate"],["resource.k8s.io","v1alpha3","ResourcePoolStatusRequest","resourcepoolstatusrequests",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha3ResourcePoolStatusRequest",36,0,0,""],["resource.k8s.io","v1alpha3","ResourceSlice","resourceslices",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha3ResourceSlice",31,33,0,"resource.k8s.io/v1.ResourceSlice"],["resource.k8s.io","v1alpha2","PodSchedulingContext","podschedulingcontexts",1,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha2PodSchedulingContext",27,30,0,""],["resource.k8s.io","v1alpha2","ResourceClaim","resourceclaims",1,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha2ResourceClaim",27,30,0,"resource.k8s.io/v1.ResourceClaim"],["resource.k8s.io","v1alpha2","ResourceClaimParameters","resourceclaimparameters",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha2ResourceClaimParameters",27,30,0,""],["resource.k8s.io","v1alpha2","ResourceClaimTemplate","resourceclaimtemplates",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha2ResourceClaimTemplate",27,30,0,"resource.k8s.io/v1.ResourceClaimTemplate"],["resource.k8s.io","v1alpha2","ResourceClass","resourceclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha2ResourceClass",27,30,0,""],["resource.k8s.io","v1alpha2","ResourceClassParameters","resourceclassparameters",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha2ResourceClassParameters",27,30,0,""],["resource.k8s.io","v1alpha2","ResourceSlice","resourceslices",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha2ResourceSlice",27,30,0,"resource.k8s.io/v1.ResourceSlice"],["scheduling.k8s.io","v1","PriorityClass","priorityclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","pc","","","V1PriorityClass",14,0,0,""],["scheduling.k8s.io","v1beta1","PriorityClass","priorityclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","pc","","","V1beta1PriorityClass",11,21,14,"scheduling.k8s.io/v1.PriorityClass"],["scheduling.k8s.io","v1alpha2","PodGroup","podgroups",1,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha2PodGroup",36,36,0,""],["scheduling.k8s.io","v1alpha2","Workload","workloads",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha2Workload",36,36,0,""],["scheduling.k8s.io","v1alpha1","PriorityClass","priorityclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","pc","","","V1alpha1PriorityClass",8,22,14,"scheduling.k8s.io/v1.PriorityClass"],["settings.k8s.io","v1alpha1","PodPreset","podpresets",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1PodPreset",6,19,0,""],["storage.k8s.io","v1","CSIDriver","csidrivers",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1CSIDriver",18,0,0,""],["storage.k8s.io","v1","CSINode","csinodes",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1CSINode",17,0,0,""],["storage.k8s.io","v1","CSIStorageCapacity","csistoragecapacities",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1CSIStorageCapacity",24,0,0,""],["storage.k8s.io","v1","StorageClass","storageclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","sc","","","V1StorageClass",0,0,0,""],["storage.k8s.io","v1","VolumeAttachment","volumeattachments",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1VolumeAttachment",13,0,0,""],["storage.k8s.io","v1","VolumeAttributesClass","volumeattributesclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","vac","","","V1VolumeAttributesClass",34,0,0,""],["storage.k8s.io","v1beta1","CSIDriver","csidrivers",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1CSIDriver",14,21,19,"storage.k8s.io/v1.CSIDriver"],["storage.k8s.io","v1beta1","CSINode","csinodes",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1CSINode",14,21,19,"storage.k8s.io/v1.CSINode"],["storage.k8s.io","v1beta1","CSIStorageCapacity","csistoragecapacities",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1CSIStorageCapacity",21,26,24,"storage.k8s.io/v1.CSIStorageCapacity"],["storage.k8s.io","v1beta1","StorageClass","storageclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","sc","","","V1beta1StorageClass",4,21,19,"storage.k8s.io/v1.StorageClass"],["storage.k8s.io","v1beta1","VolumeAttachment","volumeattachments",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1beta1VolumeAttachment",10,21,19,"storage.k8s.io/v1.VolumeAttachment"],["storage.k8s.io","v1beta1","VolumeAttributesClass","volumeattributesclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","vac","","","V1beta1VolumeAttributesClass",31,36,34,"storage.k8s.io/v1.VolumeAttributesClass"],["storage.k8s.io","v1alpha1","CSIStorageCapacity","csistoragecapacities",1,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1CSIStorageCapacity",19,23,0,"storage.k8s.io/v1.CSIStorageCapacity"],["storage.k8s.io","v1alpha1","VolumeAttachment","volumeattachments",0,"create,delete,deletecollection,get,list,patch,update,watch","","","","V1alpha1VolumeAttachment",9,23,19,"storage.k8s.io/v1.VolumeAttachment"],["storage.k8s.io","v1alpha1","VolumeAttributesClass","volumeattributesclasses",0,"create,delete,deletecollection,get,list,patch,update,watch","vac","","","V1alpha1VolumeAttributesClass",29,34,32,"storage.k8s.io/v1.VolumeAttributesClass"],["storagemigration.k8s.io","v1beta1","StorageVersionMigration","storageversionmigrations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1beta1StorageVersionMigration",35,0,38,""],["storagemigration.k8s.io","v1alpha1","StorageVersionMigration","storageversionmigrations",0,"create,delete,deletecollection,get,list,patch,update,watch","","","status:get,patch,update","V1alpha1StorageVersionMigration",30,34,0,"storagemigration.k8s.io/v1beta1.StorageVersionMigration"]]
export const TYPES = `
AdmissionregistrationV1ServiceReference	name!:string	namespace!:string	path:string	port:int32 =443
AdmissionregistrationV1WebhookClientConfig	caBundle:byte	service:AdmissionregistrationV1ServiceReference	url:string
AdmissionregistrationV1beta1ServiceReference	name!:string	namespace!:string	path:string	port:int64
AdmissionregistrationV1beta1WebhookClientConfig	caBundle:string	service:AdmissionregistrationV1beta1ServiceReference	url:string
ApiextensionsV1ServiceReference	name!:string	namespace!:string	path:string	port:int32 =443
ApiextensionsV1WebhookClientConfig	caBundle:byte	service:ApiextensionsV1ServiceReference	url:string
ApiextensionsV1beta1ServiceReference	name!:string	namespace!:string	path:string	port:int64
ApiextensionsV1beta1WebhookClientConfig	caBundle:string	service:ApiextensionsV1beta1ServiceReference	url:string
ApiregistrationV1ServiceReference	name:string	namespace:string	port:int32 =443
ApiregistrationV1beta1ServiceReference	name:string	namespace:string	port:int64
AppsV1beta1Deployment	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:AppsV1beta1DeploymentSpec	status:AppsV1beta1DeploymentStatus
AppsV1beta1DeploymentCondition	lastTransitionTime:time	lastUpdateTime:time	message:string	reason:string	status!:string	type!:string
AppsV1beta1DeploymentSpec	minReadySeconds:int64	paused:boolean	progressDeadlineSeconds:int64	replicas:int64	revisionHistoryLimit:int64	rollbackTo:AppsV1beta1RollbackConfig	selector:V1LabelSelector atomic	strategy:AppsV1beta1DeploymentStrategy ^	template!:V1PodTemplateSpec
AppsV1beta1DeploymentStatus	availableReplicas:int64	collisionCount:int64	conditions:[]AppsV1beta1DeploymentCondition ~type	observedGeneration:int64	readyReplicas:int64	replicas:int64	unavailableReplicas:int64	updatedReplicas:int64
AppsV1beta1DeploymentStrategy	rollingUpdate:AppsV1beta1RollingUpdateDeployment	type:string
AppsV1beta1RollbackConfig	revision:int64
AppsV1beta1RollingUpdateDeployment	maxSurge:any	maxUnavailable:any
CoreV1EndpointPort	appProtocol:string	name:string	port!:int32	protocol:string ="TCP" in=TCP|UDP|SCTP
CoreV1Event	action:string	apiVersion:string	count:int32	eventTime:time	firstTimestamp:time	involvedObject!:V1ObjectReference atomic	kind:string	lastTimestamp:time	message:string	metadata!:V1ObjectMeta	reason:string	related:V1ObjectReference atomic	reportingComponent:string	reportingInstance:string	series:CoreV1EventSeries	source:V1EventSource	type:string
CoreV1EventSeries	count:int32	lastObservedTime:time
CoreV1ResourceClaim	name!:string	request:string
DiscoveryV1EndpointPort	appProtocol:string	name:string =""	port:int32	protocol:string ="TCP" in=TCP|UDP|SCTP
EventsV1Event	action:string	apiVersion:string	deprecatedCount:int32	deprecatedFirstTimestamp:time	deprecatedLastTimestamp:time	deprecatedSource:V1EventSource	eventTime!:time	kind:string	metadata:V1ObjectMeta	note:string	reason:string	regarding:V1ObjectReference atomic	related:V1ObjectReference atomic	reportingController:string	reportingInstance:string	series:EventsV1EventSeries	type:string
EventsV1EventSeries	count!:int32	lastObservedTime!:time
ExtensionsV1beta1AllowedCSIDriver	name!:string
ExtensionsV1beta1AllowedFlexVolume	driver!:string
ExtensionsV1beta1AllowedHostPath	pathPrefix:string	readOnly:boolean
ExtensionsV1beta1Deployment	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:ExtensionsV1beta1DeploymentSpec	status:ExtensionsV1beta1DeploymentStatus
ExtensionsV1beta1DeploymentCondition	lastTransitionTime:time	lastUpdateTime:time	message:string	reason:string	status!:string	type!:string
ExtensionsV1beta1DeploymentSpec	minReadySeconds:int64	paused:boolean	progressDeadlineSeconds:int64	replicas:int64	revisionHistoryLimit:int64	rollbackTo:ExtensionsV1beta1RollbackConfig	selector:V1LabelSelector atomic	strategy:ExtensionsV1beta1DeploymentStrategy ^	template!:V1PodTemplateSpec
ExtensionsV1beta1DeploymentStatus	availableReplicas:int64	collisionCount:int64	conditions:[]ExtensionsV1beta1DeploymentCondition ~type	observedGeneration:int64	readyReplicas:int64	replicas:int64	unavailableReplicas:int64	updatedReplicas:int64
ExtensionsV1beta1DeploymentStrategy	rollingUpdate:ExtensionsV1beta1RollingUpdateDeployment	type:string
ExtensionsV1beta1FSGroupStrategyOptions	ranges:[]ExtensionsV1beta1IDRange	rule:string
ExtensionsV1beta1HTTPIngressPath	backend!:ExtensionsV1beta1IngressBackend	path:string	pathType:string
ExtensionsV1beta1HTTPIngressRuleValue	paths!:[]ExtensionsV1beta1HTTPIngressPath
ExtensionsV1beta1HostPortRange	max!:int64	min!:int64
ExtensionsV1beta1IDRange	max!:int64	min!:int64
ExtensionsV1beta1Ingress	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:ExtensionsV1beta1IngressSpec	status:ExtensionsV1beta1IngressStatus
ExtensionsV1beta1IngressBackend	resource:V1TypedLocalObjectReference atomic	serviceName:string	servicePort:any
ExtensionsV1beta1IngressRule	host:string	http:ExtensionsV1beta1HTTPIngressRuleValue
ExtensionsV1beta1IngressSpec	backend:ExtensionsV1beta1IngressBackend	ingressClassName:string	rules:[]ExtensionsV1beta1IngressRule	tls:[]ExtensionsV1beta1IngressTLS
ExtensionsV1beta1IngressStatus	loadBalancer:V1LoadBalancerStatus
ExtensionsV1beta1IngressTLS	hosts:[]string	secretName:string
ExtensionsV1beta1PodSecurityPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:ExtensionsV1beta1PodSecurityPolicySpec
ExtensionsV1beta1PodSecurityPolicySpec	allowPrivilegeEscalation:boolean	allowedCSIDrivers:[]ExtensionsV1beta1AllowedCSIDriver	allowedCapabilities:[]string	allowedFlexVolumes:[]ExtensionsV1beta1AllowedFlexVolume	allowedHostPaths:[]ExtensionsV1beta1AllowedHostPath	allowedProcMountTypes:[]string	allowedUnsafeSysctls:[]string	defaultAddCapabilities:[]string	defaultAllowPrivilegeEscalation:boolean	forbiddenSysctls:[]string	fsGroup!:ExtensionsV1beta1FSGroupStrategyOptions	hostIPC:boolean	hostNetwork:boolean	hostPID:boolean	hostPorts:[]ExtensionsV1beta1HostPortRange	privileged:boolean	readOnlyRootFilesystem:boolean	requiredDropCapabilities:[]string	runAsGroup:ExtensionsV1beta1RunAsGroupStrategyOptions	runAsUser!:ExtensionsV1beta1RunAsUserStrategyOptions	runtimeClass:ExtensionsV1beta1RuntimeClassStrategyOptions	seLinux!:ExtensionsV1beta1SELinuxStrategyOptions	supplementalGroups!:ExtensionsV1beta1SupplementalGroupsStrategyOptions	volumes:[]string
ExtensionsV1beta1RollbackConfig	revision:int64
ExtensionsV1beta1RollingUpdateDeployment	maxSurge:any	maxUnavailable:any
ExtensionsV1beta1RunAsGroupStrategyOptions	ranges:[]ExtensionsV1beta1IDRange	rule!:string
ExtensionsV1beta1RunAsUserStrategyOptions	ranges:[]ExtensionsV1beta1IDRange	rule!:string
ExtensionsV1beta1RuntimeClassStrategyOptions	allowedRuntimeClassNames!:[]string	defaultRuntimeClassName:string
ExtensionsV1beta1SELinuxStrategyOptions	rule!:string	seLinuxOptions:V1SELinuxOptions
ExtensionsV1beta1SupplementalGroupsStrategyOptions	ranges:[]ExtensionsV1beta1IDRange	rule:string
FlowcontrolV1Subject	group:V1GroupSubject	kind!:string	serviceAccount:V1ServiceAccountSubject	user:V1UserSubject
FlowcontrolV1alpha1Subject	group:V1alpha1GroupSubject	kind!:string	serviceAccount:V1alpha1ServiceAccountSubject	user:V1alpha1UserSubject
NetworkingV1beta1HTTPIngressPath	backend!:NetworkingV1beta1IngressBackend	path:string	pathType:string
NetworkingV1beta1HTTPIngressRuleValue	paths!:[]NetworkingV1beta1HTTPIngressPath
NetworkingV1beta1Ingress	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:NetworkingV1beta1IngressSpec	status:NetworkingV1beta1IngressStatus
NetworkingV1beta1IngressBackend	resource:V1TypedLocalObjectReference atomic	serviceName:string	servicePort:any
NetworkingV1beta1IngressRule	host:string	http:NetworkingV1beta1HTTPIngressRuleValue
NetworkingV1beta1IngressSpec	backend:NetworkingV1beta1IngressBackend	ingressClassName:string	rules:[]NetworkingV1beta1IngressRule	tls:[]NetworkingV1beta1IngressTLS
NetworkingV1beta1IngressStatus	loadBalancer:V1LoadBalancerStatus
NetworkingV1beta1IngressTLS	hosts:[]string	secretName:string
RbacV1Subject	apiGroup:string	kind!:string	name!:string	namespace:string
RbacV1beta1Subject	apiGroup:string	kind!:string	name!:string	namespace:string
ResourceV1ResourceClaim	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1ResourceClaimSpec	status:V1ResourceClaimStatus
StorageV1TokenRequest	audience!:string	expirationSeconds:int64
V1APIService	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1APIServiceSpec	status:V1APIServiceStatus
V1APIServiceCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1APIServiceSpec	caBundle:byte	group:string	groupPriorityMinimum!:int32	insecureSkipTLSVerify:boolean	service:ApiregistrationV1ServiceReference	version:string	versionPriority!:int32
V1APIServiceStatus	conditions:[]V1APIServiceCondition ~type map=type
V1AWSElasticBlockStoreVolumeSource	fsType:string	partition:int32	readOnly:boolean	volumeID!:string
V1Affinity	nodeAffinity:V1NodeAffinity	podAffinity:V1PodAffinity	podAntiAffinity:V1PodAntiAffinity
V1AggregationRule	clusterRoleSelectors:[]V1LabelSelector
V1AllocatedDeviceStatus	conditions:[]V1Condition map=type	data:any	device!:string	driver!:string	networkData:V1NetworkDeviceData	pool!:string	shareID:string
V1AllocationResult	allocationTimestamp:time	devices:V1DeviceAllocationResult	nodeSelector:V1NodeSelector atomic
V1AppArmorProfile	localhostProfile:string	type!:string
V1ApplyConfiguration	expression:string
V1AttachedVolume	devicePath!:string	name!:string
V1AuditAnnotation	key!:string	valueExpression!:string
V1AzureDiskVolumeSource	cachingMode:string	diskName!:string	diskURI!:string	fsType:string	kind:string	readOnly:boolean
V1AzureFilePersistentVolumeSource	readOnly:boolean	secretName!:string	secretNamespace:string	shareName!:string
V1AzureFileVolumeSource	readOnly:boolean	secretName!:string	shareName!:string
V1Binding	apiVersion:string	kind:string	metadata:V1ObjectMeta	target!:V1ObjectReference atomic
V1CELDeviceSelector	expression!:string
V1CSIDriver	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1CSIDriverSpec
V1CSIDriverSpec	attachRequired:boolean =true	fsGroupPolicy:string ="ReadWriteOnceWithFSType" in=ReadWriteOnceWithFSType|File|None	nodeAllocatableUpdatePeriodSeconds:int64	podInfoOnMount:boolean =false	preventPodSchedulingIfMissing:boolean	requiresRepublish:boolean =false	seLinuxMount:boolean	serviceAccountTokenInSecrets:boolean	storageCapacity:boolean =false	tokenRequests:[]StorageV1TokenRequest	volumeLifecycleModes:[]string set
V1CSINode	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1CSINodeSpec
V1CSINodeDriver	allocatable:V1VolumeNodeResources	name!:string	nodeID!:string	topologyKeys:[]string
V1CSINodeSpec	drivers!:[]V1CSINodeDriver ~name map=name
V1CSIPersistentVolumeSource	controllerExpandSecretRef:V1SecretReference atomic	controllerPublishSecretRef:V1SecretReference atomic	driver!:string	fsType:string	nodeExpandSecretRef:V1SecretReference atomic	nodePublishSecretRef:V1SecretReference atomic	nodeStageSecretRef:V1SecretReference atomic	readOnly:boolean	volumeAttributes:{}string	volumeHandle!:string
V1CSIStorageCapacity	apiVersion:string	capacity:quantity	kind:string	maximumVolumeSize:quantity	metadata:V1ObjectMeta	nodeTopology:V1LabelSelector atomic	storageClassName!:string
V1CSIVolumeSource	driver!:string	fsType:string	nodePublishSecretRef:V1LocalObjectReference atomic	readOnly:boolean	volumeAttributes:{}string
V1Capabilities	add:[]string	drop:[]string
V1CapacityRequestPolicy	default:string	validRange:V1CapacityRequestPolicyRange	validValues:[]string
V1CapacityRequestPolicyRange	max:string	min!:string	step:string
V1CapacityRequirements	requests:{}string
V1CephFSPersistentVolumeSource	monitors!:[]string	path:string	readOnly:boolean	secretFile:string	secretRef:V1SecretReference atomic	user:string
V1CephFSVolumeSource	monitors!:[]string	path:string	readOnly:boolean	secretFile:string	secretRef:V1LocalObjectReference atomic	user:string
V1CertificateSigningRequest	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1CertificateSigningRequestSpec	status:V1CertificateSigningRequestStatus
V1CertificateSigningRequestCondition	lastTransitionTime:time	lastUpdateTime:time	message:string	reason:string	status!:string	type!:string
V1CertificateSigningRequestSpec	expirationSeconds:int32	extra:{}[]string	groups:[]string	request!:byte	signerName!:string	uid:string	usages:[]string	username:string
V1CertificateSigningRequestStatus	certificate:byte	conditions:[]V1CertificateSigningRequestCondition map=type
V1CinderPersistentVolumeSource	fsType:string	readOnly:boolean	secretRef:V1SecretReference atomic	volumeID!:string
V1CinderVolumeSource	fsType:string	readOnly:boolean	secretRef:V1LocalObjectReference atomic	volumeID!:string
V1ClientIPConfig	timeoutSeconds:int32
V1ClusterRole	aggregationRule:V1AggregationRule	apiVersion:string	kind:string	metadata:V1ObjectMeta	rules:[]V1PolicyRule
V1ClusterRoleBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	roleRef!:V1RoleRef atomic	subjects:[]RbacV1Subject
V1ClusterTrustBundleProjection	labelSelector:V1LabelSelector atomic	name:string	optional:boolean	path!:string	signerName:string
V1ComponentCondition	error:string	message:string	status!:string	type!:string
V1ComponentStatus	apiVersion:string	conditions:[]V1ComponentCondition ~type	kind:string	metadata:V1ObjectMeta
V1Condition	lastTransitionTime!:time	message!:string	observedGeneration:int64	reason!:string	status!:string	type!:string
V1ConfigMap	apiVersion:string	binaryData:{}byte	data:{}string	immutable:boolean	kind:string	metadata:V1ObjectMeta
V1ConfigMapEnvSource	name:string	optional:boolean
V1ConfigMapKeySelector	key!:string	name:string	optional:boolean
V1ConfigMapNodeConfigSource	kubeletConfigKey!:string	name!:string	namespace!:string	resourceVersion:string	uid:string
V1ConfigMapProjection	items:[]V1KeyToPath	name:string	optional:boolean
V1ConfigMapVolumeSource	defaultMode:int32 =420	items:[]V1KeyToPath	name:string	optional:boolean
V1Container	args:[]string	command:[]string	env:[]V1EnvVar ~name	envFrom:[]V1EnvFromSource	image:string	imagePullPolicy:string in=Always|Never|IfNotPresent	lifecycle:V1Lifecycle	livenessProbe:V1Probe	name!:string	ports:[]V1ContainerPort ~containerPort map=containerPort,protocol	readinessProbe:V1Probe	resizePolicy:[]V1ContainerResizePolicy	resources:V1ResourceRequirements ={}	restartPolicy:string	restartPolicyRules:[]V1ContainerRestartRule	securityContext:V1SecurityContext	startupProbe:V1Probe	stdin:boolean	stdinOnce:boolean	terminationMessagePath:string ="/dev/termination-log"	terminationMessagePolicy:string ="File" in=File|FallbackToLogsOnError	tty:boolean	volumeDevices:[]V1VolumeDevice ~devicePath	volumeMounts:[]V1VolumeMount ~mountPath	workingDir:string
V1ContainerExtendedResourceRequest	containerName!:string	requestName!:string	resourceName!:string
V1ContainerImage	names:[]string	sizeBytes:int64
V1ContainerPort	containerPort!:int32	hostIP:string	hostPort:int32	name:string	protocol:string ="TCP" in=TCP|UDP|SCTP
V1ContainerResizePolicy	resourceName!:string	restartPolicy!:string
V1ContainerRestartRule	action!:string	exitCodes:V1ContainerRestartRuleOnExitCodes
V1ContainerRestartRuleOnExitCodes	operator!:string	values:[]int32
V1ContainerState	running:V1ContainerStateRunning	terminated:V1ContainerStateTerminated	waiting:V1ContainerStateWaiting
V1ContainerStateRunning	startedAt:time
V1ContainerStateTerminated	containerID:string	exitCode!:int32	finishedAt:time	message:string	reason:string	signal:int32	startedAt:time
V1ContainerStateWaiting	message:string	reason:string
V1ContainerStatus	allocatedResources:{}quantity	allocatedResourcesStatus:[]V1ResourceStatus ~name map=name	containerID:string	image!:string	imageID!:string	lastState:V1ContainerState	name!:string	ready!:boolean	resources:V1ResourceRequirements	restartCount!:int32	started:boolean	state:V1ContainerState	stopSignal:string	user:V1ContainerUser	volumeMounts:[]V1VolumeMountStatus ~mountPath map=mountPath
V1ContainerUser	linux:V1LinuxContainerUser
V1ControllerRevision	apiVersion:string	data:any	kind:string	metadata:V1ObjectMeta	revision!:int64
V1Counter	value!:string
V1CounterSet	counters!:{}V1Counter	name!:string
V1CronJob	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1CronJobSpec	status:V1CronJobStatus
V1CronJobSpec	concurrencyPolicy:string ="Allow" in=Allow|Forbid|Replace	failedJobsHistoryLimit:int32 =1	jobTemplate!:V1JobTemplateSpec	schedule!:string	startingDeadlineSeconds:int64	successfulJobsHistoryLimit:int32 =3	suspend:boolean =false	timeZone:string
V1CronJobStatus	active:[]V1ObjectReference	lastScheduleTime:time	lastSuccessfulTime:time
V1CrossVersionObjectReference	apiVersion:string	kind!:string	name!:string
V1CustomResourceColumnDefinition	description:string	format:string	jsonPath!:string	name!:string	priority:int32	type!:string
V1CustomResourceConversion	strategy!:string ="None" in=None|Webhook	webhook:V1WebhookConversion
V1CustomResourceDefinition	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1CustomResourceDefinitionSpec	status:V1CustomResourceDefinitionStatus
V1CustomResourceDefinitionCondition	lastTransitionTime:time	message:string	observedGeneration:int64	reason:string	status!:string	type!:string
V1CustomResourceDefinitionNames	categories:[]string	kind!:string	listKind:string	plural!:string	shortNames:[]string	singular:string
V1CustomResourceDefinitionSpec	conversion:V1CustomResourceConversion	group!:string	names!:V1CustomResourceDefinitionNames	preserveUnknownFields:boolean	scope!:string in=Cluster|Namespaced	versions!:[]V1CustomResourceDefinitionVersion
V1CustomResourceDefinitionStatus	acceptedNames:V1CustomResourceDefinitionNames	conditions:[]V1CustomResourceDefinitionCondition map=type	observedGeneration:int64	storedVersions:[]string
V1CustomResourceDefinitionVersion	additionalPrinterColumns:[]V1CustomResourceColumnDefinition	deprecated:boolean	deprecationWarning:string	name!:string	schema:V1CustomResourceValidation	selectableFields:[]V1SelectableField	served!:boolean	storage!:boolean	subresources:V1CustomResourceSubresources
V1CustomResourceSubresourceScale	labelSelectorPath:string	specReplicasPath!:string	statusReplicasPath!:string
V1CustomResourceSubresources	scale:V1CustomResourceSubresourceScale	status:any
V1CustomResourceValidation	openAPIV3Schema:V1JSONSchemaProps
V1DaemonEndpoint	Port!:int32
V1DaemonSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1DaemonSetSpec	status:V1DaemonSetStatus
V1DaemonSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1DaemonSetSpec	minReadySeconds:int32	revisionHistoryLimit:int32 =10	selector!:V1LabelSelector atomic	template!:V1PodTemplateSpec	updateStrategy:V1DaemonSetUpdateStrategy ={"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}}
V1DaemonSetStatus	collisionCount:int32	conditions:[]V1DaemonSetCondition ~type	currentNumberScheduled!:int32	desiredNumberScheduled!:int32	numberAvailable:int32	numberMisscheduled!:int32	numberReady!:int32	numberUnavailable:int32	observedGeneration:int64	updatedNumberScheduled:int32
V1DaemonSetUpdateStrategy	rollingUpdate:V1RollingUpdateDaemonSet	type:string ="RollingUpdate" in=RollingUpdate|OnDelete
V1DeleteOptions	apiVersion:string	dryRun:[]string	gracePeriodSeconds:int64	ignoreStoreReadErrorWithClusterBreakingPotential:boolean	kind:string	orphanDependents:boolean	preconditions:V1Preconditions	propagationPolicy:string
V1Deployment	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1DeploymentSpec	status:V1DeploymentStatus
V1DeploymentCondition	lastTransitionTime:time	lastUpdateTime:time	message:string	reason:string	status!:string	type!:string
V1DeploymentSpec	minReadySeconds:int32	paused:boolean	progressDeadlineSeconds:int32 =600	replicas:int32 =1	revisionHistoryLimit:int32 =10	selector!:V1LabelSelector atomic	strategy:V1DeploymentStrategy ^ ={"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}	template!:V1PodTemplateSpec
V1DeploymentStatus	availableReplicas:int32	collisionCount:int32	conditions:[]V1DeploymentCondition ~type	observedGeneration:int64	readyReplicas:int32	replicas:int32	terminatingReplicas:int32	unavailableReplicas:int32	updatedReplicas:int32
V1DeploymentStrategy	rollingUpdate:V1RollingUpdateDeployment	type:string ="RollingUpdate" in=Recreate|RollingUpdate
V1Device	allNodes:boolean	allowMultipleAllocations:boolean	attributes:{}V1DeviceAttribute	bindingConditions:[]string	bindingFailureConditions:[]string	bindsToNode:boolean	capacity:{}V1DeviceCapacity	consumesCounters:[]V1DeviceCounterConsumption	name!:string	nodeAllocatableResourceMappings:{}V1NodeAllocatableResourceMapping	nodeName:string	nodeSelector:V1NodeSelector atomic	taints:[]V1DeviceTaint
V1DeviceAllocationConfiguration	opaque:V1OpaqueDeviceConfiguration	requests:[]string	source!:string
V1DeviceAllocationResult	config:[]V1DeviceAllocationConfiguration	results:[]V1DeviceRequestAllocationResult
V1DeviceAttribute	bool:boolean	bools:[]boolean	int:int64	ints:[]int64	string:string	strings:[]string	version:string	versions:[]string
V1DeviceCapacity	requestPolicy:V1CapacityRequestPolicy	value!:string
V1DeviceClaim	config:[]V1DeviceClaimConfiguration	constraints:[]V1DeviceConstraint	requests:[]V1DeviceRequest
V1DeviceClaimConfiguration	opaque:V1OpaqueDeviceConfiguration	requests:[]string
V1DeviceClass	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1DeviceClassSpec
V1DeviceClassConfiguration	opaque:V1OpaqueDeviceConfiguration
V1DeviceClassSpec	config:[]V1DeviceClassConfiguration	extendedResourceName:string	selectors:[]V1DeviceSelector
V1DeviceConstraint	distinctAttribute:string	matchAttribute:string	requests:[]string
V1DeviceCounterConsumption	counterSet!:string	counters!:{}V1Counter
V1DeviceRequest	exactly:V1ExactDeviceRequest	firstAvailable:[]V1DeviceSubRequest	name!:string
V1DeviceRequestAllocationResult	adminAccess:boolean	bindingConditions:[]string	bindingFailureConditions:[]string	consumedCapacity:{}string	device!:string	driver!:string	pool!:string	request!:string	shareID:string	tolerations:[]V1DeviceToleration
V1DeviceSelector	cel:V1CELDeviceSelector
V1DeviceSubRequest	allocationMode:string	capacity:V1CapacityRequirements	count:int64	deviceClassName!:string	name!:string	selectors:[]V1DeviceSelector	tolerations:[]V1DeviceToleration
V1DeviceTaint	effect!:string	key!:string	timeAdded:time	value:string
V1DeviceToleration	effect:string	key:string	operator:string	tolerationSeconds:int64	value:string
V1DownwardAPIProjection	items:[]V1DownwardAPIVolumeFile
V1DownwardAPIVolumeFile	fieldRef:V1ObjectFieldSelector atomic	mode:int32	path!:string	resourceFieldRef:V1ResourceFieldSelector atomic
V1DownwardAPIVolumeSource	defaultMode:int32 =420	items:[]V1DownwardAPIVolumeFile
V1EmptyDirVolumeSource	medium:string in=|Memory|HugePages	sizeLimit:quantity
V1Endpoint	addresses!:[]string	conditions:V1EndpointConditions	deprecatedTopology:{}string	hints:V1EndpointHints	hostname:string	nodeName:string	targetRef:V1ObjectReference atomic	zone:string
V1EndpointAddress	hostname:string	ip!:string	nodeName:string	targetRef:V1ObjectReference atomic
V1EndpointConditions	ready:boolean	serving:boolean	terminating:boolean
V1EndpointHints	forNodes:[]V1ForNode	forZones:[]V1ForZone
V1EndpointSlice	addressType!:string	apiVersion:string	endpoints:[]V1Endpoint	kind:string	metadata:V1ObjectMeta	ports:[]DiscoveryV1EndpointPort
V1EndpointSubset	addresses:[]V1EndpointAddress	notReadyAddresses:[]V1EndpointAddress	ports:[]CoreV1EndpointPort
V1Endpoints	apiVersion:string	kind:string	metadata:V1ObjectMeta	subsets:[]V1EndpointSubset
V1EnvFromSource	configMapRef:V1ConfigMapEnvSource	prefix:string	secretRef:V1SecretEnvSource
V1EnvVar	name!:string	value:string	valueFrom:V1EnvVarSource
V1EnvVarSource	configMapKeyRef:V1ConfigMapKeySelector atomic	fieldRef:V1ObjectFieldSelector atomic	fileKeyRef:V1FileKeySelector atomic	resourceFieldRef:V1ResourceFieldSelector atomic	secretKeyRef:V1SecretKeySelector atomic
V1EphemeralContainer	args:[]string	command:[]string	env:[]V1EnvVar ~name	envFrom:[]V1EnvFromSource	image:string	imagePullPolicy:string in=Always|Never|IfNotPresent	lifecycle:V1Lifecycle	livenessProbe:V1Probe	name!:string	ports:[]V1ContainerPort	readinessProbe:V1Probe	resizePolicy:[]V1ContainerResizePolicy	resources:V1ResourceRequirements ={}	restartPolicy:string	restartPolicyRules:[]V1ContainerRestartRule	securityContext:V1SecurityContext	startupProbe:V1Probe	stdin:boolean	stdinOnce:boolean	targetContainerName:string	terminationMessagePath:string ="/dev/termination-log"	terminationMessagePolicy:string ="File" in=File|FallbackToLogsOnError	tty:boolean	volumeDevices:[]V1VolumeDevice ~devicePath	volumeMounts:[]V1VolumeMount ~mountPath	workingDir:string
V1EphemeralVolumeSource	volumeClaimTemplate:V1PersistentVolumeClaimTemplate
V1EventSource	component:string	host:string
V1Eviction	apiVersion:string	deleteOptions:V1DeleteOptions	kind:string	metadata:V1ObjectMeta
V1ExactDeviceRequest	adminAccess:boolean	allocationMode:string	capacity:V1CapacityRequirements	count:int64	deviceClassName!:string	selectors:[]V1DeviceSelector	tolerations:[]V1DeviceToleration
V1ExecAction	command:[]string
V1ExemptPriorityLevelConfiguration	lendablePercent:int32	nominalConcurrencyShares:int32
V1ExpressionWarning	fieldRef!:string	warning!:string
V1ExternalDocumentation	description:string	url:string
V1FCVolumeSource	fsType:string	lun:int32	readOnly:boolean	targetWWNs:[]string	wwids:[]string
V1FieldSelectorAttributes	rawSelector:string	requirements:[]V1FieldSelectorRequirement
V1FieldSelectorRequirement	key!:string	operator!:string	values:[]string
V1FileKeySelector	key!:string	optional:boolean	path!:string	volumeName!:string
V1FlexPersistentVolumeSource	driver!:string	fsType:string	options:{}string	readOnly:boolean	secretRef:V1SecretReference atomic
V1FlexVolumeSource	driver!:string	fsType:string	options:{}string	readOnly:boolean	secretRef:V1LocalObjectReference atomic
V1FlockerVolumeSource	datasetName:string	datasetUUID:string
V1FlowDistinguisherMethod	type!:string
V1FlowSchema	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1FlowSchemaSpec	status:V1FlowSchemaStatus
V1FlowSchemaCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1FlowSchemaSpec	distinguisherMethod:V1FlowDistinguisherMethod	matchingPrecedence:int32	priorityLevelConfiguration!:V1PriorityLevelConfigurationReference	rules:[]V1PolicyRulesWithSubjects
V1FlowSchemaStatus	conditions:[]V1FlowSchemaCondition ~type map=type
V1ForNode	name!:string
V1ForZone	name!:string
V1GCEPersistentDiskVolumeSource	fsType:string	partition:int32	pdName!:string	readOnly:boolean
V1GRPCAction	port!:int32	service:string =""
V1GitRepoVolumeSource	directory:string	repository!:string	revision:string
V1GlusterfsPersistentVolumeSource	endpoints!:string	endpointsNamespace:string	path!:string	readOnly:boolean
V1GlusterfsVolumeSource	endpoints!:string	path!:string	readOnly:boolean
V1GroupResource	group!:string	resource!:string
V1GroupSubject	name!:string
V1HTTPGetAction	host:string	httpHeaders:[]V1HTTPHeader	path:string ="/"	port!:int-or-string	scheme:string ="HTTP" in=HTTP|HTTPS
V1HTTPHeader	name!:string	value!:string
V1HTTPIngressPath	backend!:V1IngressBackend	path:string	pathType!:string in=Exact|Prefix|ImplementationSpecific
V1HTTPIngressRuleValue	paths!:[]V1HTTPIngressPath
V1HorizontalPodAutoscaler	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1HorizontalPodAutoscalerSpec	status:V1HorizontalPodAutoscalerStatus
V1HorizontalPodAutoscalerSpec	maxReplicas!:int32	minReplicas:int32 =1	scaleTargetRef!:V1CrossVersionObjectReference atomic	targetCPUUtilizationPercentage:int32
V1HorizontalPodAutoscalerStatus	currentCPUUtilizationPercentage:int32	currentReplicas!:int32	desiredReplicas!:int32	lastScaleTime:time	observedGeneration:int64
V1HostAlias	hostnames:[]string	ip!:string
V1HostIP	ip!:string
V1HostPathVolumeSource	path!:string	type:string ="" in=|DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice
V1IPAddress	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1IPAddressSpec
V1IPAddressSpec	parentRef!:V1ParentReference
V1IPBlock	cidr!:string	except:[]string
V1ISCSIPersistentVolumeSource	chapAuthDiscovery:boolean	chapAuthSession:boolean	fsType:string	initiatorName:string	iqn!:string	iscsiInterface:string	lun!:int32	portals:[]string	readOnly:boolean	secretRef:V1SecretReference atomic	targetPortal!:string
V1ISCSIVolumeSource	chapAuthDiscovery:boolean	chapAuthSession:boolean	fsType:string	initiatorName:string	iqn!:string	iscsiInterface:string	lun!:int32	portals:[]string	readOnly:boolean	secretRef:V1LocalObjectReference atomic	targetPortal!:string
V1ImageVolumeSource	pullPolicy:string	reference:string
V1ImageVolumeStatus	imageRef!:string
V1Ingress	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1IngressSpec	status:V1IngressStatus
V1IngressBackend	resource:V1TypedLocalObjectReference atomic	service:V1IngressServiceBackend
V1IngressClass	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1IngressClassSpec
V1IngressClassParametersReference	apiGroup:string	kind!:string	name!:string	namespace:string	scope:string
V1IngressClassSpec	controller:string	parameters:V1IngressClassParametersReference
V1IngressLoadBalancerIngress	hostname:string	ip:string	ports:[]V1IngressPortStatus
V1IngressLoadBalancerStatus	ingress:[]V1IngressLoadBalancerIngress
V1IngressPortStatus	error:string	port!:int32	protocol!:string
V1IngressRule	host:string	http:V1HTTPIngressRuleValue
V1IngressServiceBackend	name!:string	port:V1ServiceBackendPort atomic
V1IngressSpec	defaultBackend:V1IngressBackend	ingressClassName:string	rules:[]V1IngressRule	tls:[]V1IngressTLS
V1IngressStatus	loadBalancer:V1IngressLoadBalancerStatus
V1IngressTLS	hosts:[]string	secretName:string
V1JSONPatch	expression:string
V1JSONSchemaProps	$ref:string	$schema:string	additionalItems:any	additionalProperties:any	allOf:[]V1JSONSchemaProps	anyOf:[]V1JSONSchemaProps	default:any	definitions:{}V1JSONSchemaProps	dependencies:{}any	description:string	enum:[]any	example:any	exclusiveMaximum:boolean	exclusiveMinimum:boolean	externalDocs:V1ExternalDocumentation	format:string	id:string	items:any	maxItems:int64	maxLength:int64	maxProperties:int64	maximum:number	minItems:int64	minLength:int64	minProperties:int64	minimum:number	multipleOf:number	not:V1JSONSchemaProps	nullable:boolean	oneOf:[]V1JSONSchemaProps	pattern:string	patternProperties:{}V1JSONSchemaProps	properties:{}V1JSONSchemaProps	required:[]string	title:string	type:string	uniqueItems:boolean	x-kubernetes-embedded-resource:boolean	x-kubernetes-int-or-string:boolean	x-kubernetes-list-map-keys:[]string	x-kubernetes-list-type:string	x-kubernetes-map-type:string	x-kubernetes-preserve-unknown-fields:boolean	x-kubernetes-validations:[]V1ValidationRule
V1Job	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1JobSpec	status:V1JobStatus
V1JobCondition	lastProbeTime:time	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1JobSpec	activeDeadlineSeconds:int64	backoffLimit:int32 =6	backoffLimitPerIndex:int32	completionMode:string ="NonIndexed" in=NonIndexed|Indexed	completions:int32	managedBy:string	manualSelector:boolean	maxFailedIndexes:int32	parallelism:int32	podFailurePolicy:V1PodFailurePolicy	podReplacementPolicy:string	selector:V1LabelSelector atomic	successPolicy:V1SuccessPolicy	suspend:boolean =false	template!:V1PodTemplateSpec	ttlSecondsAfterFinished:int32
V1JobStatus	active:int32	completedIndexes:string	completionTime:time	conditions:[]V1JobCondition ~type	failed:int32	failedIndexes:string	ready:int32	startTime:time	succeeded:int32	terminating:int32	uncountedTerminatedPods:V1UncountedTerminatedPods
V1JobTemplateSpec	metadata:V1ObjectMeta	spec:V1JobSpec
V1KeyToPath	key!:string	mode:int32	path!:string
V1LabelSelector	matchExpressions:[]V1LabelSelectorRequirement	matchLabels:{}string
V1LabelSelectorAttributes	rawSelector:string	requirements:[]V1LabelSelectorRequirement
V1LabelSelectorRequirement	key!:string ~key	operator!:string in=In|NotIn|Exists|DoesNotExist	values:[]string
V1Lease	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1LeaseSpec
V1LeaseSpec	acquireTime:time	holderIdentity:string	leaseDurationSeconds:int32	leaseTransitions:int32	preferredHolder:string	renewTime:time	strategy:string
V1Lifecycle	postStart:V1LifecycleHandler	preStop:V1LifecycleHandler	stopSignal:string
V1LifecycleHandler	exec:V1ExecAction	httpGet:V1HTTPGetAction	sleep:V1SleepAction	tcpSocket:V1TCPSocketAction
V1LimitRange	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1LimitRangeSpec
V1LimitRangeItem	default:{}quantity	defaultRequest:{}quantity	max:{}quantity	maxLimitRequestRatio:{}quantity	min:{}quantity	type!:string
V1LimitRangeSpec	limits!:[]V1LimitRangeItem
V1LimitResponse	queuing:V1QueuingConfiguration	type!:string
V1LimitedPriorityLevelConfiguration	borrowingLimitPercent:int32	lendablePercent:int32	limitResponse:V1LimitResponse	nominalConcurrencyShares:int32
V1LinuxContainerUser	gid!:int64	supplementalGroups:[]int64	uid!:int64
V1ListMeta	continue:string	remainingItemCount:int64	resourceVersion:string	selfLink:string	shardInfo:V1ShardInfo
V1LoadBalancerIngress	hostname:string	ip:string	ipMode:string	ports:[]V1PortStatus
V1LoadBalancerStatus	ingress:[]V1LoadBalancerIngress
V1LocalObjectReference	name:string
V1LocalSubjectAccessReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1SubjectAccessReviewSpec	status:V1SubjectAccessReviewStatus
V1LocalVolumeSource	fsType:string	path!:string
V1ManagedFieldsEntry	apiVersion:string	fieldsType:string	fieldsV1:any	manager:string	operation:string	subresource:string	time:time
V1MatchCondition	expression!:string	name!:string
V1MatchResources	excludeResourceRules:[]V1NamedRuleWithOperations	matchPolicy:string	namespaceSelector:V1LabelSelector atomic	objectSelector:V1LabelSelector atomic	resourceRules:[]V1NamedRuleWithOperations
V1ModifyVolumeStatus	status!:string	targetVolumeAttributesClassName:string
V1MutatingAdmissionPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1MutatingAdmissionPolicySpec
V1MutatingAdmissionPolicyBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1MutatingAdmissionPolicyBindingSpec
V1MutatingAdmissionPolicyBindingSpec	matchResources:V1MatchResources atomic	paramRef:V1ParamRef atomic	policyName:string
V1MutatingAdmissionPolicySpec	failurePolicy:string	matchConditions:[]V1MatchCondition ~name map=name	matchConstraints:V1MatchResources atomic	mutations:[]V1Mutation	paramKind:V1ParamKind atomic	reinvocationPolicy:string	variables:[]V1Variable
V1MutatingWebhook	admissionReviewVersions!:[]string	clientConfig!:AdmissionregistrationV1WebhookClientConfig	failurePolicy:string ="Fail" in=Fail|Ignore	matchConditions:[]V1MatchCondition ~name map=name	matchPolicy:string ="Equivalent" in=Exact|Equivalent	name!:string	namespaceSelector:V1LabelSelector ={} atomic	objectSelector:V1LabelSelector ={} atomic	reinvocationPolicy:string ="Never" in=Never|IfNeeded	rules:[]V1RuleWithOperations	sideEffects!:string in=None|NoneOnDryRun	timeoutSeconds:int32 =10
V1MutatingWebhookConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	webhooks:[]V1MutatingWebhook ~name
V1Mutation	applyConfiguration:V1ApplyConfiguration	jsonPatch:V1JSONPatch	patchType!:string
V1NFSVolumeSource	path!:string	readOnly:boolean	server!:string
V1NamedRuleWithOperations	apiGroups:[]string	apiVersions:[]string	operations:[]string	resourceNames:[]string	resources:[]string	scope:string
V1Namespace	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1NamespaceSpec	status:V1NamespaceStatus
V1NamespaceCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1NamespaceSpec	finalizers:[]string
V1NamespaceStatus	conditions:[]V1NamespaceCondition ~type map=type	phase:string
V1NetworkDeviceData	hardwareAddress:string	interfaceName:string	ips:[]string
V1NetworkPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1NetworkPolicySpec
V1NetworkPolicyEgressRule	ports:[]V1NetworkPolicyPort	to:[]V1NetworkPolicyPeer
V1NetworkPolicyIngressRule	from:[]V1NetworkPolicyPeer	ports:[]V1NetworkPolicyPort
V1NetworkPolicyPeer	ipBlock:V1IPBlock	namespaceSelector:V1LabelSelector atomic	podSelector:V1LabelSelector atomic
V1NetworkPolicyPort	endPort:int32	port:int-or-string	protocol:string ="TCP" in=TCP|UDP|SCTP
V1NetworkPolicySpec	egress:[]V1NetworkPolicyEgressRule	ingress:[]V1NetworkPolicyIngressRule	podSelector:V1LabelSelector atomic	policyTypes:[]string
V1Node	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1NodeSpec	status:V1NodeStatus
V1NodeAddress	address!:string	type!:string
V1NodeAffinity	preferredDuringSchedulingIgnoredDuringExecution:[]V1PreferredSchedulingTerm	requiredDuringSchedulingIgnoredDuringExecution:V1NodeSelector atomic
V1NodeAllocatableResourceClaimStatus	containers:[]string	resourceClaimName!:string	resources!:{}string
V1NodeAllocatableResourceMapping	allocationMultiplier:string	capacityKey:string
V1NodeCondition	lastHeartbeatTime:time	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1NodeConfigSource	configMap:V1ConfigMapNodeConfigSource
V1NodeConfigStatus	active:V1NodeConfigSource	assigned:V1NodeConfigSource	error:string	lastKnownGood:V1NodeConfigSource
V1NodeDaemonEndpoints	kubeletEndpoint:V1DaemonEndpoint
V1NodeFeatures	supplementalGroupsPolicy:boolean
V1NodeRuntimeHandler	features:V1NodeRuntimeHandlerFeatures	name:string
V1NodeRuntimeHandlerFeatures	recursiveReadOnlyMounts:boolean	userNamespaces:boolean
V1NodeSelector	nodeSelectorTerms!:[]V1NodeSelectorTerm
V1NodeSelectorRequirement	key!:string	operator!:string in=In|NotIn|Exists|DoesNotExist|Gt|Lt	values:[]string
V1NodeSelectorTerm	matchExpressions:[]V1NodeSelectorRequirement	matchFields:[]V1NodeSelectorRequirement
V1NodeSpec	configSource:V1NodeConfigSource	externalID:string	podCIDR:string	podCIDRs:[]string ~	providerID:string	taints:[]V1Taint	unschedulable:boolean
V1NodeStatus	addresses:[]V1NodeAddress ~type	allocatable:{}quantity	capacity:{}quantity	conditions:[]V1NodeCondition ~type	config:V1NodeConfigStatus	daemonEndpoints:V1NodeDaemonEndpoints	declaredFeatures:[]string	features:V1NodeFeatures	images:[]V1ContainerImage	nodeInfo:V1NodeSystemInfo	phase:string	runtimeHandlers:[]V1NodeRuntimeHandler	volumesAttached:[]V1AttachedVolume	volumesInUse:[]string
V1NodeSwapStatus	capacity:int64
V1NodeSystemInfo	architecture!:string	bootID!:string	containerRuntimeVersion!:string	kernelVersion!:string	kubeProxyVersion!:string	kubeletVersion!:string	machineID!:string	operatingSystem!:string	osImage!:string	swap:V1NodeSwapStatus	systemUUID!:string
V1NonResourceAttributes	path:string	verb:string
V1NonResourcePolicyRule	nonResourceURLs!:[]string	verbs!:[]string
V1NonResourceRule	nonResourceURLs:[]string	verbs!:[]string
V1ObjectFieldSelector	apiVersion:string ="v1"	fieldPath!:string
V1ObjectMeta	annotations:{}string	creationTimestamp:time	deletionGracePeriodSeconds:int64	deletionTimestamp:time	finalizers:[]string ~	generateName:string	generation:int64	labels:{}string	managedFields:[]V1ManagedFieldsEntry	name:string	namespace:string	ownerReferences:[]V1OwnerReference ~uid	resourceVersion:string	selfLink:string	uid:string
V1ObjectReference	apiVersion:string	fieldPath:string	kind:string	name:string	namespace:string	resourceVersion:string	uid:string
V1OpaqueDeviceConfiguration	driver!:string	parameters!:any
V1Overhead	podFixed:{}quantity
V1OwnerReference	apiVersion!:string	blockOwnerDeletion:boolean	controller:boolean	kind!:string	name!:string	uid!:string
V1ParamKind	apiVersion:string	kind:string
V1ParamRef	name:string	namespace:string	parameterNotFoundAction:string	selector:V1LabelSelector atomic
V1ParentReference	group:string	name!:string	namespace:string	resource!:string
V1PersistentVolume	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1PersistentVolumeSpec	status:V1PersistentVolumeStatus
V1PersistentVolumeClaim	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1PersistentVolumeClaimSpec	status:V1PersistentVolumeClaimStatus
V1PersistentVolumeClaimCondition	lastProbeTime:time	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1PersistentVolumeClaimSpec	accessModes:[]string	dataSource:V1TypedLocalObjectReference atomic	dataSourceRef:V1TypedObjectReference	resources:V1VolumeResourceRequirements	selector:V1LabelSelector atomic	storageClassName:string	volumeAttributesClassName:string	volumeMode:string ="Filesystem" in=Filesystem|Block	volumeName:string
V1PersistentVolumeClaimStatus	accessModes:[]string	allocatedResourceStatuses:{}string	allocatedResources:{}quantity	capacity:{}quantity	conditions:[]V1PersistentVolumeClaimCondition ~type	currentVolumeAttributesClassName:string	modifyVolumeStatus:V1ModifyVolumeStatus	phase:string
V1PersistentVolumeClaimTemplate	metadata:V1ObjectMeta	spec!:V1PersistentVolumeClaimSpec
V1PersistentVolumeClaimVolumeSource	claimName!:string	readOnly:boolean
V1PersistentVolumeSpec	accessModes:[]string	awsElasticBlockStore:V1AWSElasticBlockStoreVolumeSource	azureDisk:V1AzureDiskVolumeSource	azureFile:V1AzureFilePersistentVolumeSource	capacity:{}quantity	cephfs:V1CephFSPersistentVolumeSource	cinder:V1CinderPersistentVolumeSource	claimRef:V1ObjectReference atomic	csi:V1CSIPersistentVolumeSource	fc:V1FCVolumeSource	flexVolume:V1FlexPersistentVolumeSource	flocker:V1FlockerVolumeSource	gcePersistentDisk:V1GCEPersistentDiskVolumeSource	glusterfs:V1GlusterfsPersistentVolumeSource	hostPath:V1HostPathVolumeSource	iscsi:V1ISCSIPersistentVolumeSource	local:V1LocalVolumeSource	mountOptions:[]string	nfs:V1NFSVolumeSource	nodeAffinity:V1VolumeNodeAffinity	persistentVolumeReclaimPolicy:string ="Retain" in=Retain|Delete|Recycle	photonPersistentDisk:V1PhotonPersistentDiskVolumeSource	portworxVolume:V1PortworxVolumeSource	quobyte:V1QuobyteVolumeSource	rbd:V1RBDPersistentVolumeSource	scaleIO:V1ScaleIOPersistentVolumeSource	storageClassName:string	storageos:V1StorageOSPersistentVolumeSource	volumeAttributesClassName:string	volumeMode:string ="Filesystem" in=Filesystem|Block	vsphereVolume:V1VsphereVirtualDiskVolumeSource
V1PersistentVolumeStatus	lastPhaseTransitionTime:time	message:string	phase:string	reason:string
V1PhotonPersistentDiskVolumeSource	fsType:string	pdID!:string
V1Pod	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1PodSpec	status:V1PodStatus
V1PodAffinity	preferredDuringSchedulingIgnoredDuringExecution:[]V1WeightedPodAffinityTerm	requiredDuringSchedulingIgnoredDuringExecution:[]V1PodAffinityTerm
V1PodAffinityTerm	labelSelector:V1LabelSelector atomic	matchLabelKeys:[]string	mismatchLabelKeys:[]string	namespaceSelector:V1LabelSelector atomic	namespaces:[]string	topologyKey!:string
V1PodAntiAffinity	preferredDuringSchedulingIgnoredDuringExecution:[]V1WeightedPodAffinityTerm	requiredDuringSchedulingIgnoredDuringExecution:[]V1PodAffinityTerm
V1PodCertificateProjection	certificateChainPath:string	credentialBundlePath:string	keyPath:string	keyType!:string	maxExpirationSeconds:int32	signerName!:string	userAnnotations:{}string
V1PodCondition	lastProbeTime:time	lastTransitionTime:time	message:string	observedGeneration:int64	reason:string	status!:string	type!:string
V1PodDNSConfig	nameservers:[]string	options:[]V1PodDNSConfigOption	searches:[]string
V1PodDNSConfigOption	name:string	value:string
V1PodDisruptionBudget	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1PodDisruptionBudgetSpec	status:V1PodDisruptionBudgetStatus
V1PodDisruptionBudgetSpec	maxUnavailable:int-or-string	minAvailable:int-or-string	selector:V1LabelSelector atomic	unhealthyPodEvictionPolicy:string
V1PodDisruptionBudgetStatus	conditions:[]V1Condition ~type map=type	currentHealthy:int32	desiredHealthy:int32	disruptedPods:{}time	disruptionsAllowed:int32	expectedPods:int32	observedGeneration:int64
V1PodExtendedResourceClaimStatus	requestMappings!:[]V1ContainerExtendedResourceRequest	resourceClaimName!:string
V1PodFailurePolicy	rules!:[]V1PodFailurePolicyRule
V1PodFailurePolicyOnExitCodesRequirement	containerName:string	operator!:string	values!:[]int32
V1PodFailurePolicyOnPodConditionsPattern	status:string	type!:string
V1PodFailurePolicyRule	action!:string	onExitCodes:V1PodFailurePolicyOnExitCodesRequirement	onPodConditions:[]V1PodFailurePolicyOnPodConditionsPattern
V1PodIP	ip!:string
V1PodOS	name!:string
V1PodReadinessGate	conditionType!:string
V1PodResourceClaim	name!:string	resourceClaimName:string	resourceClaimTemplateName:string
V1PodResourceClaimStatus	name!:string	resourceClaimName:string
V1PodSchedulingGate	name!:string
V1PodSchedulingGroup	podGroupName:string
V1PodSecurityContext	appArmorProfile:V1AppArmorProfile	fsGroup:int64	fsGroupChangePolicy:string	runAsGroup:int64	runAsNonRoot:boolean	runAsUser:int64	seLinuxChangePolicy:string	seLinuxOptions:V1SELinuxOptions	seccompProfile:V1SeccompProfile	supplementalGroups:[]int64	supplementalGroupsPolicy:string	sysctls:[]V1Sysctl	windowsOptions:V1WindowsSecurityContextOptions
V1PodSpec	activeDeadlineSeconds:int64	affinity:V1Affinity	automountServiceAccountToken:boolean	containers!:[]V1Container ~name	dnsConfig:V1PodDNSConfig	dnsPolicy:string ="ClusterFirst" in=ClusterFirst|ClusterFirstWithHostNet|Default|None	enableServiceLinks:boolean	ephemeralContainers:[]V1EphemeralContainer ~name	hostAliases:[]V1HostAlias ~ip	hostIPC:boolean	hostNetwork:boolean	hostPID:boolean	hostUsers:boolean	hostname:string	hostnameOverride:string	imagePullSecrets:[]V1LocalObjectReference ~name	initContainers:[]V1Container ~name	nodeName:string	nodeSelector:{}string atomic	os:V1PodOS	overhead:{}quantity	preemptionPolicy:string in=PreemptLowerPriority|Never	priority:int32	priorityClassName:string	readinessGates:[]V1PodReadinessGate	resourceClaims:[]V1PodResourceClaim ~name ^ map=name	resources:V1ResourceRequirements	restartPolicy:string ="Always" in=Always|OnFailure|Never	runtimeClassName:string	schedulerName:string ="default-scheduler"	schedulingGates:[]V1PodSchedulingGate ~name map=name	schedulingGroup:V1PodSchedulingGroup	securityContext:V1PodSecurityContext ={}	serviceAccount:string	serviceAccountName:string	setHostnameAsFQDN:boolean	shareProcessNamespace:boolean	subdomain:string	terminationGracePeriodSeconds:int64 =30	tolerations:[]V1Toleration	topologySpreadConstraints:[]V1TopologySpreadConstraint ~topologyKey map=topologyKey,whenUnsatisfiable	volumes:[]V1Volume ~name ^
V1PodStatus	allocatedResources:{}string	conditions:[]V1PodCondition ~type	containerStatuses:[]V1ContainerStatus	ephemeralContainerStatuses:[]V1ContainerStatus	extendedResourceClaimStatus:V1PodExtendedResourceClaimStatus	hostIP:string	hostIPs:[]V1HostIP ~ip	initContainerStatuses:[]V1ContainerStatus	message:string	nodeAllocatableResourceClaimStatuses:[]V1NodeAllocatableResourceClaimStatus	nominatedNodeName:string	observedGeneration:int64	phase:string	podIP:string	podIPs:[]V1PodIP ~ip	qosClass:string	reason:string	resize:string	resourceClaimStatuses:[]V1PodResourceClaimStatus ~name ^ map=name	resources:V1ResourceRequirements	startTime:time
V1PodTemplate	apiVersion:string	kind:string	metadata:V1ObjectMeta	template:V1PodTemplateSpec
V1PodTemplateSpec	metadata:V1ObjectMeta	spec:V1PodSpec
V1PolicyRule	apiGroups:[]string	nonResourceURLs:[]string	resourceNames:[]string	resources:[]string	verbs!:[]string
V1PolicyRulesWithSubjects	nonResourceRules:[]V1NonResourcePolicyRule	resourceRules:[]V1ResourcePolicyRule	subjects!:[]FlowcontrolV1Subject
V1PortStatus	error:string	port!:int32	protocol!:string
V1PortworxVolumeSource	fsType:string	readOnly:boolean	volumeID!:string
V1Preconditions	resourceVersion:string	uid:string
V1PreferredSchedulingTerm	preference!:V1NodeSelectorTerm atomic	weight!:int32
V1PriorityClass	apiVersion:string	description:string	globalDefault:boolean	kind:string	metadata:V1ObjectMeta	preemptionPolicy:string ="PreemptLowerPriority" in=PreemptLowerPriority|Never	value:int32
V1PriorityLevelConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1PriorityLevelConfigurationSpec	status:V1PriorityLevelConfigurationStatus
V1PriorityLevelConfigurationCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1PriorityLevelConfigurationReference	name!:string
V1PriorityLevelConfigurationSpec	exempt:V1ExemptPriorityLevelConfiguration	limited:V1LimitedPriorityLevelConfiguration	type!:string
V1PriorityLevelConfigurationStatus	conditions:[]V1PriorityLevelConfigurationCondition ~type map=type
V1Probe	exec:V1ExecAction	failureThreshold:int32 =3	grpc:V1GRPCAction	httpGet:V1HTTPGetAction	initialDelaySeconds:int32	periodSeconds:int32 =10	successThreshold:int32 =1	tcpSocket:V1TCPSocketAction	terminationGracePeriodSeconds:int64	timeoutSeconds:int32 =1
V1ProjectedVolumeSource	defaultMode:int32 =420	sources:[]V1VolumeProjection
V1QueuingConfiguration	handSize:int32	queueLengthLimit:int32	queues:int32
V1QuobyteVolumeSource	group:string	readOnly:boolean	registry!:string	tenant:string	user:string	volume!:string
V1RBDPersistentVolumeSource	fsType:string	image!:string	keyring:string	monitors!:[]string	pool:string	readOnly:boolean	secretRef:V1SecretReference atomic	user:string
V1RBDVolumeSource	fsType:string	image!:string	keyring:string	monitors!:[]string	pool:string	readOnly:boolean	secretRef:V1LocalObjectReference atomic	user:string
V1ReplicaSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1ReplicaSetSpec	status:V1ReplicaSetStatus
V1ReplicaSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1ReplicaSetSpec	minReadySeconds:int32	replicas:int32 =1	selector!:V1LabelSelector atomic	template:V1PodTemplateSpec
V1ReplicaSetStatus	availableReplicas:int32	conditions:[]V1ReplicaSetCondition ~type	fullyLabeledReplicas:int32	observedGeneration:int64	readyReplicas:int32	replicas!:int32	terminatingReplicas:int32
V1ReplicationController	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1ReplicationControllerSpec	status:V1ReplicationControllerStatus
V1ReplicationControllerCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1ReplicationControllerSpec	minReadySeconds:int32	replicas:int32 =1	selector:{}string atomic	template:V1PodTemplateSpec
V1ReplicationControllerStatus	availableReplicas:int32	conditions:[]V1ReplicationControllerCondition ~type	fullyLabeledReplicas:int32	observedGeneration:int64	readyReplicas:int32	replicas!:int32
V1ResourceAttributes	fieldSelector:V1FieldSelectorAttributes	group:string	labelSelector:V1LabelSelectorAttributes	name:string	namespace:string	resource:string	subresource:string	verb:string	version:string
V1ResourceClaimConsumerReference	apiGroup:string	name!:string	resource!:string	uid!:string
V1ResourceClaimSpec	devices:V1DeviceClaim
V1ResourceClaimStatus	allocation:V1AllocationResult	devices:[]V1AllocatedDeviceStatus map=driver,device,pool,shareID	reservedFor:[]V1ResourceClaimConsumerReference ~uid map=uid
V1ResourceClaimTemplate	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1ResourceClaimTemplateSpec
V1ResourceClaimTemplateSpec	metadata:V1ObjectMeta	spec!:V1ResourceClaimSpec
V1ResourceFieldSelector	containerName:string	divisor:quantity ="0"	resource!:string
V1ResourceHealth	health:string	message:string	resourceID!:string
V1ResourcePolicyRule	apiGroups!:[]string	clusterScope:boolean	namespaces:[]string	resources!:[]string	verbs!:[]string
V1ResourcePool	generation!:int64	name!:string	resourceSliceCount!:int64
V1ResourceQuota	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1ResourceQuotaSpec	status:V1ResourceQuotaStatus
V1ResourceQuotaSpec	hard:{}quantity	scopeSelector:V1ScopeSelector atomic	scopes:[]string
V1ResourceQuotaStatus	hard:{}quantity	used:{}quantity
V1ResourceRequirements	claims:[]CoreV1ResourceClaim map=name	limits:{}quantity	requests:{}quantity
V1ResourceRule	apiGroups:[]string	resourceNames:[]string	resources:[]string	verbs!:[]string
V1ResourceSlice	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1ResourceSliceSpec
V1ResourceSliceSpec	allNodes:boolean	devices:[]V1Device	driver!:string	nodeName:string	nodeSelector:V1NodeSelector atomic	perDeviceNodeSelection:boolean	pool!:V1ResourcePool	sharedCounters:[]V1CounterSet
V1ResourceStatus	name!:string	resources:[]V1ResourceHealth map=resourceID
V1Role	apiVersion:string	kind:string	metadata:V1ObjectMeta	rules:[]V1PolicyRule
V1RoleBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	roleRef!:V1RoleRef atomic	subjects:[]RbacV1Subject
V1RoleRef	apiGroup:string	kind!:string	name!:string
V1RollingUpdateDaemonSet	maxSurge:int-or-string =0	maxUnavailable:int-or-string =1
V1RollingUpdateDeployment	maxSurge:int-or-string ="25%"	maxUnavailable:int-or-string ="25%"
V1RollingUpdateStatefulSetStrategy	maxUnavailable:int-or-string	partition:int32 =0
V1RuleWithOperations	apiGroups:[]string	apiVersions:[]string	operations:[]string	resources:[]string	scope:string ="*" in=*|Cluster|Namespaced
V1RuntimeClass	apiVersion:string	handler!:string	kind:string	metadata:V1ObjectMeta	overhead:V1Overhead	scheduling:V1Scheduling
V1SELinuxOptions	level:string	role:string	type:string	user:string
V1Scale	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1ScaleSpec	status:V1ScaleStatus
V1ScaleIOPersistentVolumeSource	fsType:string	gateway!:string	protectionDomain:string	readOnly:boolean	secretRef!:V1SecretReference atomic	sslEnabled:boolean	storageMode:string	storagePool:string	system!:string	volumeName:string
V1ScaleIOVolumeSource	fsType:string	gateway!:string	protectionDomain:string	readOnly:boolean	secretRef!:V1LocalObjectReference atomic	sslEnabled:boolean	storageMode:string	storagePool:string	system!:string	volumeName:string
V1ScaleSpec	replicas:int32
V1ScaleStatus	replicas!:int32	selector:string
V1Scheduling	nodeSelector:{}string	tolerations:[]V1Toleration
V1ScopeSelector	matchExpressions:[]V1ScopedResourceSelectorRequirement
V1ScopedResourceSelectorRequirement	operator!:string	scopeName!:string	values:[]string
V1SeccompProfile	localhostProfile:string	type!:string
V1Secret	apiVersion:string	data:{}byte	immutable:boolean	kind:string	metadata:V1ObjectMeta	stringData:{}string	type:string ="Opaque"
V1SecretEnvSource	name:string	optional:boolean
V1SecretKeySelector	key!:string	name:string	optional:boolean
V1SecretProjection	items:[]V1KeyToPath	name:string	optional:boolean
V1SecretReference	name:string	namespace:string
V1SecretVolumeSource	defaultMode:int32 =420	items:[]V1KeyToPath	optional:boolean	secretName:string
V1SecurityContext	allowPrivilegeEscalation:boolean	appArmorProfile:V1AppArmorProfile	capabilities:V1Capabilities	privileged:boolean	procMount:string	readOnlyRootFilesystem:boolean	runAsGroup:int64	runAsNonRoot:boolean	runAsUser:int64	seLinuxOptions:V1SELinuxOptions	seccompProfile:V1SeccompProfile	windowsOptions:V1WindowsSecurityContextOptions
V1SelectableField	jsonPath!:string
V1SelfSubjectAccessReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1SelfSubjectAccessReviewSpec	status:V1SubjectAccessReviewStatus
V1SelfSubjectAccessReviewSpec	nonResourceAttributes:V1NonResourceAttributes	resourceAttributes:V1ResourceAttributes
V1SelfSubjectReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	status:V1SelfSubjectReviewStatus
V1SelfSubjectReviewStatus	userInfo:V1UserInfo
V1SelfSubjectRulesReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1SelfSubjectRulesReviewSpec	status:V1SubjectRulesReviewStatus
V1SelfSubjectRulesReviewSpec	namespace:string
V1Service	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1ServiceSpec	status:V1ServiceStatus
V1ServiceAccount	apiVersion:string	automountServiceAccountToken:boolean	imagePullSecrets:[]V1LocalObjectReference	kind:string	metadata:V1ObjectMeta	secrets:[]V1ObjectReference ~name
V1ServiceAccountSubject	name!:string	namespace!:string
V1ServiceAccountTokenProjection	audience:string	expirationSeconds:int64 =3600	path!:string
V1ServiceBackendPort	name:string	number:int32
V1ServiceCIDR	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1ServiceCIDRSpec	status:V1ServiceCIDRStatus
V1ServiceCIDRSpec	cidrs:[]string
V1ServiceCIDRStatus	conditions:[]V1Condition ~type map=type
V1ServicePort	appProtocol:string	name:string	nodePort:int32	port!:int32	protocol:string ="TCP" in=TCP|UDP|SCTP	targetPort:int-or-string
V1ServiceSpec	allocateLoadBalancerNodePorts:boolean	clusterIP:string	clusterIPs:[]string	externalIPs:[]string	externalName:string	externalTrafficPolicy:string in=Cluster|Local	healthCheckNodePort:int32	internalTrafficPolicy:string ="Cluster" in=Cluster|Local	ipFamilies:[]string	ipFamilyPolicy:string	loadBalancerClass:string	loadBalancerIP:string	loadBalancerSourceRanges:[]string	ports:[]V1ServicePort ~port map=port,protocol	publishNotReadyAddresses:boolean	selector:{}string atomic	sessionAffinity:string ="None" in=None|ClientIP	sessionAffinityConfig:V1SessionAffinityConfig	trafficDistribution:string	type:string ="ClusterIP" in=ClusterIP|NodePort|LoadBalancer|ExternalName
V1ServiceStatus	conditions:[]V1Condition ~type map=type	loadBalancer:V1LoadBalancerStatus
V1SessionAffinityConfig	clientIP:V1ClientIPConfig
V1ShardInfo	selector!:string
V1SleepAction	seconds!:int64
V1StatefulSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1StatefulSetSpec	status:V1StatefulSetStatus
V1StatefulSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1StatefulSetOrdinals	start:int32
V1StatefulSetPersistentVolumeClaimRetentionPolicy	whenDeleted:string	whenScaled:string
V1StatefulSetSpec	minReadySeconds:int32	ordinals:V1StatefulSetOrdinals	persistentVolumeClaimRetentionPolicy:V1StatefulSetPersistentVolumeClaimRetentionPolicy ={"whenDeleted":"Retain","whenScaled":"Retain"}	podManagementPolicy:string ="OrderedReady" in=OrderedReady|Parallel	replicas:int32 =1	revisionHistoryLimit:int32 =10	selector!:V1LabelSelector atomic	serviceName:string	template!:V1PodTemplateSpec	updateStrategy:V1StatefulSetUpdateStrategy ={"type":"RollingUpdate","rollingUpdate":{"partition":0}}	volumeClaimTemplates:[]V1PersistentVolumeClaim
V1StatefulSetStatus	availableReplicas:int32	collisionCount:int32	conditions:[]V1StatefulSetCondition ~type	currentReplicas:int32	currentRevision:string	observedGeneration:int64	readyReplicas:int32	replicas!:int32	updateRevision:string	updatedReplicas:int32
V1StatefulSetUpdateStrategy	rollingUpdate:V1RollingUpdateStatefulSetStrategy	type:string ="RollingUpdate" in=RollingUpdate|OnDelete
V1Status	apiVersion:string	code:int32	details:V1StatusDetails	kind:string	message:string	metadata:V1ListMeta	reason:string	status:string
V1StatusCause	field:string	message:string	reason:string
V1StatusDetails	causes:[]V1StatusCause	group:string	kind:string	name:string	retryAfterSeconds:int32	uid:string
V1StorageClass	allowVolumeExpansion:boolean	allowedTopologies:[]V1TopologySelectorTerm	apiVersion:string	kind:string	metadata:V1ObjectMeta	mountOptions:[]string	parameters:{}string	provisioner!:string	reclaimPolicy:string ="Delete" in=Delete|Retain	volumeBindingMode:string ="Immediate" in=Immediate|WaitForFirstConsumer
V1StorageOSPersistentVolumeSource	fsType:string	readOnly:boolean	secretRef:V1ObjectReference atomic	volumeName:string	volumeNamespace:string
V1StorageOSVolumeSource	fsType:string	readOnly:boolean	secretRef:V1LocalObjectReference atomic	volumeName:string	volumeNamespace:string
V1SubjectAccessReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1SubjectAccessReviewSpec	status:V1SubjectAccessReviewStatus
V1SubjectAccessReviewSpec	extra:{}[]string	groups:[]string	nonResourceAttributes:V1NonResourceAttributes	resourceAttributes:V1ResourceAttributes	uid:string	user:string
V1SubjectAccessReviewStatus	allowed!:boolean	denied:boolean	evaluationError:string	reason:string
V1SubjectRulesReviewStatus	evaluationError:string	incomplete!:boolean	nonResourceRules!:[]V1NonResourceRule	resourceRules!:[]V1ResourceRule
V1SuccessPolicy	rules!:[]V1SuccessPolicyRule
V1SuccessPolicyRule	succeededCount:int32	succeededIndexes:string
V1Sysctl	name!:string	value!:string
V1TCPSocketAction	host:string	port!:int-or-string
V1Taint	effect!:string in=NoSchedule|PreferNoSchedule|NoExecute	key!:string	timeAdded:time	value:string
V1TokenReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1TokenReviewSpec	status:V1TokenReviewStatus
V1TokenReviewSpec	audiences:[]string	token!:string
V1TokenReviewStatus	audiences:[]string	authenticated:boolean	error:string	user:V1UserInfo
V1Toleration	effect:string in=NoSchedule|PreferNoSchedule|NoExecute	key:string	operator:string in=Exists|Equal|Lt|Gt	tolerationSeconds:int64	value:string
V1TopologySelectorLabelRequirement	key!:string	values!:[]string
V1TopologySelectorTerm	matchLabelExpressions:[]V1TopologySelectorLabelRequirement
V1TopologySpreadConstraint	labelSelector:V1LabelSelector atomic	matchLabelKeys:[]string	maxSkew!:int32	minDomains:int32	nodeAffinityPolicy:string	nodeTaintsPolicy:string	topologyKey!:string	whenUnsatisfiable!:string in=DoNotSchedule|ScheduleAnyway
V1TypeChecking	expressionWarnings:[]V1ExpressionWarning
V1TypedLocalObjectReference	apiGroup:string	kind!:string	name!:string
V1TypedObjectReference	apiGroup:string	kind!:string	name!:string	namespace:string
V1UncountedTerminatedPods	failed:[]string	succeeded:[]string
V1UserInfo	extra:{}[]string	groups:[]string	uid:string	username:string
V1UserSubject	name!:string
V1ValidatingAdmissionPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1ValidatingAdmissionPolicySpec	status:V1ValidatingAdmissionPolicyStatus
V1ValidatingAdmissionPolicyBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1ValidatingAdmissionPolicyBindingSpec
V1ValidatingAdmissionPolicyBindingSpec	matchResources:V1MatchResources atomic	paramRef:V1ParamRef atomic	policyName!:string	validationActions!:[]string
V1ValidatingAdmissionPolicySpec	auditAnnotations:[]V1AuditAnnotation	failurePolicy:string	matchConditions:[]V1MatchCondition ~name map=name	matchConstraints:V1MatchResources atomic	paramKind:V1ParamKind atomic	validations:[]V1Validation	variables:[]V1Variable ~name map=name
V1ValidatingAdmissionPolicyStatus	conditions:[]V1Condition map=type	observedGeneration:int64	typeChecking:V1TypeChecking
V1ValidatingWebhook	admissionReviewVersions!:[]string	clientConfig!:AdmissionregistrationV1WebhookClientConfig	failurePolicy:string ="Fail" in=Fail|Ignore	matchConditions:[]V1MatchCondition ~name map=name	matchPolicy:string ="Equivalent" in=Exact|Equivalent	name!:string	namespaceSelector:V1LabelSelector ={} atomic	objectSelector:V1LabelSelector ={} atomic	rules:[]V1RuleWithOperations	sideEffects!:string in=None|NoneOnDryRun	timeoutSeconds:int32 =10
V1ValidatingWebhookConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	webhooks:[]V1ValidatingWebhook ~name
V1Validation	expression!:string	message:string	messageExpression:string	reason:string
V1ValidationRule	fieldPath:string	message:string	messageExpression:string	optionalOldSelf:boolean	reason:string	rule!:string
V1Variable	expression!:string	name!:string
V1Volume	awsElasticBlockStore:V1AWSElasticBlockStoreVolumeSource	azureDisk:V1AzureDiskVolumeSource	azureFile:V1AzureFileVolumeSource	cephfs:V1CephFSVolumeSource	cinder:V1CinderVolumeSource	configMap:V1ConfigMapVolumeSource	csi:V1CSIVolumeSource	downwardAPI:V1DownwardAPIVolumeSource	emptyDir:V1EmptyDirVolumeSource	ephemeral:V1EphemeralVolumeSource	fc:V1FCVolumeSource	flexVolume:V1FlexVolumeSource	flocker:V1FlockerVolumeSource	gcePersistentDisk:V1GCEPersistentDiskVolumeSource	gitRepo:V1GitRepoVolumeSource	glusterfs:V1GlusterfsVolumeSource	hostPath:V1HostPathVolumeSource	image:V1ImageVolumeSource	iscsi:V1ISCSIVolumeSource	name!:string	nfs:V1NFSVolumeSource	persistentVolumeClaim:V1PersistentVolumeClaimVolumeSource	photonPersistentDisk:V1PhotonPersistentDiskVolumeSource	portworxVolume:V1PortworxVolumeSource	projected:V1ProjectedVolumeSource	quobyte:V1QuobyteVolumeSource	rbd:V1RBDVolumeSource	scaleIO:V1ScaleIOVolumeSource	secret:V1SecretVolumeSource	storageos:V1StorageOSVolumeSource	vsphereVolume:V1VsphereVirtualDiskVolumeSource
V1VolumeAttachment	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1VolumeAttachmentSpec	status:V1VolumeAttachmentStatus
V1VolumeAttachmentSource	inlineVolumeSpec:V1PersistentVolumeSpec	persistentVolumeName:string
V1VolumeAttachmentSpec	attacher!:string	nodeName!:string	source!:V1VolumeAttachmentSource
V1VolumeAttachmentStatus	attachError:V1VolumeError	attached!:boolean	attachmentMetadata:{}string	detachError:V1VolumeError
V1VolumeAttributesClass	apiVersion:string	driverName!:string	kind:string	metadata:V1ObjectMeta	parameters:{}string
V1VolumeDevice	devicePath!:string	name!:string
V1VolumeError	errorCode:int32	message:string	time:time
V1VolumeMount	mountPath!:string	mountPropagation:string	name!:string	readOnly:boolean	recursiveReadOnly:string	subPath:string	subPathExpr:string
V1VolumeMountStatus	mountPath!:string	name!:string	readOnly:boolean	recursiveReadOnly:string	volumeStatus:V1VolumeStatus
V1VolumeNodeAffinity	required:V1NodeSelector atomic
V1VolumeNodeResources	count:int32
V1VolumeProjection	clusterTrustBundle:V1ClusterTrustBundleProjection	configMap:V1ConfigMapProjection	downwardAPI:V1DownwardAPIProjection	podCertificate:V1PodCertificateProjection	secret:V1SecretProjection	serviceAccountToken:V1ServiceAccountTokenProjection
V1VolumeResourceRequirements	limits:{}string	requests:{}string
V1VolumeStatus	image:V1ImageVolumeStatus
V1VsphereVirtualDiskVolumeSource	fsType:string	storagePolicyID:string	storagePolicyName:string	volumePath!:string
V1WebhookConversion	clientConfig:ApiextensionsV1WebhookClientConfig	conversionReviewVersions!:[]string
V1WeightedPodAffinityTerm	podAffinityTerm!:V1PodAffinityTerm	weight!:int32
V1WindowsSecurityContextOptions	gmsaCredentialSpec:string	gmsaCredentialSpecName:string	hostProcess:boolean	runAsUserName:string
V1alpha1AggregationRule	clusterRoleSelectors:[]V1LabelSelector
V1alpha1ApplyConfiguration	expression:string
V1alpha1AuditAnnotation	key!:string	valueExpression!:string
V1alpha1AuditSink	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1AuditSinkSpec
V1alpha1AuditSinkSpec	policy!:V1alpha1Policy	webhook!:V1alpha1Webhook
V1alpha1CSIStorageCapacity	apiVersion:string	capacity:string	kind:string	maximumVolumeSize:string	metadata:V1ObjectMeta	nodeTopology:V1LabelSelector atomic	storageClassName!:string
V1alpha1ClusterCIDR	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1ClusterCIDRSpec
V1alpha1ClusterCIDRSpec	ipv4:string	ipv6:string	nodeSelector:V1NodeSelector atomic	perNodeHostBits!:int64
V1alpha1ClusterRole	aggregationRule:V1alpha1AggregationRule	apiVersion:string	kind:string	metadata:V1ObjectMeta	rules:[]V1alpha1PolicyRule
V1alpha1ClusterRoleBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	roleRef!:V1alpha1RoleRef	subjects:[]V1alpha1Subject
V1alpha1ClusterTrustBundle	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha1ClusterTrustBundleSpec
V1alpha1ClusterTrustBundleSpec	signerName:string	trustBundle!:string
V1alpha1ExpressionWarning	fieldRef!:string	warning!:string
V1alpha1FlowDistinguisherMethod	type!:string
V1alpha1FlowSchema	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1FlowSchemaSpec	status:V1alpha1FlowSchemaStatus
V1alpha1FlowSchemaCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1alpha1FlowSchemaSpec	distinguisherMethod:V1alpha1FlowDistinguisherMethod	matchingPrecedence:int64	priorityLevelConfiguration!:V1alpha1PriorityLevelConfigurationReference	rules:[]V1alpha1PolicyRulesWithSubjects
V1alpha1FlowSchemaStatus	conditions:[]V1alpha1FlowSchemaCondition
V1alpha1GroupSubject	name!:string
V1alpha1GroupVersionResource	group:string	resource:string	version:string
V1alpha1IPAddress	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1IPAddressSpec
V1alpha1IPAddressSpec	parentRef!:V1alpha1ParentReference
V1alpha1Initializer	name!:string	rules:[]V1alpha1Rule
V1alpha1InitializerConfiguration	apiVersion:string	initializers:[]V1alpha1Initializer	kind:string	metadata:V1ObjectMeta
V1alpha1JSONPatch	expression:string
V1alpha1LimitResponse	queuing:V1alpha1QueuingConfiguration	type!:string
V1alpha1LimitedPriorityLevelConfiguration	assuredConcurrencyShares:int64	limitResponse:V1alpha1LimitResponse
V1alpha1MatchCondition	expression!:string	name!:string
V1alpha1MatchResources	excludeResourceRules:[]V1alpha1NamedRuleWithOperations	matchPolicy:string	namespaceSelector:V1LabelSelector atomic	objectSelector:V1LabelSelector atomic	resourceRules:[]V1alpha1NamedRuleWithOperations
V1alpha1MigrationCondition	lastUpdateTime:time	message:string	reason:string	status!:string	type!:string
V1alpha1MutatingAdmissionPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1MutatingAdmissionPolicySpec
V1alpha1MutatingAdmissionPolicyBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1MutatingAdmissionPolicyBindingSpec
V1alpha1MutatingAdmissionPolicyBindingSpec	matchResources:V1alpha1MatchResources	paramRef:V1alpha1ParamRef	policyName:string
V1alpha1MutatingAdmissionPolicySpec	failurePolicy:string	matchConditions:[]V1alpha1MatchCondition	matchConstraints:V1alpha1MatchResources	mutations:[]V1alpha1Mutation	paramKind:V1alpha1ParamKind	reinvocationPolicy:string	variables:[]V1alpha1Variable
V1alpha1Mutation	applyConfiguration:V1alpha1ApplyConfiguration	jsonPatch:V1alpha1JSONPatch	patchType!:string
V1alpha1NamedRuleWithOperations	apiGroups:[]string	apiVersions:[]string	operations:[]string	resourceNames:[]string	resources:[]string	scope:string
V1alpha1NonResourcePolicyRule	nonResourceURLs!:[]string	verbs!:[]string
V1alpha1Overhead	podFixed:{}string
V1alpha1ParamKind	apiVersion:string	kind:string
V1alpha1ParamRef	name:string	namespace:string	parameterNotFoundAction:string	selector:V1LabelSelector atomic
V1alpha1ParentReference	group:string	name!:string	namespace:string	resource!:string
V1alpha1PodCertificateRequest	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha1PodCertificateRequestSpec	status:V1alpha1PodCertificateRequestStatus
V1alpha1PodCertificateRequestSpec	maxExpirationSeconds:int32	nodeName!:string	nodeUID!:string	pkixPublicKey!:byte	podName!:string	podUID!:string	proofOfPossession!:byte	serviceAccountName!:string	serviceAccountUID!:string	signerName!:string
V1alpha1PodCertificateRequestStatus	beginRefreshAt:time	certificateChain:string	conditions:[]V1Condition	notAfter:time	notBefore:time
V1alpha1PodPreset	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1PodPresetSpec
V1alpha1PodPresetSpec	env:[]V1EnvVar	envFrom:[]V1EnvFromSource	selector:V1LabelSelector atomic	volumeMounts:[]V1VolumeMount	volumes:[]V1Volume
V1alpha1Policy	level!:string	stages:[]string
V1alpha1PolicyRule	apiGroups:[]string	nonResourceURLs:[]string	resourceNames:[]string	resources:[]string	verbs!:[]string
V1alpha1PolicyRulesWithSubjects	nonResourceRules:[]V1alpha1NonResourcePolicyRule	resourceRules:[]V1alpha1ResourcePolicyRule	subjects!:[]FlowcontrolV1alpha1Subject
V1alpha1PriorityClass	apiVersion:string	description:string	globalDefault:boolean	kind:string	metadata:V1ObjectMeta	preemptionPolicy:string	value!:int64
V1alpha1PriorityLevelConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1PriorityLevelConfigurationSpec	status:V1alpha1PriorityLevelConfigurationStatus
V1alpha1PriorityLevelConfigurationCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1alpha1PriorityLevelConfigurationReference	name!:string
V1alpha1PriorityLevelConfigurationSpec	limited:V1alpha1LimitedPriorityLevelConfiguration	type!:string
V1alpha1PriorityLevelConfigurationStatus	conditions:[]V1alpha1PriorityLevelConfigurationCondition
V1alpha1QueuingConfiguration	handSize:int64	queueLengthLimit:int64	queues:int64
V1alpha1ResourcePolicyRule	apiGroups!:[]string	clusterScope:boolean	namespaces:[]string	resources!:[]string	verbs!:[]string
V1alpha1Role	apiVersion:string	kind:string	metadata:V1ObjectMeta	rules:[]V1alpha1PolicyRule
V1alpha1RoleBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	roleRef!:V1alpha1RoleRef	subjects:[]V1alpha1Subject
V1alpha1RoleRef	apiGroup!:string	kind!:string	name!:string
V1alpha1Rule	apiGroups:[]string	apiVersions:[]string	resources:[]string
V1alpha1RuntimeClass	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha1RuntimeClassSpec
V1alpha1RuntimeClassSpec	overhead:V1alpha1Overhead	runtimeHandler!:string	scheduling:V1alpha1Scheduling
V1alpha1Scheduling	nodeSelector:{}string	tolerations:[]V1Toleration
V1alpha1SelfSubjectReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	status:V1alpha1SelfSubjectReviewStatus
V1alpha1SelfSubjectReviewStatus	userInfo:V1UserInfo
V1alpha1ServerStorageVersion	apiServerID!:string	decodableVersions!:[]string	encodingVersion!:string	servedVersions:[]string
V1alpha1ServiceAccountSubject	name!:string	namespace!:string
V1alpha1ServiceCIDR	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1ServiceCIDRSpec	status:V1alpha1ServiceCIDRStatus
V1alpha1ServiceCIDRSpec	cidrs:[]string
V1alpha1ServiceCIDRStatus	conditions:[]V1Condition
V1alpha1ServiceReference	name!:string	namespace!:string	path:string	port:int64
V1alpha1StorageVersion	apiVersion:string	kind:string	metadata!:V1ObjectMeta	spec:any	status:V1alpha1StorageVersionStatus
V1alpha1StorageVersionCondition	lastTransitionTime:time	message!:string	observedGeneration:int64	reason!:string	status!:string	type!:string
V1alpha1StorageVersionMigration	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1StorageVersionMigrationSpec	status:V1alpha1StorageVersionMigrationStatus
V1alpha1StorageVersionMigrationSpec	continueToken:string	resource!:V1alpha1GroupVersionResource
V1alpha1StorageVersionMigrationStatus	conditions:[]V1alpha1MigrationCondition	resourceVersion:string
V1alpha1StorageVersionStatus	commonEncodingVersion:string	conditions:[]V1alpha1StorageVersionCondition	storageVersions:[]V1alpha1ServerStorageVersion
V1alpha1Subject	apiVersion:string	kind!:string	name!:string	namespace:string
V1alpha1TypeChecking	expressionWarnings:[]V1alpha1ExpressionWarning
V1alpha1UserSubject	name!:string
V1alpha1ValidatingAdmissionPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1ValidatingAdmissionPolicySpec	status:V1alpha1ValidatingAdmissionPolicyStatus
V1alpha1ValidatingAdmissionPolicyBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1alpha1ValidatingAdmissionPolicyBindingSpec
V1alpha1ValidatingAdmissionPolicyBindingSpec	matchResources:V1alpha1MatchResources	paramRef:V1alpha1ParamRef	policyName:string	validationActions:[]string
V1alpha1ValidatingAdmissionPolicySpec	auditAnnotations:[]V1alpha1AuditAnnotation	failurePolicy:string	matchConditions:[]V1alpha1MatchCondition	matchConstraints:V1alpha1MatchResources	paramKind:V1alpha1ParamKind	validations:[]V1alpha1Validation	variables:[]V1alpha1Variable
V1alpha1ValidatingAdmissionPolicyStatus	conditions:[]V1Condition	observedGeneration:int64	typeChecking:V1alpha1TypeChecking
V1alpha1Validation	expression!:string	message:string	messageExpression:string	reason:string
V1alpha1Variable	expression!:string	name!:string
V1alpha1VolumeAttachment	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha1VolumeAttachmentSpec	status:V1alpha1VolumeAttachmentStatus
V1alpha1VolumeAttachmentSource	inlineVolumeSpec:V1PersistentVolumeSpec	persistentVolumeName:string
V1alpha1VolumeAttachmentSpec	attacher!:string	nodeName!:string	source!:V1alpha1VolumeAttachmentSource
V1alpha1VolumeAttachmentStatus	attachError:V1alpha1VolumeError	attached!:boolean	attachmentMetadata:{}string	detachError:V1alpha1VolumeError
V1alpha1VolumeAttributesClass	apiVersion:string	driverName!:string	kind:string	metadata:V1ObjectMeta	parameters:{}string
V1alpha1VolumeError	message:string	time:time
V1alpha1Webhook	clientConfig!:V1alpha1WebhookClientConfig	throttle:V1alpha1WebhookThrottleConfig
V1alpha1WebhookClientConfig	caBundle:string	service:V1alpha1ServiceReference	url:string
V1alpha1WebhookThrottleConfig	burst:int64	qps:int64
V1alpha2AllocationResult	availableOnNodes:V1NodeSelector atomic	resourceHandles:[]V1alpha2ResourceHandle	shareable:boolean
V1alpha2DriverAllocationResult	namedResources:V1alpha2NamedResourcesAllocationResult	vendorRequestParameters:any
V1alpha2DriverRequests	driverName:string	requests:[]V1alpha2ResourceRequest	vendorParameters:any
V1alpha2GangSchedulingPolicy	minCount!:int32
V1alpha2LeaseCandidate	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha2LeaseCandidateSpec
V1alpha2LeaseCandidateSpec	binaryVersion!:string	emulationVersion:string	leaseName!:string	pingTime:time	renewTime:time	strategy!:string
V1alpha2NamedResourcesAllocationResult	name!:string
V1alpha2NamedResourcesAttribute	bool:boolean	int:int64	intSlice:V1alpha2NamedResourcesIntSlice	name!:string	quantity:string	string:string	stringSlice:V1alpha2NamedResourcesStringSlice	version:string
V1alpha2NamedResourcesFilter	selector!:string
V1alpha2NamedResourcesInstance	attributes:[]V1alpha2NamedResourcesAttribute	name!:string
V1alpha2NamedResourcesIntSlice	ints!:[]int64
V1alpha2NamedResourcesRequest	selector!:string
V1alpha2NamedResourcesResources	instances!:[]V1alpha2NamedResourcesInstance
V1alpha2NamedResourcesStringSlice	strings!:[]string
V1alpha2PodGroup	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha2PodGroupSpec	status:V1alpha2PodGroupStatus
V1alpha2PodGroupResourceClaim	name!:string	resourceClaimName:string	resourceClaimTemplateName:string
V1alpha2PodGroupResourceClaimStatus	name!:string	resourceClaimName:string
V1alpha2PodGroupSchedulingConstraints	topology:[]V1alpha2TopologyConstraint
V1alpha2PodGroupSchedulingPolicy	basic:any	gang:V1alpha2GangSchedulingPolicy
V1alpha2PodGroupSpec	disruptionMode:string	podGroupTemplateRef:V1alpha2PodGroupTemplateReference	priority:int32	priorityClassName:string	resourceClaims:[]V1alpha2PodGroupResourceClaim	schedulingConstraints:V1alpha2PodGroupSchedulingConstraints	schedulingPolicy!:V1alpha2PodGroupSchedulingPolicy
V1alpha2PodGroupStatus	conditions:[]V1Condition	resourceClaimStatuses:[]V1alpha2PodGroupResourceClaimStatus
V1alpha2PodGroupTemplate	disruptionMode:string	name!:string	priority:int32	priorityClassName:string	resourceClaims:[]V1alpha2PodGroupResourceClaim	schedulingConstraints:V1alpha2PodGroupSchedulingConstraints	schedulingPolicy!:V1alpha2PodGroupSchedulingPolicy
V1alpha2PodGroupTemplateReference	workload:V1alpha2WorkloadPodGroupTemplateReference
V1alpha2PodSchedulingContext	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha2PodSchedulingContextSpec	status:V1alpha2PodSchedulingContextStatus
V1alpha2PodSchedulingContextSpec	potentialNodes:[]string	selectedNode:string
V1alpha2PodSchedulingContextStatus	resourceClaims:[]V1alpha2ResourceClaimSchedulingStatus
V1alpha2ResourceClaim	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha2ResourceClaimSpec	status:V1alpha2ResourceClaimStatus
V1alpha2ResourceClaimConsumerReference	apiGroup:string	name!:string	resource!:string	uid!:string
V1alpha2ResourceClaimParameters	apiVersion:string	driverRequests:[]V1alpha2DriverRequests	generatedFrom:V1alpha2ResourceClaimParametersReference	kind:string	metadata:V1ObjectMeta	shareable:boolean
V1alpha2ResourceClaimParametersReference	apiGroup:string	kind!:string	name!:string
V1alpha2ResourceClaimSchedulingStatus	name:string	unsuitableNodes:[]string
V1alpha2ResourceClaimSpec	allocationMode:string	parametersRef:V1alpha2ResourceClaimParametersReference	resourceClassName!:string
V1alpha2ResourceClaimStatus	allocation:V1alpha2AllocationResult	deallocationRequested:boolean	driverName:string	reservedFor:[]V1alpha2ResourceClaimConsumerReference
V1alpha2ResourceClaimTemplate	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha2ResourceClaimTemplateSpec
V1alpha2ResourceClaimTemplateSpec	metadata:V1ObjectMeta	spec!:V1alpha2ResourceClaimSpec
V1alpha2ResourceClass	apiVersion:string	driverName!:string	kind:string	metadata:V1ObjectMeta	parametersRef:V1alpha2ResourceClassParametersReference	structuredParameters:boolean	suitableNodes:V1NodeSelector atomic
V1alpha2ResourceClassParameters	apiVersion:string	filters:[]V1alpha2ResourceFilter	generatedFrom:V1alpha2ResourceClassParametersReference	kind:string	metadata:V1ObjectMeta	vendorParameters:[]V1alpha2VendorParameters
V1alpha2ResourceClassParametersReference	apiGroup:string	kind!:string	name!:string	namespace:string
V1alpha2ResourceFilter	driverName:string	namedResources:V1alpha2NamedResourcesFilter
V1alpha2ResourceHandle	data:string	driverName:string	structuredData:V1alpha2StructuredResourceHandle
V1alpha2ResourceRequest	namedResources:V1alpha2NamedResourcesRequest	vendorParameters:any
V1alpha2ResourceSlice	apiVersion:string	driverName!:string	kind:string	metadata:V1ObjectMeta	namedResources:V1alpha2NamedResourcesResources	nodeName:string
V1alpha2StructuredResourceHandle	nodeName:string	results!:[]V1alpha2DriverAllocationResult	vendorClaimParameters:any	vendorClassParameters:any
V1alpha2TopologyConstraint	key!:string
V1alpha2TypedLocalObjectReference	apiGroup:string	kind!:string	name!:string
V1alpha2VendorParameters	driverName:string	parameters:any
V1alpha2Workload	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha2WorkloadSpec
V1alpha2WorkloadPodGroupTemplateReference	podGroupTemplateName!:string	workloadName!:string
V1alpha2WorkloadSpec	controllerRef:V1alpha2TypedLocalObjectReference	podGroupTemplates!:[]V1alpha2PodGroupTemplate
V1alpha3AllocatedDeviceStatus	conditions:[]V1Condition	data:any	device!:string	driver!:string	networkData:V1alpha3NetworkDeviceData	pool!:string
V1alpha3AllocationResult	devices:V1alpha3DeviceAllocationResult	nodeSelector:V1NodeSelector atomic
V1alpha3BasicDevice	allNodes:boolean	attributes:{}V1alpha3DeviceAttribute	capacity:{}string	consumesCounters:[]V1alpha3DeviceCounterConsumption	nodeName:string	nodeSelector:V1NodeSelector atomic	taints:[]V1alpha3DeviceTaint
V1alpha3CELDeviceSelector	expression!:string
V1alpha3Counter	value!:string
V1alpha3CounterSet	counters!:{}V1alpha3Counter	name!:string
V1alpha3Device	basic:V1alpha3BasicDevice	name!:string
V1alpha3DeviceAllocationConfiguration	opaque:V1alpha3OpaqueDeviceConfiguration	requests:[]string	source!:string
V1alpha3DeviceAllocationResult	config:[]V1alpha3DeviceAllocationConfiguration	results:[]V1alpha3DeviceRequestAllocationResult
V1alpha3DeviceAttribute	bool:boolean	int:int64	string:string	version:string
V1alpha3DeviceClaim	config:[]V1alpha3DeviceClaimConfiguration	constraints:[]V1alpha3DeviceConstraint	requests:[]V1alpha3DeviceRequest
V1alpha3DeviceClaimConfiguration	opaque:V1alpha3OpaqueDeviceConfiguration	requests:[]string
V1alpha3DeviceClass	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha3DeviceClassSpec
V1alpha3DeviceClassConfiguration	opaque:V1alpha3OpaqueDeviceConfiguration
V1alpha3DeviceClassSpec	config:[]V1alpha3DeviceClassConfiguration	selectors:[]V1alpha3DeviceSelector
V1alpha3DeviceConstraint	matchAttribute:string	requests:[]string
V1alpha3DeviceCounterConsumption	counterSet!:string	counters!:{}V1alpha3Counter
V1alpha3DeviceRequest	adminAccess:boolean	allocationMode:string	count:int64	deviceClassName:string	firstAvailable:[]V1alpha3DeviceSubRequest	name!:string	selectors:[]V1alpha3DeviceSelector	tolerations:[]V1alpha3DeviceToleration
V1alpha3DeviceRequestAllocationResult	adminAccess:boolean	device!:string	driver!:string	pool!:string	request!:string	tolerations:[]V1alpha3DeviceToleration
V1alpha3DeviceSelector	cel:V1alpha3CELDeviceSelector
V1alpha3DeviceSubRequest	allocationMode:string	count:int64	deviceClassName!:string	name!:string	selectors:[]V1alpha3DeviceSelector	tolerations:[]V1alpha3DeviceToleration
V1alpha3DeviceTaint	effect!:string	key!:string	timeAdded:time	value:string
V1alpha3DeviceTaintRule	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha3DeviceTaintRuleSpec	status:V1alpha3DeviceTaintRuleStatus
V1alpha3DeviceTaintRuleSpec	deviceSelector:V1alpha3DeviceTaintSelector	taint!:V1alpha3DeviceTaint
V1alpha3DeviceTaintRuleStatus	conditions:[]V1Condition
V1alpha3DeviceTaintSelector	device:string	driver:string	pool:string
V1alpha3DeviceToleration	effect:string	key:string	operator:string	tolerationSeconds:int64	value:string
V1alpha3NetworkDeviceData	hardwareAddress:string	interfaceName:string	ips:[]string
V1alpha3OpaqueDeviceConfiguration	driver!:string	parameters!:any
V1alpha3PoolStatus	allocatedDevices:int32	availableDevices:int32	driver!:string	generation!:int64	nodeName:string	poolName!:string	resourceSliceCount:int32	totalDevices:int32	unavailableDevices:int32	validationError:string
V1alpha3ResourceClaim	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha3ResourceClaimSpec	status:V1alpha3ResourceClaimStatus
V1alpha3ResourceClaimConsumerReference	apiGroup:string	name!:string	resource!:string	uid!:string
V1alpha3ResourceClaimSpec	devices:V1alpha3DeviceClaim
V1alpha3ResourceClaimStatus	allocation:V1alpha3AllocationResult	devices:[]V1alpha3AllocatedDeviceStatus	reservedFor:[]V1alpha3ResourceClaimConsumerReference
V1alpha3ResourceClaimTemplate	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha3ResourceClaimTemplateSpec
V1alpha3ResourceClaimTemplateSpec	metadata:V1ObjectMeta	spec!:V1alpha3ResourceClaimSpec
V1alpha3ResourcePool	generation!:int64	name!:string	resourceSliceCount!:int64
V1alpha3ResourcePoolStatusRequest	apiVersion:string	kind:string	metadata!:V1ObjectMeta	spec!:V1alpha3ResourcePoolStatusRequestSpec	status:V1alpha3ResourcePoolStatusRequestStatus
V1alpha3ResourcePoolStatusRequestSpec	driver!:string	limit:int32	poolName:string
V1alpha3ResourcePoolStatusRequestStatus	conditions:[]V1Condition	poolCount!:int32	pools:[]V1alpha3PoolStatus
V1alpha3ResourceSlice	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1alpha3ResourceSliceSpec
V1alpha3ResourceSliceSpec	allNodes:boolean	devices:[]V1alpha3Device	driver!:string	nodeName:string	nodeSelector:V1NodeSelector atomic	perDeviceNodeSelection:boolean	pool!:V1alpha3ResourcePool	sharedCounters:[]V1alpha3CounterSet
V1beta1APIService	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1APIServiceSpec	status:V1beta1APIServiceStatus
V1beta1APIServiceCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta1APIServiceSpec	caBundle:string	group:string	groupPriorityMinimum!:int64	insecureSkipTLSVerify:boolean	service:ApiregistrationV1beta1ServiceReference	version:string	versionPriority!:int64
V1beta1APIServiceStatus	conditions:[]V1beta1APIServiceCondition ~type map=type
V1beta1AggregationRule	clusterRoleSelectors:[]V1LabelSelector
V1beta1AllocatedDeviceStatus	conditions:[]V1Condition	data:any	device!:string	driver!:string	networkData:V1beta1NetworkDeviceData	pool!:string	shareID:string
V1beta1AllocationResult	allocationTimestamp:time	devices:V1beta1DeviceAllocationResult	nodeSelector:V1NodeSelector atomic
V1beta1AllowedCSIDriver	name!:string
V1beta1AllowedFlexVolume	driver!:string
V1beta1AllowedHostPath	pathPrefix:string	readOnly:boolean
V1beta1ApplyConfiguration	expression:string
V1beta1AuditAnnotation	key!:string	valueExpression!:string
V1beta1BasicDevice	allNodes:boolean	allowMultipleAllocations:boolean	attributes:{}V1beta1DeviceAttribute	bindingConditions:[]string	bindingFailureConditions:[]string	bindsToNode:boolean	capacity:{}V1beta1DeviceCapacity	consumesCounters:[]V1beta1DeviceCounterConsumption	nodeAllocatableResourceMappings:{}V1beta1NodeAllocatableResourceMapping	nodeName:string	nodeSelector:V1NodeSelector atomic	taints:[]V1beta1DeviceTaint
V1beta1CELDeviceSelector	expression!:string
V1beta1CSIDriver	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1CSIDriverSpec
V1beta1CSIDriverSpec	attachRequired:boolean	fsGroupPolicy:string	podInfoOnMount:boolean	requiresRepublish:boolean	storageCapacity:boolean	tokenRequests:[]V1beta1TokenRequest	volumeLifecycleModes:[]string
V1beta1CSINode	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1CSINodeSpec
V1beta1CSINodeDriver	allocatable:V1beta1VolumeNodeResources	name!:string	nodeID!:string	topologyKeys:[]string
V1beta1CSINodeSpec	drivers!:[]V1beta1CSINodeDriver ~name
V1beta1CSIStorageCapacity	apiVersion:string	capacity:string	kind:string	maximumVolumeSize:string	metadata:V1ObjectMeta	nodeTopology:V1LabelSelector atomic	storageClassName!:string
V1beta1CapacityRequestPolicy	default:string	validRange:V1beta1CapacityRequestPolicyRange	validValues:[]string
V1beta1CapacityRequestPolicyRange	max:string	min!:string	step:string
V1beta1CapacityRequirements	requests:{}string
V1beta1CertificateSigningRequest	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1CertificateSigningRequestSpec	status:V1beta1CertificateSigningRequestStatus
V1beta1CertificateSigningRequestCondition	lastTransitionTime:time	lastUpdateTime:time	message:string	reason:string	status:string	type!:string
V1beta1CertificateSigningRequestSpec	extra:{}[]string	groups:[]string	request!:string	signerName:string	uid:string	usages:[]string	username:string
V1beta1CertificateSigningRequestStatus	certificate:string	conditions:[]V1beta1CertificateSigningRequestCondition map=type
V1beta1ClusterRole	aggregationRule:V1beta1AggregationRule	apiVersion:string	kind:string	metadata:V1ObjectMeta	rules:[]V1beta1PolicyRule
V1beta1ClusterRoleBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	roleRef!:V1beta1RoleRef	subjects:[]RbacV1beta1Subject
V1beta1ClusterTrustBundle	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1ClusterTrustBundleSpec
V1beta1ClusterTrustBundleSpec	signerName:string	trustBundle!:string
V1beta1ControllerRevision	apiVersion:string	data:any	kind:string	metadata:V1ObjectMeta	revision!:int64
V1beta1Counter	value!:string
V1beta1CounterSet	counters!:{}V1beta1Counter	name!:string
V1beta1CronJob	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1CronJobSpec	status:V1beta1CronJobStatus
V1beta1CronJobSpec	concurrencyPolicy:string	failedJobsHistoryLimit:int64	jobTemplate!:V1beta1JobTemplateSpec	schedule!:string	startingDeadlineSeconds:int64	successfulJobsHistoryLimit:int64	suspend:boolean	timeZone:string
V1beta1CronJobStatus	active:[]V1ObjectReference	lastScheduleTime:time	lastSuccessfulTime:time
V1beta1CustomResourceColumnDefinition	JSONPath!:string	description:string	format:string	name!:string	priority:int64	type!:string
V1beta1CustomResourceConversion	conversionReviewVersions:[]string	strategy!:string	webhookClientConfig:ApiextensionsV1beta1WebhookClientConfig
V1beta1CustomResourceDefinition	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1CustomResourceDefinitionSpec	status:V1beta1CustomResourceDefinitionStatus
V1beta1CustomResourceDefinitionCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta1CustomResourceDefinitionNames	categories:[]string	kind!:string	listKind:string	plural!:string	shortNames:[]string	singular:string
V1beta1CustomResourceDefinitionSpec	additionalPrinterColumns:[]V1beta1CustomResourceColumnDefinition	conversion:V1beta1CustomResourceConversion	group!:string	names!:V1beta1CustomResourceDefinitionNames	preserveUnknownFields:boolean	scope!:string	subresources:V1beta1CustomResourceSubresources	validation:V1beta1CustomResourceValidation	version:string	versions:[]V1beta1CustomResourceDefinitionVersion
V1beta1CustomResourceDefinitionStatus	acceptedNames:V1beta1CustomResourceDefinitionNames	conditions:[]V1beta1CustomResourceDefinitionCondition	storedVersions:[]string
V1beta1CustomResourceDefinitionVersion	additionalPrinterColumns:[]V1beta1CustomResourceColumnDefinition	deprecated:boolean	deprecationWarning:string	name!:string	schema:V1beta1CustomResourceValidation	served!:boolean	storage!:boolean	subresources:V1beta1CustomResourceSubresources
V1beta1CustomResourceSubresourceScale	labelSelectorPath:string	specReplicasPath!:string	statusReplicasPath!:string
V1beta1CustomResourceSubresources	scale:V1beta1CustomResourceSubresourceScale	status:any
V1beta1CustomResourceValidation	openAPIV3Schema:V1beta1JSONSchemaProps
V1beta1DaemonSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1DaemonSetSpec	status:V1beta1DaemonSetStatus
V1beta1DaemonSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta1DaemonSetSpec	minReadySeconds:int64	revisionHistoryLimit:int64	selector:V1LabelSelector atomic	template!:V1PodTemplateSpec	templateGeneration:int64	updateStrategy:V1beta1DaemonSetUpdateStrategy
V1beta1DaemonSetStatus	collisionCount:int64	conditions:[]V1beta1DaemonSetCondition	currentNumberScheduled!:int64	desiredNumberScheduled!:int64	numberAvailable:int64	numberMisscheduled!:int64	numberReady!:int64	numberUnavailable:int64	observedGeneration:int64	updatedNumberScheduled:int64
V1beta1DaemonSetUpdateStrategy	rollingUpdate:V1beta1RollingUpdateDaemonSet	type:string
V1beta1Device	basic:V1beta1BasicDevice	name!:string
V1beta1DeviceAllocationConfiguration	opaque:V1beta1OpaqueDeviceConfiguration	requests:[]string	source!:string
V1beta1DeviceAllocationResult	config:[]V1beta1DeviceAllocationConfiguration	results:[]V1beta1DeviceRequestAllocationResult
V1beta1DeviceAttribute	bool:boolean	bools:[]boolean	int:int64	ints:[]int64	string:string	strings:[]string	version:string	versions:[]string
V1beta1DeviceCapacity	requestPolicy:V1beta1CapacityRequestPolicy	value!:string
V1beta1DeviceClaim	config:[]V1beta1DeviceClaimConfiguration	constraints:[]V1beta1DeviceConstraint	requests:[]V1beta1DeviceRequest
V1beta1DeviceClaimConfiguration	opaque:V1beta1OpaqueDeviceConfiguration	requests:[]string
V1beta1DeviceClass	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1DeviceClassSpec
V1beta1DeviceClassConfiguration	opaque:V1beta1OpaqueDeviceConfiguration
V1beta1DeviceClassSpec	config:[]V1beta1DeviceClassConfiguration	extendedResourceName:string	selectors:[]V1beta1DeviceSelector
V1beta1DeviceConstraint	distinctAttribute:string	matchAttribute:string	requests:[]string
V1beta1DeviceCounterConsumption	counterSet!:string	counters!:{}V1beta1Counter
V1beta1DeviceRequest	adminAccess:boolean	allocationMode:string	capacity:V1beta1CapacityRequirements	count:int64	deviceClassName:string	firstAvailable:[]V1beta1DeviceSubRequest	name!:string	selectors:[]V1beta1DeviceSelector	tolerations:[]V1beta1DeviceToleration
V1beta1DeviceRequestAllocationResult	adminAccess:boolean	bindingConditions:[]string	bindingFailureConditions:[]string	consumedCapacity:{}string	device!:string	driver!:string	pool!:string	request!:string	shareID:string	tolerations:[]V1beta1DeviceToleration
V1beta1DeviceSelector	cel:V1beta1CELDeviceSelector
V1beta1DeviceSubRequest	allocationMode:string	capacity:V1beta1CapacityRequirements	count:int64	deviceClassName!:string	name!:string	selectors:[]V1beta1DeviceSelector	tolerations:[]V1beta1DeviceToleration
V1beta1DeviceTaint	effect!:string	key!:string	timeAdded:time	value:string
V1beta1DeviceToleration	effect:string	key:string	operator:string	tolerationSeconds:int64	value:string
V1beta1Endpoint	addresses!:[]string set	conditions:V1beta1EndpointConditions	hints:V1beta1EndpointHints	hostname:string	nodeName:string	targetRef:V1ObjectReference atomic	topology:{}string
V1beta1EndpointConditions	ready:boolean	serving:boolean	terminating:boolean
V1beta1EndpointHints	forZones:[]V1beta1ForZone
V1beta1EndpointPort	appProtocol:string	name:string	port:int64	protocol:string
V1beta1EndpointSlice	addressType!:string	apiVersion:string	endpoints!:[]V1beta1Endpoint	kind:string	metadata:V1ObjectMeta	ports:[]V1beta1EndpointPort
V1beta1Event	action:string	apiVersion:string	deprecatedCount:int64	deprecatedFirstTimestamp:time	deprecatedLastTimestamp:time	deprecatedSource:V1EventSource	eventTime!:time	kind:string	metadata:V1ObjectMeta	note:string	reason:string	regarding:V1ObjectReference atomic	related:V1ObjectReference atomic	reportingController:string	reportingInstance:string	series:V1beta1EventSeries	type:string
V1beta1EventSeries	count!:int64	lastObservedTime!:time
V1beta1ExpressionWarning	fieldRef!:string	warning!:string
V1beta1ExternalDocumentation	description:string	url:string
V1beta1FSGroupStrategyOptions	ranges:[]V1beta1IDRange	rule:string
V1beta1FlowDistinguisherMethod	type!:string
V1beta1FlowSchema	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1FlowSchemaSpec	status:V1beta1FlowSchemaStatus
V1beta1FlowSchemaCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1beta1FlowSchemaSpec	distinguisherMethod:V1beta1FlowDistinguisherMethod	matchingPrecedence:int64	priorityLevelConfiguration!:V1beta1PriorityLevelConfigurationReference	rules:[]V1beta1PolicyRulesWithSubjects
V1beta1FlowSchemaStatus	conditions:[]V1beta1FlowSchemaCondition map=type
V1beta1ForZone	name!:string
V1beta1GroupSubject	name!:string
V1beta1HostPortRange	max!:int64	min!:int64
V1beta1IDRange	max!:int64	min!:int64
V1beta1IPAddress	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1IPAddressSpec
V1beta1IPAddressSpec	parentRef!:V1beta1ParentReference
V1beta1IPBlock	cidr!:string	except:[]string
V1beta1IngressClass	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1IngressClassSpec
V1beta1IngressClassParametersReference	apiGroup:string	kind!:string	name!:string	namespace:string	scope:string
V1beta1IngressClassSpec	controller:string	parameters:V1beta1IngressClassParametersReference
V1beta1JSONPatch	expression:string
V1beta1JSONSchemaProps	$ref:string	$schema:string	additionalItems:any	additionalProperties:any	allOf:[]V1beta1JSONSchemaProps	anyOf:[]V1beta1JSONSchemaProps	default:any	definitions:{}V1beta1JSONSchemaProps	dependencies:{}any	description:string	enum:[]any	example:any	exclusiveMaximum:boolean	exclusiveMinimum:boolean	externalDocs:V1beta1ExternalDocumentation	format:string	id:string	items:any	maxItems:int64	maxLength:int64	maxProperties:int64	maximum:int64	minItems:int64	minLength:int64	minProperties:int64	minimum:int64	multipleOf:int64	not:V1beta1JSONSchemaProps	nullable:boolean	oneOf:[]V1beta1JSONSchemaProps	pattern:string	patternProperties:{}V1beta1JSONSchemaProps	properties:{}V1beta1JSONSchemaProps	required:[]string	title:string	type:string	uniqueItems:boolean	x-kubernetes-embedded-resource:boolean	x-kubernetes-int-or-string:boolean	x-kubernetes-list-map-keys:[]string	x-kubernetes-list-type:string	x-kubernetes-map-type:string	x-kubernetes-preserve-unknown-fields:boolean
V1beta1JobTemplateSpec	metadata:V1ObjectMeta	spec:V1JobSpec
V1beta1Lease	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1LeaseSpec
V1beta1LeaseCandidate	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1LeaseCandidateSpec
V1beta1LeaseCandidateSpec	binaryVersion!:string	emulationVersion:string	leaseName!:string	pingTime:time	renewTime:time	strategy!:string
V1beta1LeaseSpec	acquireTime:time	holderIdentity:string	leaseDurationSeconds:int64	leaseTransitions:int64	renewTime:time
V1beta1LimitResponse	queuing:V1beta1QueuingConfiguration	type!:string
V1beta1LimitedPriorityLevelConfiguration	assuredConcurrencyShares:int64	limitResponse:V1beta1LimitResponse
V1beta1LocalSubjectAccessReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1SubjectAccessReviewSpec	status:V1beta1SubjectAccessReviewStatus
V1beta1MatchCondition	expression!:string	name!:string
V1beta1MatchResources	excludeResourceRules:[]V1beta1NamedRuleWithOperations	matchPolicy:string	namespaceSelector:V1LabelSelector atomic	objectSelector:V1LabelSelector atomic	resourceRules:[]V1beta1NamedRuleWithOperations
V1beta1MutatingAdmissionPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1MutatingAdmissionPolicySpec
V1beta1MutatingAdmissionPolicyBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1MutatingAdmissionPolicyBindingSpec
V1beta1MutatingAdmissionPolicyBindingSpec	matchResources:V1beta1MatchResources	paramRef:V1beta1ParamRef	policyName:string
V1beta1MutatingAdmissionPolicySpec	failurePolicy:string	matchConditions:[]V1beta1MatchCondition	matchConstraints:V1beta1MatchResources	mutations:[]V1beta1Mutation	paramKind:V1beta1ParamKind	reinvocationPolicy:string	variables:[]V1beta1Variable
V1beta1MutatingWebhook	admissionReviewVersions:[]string	clientConfig!:AdmissionregistrationV1beta1WebhookClientConfig	failurePolicy:string	matchPolicy:string	name!:string	namespaceSelector:V1LabelSelector atomic	objectSelector:V1LabelSelector atomic	reinvocationPolicy:string	rules:[]V1beta1RuleWithOperations	sideEffects:string	timeoutSeconds:int64
V1beta1MutatingWebhookConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	webhooks:[]V1beta1MutatingWebhook ~name
V1beta1Mutation	applyConfiguration:V1beta1ApplyConfiguration	jsonPatch:V1beta1JSONPatch	patchType!:string
V1beta1NamedRuleWithOperations	apiGroups:[]string	apiVersions:[]string	operations:[]string	resourceNames:[]string	resources:[]string	scope:string
V1beta1NetworkDeviceData	hardwareAddress:string	interfaceName:string	ips:[]string
V1beta1NetworkPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1NetworkPolicySpec
V1beta1NetworkPolicyEgressRule	ports:[]V1beta1NetworkPolicyPort	to:[]V1beta1NetworkPolicyPeer
V1beta1NetworkPolicyIngressRule	from:[]V1beta1NetworkPolicyPeer	ports:[]V1beta1NetworkPolicyPort
V1beta1NetworkPolicyPeer	ipBlock:V1beta1IPBlock	namespaceSelector:V1LabelSelector atomic	podSelector:V1LabelSelector atomic
V1beta1NetworkPolicyPort	port:any	protocol:string
V1beta1NetworkPolicySpec	egress:[]V1beta1NetworkPolicyEgressRule	ingress:[]V1beta1NetworkPolicyIngressRule	podSelector!:V1LabelSelector atomic	policyTypes:[]string
V1beta1NodeAllocatableResourceMapping	allocationMultiplier:string	capacityKey:string
V1beta1NonResourceAttributes	path:string	verb:string
V1beta1NonResourcePolicyRule	nonResourceURLs!:[]string set	verbs!:[]string set
V1beta1NonResourceRule	nonResourceURLs:[]string	verbs!:[]string
V1beta1OpaqueDeviceConfiguration	driver!:string	parameters!:any
V1beta1Overhead	podFixed:{}quantity
V1beta1ParamKind	apiVersion:string	kind:string
V1beta1ParamRef	name:string	namespace:string	parameterNotFoundAction:string	selector:V1LabelSelector atomic
V1beta1ParentReference	group:string	name!:string	namespace:string	resource!:string
V1beta1PodCertificateRequest	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1PodCertificateRequestSpec	status:V1beta1PodCertificateRequestStatus
V1beta1PodCertificateRequestSpec	maxExpirationSeconds:int32	nodeName!:string	nodeUID!:string	pkixPublicKey:byte	podName!:string	podUID!:string	proofOfPossession:byte	serviceAccountName!:string	serviceAccountUID!:string	signerName!:string	stubPKCS10Request!:byte	unverifiedUserAnnotations:{}string
V1beta1PodCertificateRequestStatus	beginRefreshAt:time	certificateChain:string	conditions:[]V1Condition	notAfter:time	notBefore:time
V1beta1PodDisruptionBudget	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1PodDisruptionBudgetSpec	status:V1beta1PodDisruptionBudgetStatus
V1beta1PodDisruptionBudgetSpec	maxUnavailable:int-or-string	minAvailable:int-or-string	selector:V1LabelSelector atomic
V1beta1PodDisruptionBudgetStatus	conditions:[]V1Condition	currentHealthy!:int64	desiredHealthy!:int64	disruptedPods:{}time	disruptionsAllowed!:int64	expectedPods!:int64	observedGeneration:int64
V1beta1PodSecurityPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1PodSecurityPolicySpec
V1beta1PodSecurityPolicySpec	allowPrivilegeEscalation:boolean	allowedCSIDrivers:[]V1beta1AllowedCSIDriver	allowedCapabilities:[]string	allowedFlexVolumes:[]V1beta1AllowedFlexVolume	allowedHostPaths:[]V1beta1AllowedHostPath	allowedProcMountTypes:[]string	allowedUnsafeSysctls:[]string	defaultAddCapabilities:[]string	defaultAllowPrivilegeEscalation:boolean	forbiddenSysctls:[]string	fsGroup!:V1beta1FSGroupStrategyOptions	hostIPC:boolean	hostNetwork:boolean	hostPID:boolean	hostPorts:[]V1beta1HostPortRange	privileged:boolean	readOnlyRootFilesystem:boolean	requiredDropCapabilities:[]string	runAsGroup:V1beta1RunAsGroupStrategyOptions	runAsUser!:V1beta1RunAsUserStrategyOptions	runtimeClass:V1beta1RuntimeClassStrategyOptions	seLinux!:V1beta1SELinuxStrategyOptions	supplementalGroups!:V1beta1SupplementalGroupsStrategyOptions	volumes:[]string
V1beta1PolicyRule	apiGroups:[]string	nonResourceURLs:[]string	resourceNames:[]string	resources:[]string	verbs!:[]string
V1beta1PolicyRulesWithSubjects	nonResourceRules:[]V1beta1NonResourcePolicyRule	resourceRules:[]V1beta1ResourcePolicyRule	subjects!:[]V1beta1Subject
V1beta1PriorityClass	apiVersion:string	description:string	globalDefault:boolean	kind:string	metadata:V1ObjectMeta	preemptionPolicy:string	value!:int64
V1beta1PriorityLevelConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1PriorityLevelConfigurationSpec	status:V1beta1PriorityLevelConfigurationStatus
V1beta1PriorityLevelConfigurationCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1beta1PriorityLevelConfigurationReference	name!:string
V1beta1PriorityLevelConfigurationSpec	limited:V1beta1LimitedPriorityLevelConfiguration	type!:string
V1beta1PriorityLevelConfigurationStatus	conditions:[]V1beta1PriorityLevelConfigurationCondition map=type
V1beta1QueuingConfiguration	handSize:int64	queueLengthLimit:int64	queues:int64
V1beta1ReplicaSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1ReplicaSetSpec	status:V1beta1ReplicaSetStatus
V1beta1ReplicaSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta1ReplicaSetSpec	minReadySeconds:int64	replicas:int64	selector:V1LabelSelector atomic	template:V1PodTemplateSpec
V1beta1ReplicaSetStatus	availableReplicas:int64	conditions:[]V1beta1ReplicaSetCondition	fullyLabeledReplicas:int64	observedGeneration:int64	readyReplicas:int64	replicas!:int64
V1beta1ResourceAttributes	group:string	name:string	namespace:string	resource:string	subresource:string	verb:string	version:string
V1beta1ResourceClaim	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1ResourceClaimSpec	status:V1beta1ResourceClaimStatus
V1beta1ResourceClaimConsumerReference	apiGroup:string	name!:string	resource!:string	uid!:string
V1beta1ResourceClaimSpec	devices:V1beta1DeviceClaim
V1beta1ResourceClaimStatus	allocation:V1beta1AllocationResult	devices:[]V1beta1AllocatedDeviceStatus	reservedFor:[]V1beta1ResourceClaimConsumerReference
V1beta1ResourceClaimTemplate	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1ResourceClaimTemplateSpec
V1beta1ResourceClaimTemplateSpec	metadata:V1ObjectMeta	spec!:V1beta1ResourceClaimSpec
V1beta1ResourcePolicyRule	apiGroups!:[]string set	clusterScope:boolean	namespaces:[]string set	resources!:[]string set	verbs!:[]string set
V1beta1ResourcePool	generation!:int64	name!:string	resourceSliceCount!:int64
V1beta1ResourceRule	apiGroups:[]string	resourceNames:[]string	resources:[]string	verbs!:[]string
V1beta1ResourceSlice	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1ResourceSliceSpec
V1beta1ResourceSliceSpec	allNodes:boolean	devices:[]V1beta1Device	driver!:string	nodeName:string	nodeSelector:V1NodeSelector atomic	perDeviceNodeSelection:boolean	pool!:V1beta1ResourcePool	sharedCounters:[]V1beta1CounterSet
V1beta1Role	apiVersion:string	kind:string	metadata:V1ObjectMeta	rules:[]V1beta1PolicyRule
V1beta1RoleBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	roleRef!:V1beta1RoleRef	subjects:[]RbacV1beta1Subject
V1beta1RoleRef	apiGroup!:string	kind!:string	name!:string
V1beta1RollingUpdateDaemonSet	maxUnavailable:any
V1beta1RollingUpdateStatefulSetStrategy	partition:int64
V1beta1RuleWithOperations	apiGroups:[]string	apiVersions:[]string	operations:[]string	resources:[]string	scope:string
V1beta1RunAsGroupStrategyOptions	ranges:[]V1beta1IDRange	rule!:string
V1beta1RunAsUserStrategyOptions	ranges:[]V1beta1IDRange	rule!:string
V1beta1RuntimeClass	apiVersion:string	handler!:string	kind:string	metadata:V1ObjectMeta	overhead:V1beta1Overhead	scheduling:V1beta1Scheduling
V1beta1RuntimeClassStrategyOptions	allowedRuntimeClassNames!:[]string	defaultRuntimeClassName:string
V1beta1SELinuxStrategyOptions	rule!:string	seLinuxOptions:V1SELinuxOptions
V1beta1Scheduling	nodeSelector:{}string	tolerations:[]V1Toleration
V1beta1SelfSubjectAccessReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1SelfSubjectAccessReviewSpec	status:V1beta1SubjectAccessReviewStatus
V1beta1SelfSubjectAccessReviewSpec	nonResourceAttributes:V1beta1NonResourceAttributes	resourceAttributes:V1beta1ResourceAttributes
V1beta1SelfSubjectReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	status:V1beta1SelfSubjectReviewStatus
V1beta1SelfSubjectReviewStatus	userInfo:V1UserInfo
V1beta1SelfSubjectRulesReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1SelfSubjectRulesReviewSpec	status:V1beta1SubjectRulesReviewStatus
V1beta1SelfSubjectRulesReviewSpec	namespace:string
V1beta1ServiceAccountSubject	name!:string	namespace!:string
V1beta1ServiceCIDR	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1ServiceCIDRSpec	status:V1beta1ServiceCIDRStatus
V1beta1ServiceCIDRSpec	cidrs:[]string
V1beta1ServiceCIDRStatus	conditions:[]V1Condition
V1beta1StatefulSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1StatefulSetSpec	status:V1beta1StatefulSetStatus
V1beta1StatefulSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta1StatefulSetSpec	podManagementPolicy:string	replicas:int64	revisionHistoryLimit:int64	selector:V1LabelSelector atomic	serviceName!:string	template!:V1PodTemplateSpec	updateStrategy:V1beta1StatefulSetUpdateStrategy	volumeClaimTemplates:[]V1PersistentVolumeClaim
V1beta1StatefulSetStatus	collisionCount:int64	conditions:[]V1beta1StatefulSetCondition	currentReplicas:int64	currentRevision:string	observedGeneration:int64	readyReplicas:int64	replicas!:int64	updateRevision:string	updatedReplicas:int64
V1beta1StatefulSetUpdateStrategy	rollingUpdate:V1beta1RollingUpdateStatefulSetStrategy	type:string
V1beta1StorageClass	allowVolumeExpansion:boolean	allowedTopologies:[]V1TopologySelectorTerm	apiVersion:string	kind:string	metadata:V1ObjectMeta	mountOptions:[]string	parameters:{}string	provisioner!:string	reclaimPolicy:string	volumeBindingMode:string
V1beta1StorageVersionMigration	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1StorageVersionMigrationSpec	status:V1beta1StorageVersionMigrationStatus
V1beta1StorageVersionMigrationSpec	resource!:V1GroupResource
V1beta1StorageVersionMigrationStatus	conditions:[]V1Condition	resourceVersion:string
V1beta1Subject	group:V1beta1GroupSubject	kind!:string	serviceAccount:V1beta1ServiceAccountSubject	user:V1beta1UserSubject
V1beta1SubjectAccessReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1SubjectAccessReviewSpec	status:V1beta1SubjectAccessReviewStatus
V1beta1SubjectAccessReviewSpec	extra:{}[]string	group:[]string	nonResourceAttributes:V1beta1NonResourceAttributes	resourceAttributes:V1beta1ResourceAttributes	uid:string	user:string
V1beta1SubjectAccessReviewStatus	allowed!:boolean	denied:boolean	evaluationError:string	reason:string
V1beta1SubjectRulesReviewStatus	evaluationError:string	incomplete!:boolean	nonResourceRules!:[]V1beta1NonResourceRule	resourceRules!:[]V1beta1ResourceRule
V1beta1SupplementalGroupsStrategyOptions	ranges:[]V1beta1IDRange	rule:string
V1beta1TokenRequest	audience!:string	expirationSeconds:int64
V1beta1TokenReview	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1TokenReviewSpec	status:V1beta1TokenReviewStatus
V1beta1TokenReviewSpec	audiences:[]string	token:string
V1beta1TokenReviewStatus	audiences:[]string	authenticated:boolean	error:string	user:V1beta1UserInfo
V1beta1TypeChecking	expressionWarnings:[]V1beta1ExpressionWarning
V1beta1UserInfo	extra:{}[]string	groups:[]string	uid:string	username:string
V1beta1UserSubject	name!:string
V1beta1ValidatingAdmissionPolicy	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1ValidatingAdmissionPolicySpec	status:V1beta1ValidatingAdmissionPolicyStatus
V1beta1ValidatingAdmissionPolicyBinding	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta1ValidatingAdmissionPolicyBindingSpec
V1beta1ValidatingAdmissionPolicyBindingSpec	matchResources:V1beta1MatchResources	paramRef:V1beta1ParamRef	policyName:string	validationActions:[]string
V1beta1ValidatingAdmissionPolicySpec	auditAnnotations:[]V1beta1AuditAnnotation	failurePolicy:string	matchConditions:[]V1beta1MatchCondition	matchConstraints:V1beta1MatchResources	paramKind:V1beta1ParamKind	validations:[]V1beta1Validation	variables:[]V1beta1Variable
V1beta1ValidatingAdmissionPolicyStatus	conditions:[]V1Condition	observedGeneration:int64	typeChecking:V1beta1TypeChecking
V1beta1ValidatingWebhook	admissionReviewVersions:[]string	clientConfig!:AdmissionregistrationV1beta1WebhookClientConfig	failurePolicy:string	matchPolicy:string	name!:string	namespaceSelector:V1LabelSelector atomic	objectSelector:V1LabelSelector atomic	rules:[]V1beta1RuleWithOperations	sideEffects:string	timeoutSeconds:int64
V1beta1ValidatingWebhookConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	webhooks:[]V1beta1ValidatingWebhook ~name
V1beta1Validation	expression!:string	message:string	messageExpression:string	reason:string
V1beta1Variable	expression!:string	name!:string
V1beta1VolumeAttachment	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta1VolumeAttachmentSpec	status:V1beta1VolumeAttachmentStatus
V1beta1VolumeAttachmentSource	inlineVolumeSpec:V1PersistentVolumeSpec	persistentVolumeName:string
V1beta1VolumeAttachmentSpec	attacher!:string	nodeName!:string	source!:V1beta1VolumeAttachmentSource
V1beta1VolumeAttachmentStatus	attachError:V1beta1VolumeError	attached!:boolean	attachmentMetadata:{}string	detachError:V1beta1VolumeError
V1beta1VolumeAttributesClass	apiVersion:string	driverName!:string	kind:string	metadata:V1ObjectMeta	parameters:{}string
V1beta1VolumeError	message:string	time:time
V1beta1VolumeNodeResources	count:int64
V1beta2AllocatedDeviceStatus	conditions:[]V1Condition	data:any	device!:string	driver!:string	networkData:V1beta2NetworkDeviceData	pool!:string	shareID:string
V1beta2AllocationResult	allocationTimestamp:time	devices:V1beta2DeviceAllocationResult	nodeSelector:V1NodeSelector atomic
V1beta2CELDeviceSelector	expression!:string
V1beta2CapacityRequestPolicy	default:string	validRange:V1beta2CapacityRequestPolicyRange	validValues:[]string
V1beta2CapacityRequestPolicyRange	max:string	min!:string	step:string
V1beta2CapacityRequirements	requests:{}string
V1beta2ControllerRevision	apiVersion:string	data:any	kind:string	metadata:V1ObjectMeta	revision!:int64
V1beta2Counter	value!:string
V1beta2CounterSet	counters!:{}V1beta2Counter	name!:string
V1beta2DaemonSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta2DaemonSetSpec	status:V1beta2DaemonSetStatus
V1beta2DaemonSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta2DaemonSetSpec	minReadySeconds:int64	revisionHistoryLimit:int64	selector!:V1LabelSelector atomic	template!:V1PodTemplateSpec	updateStrategy:V1beta2DaemonSetUpdateStrategy
V1beta2DaemonSetStatus	collisionCount:int64	conditions:[]V1beta2DaemonSetCondition ~type	currentNumberScheduled!:int64	desiredNumberScheduled!:int64	numberAvailable:int64	numberMisscheduled!:int64	numberReady!:int64	numberUnavailable:int64	observedGeneration:int64	updatedNumberScheduled:int64
V1beta2DaemonSetUpdateStrategy	rollingUpdate:V1beta2RollingUpdateDaemonSet	type:string
V1beta2Deployment	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta2DeploymentSpec	status:V1beta2DeploymentStatus
V1beta2DeploymentCondition	lastTransitionTime:time	lastUpdateTime:time	message:string	reason:string	status!:string	type!:string
V1beta2DeploymentSpec	minReadySeconds:int64	paused:boolean	progressDeadlineSeconds:int64	replicas:int64	revisionHistoryLimit:int64	selector!:V1LabelSelector atomic	strategy:V1beta2DeploymentStrategy ^	template!:V1PodTemplateSpec
V1beta2DeploymentStatus	availableReplicas:int64	collisionCount:int64	conditions:[]V1beta2DeploymentCondition ~type	observedGeneration:int64	readyReplicas:int64	replicas:int64	unavailableReplicas:int64	updatedReplicas:int64
V1beta2DeploymentStrategy	rollingUpdate:V1beta2RollingUpdateDeployment	type:string
V1beta2Device	allNodes:boolean	allowMultipleAllocations:boolean	attributes:{}V1beta2DeviceAttribute	bindingConditions:[]string	bindingFailureConditions:[]string	bindsToNode:boolean	capacity:{}V1beta2DeviceCapacity	consumesCounters:[]V1beta2DeviceCounterConsumption	name!:string	nodeAllocatableResourceMappings:{}V1beta2NodeAllocatableResourceMapping	nodeName:string	nodeSelector:V1NodeSelector atomic	taints:[]V1beta2DeviceTaint
V1beta2DeviceAllocationConfiguration	opaque:V1beta2OpaqueDeviceConfiguration	requests:[]string	source!:string
V1beta2DeviceAllocationResult	config:[]V1beta2DeviceAllocationConfiguration	results:[]V1beta2DeviceRequestAllocationResult
V1beta2DeviceAttribute	bool:boolean	bools:[]boolean	int:int64	ints:[]int64	string:string	strings:[]string	version:string	versions:[]string
V1beta2DeviceCapacity	requestPolicy:V1beta2CapacityRequestPolicy	value!:string
V1beta2DeviceClaim	config:[]V1beta2DeviceClaimConfiguration	constraints:[]V1beta2DeviceConstraint	requests:[]V1beta2DeviceRequest
V1beta2DeviceClaimConfiguration	opaque:V1beta2OpaqueDeviceConfiguration	requests:[]string
V1beta2DeviceClass	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta2DeviceClassSpec
V1beta2DeviceClassConfiguration	opaque:V1beta2OpaqueDeviceConfiguration
V1beta2DeviceClassSpec	config:[]V1beta2DeviceClassConfiguration	extendedResourceName:string	selectors:[]V1beta2DeviceSelector
V1beta2DeviceConstraint	distinctAttribute:string	matchAttribute:string	requests:[]string
V1beta2DeviceCounterConsumption	counterSet!:string	counters!:{}V1beta2Counter
V1beta2DeviceRequest	exactly:V1beta2ExactDeviceRequest	firstAvailable:[]V1beta2DeviceSubRequest	name!:string
V1beta2DeviceRequestAllocationResult	adminAccess:boolean	bindingConditions:[]string	bindingFailureConditions:[]string	consumedCapacity:{}string	device!:string	driver!:string	pool!:string	request!:string	shareID:string	tolerations:[]V1beta2DeviceToleration
V1beta2DeviceSelector	cel:V1beta2CELDeviceSelector
V1beta2DeviceSubRequest	allocationMode:string	capacity:V1beta2CapacityRequirements	count:int64	deviceClassName!:string	name!:string	selectors:[]V1beta2DeviceSelector	tolerations:[]V1beta2DeviceToleration
V1beta2DeviceTaint	effect!:string	key!:string	timeAdded:time	value:string
V1beta2DeviceTaintRule	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta2DeviceTaintRuleSpec	status:V1beta2DeviceTaintRuleStatus
V1beta2DeviceTaintRuleSpec	deviceSelector:V1beta2DeviceTaintSelector	taint!:V1beta2DeviceTaint
V1beta2DeviceTaintRuleStatus	conditions:[]V1Condition
V1beta2DeviceTaintSelector	device:string	driver:string	pool:string
V1beta2DeviceToleration	effect:string	key:string	operator:string	tolerationSeconds:int64	value:string
V1beta2ExactDeviceRequest	adminAccess:boolean	allocationMode:string	capacity:V1beta2CapacityRequirements	count:int64	deviceClassName!:string	selectors:[]V1beta2DeviceSelector	tolerations:[]V1beta2DeviceToleration
V1beta2ExemptPriorityLevelConfiguration	lendablePercent:int64	nominalConcurrencyShares:int64
V1beta2FlowDistinguisherMethod	type!:string
V1beta2FlowSchema	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta2FlowSchemaSpec	status:V1beta2FlowSchemaStatus
V1beta2FlowSchemaCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1beta2FlowSchemaSpec	distinguisherMethod:V1beta2FlowDistinguisherMethod	matchingPrecedence:int64	priorityLevelConfiguration!:V1beta2PriorityLevelConfigurationReference	rules:[]V1beta2PolicyRulesWithSubjects
V1beta2FlowSchemaStatus	conditions:[]V1beta2FlowSchemaCondition
V1beta2GroupSubject	name!:string
V1beta2LimitResponse	queuing:V1beta2QueuingConfiguration	type!:string
V1beta2LimitedPriorityLevelConfiguration	assuredConcurrencyShares:int64	borrowingLimitPercent:int64	lendablePercent:int64	limitResponse:V1beta2LimitResponse
V1beta2NetworkDeviceData	hardwareAddress:string	interfaceName:string	ips:[]string
V1beta2NodeAllocatableResourceMapping	allocationMultiplier:string	capacityKey:string
V1beta2NonResourcePolicyRule	nonResourceURLs!:[]string	verbs!:[]string
V1beta2OpaqueDeviceConfiguration	driver!:string	parameters!:any
V1beta2PolicyRulesWithSubjects	nonResourceRules:[]V1beta2NonResourcePolicyRule	resourceRules:[]V1beta2ResourcePolicyRule	subjects!:[]V1beta2Subject
V1beta2PriorityLevelConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta2PriorityLevelConfigurationSpec	status:V1beta2PriorityLevelConfigurationStatus
V1beta2PriorityLevelConfigurationCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1beta2PriorityLevelConfigurationReference	name!:string
V1beta2PriorityLevelConfigurationSpec	exempt:V1beta2ExemptPriorityLevelConfiguration	limited:V1beta2LimitedPriorityLevelConfiguration	type!:string
V1beta2PriorityLevelConfigurationStatus	conditions:[]V1beta2PriorityLevelConfigurationCondition
V1beta2QueuingConfiguration	handSize:int64	queueLengthLimit:int64	queues:int64
V1beta2ReplicaSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta2ReplicaSetSpec	status:V1beta2ReplicaSetStatus
V1beta2ReplicaSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta2ReplicaSetSpec	minReadySeconds:int64	replicas:int64	selector!:V1LabelSelector atomic	template:V1PodTemplateSpec
V1beta2ReplicaSetStatus	availableReplicas:int64	conditions:[]V1beta2ReplicaSetCondition ~type	fullyLabeledReplicas:int64	observedGeneration:int64	readyReplicas:int64	replicas!:int64
V1beta2ResourceClaim	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta2ResourceClaimSpec	status:V1beta2ResourceClaimStatus
V1beta2ResourceClaimConsumerReference	apiGroup:string	name!:string	resource!:string	uid!:string
V1beta2ResourceClaimSpec	devices:V1beta2DeviceClaim
V1beta2ResourceClaimStatus	allocation:V1beta2AllocationResult	devices:[]V1beta2AllocatedDeviceStatus	reservedFor:[]V1beta2ResourceClaimConsumerReference
V1beta2ResourceClaimTemplate	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta2ResourceClaimTemplateSpec
V1beta2ResourceClaimTemplateSpec	metadata:V1ObjectMeta	spec!:V1beta2ResourceClaimSpec
V1beta2ResourcePolicyRule	apiGroups!:[]string	clusterScope:boolean	namespaces:[]string	resources!:[]string	verbs!:[]string
V1beta2ResourcePool	generation!:int64	name!:string	resourceSliceCount!:int64
V1beta2ResourceSlice	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V1beta2ResourceSliceSpec
V1beta2ResourceSliceSpec	allNodes:boolean	devices:[]V1beta2Device	driver!:string	nodeName:string	nodeSelector:V1NodeSelector atomic	perDeviceNodeSelection:boolean	pool!:V1beta2ResourcePool	sharedCounters:[]V1beta2CounterSet
V1beta2RollingUpdateDaemonSet	maxUnavailable:any
V1beta2RollingUpdateDeployment	maxSurge:any	maxUnavailable:any
V1beta2RollingUpdateStatefulSetStrategy	partition:int64
V1beta2ServiceAccountSubject	name!:string	namespace!:string
V1beta2StatefulSet	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta2StatefulSetSpec	status:V1beta2StatefulSetStatus
V1beta2StatefulSetCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V1beta2StatefulSetSpec	podManagementPolicy:string	replicas:int64	revisionHistoryLimit:int64	selector!:V1LabelSelector atomic	serviceName!:string	template!:V1PodTemplateSpec	updateStrategy:V1beta2StatefulSetUpdateStrategy	volumeClaimTemplates:[]V1PersistentVolumeClaim
V1beta2StatefulSetStatus	collisionCount:int64	conditions:[]V1beta2StatefulSetCondition ~type	currentReplicas:int64	currentRevision:string	observedGeneration:int64	readyReplicas:int64	replicas!:int64	updateRevision:string	updatedReplicas:int64
V1beta2StatefulSetUpdateStrategy	rollingUpdate:V1beta2RollingUpdateStatefulSetStrategy	type:string
V1beta2Subject	group:V1beta2GroupSubject	kind!:string	serviceAccount:V1beta2ServiceAccountSubject	user:V1beta2UserSubject
V1beta2UserSubject	name!:string
V1beta3ExemptPriorityLevelConfiguration	lendablePercent:int64	nominalConcurrencyShares:int64
V1beta3FlowDistinguisherMethod	type!:string
V1beta3FlowSchema	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta3FlowSchemaSpec	status:V1beta3FlowSchemaStatus
V1beta3FlowSchemaCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1beta3FlowSchemaSpec	distinguisherMethod:V1beta3FlowDistinguisherMethod	matchingPrecedence:int64	priorityLevelConfiguration!:V1beta3PriorityLevelConfigurationReference	rules:[]V1beta3PolicyRulesWithSubjects
V1beta3FlowSchemaStatus	conditions:[]V1beta3FlowSchemaCondition
V1beta3GroupSubject	name!:string
V1beta3LimitResponse	queuing:V1beta3QueuingConfiguration	type!:string
V1beta3LimitedPriorityLevelConfiguration	borrowingLimitPercent:int64	lendablePercent:int64	limitResponse:V1beta3LimitResponse	nominalConcurrencyShares:int64
V1beta3NonResourcePolicyRule	nonResourceURLs!:[]string	verbs!:[]string
V1beta3PolicyRulesWithSubjects	nonResourceRules:[]V1beta3NonResourcePolicyRule	resourceRules:[]V1beta3ResourcePolicyRule	subjects!:[]V1beta3Subject
V1beta3PriorityLevelConfiguration	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V1beta3PriorityLevelConfigurationSpec	status:V1beta3PriorityLevelConfigurationStatus
V1beta3PriorityLevelConfigurationCondition	lastTransitionTime:time	message:string	reason:string	status:string	type:string
V1beta3PriorityLevelConfigurationReference	name!:string
V1beta3PriorityLevelConfigurationSpec	exempt:V1beta3ExemptPriorityLevelConfiguration	limited:V1beta3LimitedPriorityLevelConfiguration	type!:string
V1beta3PriorityLevelConfigurationStatus	conditions:[]V1beta3PriorityLevelConfigurationCondition
V1beta3QueuingConfiguration	handSize:int64	queueLengthLimit:int64	queues:int64
V1beta3ResourcePolicyRule	apiGroups!:[]string	clusterScope:boolean	namespaces:[]string	resources!:[]string	verbs!:[]string
V1beta3ServiceAccountSubject	name!:string	namespace!:string
V1beta3Subject	group:V1beta3GroupSubject	kind!:string	serviceAccount:V1beta3ServiceAccountSubject	user:V1beta3UserSubject
V1beta3UserSubject	name!:string
V2ContainerResourceMetricSource	container!:string	name!:string	target!:V2MetricTarget
V2ContainerResourceMetricStatus	container!:string	current!:V2MetricValueStatus	name!:string
V2CrossVersionObjectReference	apiVersion:string	kind!:string	name!:string
V2ExternalMetricSource	metric!:V2MetricIdentifier	target!:V2MetricTarget
V2ExternalMetricStatus	current!:V2MetricValueStatus	metric!:V2MetricIdentifier
V2HPAScalingPolicy	periodSeconds!:int32	type!:string	value!:int32
V2HPAScalingRules	policies:[]V2HPAScalingPolicy	selectPolicy:string	stabilizationWindowSeconds:int32	tolerance:quantity
V2HorizontalPodAutoscaler	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec!:V2HorizontalPodAutoscalerSpec	status:V2HorizontalPodAutoscalerStatus
V2HorizontalPodAutoscalerBehavior	scaleDown:V2HPAScalingRules	scaleUp:V2HPAScalingRules
V2HorizontalPodAutoscalerCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V2HorizontalPodAutoscalerSpec	behavior:V2HorizontalPodAutoscalerBehavior	maxReplicas!:int32	metrics:[]V2MetricSpec	minReplicas:int32 =1	scaleTargetRef!:V2CrossVersionObjectReference
V2HorizontalPodAutoscalerStatus	conditions:[]V2HorizontalPodAutoscalerCondition ~type map=type	currentMetrics:[]V2MetricStatus	currentReplicas:int32	desiredReplicas!:int32	lastScaleTime:time	observedGeneration:int64
V2MetricIdentifier	name!:string	selector:V1LabelSelector atomic
V2MetricSpec	containerResource:V2ContainerResourceMetricSource	external:V2ExternalMetricSource	object:V2ObjectMetricSource	pods:V2PodsMetricSource	resource:V2ResourceMetricSource	type!:string
V2MetricStatus	containerResource:V2ContainerResourceMetricStatus	external:V2ExternalMetricStatus	object:V2ObjectMetricStatus	pods:V2PodsMetricStatus	resource:V2ResourceMetricStatus	type!:string
V2MetricTarget	averageUtilization:int32	averageValue:quantity	type!:string	value:quantity
V2MetricValueStatus	averageUtilization:int32	averageValue:quantity	value:quantity
V2ObjectMetricSource	describedObject!:V2CrossVersionObjectReference	metric!:V2MetricIdentifier	target!:V2MetricTarget
V2ObjectMetricStatus	current!:V2MetricValueStatus	describedObject!:V2CrossVersionObjectReference	metric!:V2MetricIdentifier
V2PodsMetricSource	metric!:V2MetricIdentifier	target!:V2MetricTarget
V2PodsMetricStatus	current!:V2MetricValueStatus	metric!:V2MetricIdentifier
V2ResourceMetricSource	name!:string	target!:V2MetricTarget
V2ResourceMetricStatus	current!:V2MetricValueStatus	name!:string
V2alpha1CronJob	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V2alpha1CronJobSpec	status:V2alpha1CronJobStatus
V2alpha1CronJobSpec	concurrencyPolicy:string	failedJobsHistoryLimit:int64	jobTemplate!:V2alpha1JobTemplateSpec	schedule!:string	startingDeadlineSeconds:int64	successfulJobsHistoryLimit:int64	suspend:boolean
V2alpha1CronJobStatus	active:[]V1ObjectReference	lastScheduleTime:time
V2alpha1JobTemplateSpec	metadata:V1ObjectMeta	spec:V1JobSpec
V2beta1ContainerResourceMetricSource	container!:string	name!:string	targetAverageUtilization:int64	targetAverageValue:quantity
V2beta1ContainerResourceMetricStatus	container!:string	currentAverageUtilization:int64	currentAverageValue!:quantity	name!:string
V2beta1CrossVersionObjectReference	apiVersion:string	kind!:string	name!:string
V2beta1ExternalMetricSource	metricName!:string	metricSelector:V1LabelSelector atomic	targetAverageValue:quantity	targetValue:quantity
V2beta1ExternalMetricStatus	currentAverageValue:quantity	currentValue!:quantity	metricName!:string	metricSelector:V1LabelSelector atomic
V2beta1HorizontalPodAutoscaler	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V2beta1HorizontalPodAutoscalerSpec	status:V2beta1HorizontalPodAutoscalerStatus
V2beta1HorizontalPodAutoscalerCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V2beta1HorizontalPodAutoscalerSpec	maxReplicas!:int64	metrics:[]V2beta1MetricSpec	minReplicas:int64	scaleTargetRef!:V2beta1CrossVersionObjectReference
V2beta1HorizontalPodAutoscalerStatus	conditions:[]V2beta1HorizontalPodAutoscalerCondition	currentMetrics:[]V2beta1MetricStatus	currentReplicas!:int64	desiredReplicas!:int64	lastScaleTime:time	observedGeneration:int64
V2beta1MetricSpec	containerResource:V2beta1ContainerResourceMetricSource	external:V2beta1ExternalMetricSource	object:V2beta1ObjectMetricSource	pods:V2beta1PodsMetricSource	resource:V2beta1ResourceMetricSource	type!:string
V2beta1MetricStatus	containerResource:V2beta1ContainerResourceMetricStatus	external:V2beta1ExternalMetricStatus	object:V2beta1ObjectMetricStatus	pods:V2beta1PodsMetricStatus	resource:V2beta1ResourceMetricStatus	type!:string
V2beta1ObjectMetricSource	averageValue:quantity	metricName!:string	selector:V1LabelSelector atomic	target!:V2beta1CrossVersionObjectReference	targetValue!:quantity
V2beta1ObjectMetricStatus	averageValue:quantity	currentValue!:quantity	metricName!:string	selector:V1LabelSelector atomic	target!:V2beta1CrossVersionObjectReference
V2beta1PodsMetricSource	metricName!:string	selector:V1LabelSelector atomic	targetAverageValue!:quantity
V2beta1PodsMetricStatus	currentAverageValue!:quantity	metricName!:string	selector:V1LabelSelector atomic
V2beta1ResourceMetricSource	name!:string	targetAverageUtilization:int64	targetAverageValue:quantity
V2beta1ResourceMetricStatus	currentAverageUtilization:int64	currentAverageValue!:quantity	name!:string
V2beta2ContainerResourceMetricSource	container!:string	name!:string	target!:V2beta2MetricTarget
V2beta2ContainerResourceMetricStatus	container!:string	current!:V2beta2MetricValueStatus	name!:string
V2beta2CrossVersionObjectReference	apiVersion:string	kind!:string	name!:string
V2beta2ExternalMetricSource	metric!:V2beta2MetricIdentifier	target!:V2beta2MetricTarget
V2beta2ExternalMetricStatus	current!:V2beta2MetricValueStatus	metric!:V2beta2MetricIdentifier
V2beta2HPAScalingPolicy	periodSeconds!:int64	type!:string	value!:int64
V2beta2HPAScalingRules	policies:[]V2beta2HPAScalingPolicy	selectPolicy:string	stabilizationWindowSeconds:int64
V2beta2HorizontalPodAutoscaler	apiVersion:string	kind:string	metadata:V1ObjectMeta	spec:V2beta2HorizontalPodAutoscalerSpec	status:V2beta2HorizontalPodAutoscalerStatus
V2beta2HorizontalPodAutoscalerBehavior	scaleDown:V2beta2HPAScalingRules	scaleUp:V2beta2HPAScalingRules
V2beta2HorizontalPodAutoscalerCondition	lastTransitionTime:time	message:string	reason:string	status!:string	type!:string
V2beta2HorizontalPodAutoscalerSpec	behavior:V2beta2HorizontalPodAutoscalerBehavior	maxReplicas!:int64	metrics:[]V2beta2MetricSpec	minReplicas:int64	scaleTargetRef!:V2beta2CrossVersionObjectReference
V2beta2HorizontalPodAutoscalerStatus	conditions:[]V2beta2HorizontalPodAutoscalerCondition	currentMetrics:[]V2beta2MetricStatus	currentReplicas!:int64	desiredReplicas!:int64	lastScaleTime:time	observedGeneration:int64
V2beta2MetricIdentifier	name!:string	selector:V1LabelSelector atomic
V2beta2MetricSpec	containerResource:V2beta2ContainerResourceMetricSource	external:V2beta2ExternalMetricSource	object:V2beta2ObjectMetricSource	pods:V2beta2PodsMetricSource	resource:V2beta2ResourceMetricSource	type!:string
V2beta2MetricStatus	containerResource:V2beta2ContainerResourceMetricStatus	external:V2beta2ExternalMetricStatus	object:V2beta2ObjectMetricStatus	pods:V2beta2PodsMetricStatus	resource:V2beta2ResourceMetricStatus	type!:string
V2beta2MetricTarget	averageUtilization:int64	averageValue:quantity	type!:string	value:quantity
V2beta2MetricValueStatus	averageUtilization:int64	averageValue:quantity	value:quantity
V2beta2ObjectMetricSource	describedObject!:V2beta2CrossVersionObjectReference	metric!:V2beta2MetricIdentifier	target!:V2beta2MetricTarget
V2beta2ObjectMetricStatus	current!:V2beta2MetricValueStatus	describedObject!:V2beta2CrossVersionObjectReference	metric!:V2beta2MetricIdentifier
V2beta2PodsMetricSource	metric!:V2beta2MetricIdentifier	target!:V2beta2MetricTarget
V2beta2PodsMetricStatus	current!:V2beta2MetricValueStatus	metric!:V2beta2MetricIdentifier
V2beta2ResourceMetricSource	name!:string	target!:V2beta2MetricTarget
V2beta2ResourceMetricStatus	current!:V2beta2MetricValueStatus	name!:string
`
