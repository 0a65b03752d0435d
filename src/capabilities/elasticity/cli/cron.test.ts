import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '#core/kernel/errors.ts'
import { runCommand } from '#test/fakes/command.ts'
import { addCron } from './cron.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-cron-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const write = (name: string, text: string) => {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

const preview = (...args: string[]) => runCommand(addCron, ['cron', 'preview', ...args])

const CRONHPA = `apiVersion: autoscaling.alibabacloud.com/v1beta1
kind: CronHorizontalPodAutoscaler
metadata: { name: web, namespace: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  excludeDates: ["* * * 11 3 *"]
  jobs:
    - { name: up, schedule: "0 30 2 * * *", targetSize: 10 }
    - { name: down, schedule: "0 0 20 * * *", targetSize: 2 }
    - { name: sale, schedule: "@date 2024-03-10 09:00:00", targetSize: 40 }
`

describe('scale cron preview', () => {
  it('lists every run in the zone, through summer time and without the excluded day', async () => {
    const { text, exit } = await preview(write('a.yaml', CRONHPA), '--from', '2024-03-10', '--to', '2024-03-13', '--timezone', 'America/New_York', '-o', 'json')
    const { runs, ...about } = JSON.parse(text)
    expect(about).toEqual({ from: '2024-03-10T00:00:00.000Z', to: '2024-03-13T00:00:00.000Z', timezone: 'America/New_York', complete: true })
    expect(runs.map(({ job, utc, local, targetSize }: Record<string, unknown>) => [job, utc, local, targetSize])).toEqual([
      ['down', '2024-03-10T01:00:00Z', '2024-03-09T20:00:00-05:00', 2],
      // 02:30 does not exist on this day
      ['up', '2024-03-10T07:00:00Z', '2024-03-10T03:00:00-04:00', 10],
      ['sale', '2024-03-10T13:00:00Z', '2024-03-10T09:00:00-04:00', 40],
      ['down', '2024-03-11T00:00:00Z', '2024-03-10T20:00:00-04:00', 2],
      ['up', '2024-03-12T06:30:00Z', '2024-03-12T02:30:00-04:00', 10],
    ])
    expect(exit).toBe(0)
  })
  it('reads the windows of KEDA in their own zone', async () => {
    const file = write(
      'keda.yaml',
      `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: night }
spec:
  scaleTargetRef: { name: web }
  triggers:
    - { type: cpu, metricType: Utilization, metadata: { value: "60" } }
    - { type: cron, metadata: { timezone: Europe/Berlin, start: "0 22 * * *", end: "30 2 * * *", desiredReplicas: "7" } }
`,
    )
    const { text } = await preview(file, '--from', '2024-03-30T12:00:00Z', '--to', '2024-03-31T12:00:00Z', '-o', 'ndjson')
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ job, local, targetSize }) => [job, local, targetSize]),
    ).toEqual([
      ['triggers[1] start', '2024-03-30T22:00:00+01:00', 7],
      ['triggers[1] end', '2024-03-31T03:00:00+02:00', undefined],
    ])
  })
  it('says in which zone it reckoned, what it left out, and that there is more', async () => {
    const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n'
    const { notes, exit, text } = await preview(write('b.yaml', `${CRONHPA}---\n${config}`), '--limit', '3')
    expect(notes).toEqual([
      '1 objects have no schedules and were left out',
      'Some objects name no time zone: reckoned in UTC (--timezone says another)',
      'Only the first 3 runs; --limit lists more',
    ])
    expect([exit, text.trim().split('\n').length]).toEqual([6, 4])
  })
  it('lists all problems of all objects at once, with their fields and the nearest name', async () => {
    const bad = CRONHPA.replace('"0 30 2 * * *"', '"30 2 * * *"')
      .replace('name: down', 'name: up')
      .replace('"* * * 11 3 *"', '"* * * 31 2 *"')
      .replace('scaleTargetRef', 'timezone: Europe/Berln\n  scaleTargetRef')
    const failure = await preview(write('bad.yaml', `${bad}---\nkind: [\n---\n${CRONHPA.replace('targetSize: 10', 'targetSise: 10')}`)).catch((error) => error)
    expect(failure.code).toBe('INVALID_INPUT')
    expect(failure.problems.map(({ path, line, suggestion }: Problem) => [path.replace(/^.*bad.yaml/, ''), line, suggestion])).toEqual(
      expect.arrayContaining([
        [': web: spec.timezone', 1, 'Europe/Berlin'],
        [': web: spec.excludeDates[0]', 1, undefined],
        [': web: spec.jobs[0].schedule', 1, undefined],
        [': web: spec.jobs[1].name', 1, undefined],
        [': web: spec.jobs[0].targetSise', expect.any(Number), 'targetSize'],
        ['', expect.any(Number), undefined],
      ]),
    )
  })
  it('has nothing to preview in other files', async () => {
    await expect(preview(write('c.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n'))).rejects.toMatchObject({ code: 'NOTHING_READ' })
    await expect(preview(join(dir, 'missing.yaml'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(preview('x', '--timezone', 'Mars/Base')).rejects.toThrow('no time zone')
    await expect(preview('x', '--from', 'tomorrow')).rejects.toThrow('a date or time')
    await expect(preview(write('d.yaml', CRONHPA), '--from', '2026-01-02', '--to', '2026-01-01')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
