/** https://prometheus.io/docs/concepts/data_model/ */
export const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
