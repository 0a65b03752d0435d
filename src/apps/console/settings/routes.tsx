import { ActionIcon, Button, MultiSelect, Textarea, TextInput } from '@mantine/core'
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RouteConfig } from '#core/alerting/config.ts'
import { FieldPair, FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { PlainTable, RowAct, RowActs } from '#kits/console-kit/plain-table.tsx'
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
      <PlainTable head={[t('notify.when'), t('notify.tells'), t('tokens.actions')]}>
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
              <RowActs>
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
                <RowAct about={String(i + 1)} onClick={() => setEditing(i)}>
                  {t('edit')}
                </RowAct>
                <RowAct about={String(i + 1)} onClick={() => void putRules(rules.toSpliced(i, 1)).catch(() => {})}>
                  {t('remove')}
                </RowAct>
              </RowActs>
            </td>
          </tr>
        ))}
        <tr>
          <td>{t(rules.length > 0 ? 'notify.otherwise' : 'notify.always')}</td>
          <td>{told(config.route)}</td>
          <td>
            <RowAct about={t('notify.rootRule')} onClick={() => setEditing('root')}>
              {t('edit')}
            </RowAct>
          </td>
        </tr>
      </PlainTable>
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
  const form = useSubmit(
    () => onSave(changed(route, { receivers: told, groupBy: listOf(groupBy), ...(root ? {} : { matchers: linesOf(matchers) }), ...times })),
    onClose,
  )
  return (
    <FormDialog title={t(root ? 'notify.rootRule' : 'notify.rule')} form={form} onClose={onClose}>
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
      <FieldPair>
        {(['groupWait', 'groupInterval', 'repeatInterval'] as const).map((name) => (
          <TextInput
            key={name}
            label={t(`notify.${name}`)}
            placeholder="30s, 5m, 4h"
            value={times[name]}
            onChange={(event) => setTimes({ ...times, [name]: event.currentTarget.value.trim() })}
          />
        ))}
      </FieldPair>
    </FormDialog>
  )
}
