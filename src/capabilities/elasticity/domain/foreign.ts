/** Names that are spelled in manifests. */
export const CRON_API = 'autoscaling.alibabacloud.com/v1beta1'
/** Annotation of an HPA, with the name of an external metric behind it: the PromQL whose one value it is. */
export const PROMQL_ANNOTATION = 'promql.sallyport.io/'
/** Kinds whose replicas are written. */
export const TARGET_KINDS = ['Deployment', 'StatefulSet'] as const
