/** What stands in for a page that is not there or failed; menu and top bar stay. */
import { Button } from '@mantine/core'
import { IconMapQuestion } from '@tabler/icons-react'
import { Link, useLocation } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { EmptyState, ErrorState } from '#kits/console-kit/states.tsx'

export function NotFound() {
  const { t } = useTranslation('shell')
  const path = useLocation({ select: (location) => location.pathname })
  return (
    <>
      <PageHead title={t('notFound.title')} />
      <EmptyState
        title={t('notFound.text', { path })}
        icon={<IconMapQuestion size={28} stroke={1.4} />}
        action={
          <Button size="xs" variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
            {t('notFound.home')}
          </Button>
        }
      >
        {t('notFound.hint')}
      </EmptyState>
    </>
  )
}

export function PageFault({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <Panel>
      <ErrorState error={error} onRetry={onRetry} />
    </Panel>
  )
}
