import type { FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError, invalidInput, isError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { readResource } from '#core/shapes/custom-resource.ts'
import { SEVERITIES } from '#core/shapes/severity.ts'
import { clusterParams, mayRead } from '#kits/server-kit/clusters.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import type { FindingDetail, FindingRow, FixPreview, InspectionsAnswer, OverviewAnswer, Run } from '../domain/api.ts'
import { CHECKS, checksNamed } from '../domain/catalog.ts'
import { checkPage, html, junit, markdown, type Report, sarif, spoken } from '../domain/reports.ts'
import { iso } from '../domain/runs.ts'
import { INSPECTION, type InspectionSpec, type InspectionStatus, inspectionResource, WANTED_SINCE } from '../resources/inspection.ts'
import { previewFix } from '../sources/live-fix.ts'
import { type Asked, createReader, reported, SORTABLE } from './read.ts'
import { MOST_FINDINGS, type Records } from './records.ts'

const FORMATS = {
  html: 'text/html',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  markdown: 'text/markdown',
  sarif: 'application/json',
  junit: 'application/xml',
} as const
const named = clusterParams.extend({ name: z.string().max(253) })
const text = z.string().max(300).optional()
const filters = z.object({
  severity: z.enum(SEVERITIES).optional(),
  category: text,
  namespace: text,
  check: text,
  text,
  at: z.coerce.number().int().min(0).optional(),
  since: z.coerce.number().int().min(0).optional(),
  state: z.enum(['open', 'cleared']).optional(),
  sort: z.enum(SORTABLE as [string, ...string[]]).optional(),
  order: z.enum(['asc', 'desc']).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  offset: z.coerce.number().int().min(0).max(MOST_FINDINGS).default(0),
})
const fingerprint = named.extend({ fingerprint: z.string().regex(/^[0-9a-f]{64}$/) })
const suppression = inspectionResource.spec.shape.suppressions.unwrap().element

export function inspectionRoutes(context: ServerContext, records: Records): void {
  const { http, clock, clusterOf, telemetry } = context
  const reader = createReader(telemetry)
  const routes = http.withTypeProvider<ZodTypeProvider>()
  const base = '/clusters/:cluster/inspections'

  const rowOf = ({ metadata, spec, status }: KubeObject) => ({
    name: metadata.name,
    spec: (spec ?? {}) as InspectionSpec,
    status: (status ?? {}) as InspectionStatus,
  })

  /** With the rights of who asks: who may not see the Inspection does not see what it found. */
  const ask = async (request: FastifyRequest, { cluster, name }: { cluster: string; name: string }): Promise<Asked> => {
    mayRead(request, cluster, 'findings')
    const object = await clusterOf(request, cluster).get({ ...INSPECTION, name })
    const read = readResource(inspectionResource, object)
    return { cluster, inspection: name, spec: read.ok ? read.value.spec : {}, scope: request.scope, language: request.language }
  }

  routes.get(
    '/inspection-checks/:id',
    { schema: { summary: 'What a check looks at and what to do about it, as a page', params: z.object({ id: z.string().max(253) }) } },
    async (request, reply) => {
      const found = CHECKS.find(({ id }) => id === request.params.id)
      if (!found) throw new CodedError('NOT_FOUND', { what: `check ${request.params.id}` })
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
        .serializer((value: string) => value)
        .send(checkPage(found, request.language))
    },
  )

  routes.get(base, { schema: { summary: 'Inspections of a cluster', params: clusterParams } }, async (request): Promise<InspectionsAnswer> => {
    try {
      const { items } = await clusterOf(request, request.params.cluster).list(INSPECTION)
      return { served: true, inspections: items.map(rowOf) }
    } catch (error) {
      if (isError(error, 'KIND_UNKNOWN')) return { served: false, inspections: [] }
      throw error
    }
  })

  routes.post(
    base,
    { schema: { summary: 'Make an Inspection', params: clusterParams, body: z.object({ name: z.string().max(63), spec: inspectionResource.spec }) } },
    async (request, reply) => {
      const made = await clusterOf(request, request.params.cluster).create(
        { ...INSPECTION, metadata: { name: request.body.name }, spec: request.body.spec },
        { fieldManager: 'sallyport' },
      )
      return reply.code(201).send(rowOf(made))
    },
  )

  routes.post(`${base}/:name/run`, { schema: { summary: 'Run an Inspection now', params: named } }, async (request, reply) => {
    const { cluster, name } = request.params
    await clusterOf(request, cluster).patch(
      { ...INSPECTION, name },
      'merge',
      { metadata: { annotations: { [WANTED_SINCE]: iso(clock.now()) } } },
      { fieldManager: 'sallyport' },
    )
    return reply.code(202).send({})
  })

  routes.get(
    `${base}/:name/overview`,
    { schema: { summary: 'What is open now, counted, and the last runs', params: named } },
    async (request): Promise<OverviewAnswer> => {
      const asked = await ask(request, request.params)
      return reader.overview(asked, await records.runs(asked.cluster, asked.inspection, asked.scope))
    },
  )

  routes.get(
    `${base}/:name/findings`,
    { schema: { summary: 'Findings: open now, at a moment, or changed since', params: named, querystring: filters } },
    async (request): Promise<{ rows: FindingRow[]; total: number }> => reader.findings(await ask(request, request.params), defined(request.query)),
  )

  const detailOf = async (request: FastifyRequest, params: z.output<typeof fingerprint>): Promise<FindingDetail> => {
    const found = await reader.one(await ask(request, params), params.fingerprint)
    if (!found) throw new CodedError('NOT_FOUND', { what: `finding ${params.fingerprint.slice(0, 12)}` })
    return found
  }
  routes.get(`${base}/:name/findings/:fingerprint`, { schema: { summary: 'One finding', params: fingerprint } }, async (request) =>
    detailOf(request, request.params),
  )
  routes.get(
    `${base}/:name/findings/:fingerprint/fix`,
    { schema: { summary: 'What its fix would do; nothing is written', params: fingerprint } },
    async (request): Promise<FixPreview> => {
      const { check, kind, namespace, name } = await detailOf(request, request.params)
      const checks = checksNamed([check])
      if (!checks.ok) throw invalidInput(checks.error)
      return previewFix(clusterOf(request, request.params.cluster), { kind, namespace, name }, checks.value, request.language)
    },
  )

  routes.post(
    `${base}/:name/suppressions`,
    { schema: { summary: 'Live with a finding for a while', params: named, body: suppression } },
    async (request, reply) => {
      const { cluster, name } = request.params
      const asUser = clusterOf(request, cluster)
      const before = await asUser.get({ ...INSPECTION, name })
      const { suppressions = [] } = (before.spec ?? {}) as InspectionSpec
      const spec = { suppressions: [...suppressions, request.body] }
      await asUser.patch(
        { ...INSPECTION, name },
        'merge',
        { metadata: { resourceVersion: before.metadata.resourceVersion }, spec },
        { fieldManager: 'sallyport' },
      )
      request.auditDetail = { suppression: request.body }
      return reply.code(201).send({})
    },
  )

  routes.get(
    `${base}/:name/report`,
    {
      schema: {
        summary: 'A report: of now, or as it was after a run',
        params: named,
        querystring: z.object({ format: z.enum(Object.keys(FORMATS) as [keyof typeof FORMATS]).default('html'), run: z.uuid().optional() }),
      },
    },
    async (request, reply) => {
      const { format, run: id } = request.query
      const asked = await ask(request, request.params)
      const runs = await records.runs(asked.cluster, asked.inspection, asked.scope, 1_000)
      const run = id === undefined ? runs[0] : runs.find((one) => one.id === id)
      if (!run) throw new CodedError('NOT_FOUND', { what: id === undefined ? `a run of Inspection ${asked.inspection}` : `run ${id}` })
      const { rows } = await reader.findings(asked, { ...(id === undefined ? {} : { at: run.startedAt }), limit: MOST_FINDINGS, offset: 0 })
      const body = textOf(reportOf(run, rows), format, request.language)
      return reply
        .type(`${FORMATS[format]}; charset=utf-8`)
        .header(
          'content-disposition',
          `attachment; filename="inspection-${asked.inspection}.${format === 'markdown' ? 'md' : format === 'junit' ? 'xml' : format === 'sarif' ? 'sarif' : format}"`,
        )
        .serializer((value: string) => value)
        .send(body)
    },
  )
}

/** Without fields that were not asked for. */
const defined = <T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [Key in keyof T]: Exclude<T[Key], undefined> }

function reportOf(run: Run, rows: readonly FindingRow[]): Report {
  const findings = rows.map(reported)
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, findings.filter((one) => one.severity === severity).length])) as Report['counts']
  return {
    complete: run.complete,
    coverage: { objects: run.objects, checks: run.checks, unread: run.unread, kinds: run.kinds, ...(run.usage === undefined ? {} : { usage: run.usage }) },
    counts,
    findings,
    suppressed: run.suppressed.map(({ check, object, path, reason, until }) => ({
      finding: {
        ...reported({
          fingerprint: '',
          check,
          category: 'user',
          severity: 'advice',
          state: 'open',
          kind: '',
          namespace: '',
          name: '',
          path,
          what: '',
          message: '',
          since: 0,
        }),
        object,
      },
      reason,
      until,
    })),
  }
}

function textOf(report: Report, format: keyof typeof FORMATS, language: 'en' | 'zh-CN'): string {
  switch (format) {
    case 'html':
      return html(report, language)
    case 'markdown':
      return markdown(report, language)
    case 'sarif':
      return sarif(report, CHECKS, language)
    case 'junit':
      return junit(report, CHECKS, language)
    case 'json':
      return `${JSON.stringify(spoken(report, language), undefined, 2)}\n`
    case 'ndjson':
      return spoken(report, language)
        .findings.map((finding) => `${JSON.stringify(finding)}\n`)
        .join('')
  }
}
