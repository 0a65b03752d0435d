import { describe, expect, it } from 'vitest'
import { createLists, imageName, readLists } from './lists.ts'

const read = (input: unknown) => {
  const lists = readLists(input)
  if (!lists.ok) throw new Error(JSON.stringify(lists.error))
  return createLists(lists.value)
}

describe('lists', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx'],
    ['nginx:1.27', 'docker.io/library/nginx'],
    ['calico/node@sha256:00', 'docker.io/calico/node'],
    ['localhost:5000/a/b:c', 'localhost:5000/a/b'],
    ['registry.k8s.io/pause:3.9', 'registry.k8s.io/pause'],
  ])('know %s as %s', (image, name) => {
    expect(imageName(image)).toBe(name)
  })

  it('replace what is shipped, list by list, and take entries that end in a star', () => {
    const lists = read({ allowedUsers: ['dev-*', 'alice'] })
    expect(['alice', 'dev-7', 'kubernetes-admin'].map((name) => lists.has('allowedUsers', name))).toEqual([true, true, false])
    expect(lists.has('allowedNamespaces', 'default')).toBe(true)
    expect(lists.has('allowedImages', 'nginx')).toBeUndefined()
    expect([lists.isOwn('allowedUsers'), lists.isOwn('allowedNamespaces')]).toEqual([true, false])
  })

  it('trust a pod only when all of its images are trusted', () => {
    const lists = read({ trustedImages: ['nginx'] })
    expect(lists.hasImages('trustedImages', ['nginx:1', 'docker.io/library/nginx'])).toBe(true)
    expect(lists.hasImages('trustedImages', ['nginx', 'evil'])).toBe(false)
    expect(lists.hasImages('trustedImages', ['nginx.evil/nginx'])).toBe(false)
  })

  it("are read from Falco's files", () => {
    const lists = read([
      { list: 'mine', items: ['alice', 'bob'] },
      { list: 'allowed_k8s_users', items: ['mine', 'carol'], append: true },
      { macro: 'allowed_k8s_containers', condition: '(ka.req.pod.containers.image.repository in (httpd, my-registry/app))' },
      { macro: 'consider_activity_events', condition: '(k8s_audit_never_true)' },
      { rule: 'mine', condition: 'evt.type=open', output: 'x', priority: 'INFO' },
    ])
    expect(['alice', 'carol', 'kubernetes-admin', 'mallory'].map((name) => lists.has('allowedUsers', name))).toEqual([true, true, true, false])
    expect([lists.hasImages('allowedImages', ['httpd:2']), lists.hasImages('allowedImages', ['nginx'])]).toEqual([true, false])
    expect(lists.activity).toBe(false)
    expect(read([{ list: 'allowed_k8s_users', items: ['only'] }]).has('allowedUsers', 'kubernetes-admin')).toBe(false)
  })

  it("keep their meaning when Falco's file has several lists for one thing, and macros of macros", () => {
    const shaped = [
      { macro: 'k8s_audit_always_true', condition: '(jevt.rawtime exists)' },
      { list: 'autoscalers', items: ['vpa-updater'] },
      { list: 'allowed_k8s_users', items: ['kops', 'autoscalers'] },
      { list: 'eks_allowed_k8s_users', items: ['eks:authenticator'] },
      { macro: 'allowed_k8s_containers', condition: '(k8s_audit_always_true)' },
      { list: 'user_known_sa_list', items: ['mine'] },
      { list: 'known_sa_list', items: ['coredns'] },
      { macro: 'trusted_sa', condition: '(ka.target.name in (known_sa_list, user_known_sa_list))' },
      { macro: 'consider_activity_events', condition: '(k8s_audit_always_true)' },
      { macro: 'kactivity', condition: '(kevt and consider_activity_events)' },
      { macro: 'allowed_full_admin_users', condition: '(k8s_audit_always_true)' },
      { macro: 'allow_all_k8s_nodes', condition: '(k8s_audit_always_true)' },
      { list: 'allowed_k8s_nodes', items: [] },
      { macro: 'user_known_node_port_service', condition: '(k8s_audit_never_true)' },
    ]
    const lists = read(shaped)
    expect(['kops', 'vpa-updater', 'eks:authenticator', 'alice'].map((name) => lists.has('allowedUsers', name))).toEqual([true, true, true, false])
    expect(['mine', 'coredns', 'other'].map((name) => lists.has('systemServiceAccounts', name))).toEqual([true, true, false])
    expect([lists.has('allowedNodes', 'n1'), lists.hasImages('allowedImages', ['a']), lists.activity]).toEqual([true, true, true])
    // what somebody says after it
    const strict = read([
      ...shaped,
      { macro: 'allow_all_k8s_nodes', condition: '(k8s_audit_never_true)' },
      { list: 'allowed_k8s_users', items: ['alice'], override: { items: 'append' } },
      { list: 'allowed_k8s_nodes', items: ['n1'] },
    ])
    expect([strict.has('allowedNodes', 'n1'), strict.has('allowedNodes', 'n2')]).toEqual([true, false])
    expect(['kops', 'alice', 'bob'].map((name) => strict.has('allowedUsers', name))).toEqual([true, true, false])
    // beside what is shipped
    expect(read([{ list: 'user_known_sa_list', items: ['mine'] }]).has('systemServiceAccounts', 'coredns')).toBe(true)
  })

  it('tell all that is wrong at once, with the nearest name', () => {
    expect(readLists({ alowedUsers: ['a'], trustedImages: 'nginx' })).toMatchObject({
      ok: false,
      error: [{ path: 'trustedImages' }, { path: 'alowedUsers', suggestion: 'allowedUsers' }],
    })
    expect(readLists([7, { macro: 'trusted_pod', condition: 'evt.type' }])).toMatchObject({ ok: false, error: [{ path: '[0]' }, { path: '[1] trusted_pod' }] })
  })
})
