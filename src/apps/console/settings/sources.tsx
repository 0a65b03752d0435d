/** Where lines come from, whether they still come, and the lines that could not be read. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { HowToSend } from '#capabilities/ingress-analytics/console/how-to-send.tsx'
import type { SourceStatus, SourcesAnswer } from '#capabilities/ingress-analytics/domain/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import { keptSearch } from '../menu.ts'
import { isSilent } from '../problems.ts'
import { Formats } from './formats.tsx'
import styles from './settings.module.css'
import { Syslog } from './syslog.tsx'

export default function Sources() {
  return (
    <>
      <Received />
      <Syslog />
      <Formats />
    </>
  )
}

function Received() {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const now = useNow(5_000)
  const { path } = useCluster()
  const { data, error, refetch } = useApi<SourcesAnswer>(path('/ingress/sources'), undefined, { refreshMs: 5_000 })
  const [open, setOpen] = useState<string | undefined>()
  if (error && !data) return <ErrorState error={error} onRetry={refetch} />
  if (!data)
    return (
      <Panel title={t('sources.title')}>
        <LoadingState />
      </Panel>
    )
  if (data.sources.length === 0) {
    return (
      <Panel>
        <HowToSend />
      </Panel>
    )
  }
  const shown = data.sources.find(({ source }) => source === open) ?? data.sources.find(({ samples }) => samples.length > 0)
  return (
    <>
      <Panel
        title={t('sources.title')}
        note={t('sources.since', { time: format.time(data.since, { seconds: false }) })}
        actions={
          <Button
            size="xs"
            renderRoot={(props) => <Link to="/settings/$section" params={{ section: 'tokens' } as never} search={keptSearch as never} {...props} />}
          >
            {t('sources.add')}
          </Button>
        }
      >
        <PlainTable
          head={[
            t('sources.source'),
            t('sources.state'),
            t('sources.transport'),
            t('sources.format'),
            { title: t('sources.accepted'), number: true },
            { title: t('sources.rejected'), number: true },
            t('sources.last'),
          ]}
        >
          {data.sources.map((source) => (
            <tr key={source.source}>
              <th scope="row">{source.source}</th>
              <td>
                <SourceState source={source} now={now} />
              </td>
              <td>{source.transport}</td>
              <td>{source.format ?? '–'}</td>
              <td data-number>{format.value(source.accepted, 'number')}</td>
              <td data-number>
                {source.samples.length > 0 ? (
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-pressed={shown?.source === source.source}
                    aria-label={`${format.value(source.rejected, 'number')}: ${t('sources.show', { source: source.source })}`}
                    onClick={() => setOpen(source.source)}
                  >
                    {format.value(source.rejected, 'number')}
                  </Button>
                ) : (
                  format.value(source.rejected, 'number')
                )}
              </td>
              <td>{source.lastAt === null ? '–' : format.age(source.lastAt, now)}</td>
            </tr>
          ))}
        </PlainTable>
      </Panel>
      <Panel
        title={t('sources.lines')}
        note={
          shown &&
          `${shown.source} · ${reasons(shown, (name, count) => `${t(`sources.reasons.${name}`, { defaultValue: name })} ${format.value(count, 'number')}`)}`
        }
      >
        {shown ? (
          <PlainTable head={[t('sources.at'), t('sources.reason'), t('sources.line')]}>
            {shown.samples.map((sample) => (
              <tr key={`${sample.at}${sample.line}`}>
                <td>{format.time(sample.at)}</td>
                <td>{t(`sources.reasons.${sample.reason}`, { defaultValue: sample.reason })}</td>
                <td className={styles.line}>
                  <code>{sample.line}</code>
                </td>
              </tr>
            ))}
          </PlainTable>
        ) : (
          <EmptyState title={t('sources.noneRejected')} />
        )}
      </Panel>
    </>
  )
}

function SourceState({ source, now }: { source: SourceStatus; now: number }) {
  const { t } = useTranslation('shell')
  if (source.lastAt === null) return <StatusMark status="unknown" text={t('sources.never')} />
  return isSilent(source, now) ? <StatusMark status="warning" text={t('sources.silent')} /> : <StatusMark status="ok" text={t('sources.sending')} />
}

const reasons = (source: SourceStatus, text: (name: string, count: number) => string) =>
  Object.entries(source.reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => text(name, count))
    .join(', ')
