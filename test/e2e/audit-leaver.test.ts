/** Somebody leaves a real cluster in which they planted ways to come back: all are found, the plan takes them away, and the API server agrees that nothing is left. */
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { describeCluster } from '../real.ts'

const RBAC = 'rbac.authorization.k8s.io/v1'
const id = randomBytes(4).toString('hex')
const [lee, kim, ns] = [`lee-${id}`, `kim-${id}`, `leaver-${id}`]
const auditLog = (kubeconfig: string) => join(dirname(kubeconfig), 'audit.log')

interface Report {
  left: { kind: string; object: string }[]
  can: unknown[]
  after: unknown[]
  applied?: { what: string; state: string; reason?: string }[]
  proof?: { can: unknown[]; complete: boolean }
}

describeCluster('leaver', (kubeconfig) => {
  const object = (apiVersion: string, kind: string, name: string, more: object = {}, namespace?: string) => ({
    apiVersion,
    kind,
    ...more,
    metadata: { name, ...(namespace ? { namespace } : {}), ...((more as { metadata?: object }).metadata ?? {}) },
  })
  const bind = (name: string, roleName: string, ...subjects: object[]) =>
    object(RBAC, 'ClusterRoleBinding', name, { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName }, subjects })
  const user = (name: string) => ({ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' })
  const podSpec = (serviceAccountName: string) => ({
    serviceAccountName,
    nodeSelector: { nowhere: id },
    containers: [{ name: 'c', image: 'none' }],
  })
  const account = (name: string) => object('v1', 'ServiceAccount', name, {}, ns)
  const tokenSecret = (name: string, of: string) =>
    object('v1', 'Secret', name, { type: 'kubernetes.io/service-account-token', metadata: { annotations: { 'kubernetes.io/service-account.name': of } } }, ns)
  const workload = (name: string, of: string) =>
    object(
      'apps/v1',
      'Deployment',
      name,
      { spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: podSpec(of) } } },
      ns,
    )
  const cron = (name: string, of: string) =>
    object(
      'batch/v1beta1',
      'CronJob',
      name,
      { spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: { spec: { ...podSpec(of), restartPolicy: 'Never' } } } } } },
      ns,
    )
  const webhook = (name: string) =>
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', name, {
      webhooks: [
        {
          name: 'a.example.com',
          clientConfig: { url: 'https://127.0.0.1:1/' },
          failurePolicy: 'Ignore',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          namespaceSelector: { matchLabels: { nowhere: id } },
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        },
      ],
    })
  const csr = (name: string, commonName: string, folder: string) => {
    const how = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'key'), '-subj', `/CN=${commonName}`]
    const request = execFileSync('openssl', how, { stdio: ['ignore', 'pipe', 'ignore'] }).toString('base64')
    return object('certificates.k8s.io/v1', 'CertificateSigningRequest', name, {
      spec: { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    })
  }

  /** What a person may leave behind; the same by each of them. */
  async function plant(as: Cluster, admin: Cluster, who: string, folder: string): Promise<string[]> {
    await as.create(bind(`${who}-self`, 'cluster-admin', user(who)))
    await as.create(bind(`${who}-ghost`, 'cluster-admin', user(`${who}-ghost`)))
    await as.create(account(`${who}-sa`))
    await as.create(bind(`${who}-sa`, 'edit', { kind: 'ServiceAccount', namespace: ns, name: `${who}-sa` }))
    await as.create(tokenSecret(`${who}-token`, `${who}-builder`))
    const minted = await as.create(object('authentication.k8s.io/v1', 'TokenRequest', '', { spec: { expirationSeconds: 86_400 } }) as never, {
      under: { ref: { apiVersion: 'v1', kind: 'ServiceAccount', namespace: ns, name: `${who}-deployer` }, subresource: 'token' },
    })
    const read = await as.get({ apiVersion: 'v1', kind: 'Secret', namespace: ns, name: `${who}-reader-token` })
    await as.create(cron(`${who}-cron`, `${who}-runner`))
    await as.create(workload(`${who}-app`, `${who}-runner`))
    await as.create(webhook(`${who}-hook`))
    await as.create(csr(`${who}-csr`, who, folder))
    await admin.patch(
      { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', name: `${who}-csr` },
      'merge',
      { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'test', message: 'test' }] } },
      { subresource: 'approval' },
    )
    await as.create(csr(`${who}-later`, who, folder))
    const [tokenId, secret] = [`${id}`.slice(0, 5) + who[0], randomBytes(8).toString('hex')]
    await as.create(
      object(
        'v1',
        'Secret',
        `bootstrap-token-${tokenId}`,
        { type: 'bootstrap.kubernetes.io/token', stringData: { 'token-id': tokenId, 'token-secret': secret } },
        'kube-system',
      ),
    )
    await as.create(object(RBAC, 'ClusterRole', `${who}-role`, { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }))
    return [(minted.status as { token: string }).token, Buffer.from((read.data as { token: string }).token, 'base64').toString()]
  }
  const PLANTED =
    'login user-binding ghost-binding service-account token-secret token-minted token-read cronjob workload webhook certificate pending-csr bootstrap-token role-made binding-made'

  it.skipIf(!existsSync(auditLog(kubeconfig)))(
    'finds what they planted and nothing of others; after the plan the API server allows them nothing',
    { timeout: 150_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-leaver-'))
      const { cluster: admin, close } = openCluster({
        name: 'real',
        access: await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select(),
        clock: systemClock,
      })
      const events = join(folder, 'events.log')
      const run = async (who: string, ...more: string[]): Promise<Report> => {
        writeFileSync(
          events,
          readFileSync(auditLog(kubeconfig), 'utf8')
            .split('\n')
            .filter((line) => line.includes(id))
            .join('\n'),
        )
        return new Promise((resolve, reject) => {
          const args = ['audit', 'leaver', who, '--events', events, '--kubeconfig', kubeconfig, '-o', 'json', ...more]
          execFile(join(import.meta.dirname, '../../bin/sallyport'), args, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
            try {
              resolve(JSON.parse(stdout) as Report)
            } catch {
              reject(new Error(`${error?.message} ${stderr}`))
            }
          })
        })
      }
      try {
        await admin.create(object('v1', 'Namespace', ns))
        for (const who of [lee, kim]) {
          for (const name of ['builder', 'deployer', 'reader', 'runner']) {
            await admin.create(account(`${who}-${name}`))
            await admin.create(bind(`${who}-${name}`, 'admin', { kind: 'ServiceAccount', namespace: ns, name: `${who}-${name}` }))
          }
          await admin.create(tokenSecret(`${who}-reader-token`, `${who}-reader`))
        }
        await wait(1_100) // what they do is not of the second in which the objects were made
        const [tokens = []] = await Promise.all(
          [lee, kim].map((who) => plant(admin.as({ kind: 'impersonated', user: who, groups: ['system:masters'] }), admin, who, folder)),
        )
        expect(tokens.map((token) => token.split('.').length)).toEqual([3, 3])
        const issued = async () =>
          (await admin.get({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', name: `${lee}-csr` })) as {
            status?: { certificate?: string }
          }
        for (let tries = 0; tries < 50 && !(await issued()).status?.certificate; tries++) await wait(200)

        const report = await run(lee)
        expect([...new Set(report.left.map(({ kind }) => kind))].sort()).toEqual(PLANTED.split(' ').sort())
        expect(report.left.filter((left) => JSON.stringify(left).includes(kim))).toEqual([])
        expect(report.can.length).toBeGreaterThan(0)
        expect(report.after).toEqual([])
        const control = await run(`nobody-${id}`)
        expect(control.left.map(({ kind }) => kind)).toEqual(['login'])
        expect(control.can).toEqual([])

        const rehearsed = await run(lee, '--apply', '--dry-run')
        expect([...new Set(rehearsed.applied!.map(({ state }) => state))].sort()).toEqual(['by-hand', 'would-be-done'])
        expect((await run(lee)).left).toEqual(report.left)

        const backup = join(folder, 'backup.yaml')
        const applied = await run(lee, '--apply', '--backup', backup)
        expect(applied.applied!.filter(({ state }) => !['done', 'by-hand'].includes(state))).toEqual([])
        expect(applied.proof).toEqual({ can: [], complete: true })
        expect(readFileSync(backup, 'utf8')).toContain(`${lee}-ghost`)

        // the API server's own word, for everybody whom they could have been
        for (const name of [lee, `${lee}-ghost`])
          expect(
            await admin
              .as({ kind: 'impersonated', user: name, groups: ['system:authenticated'] })
              .may({ verb: 'get', group: '', resource: 'secrets', namespace: ns }),
            name,
          ).toMatchObject({
            allowed: false,
          })
        const alive = async () =>
          (
            await Promise.all(
              tokens.map((token) =>
                admin
                  .as({ kind: 'token', token })
                  .list({ apiVersion: 'v1', kind: 'Secret' }, { namespace: ns })
                  .then(
                    () => true,
                    () => false,
                  ),
              ),
            )
          ).filter(Boolean)
        // the API server remembers tokens for some seconds
        for (let tries = 0; tries < 100 && (await alive()).length > 0; tries++) await wait(500)
        expect(await alive()).toEqual([])
        // others keep what they had
        expect((await run(kim)).left.length).toBe(report.left.length)
        expect(
          await admin.as({ kind: 'impersonated', user: kim, groups: [] }).may({ verb: 'get', group: '', resource: 'secrets', namespace: ns }),
        ).toMatchObject({
          allowed: true,
        })
      } finally {
        const gone = (apiVersion: string, kind: string, name: string, namespace?: string) => admin.delete({ apiVersion, kind, name, namespace }).catch(() => {})
        for (const who of [lee, kim]) {
          for (const name of ['self', 'ghost', 'sa', 'builder', 'deployer', 'reader', 'runner']) await gone(RBAC, 'ClusterRoleBinding', `${who}-${name}`)
          await gone(RBAC, 'ClusterRole', `${who}-role`)
          await gone('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', `${who}-hook`)
          for (const name of ['csr', 'later']) await gone('certificates.k8s.io/v1', 'CertificateSigningRequest', `${who}-${name}`)
          await gone('v1', 'Secret', `bootstrap-token-${id.slice(0, 5)}${who[0]}`, 'kube-system')
        }
        await gone('v1', 'Namespace', ns)
        await close()
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )
})
