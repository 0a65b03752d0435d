/** One line or more of PromQL, with what may stand at the cursor: Tab or Enter takes it, Ctrl-Enter or Enter asks. */
import { Combobox, Textarea, useCombobox } from '@mantine/core'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FUNCTIONS } from '#core/promql/functions.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { NamesAnswer } from '../domain/api.ts'
import { suggestions, type Wanted, wantedAt } from '../domain/completion.ts'

const MOST = 12
const AGGREGATES = 'sum avg min max count group topk bottomk quantile stddev stdvar count_values limitk limit_ratio'.split(' ')
const WORDS = [
  ...AGGREGATES,
  ...Object.keys(FUNCTIONS),
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'offset',
  'bool',
  'and',
  'or',
  'unless',
]

export function QueryField({ value, onChange, onAsk, error }: { value: string; onChange: (text: string) => void; onAsk: () => void; error?: string }) {
  const { t } = useTranslation('metrics')
  const field = useRef<HTMLTextAreaElement>(null)
  const [wanted, setWanted] = useState<Wanted>({ kind: 'nothing' })
  const words = useWords(wanted)
  const offered = useMemo(() => (wanted.kind === 'nothing' ? [] : suggestions(words, wanted.word, MOST)), [wanted, words])
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  const opened = combobox.dropdownOpened && offered.length > 0

  const look = () => {
    const at = field.current?.selectionStart ?? 0
    const found = wantedAt(field.current?.value ?? '', at)
    setWanted(found)
    if (found.kind !== 'nothing' && (found.word !== '' || found.kind !== 'expression')) combobox.openDropdown()
    else combobox.closeDropdown()
  }
  const take = (word: string) => {
    if (wanted.kind === 'nothing') return
    const end = field.current?.selectionStart ?? value.length
    const call = wanted.kind === 'expression' && FUNCTIONS[word] !== undefined && value[end] !== '(' ? '(' : ''
    onChange(value.slice(0, wanted.from) + word + call + value.slice(end))
    combobox.closeDropdown()
    const at = wanted.from + word.length + call.length
    requestAnimationFrame(() => field.current?.setSelectionRange(at, at))
  }
  return (
    <Combobox store={combobox} onOptionSubmit={take} position="bottom-start" width="target">
      <Combobox.Target withKeyboardNavigation={opened}>
        <Textarea
          ref={field}
          aria-label={t('query')}
          placeholder={t('queryHint')}
          value={value}
          error={error}
          autosize
          minRows={1}
          maxRows={12}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => {
            onChange(event.currentTarget.value)
            look()
          }}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === 'Tab' && opened && offered[0] !== undefined) {
              event.preventDefault()
              take(offered[Math.max(0, combobox.getSelectedOptionIndex())]!)
            } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || (!event.shiftKey && !(opened && combobox.getSelectedOptionIndex() >= 0)))) {
              event.preventDefault()
              combobox.closeDropdown()
              onAsk()
            }
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={!opened}>
        <Combobox.Options aria-label={t('suggestions')}>
          {offered.map((word) => (
            <Combobox.Option key={word} value={word}>
              {word}
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}

/** What there is to choose from at such a place. */
function useWords(wanted: Wanted): readonly string[] {
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  // By the hour, so that every refresh does not ask again.
  const hours = { from: Math.floor(from / 3_600_000) * 3_600_000, to: Math.ceil(to / 3_600_000) * 3_600_000 }
  const asked =
    wanted.kind === 'value'
      ? { label: wanted.label, metric: wanted.metric }
      : wanted.kind === 'label'
        ? { label: '', metric: wanted.metric }
        : { label: '__name__', metric: '' }
  const { data } = useApi<NamesAnswer>(wanted.kind === 'nothing' ? undefined : path('/metrics/names'), { ...asked, ...hours }, { keep: false })
  return useMemo(() => [...(data?.names ?? []), ...(wanted.kind === 'expression' ? WORDS : [])], [data, wanted.kind])
}
