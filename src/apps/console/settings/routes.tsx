import { ActionIcon, Button, Modal, MultiSelect, Textarea, TextInput } from '@mantine/core'
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RouteConfig } from '#core/alerting/config.ts'
import { type ApiError, asApiError } from '#kits/console-kit/api.ts'
import { ErrorState } from '#kits/console-kit/states.tsx'
import type { PartProps } from './notifications.tsx'
import { listOf } from './receiver-fields.ts'
import { changed, linesOf, moved, receiversOf } from './route-edit.ts'
import styles from './settings.module.css'

/** Rules from the top: the first that matches decides, else the last line. */
export function Routes({ config, save }: PartProps) {
  const { t } = useTranslation('shell')
  const [editing, setEditing] = useState<'root' | number | undefined>()
  const rules = config.route.routes ?? []
  const putRules = (routes: RouteConfig[]) => save({ ...config, route: { ...config.route, routes } })
  const told = (route: RouteConfig) => receiversOf(route).join(', ') || t('notify.nobody')
  return (
    <>
      <div className={styles.scroll}>
        <table className={styles.plain}>
          <thead>
            <tr>
              <th scope="col">{t('notify.when')}</th>
              <th scope="col">{t('notify.tells')}</th>
              <th scope="col">{t('tokens.actions')}</th>
            </tr>
          </thead>
          <tbody>
            {rules.map((rule, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rules have no name; their place is what they are.
              <tr key={i}>
                <td>
                  {(rule.matchers ?? []).map((matcher) => (
                    <div key={matcher}>
                      <code>{matcher}</code>
                    </div>
                  ))}
                  {(rule.routes?.length ?? 0) > 0 && <span className={styles.dim}>{t('notify.nested', { count: rule.routes?.length })}</span>}
                </td>
                <td>{told(rule)}</td>
                <td>
                  <span className={styles.row}>
                    <ActionIcon
                      variant="default"
                      size="sm"
                      aria-label={t('notify.ruleUp', { n: i + 1 })}
                      disabled={i === 0}
                      onClick={() => void putRules(moved(rules, i, -1)).catch(() => {})}
                    >
                      <IconChevronUp size={14} />
                    </ActionIcon>
                    <ActionIcon
                      variant="default"
                      size="sm"
                      aria-label={t('notify.ruleDown', { n: i + 1 })}
                      disabled={i === rules.length - 1}
                      onClick={() => void putRules(moved(rules, i, 1)).catch(() => {})}
                    >
                      <IconChevronDown size={14} />
                    </ActionIcon>
                    <Button size="compact-sm" variant="default" onClick={() => setEditing(i)}>
                      {t('edit')}
                    </Button>
                    <Button size="compact-sm" variant="default" onClick={() => void putRules(rules.toSpliced(i, 1)).catch(() => {})}>
                      {t('remove')}
                    </Button>
                  </span>
                </td>
              </tr>
            ))}
            <tr>
              <td>{t(rules.length > 0 ? 'notify.otherwise' : 'notify.always')}</td>
              <td>{told(config.route)}</td>
              <td>
                <Button size="compact-sm" variant="default" onClick={() => setEditing('root')}>
                  {t('edit')}
                </Button>
              </td>
            </tr>
          </tbody>
        </table>
      </div>
      <div className={styles.buttons}>
        <Button size="xs" onClick={() => setEditing(rules.length)} disabled={config.receivers.length === 0}>
          {t('notify.addRule')}
        </Button>
      </div>
      {editing !== undefined && (
        <RouteForm
          route={editing === 'root' ? config.route : (rules[editing] ?? {})}
          root={editing === 'root'}
          receivers={config.receivers.map(({ name }) => name)}
          onClose={() => setEditing(undefined)}
          onSave={(route) => (editing === 'root' ? save({ ...config, route }) : putRules(rules.toSpliced(editing, 1, route)))}
        />
      )}
    </>
  )
}

function RouteForm({
  route,
  root,
  receivers,
  onSave,
  onClose,
}: {
  route: RouteConfig
  root: boolean
  receivers: string[]
  onSave: (route: RouteConfig) => Promise<void>
  onClose: () => void
}) {
  const { t } = useTranslation('shell')
  const [told, setTold] = useState(receiversOf(route))
  const [matchers, setMatchers] = useState((route.matchers ?? []).join('\n'))
  const [groupBy, setGroupBy] = useState((route.groupBy ?? []).join(', '))
  const [times, setTimes] = useState({ groupWait: route.groupWait ?? '', groupInterval: route.groupInterval ?? '', repeatInterval: route.repeatInterval ?? '' })
  const [error, setError] = useState<ApiError | undefined>()
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    setBusy(true)
    try {
      await onSave(changed(route, { receivers: told, groupBy: listOf(groupBy), ...(root ? {} : { matchers: linesOf(matchers) }), ...times }))
      onClose()
    } catch (thrown) {
      setError(asApiError(thrown))
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={t(root ? 'notify.rootRule' : 'notify.rule')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        {!root && (
          <Textarea
            label={t('notify.matchers')}
            description={t('notify.matchersHint')}
            placeholder={'severity="critical"\nnamespace=~"shop|pay"'}
            autosize
            minRows={2}
            value={matchers}
            onChange={(event) => setMatchers(event.currentTarget.value)}
            required
            data-autofocus
          />
        )}
        <MultiSelect label={t('notify.tells')} data={receivers} value={told} onChange={setTold} />
        <TextInput
          label={t('notify.groupBy')}
          description={t('notify.groupByHint')}
          value={groupBy}
          onChange={(event) => setGroupBy(event.currentTarget.value)}
        />
        <div className={styles.pair}>
          {(['groupWait', 'groupInterval', 'repeatInterval'] as const).map((name) => (
            <TextInput
              key={name}
              label={t(`notify.${name}`)}
              placeholder="30s, 5m, 4h"
              value={times[name]}
              onChange={(event) => setTimes({ ...times, [name]: event.currentTarget.value.trim() })}
            />
          ))}
        </div>
        {error && <ErrorState error={error} compact />}
        <div className={styles.buttons}>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('save')}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
