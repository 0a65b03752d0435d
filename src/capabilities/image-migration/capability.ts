import type { Capability } from '#core/shapes/capability.ts'

export const imageMigration: Capability = {
  id: 'image-migration',
  stage: 'alpha',
  title: { en: 'Image migration', 'zh-CN': '镜像迁移' },
  summary: {
    en: 'Moves images between registries, layouts and archives, byte for byte.',
    'zh-CN': '在镜像仓库、OCI 布局和归档之间逐字节迁移镜像。',
  },
  rows: ['G1'],
  rbac: [
    {
      apiGroups: ['sallyport.io'],
      resources: ['imagesyncs'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'run ImageSyncs, and note that a registry reported a push',
    },
    { apiGroups: ['sallyport.io'], resources: ['imagesyncs/status'], verbs: ['patch'], why: 'say how they stand' },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'], why: 'log in to registries with the pull secrets that an ImageSync names' },
  ],
  resources: ['imagesyncs'],
  tables: [],
  pages: [{ id: 'image-moves', group: 'move-in', path: '/image-moves', title: { en: 'Images', 'zh-CN': '镜像' } }],
}
