/** No line ever came: how to send some, in commands to copy. */
import { Button, CopyButton } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '#kits/console-kit/states.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import styles from './how-to-send.module.css'
import { NAMESPACE } from './words.ts'

/** Of GET /syslog: what is listened to. */
interface Listeners {
  listeners: { protocol: 'udp' | 'tcp'; address: string; port: number; listening: boolean }[]
}

/** Commands in the order in which they suit most people. nginx speaks syslog over UDP only; without such a listener there is nothing to copy. */
export function commands(origin: string, host: string, listeners: Listeners['listeners']): { id: 'agent' | 'syslog' | 'loki' | 'demo'; text?: string }[] {
  const syslog = listeners.find(({ protocol, listening }) => protocol === 'udp' && listening)
  const server =
    syslog && `${['0.0.0.0', '::'].includes(syslog.address) ? host : syslog.address.includes(':') ? `[${syslog.address}]` : syslog.address}:${syslog.port}`
  return [
    { id: 'agent', text: `sallyport agent --server ${origin} --token-file /etc/sallyport/token --data /var/lib/sallyport --file /var/log/nginx/access.log` },
    { id: 'syslog', text: server && `access_log syslog:server=${server},tag=ingress combined;` },
    { id: 'loki', text: `${origin}/loki/api/v1/push` },
    { id: 'demo', text: 'npm start' },
  ]
}

export function HowToSend() {
  const { t } = useTranslation(NAMESPACE)
  const navigate = useNavigate()
  const syslog = useApi<Listeners>('/syslog')
  return (
    <EmptyState
      title={t('empty.title')}
      action={
        <Button size="xs" variant="default" onClick={() => navigate({ to: '/settings' as never })}>
          {t('empty.sources')}
        </Button>
      }
    >
      <p>{t('empty.body')}</p>
      <dl className={styles.ways}>
        {commands(window.location.origin, window.location.hostname, syslog.data?.listeners ?? []).map(({ id, text }) => (
          <div key={id}>
            <dt>{t(`empty.${id}`)}</dt>
            <dd>{t(text === undefined ? 'empty.syslogNone' : `empty.${id}Hint`)}</dd>
            {text !== undefined && (
              <dd className={styles.command}>
                <code>{text}</code>
                <CopyButton value={text}>
                  {({ copied, copy }) => (
                    <Button size="compact-xs" variant="subtle" onClick={copy} aria-label={`${t('empty.copy')}: ${t(`empty.${id}`)}`}>
                      {copied ? t('rows.copied') : t('empty.copy')}
                    </Button>
                  )}
                </CopyButton>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </EmptyState>
  )
}
