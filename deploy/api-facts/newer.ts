import type { Release } from './model.ts'
export const NEWER: Release & { extra: readonly string[] } = { minor: 37, types: new Map(), operations: [], extra: [] }
