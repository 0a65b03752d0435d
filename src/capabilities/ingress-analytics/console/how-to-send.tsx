/** No line ever came: how to send some, in commands to copy. */
import { Button, CopyButton } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '#kits/console-kit/states.tsx'
import styles from './how-to-send.module.css'
import { NAMESPACE } from './words.ts'

/** Commands in the order in which they suit most people. */
export function commands(origin: string, host: string): { id: 'agent' | 'syslog' | 'loki' | 'demo'; text: string }[] {
  return [
    { id: 'agent', text: `sallyport agent --server ${origin} --token-file /etc/sallyport/token --data /var/lib/sallyport --file /var/log/nginx/access.log` },
    { id: 'syslog', text: `access_log syslog:server=${host}:5514,tag=ingress combined;` },
    { id: 'loki', text: `${origin}/loki/api/v1/push` },
    { id: 'demo', text: 'npm start' },
  ]
}

export function HowToSend() {
  const { t } = useTranslation(NAMESPACE)
  const navigate = useNavigate()
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
        {commands(window.location.origin, window.location.hostname).map(({ id, text }) => (
          <div key={id}>
            <dt>{t(`empty.${id}`)}</dt>
            <dd>{t(`empty.${id}Hint`)}</dd>
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
          </div>
        ))}
      </dl>
    </EmptyState>
  )
}
