/** Its own module, to be loaded only when YAML is printed; bundles cannot load a CommonJS package by name at that time. */
export { stringify } from 'yaml'
