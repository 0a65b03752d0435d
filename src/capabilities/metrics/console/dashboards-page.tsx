/** Dashboards: the ready ones, and those brought from Grafana, which this browser keeps. */
import { Alert, Button, FileButton, Group, Select } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { PageHead } from '#kits/console-kit/panel.tsx'
import { urlList, urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { NamesAnswer } from '../domain/api.ts'
import type { Dashboard, DashboardVariable, Text } from '../domain/dashboards/dashboard.ts'
import { fromGrafana, type Imported } from '../domain/dashboards/grafana.ts'
import { READY } from '../domain/dashboards/ready.ts'
import { DashboardPanels } from './dashboard-panels.tsx'
import { useText } from './words.ts'

/** `vars` are `name=value`. */
const view = z.object({ dashboard: urlText, vars: urlList })
const KEY = 'sallyport.dashboards'
const MOST_BYTES = 2 << 20

const kept = (): Dashboard[] => {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as Dashboard[]
  } catch {
    return []
  }
}

export default function DashboardsPage() {
  const { t } = useTranslation('metrics')
  const text = useText()
  const [state, setState] = useUrlState(view)
  const [own, setOwn] = useState(kept)
  const [left, setLeft] = useState<Imported['left']>([])
  const [fault, setFault] = useState('')
  const all = [...READY, ...own]
  const dashboard = all.find(({ id }) => id === state.dashboard) ?? READY[0]!
  const values = useMemo(() => valuesOf(dashboard, state.vars), [dashboard, state.vars])
  const keep = (list: Dashboard[]) => {
    setOwn(list)
    localStorage.setItem(KEY, JSON.stringify(list))
  }
  const bring = async (file: File | null) => {
    if (!file) return
    setLeft([])
    setFault('')
    try {
      if (file.size > MOST_BYTES) throw new Error('too large')
      const imported = fromGrafana(JSON.parse(await file.text()), `own-${file.name.replace(/\.json$/, '').slice(0, 60)}`)
      keep([...own.filter(({ id }) => id !== imported.dashboard.id), imported.dashboard])
      setLeft(imported.left)
      setState({ dashboard: imported.dashboard.id, vars: [] })
    } catch {
      setFault(file.name)
    }
  }
  const set = (name: string, value: string) =>
    setState({ vars: [...state.vars.filter((one) => !one.startsWith(`${name}=`)), ...(value === '' ? [] : [`${name}=${value}`])] })
  return (
    <>
      <PageHead title={t('dashboards.title')} lead={t('dashboards.lead')}>
        <Group gap="xs">
          {own.includes(dashboard) && (
            <Button size="xs" variant="default" onClick={() => keep(own.filter((one) => one !== dashboard))}>
              {t('dashboards.remove')}
            </Button>
          )}
          <FileButton accept="application/json,.json" onChange={(file) => void bring(file)}>
            {(props) => (
              <Button size="xs" variant="default" {...props}>
                {t('dashboards.import')}
              </Button>
            )}
          </FileButton>
        </Group>
      </PageHead>
      {fault !== '' && <Alert color="red">{t('dashboards.fault', { file: fault })}</Alert>}
      {left.length > 0 && (
        <Alert color="yellow" title={t('dashboards.left')}>
          {left.map(({ title, type, why }) => (
            <div key={`${title} ${type}`}>{t(`dashboards.why.${why}`, { title, type })}</div>
          ))}
        </Alert>
      )}
      <Group gap="xs" align="flex-end" mb="sm">
        <Select
          size="xs"
          label={t('dashboards.which')}
          data={all.map(({ id, title }) => ({ value: id, label: text(title) }))}
          value={dashboard.id}
          allowDeselect={false}
          onChange={(id) => setState({ dashboard: id ?? '', vars: [] })}
        />
        {dashboard.variables.map((variable) => (
          <Choice
            key={`${dashboard.id} ${variable.name}`}
            variable={variable}
            title={variable.title}
            value={values[variable.name]!}
            onChange={(value) => set(variable.name, value)}
          />
        ))}
      </Group>
      <DashboardPanels dashboard={dashboard} values={values} />
    </>
  )
}

function valuesOf({ variables }: Dashboard, vars: readonly string[]): Record<string, string> {
  const said = Object.fromEntries(vars.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]))
  return Object.fromEntries(variables.map(({ name }) => [name, said[name] ?? '']))
}

function Choice({ variable, title, value, onChange }: { variable: DashboardVariable; title: Text; value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation('metrics')
  const text = useText()
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  const hours = { from: Math.floor(from / 3_600_000) * 3_600_000, to: Math.ceil(to / 3_600_000) * 3_600_000 }
  const { data } = useApi<NamesAnswer>(variable.label === '' ? undefined : path('/metrics/names'), { label: variable.label, metric: variable.metric, ...hours })
  const names = [...new Set([...(value === '' ? [] : [value]), ...(data?.names ?? [])])]
  return (
    <Select
      size="xs"
      label={text(title)}
      placeholder={t('dashboards.all')}
      data={names}
      value={value === '' ? null : value}
      onChange={(one) => onChange(one ?? '')}
      searchable
      clearable
      limit={200}
    />
  )
}
