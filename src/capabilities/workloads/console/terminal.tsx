/** A terminal in a container of the pod. */
import { FitAddon } from '@xterm/addon-fit'
import { Terminal as Xterm } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { Button, Select } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { api, apiUrl, asApiError } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import styles from './terminal.module.css'
import { withoutInlineStyle } from './without-inline-style.ts'
import { useWords } from './words.ts'

type Ended = { exit: number } | { code: string; message: string }

export default function Terminal({ url, containers, onClose }: { url: string; containers: readonly string[]; onClose: () => void }) {
  const t = useWords()
  const { path } = useCluster()
  const host = useRef<HTMLDivElement>(null)
  const [container, setContainer] = useState(containers[0])
  const [attempt, setAttempt] = useState(0)
  const [ended, setEnded] = useState<string>()
  const [error, setError] = useState<unknown>()
  const terminals = path('/terminals')
  const lost = t('terminal.lost')
  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt is a terminal of its own; words that change do not end one.
  useEffect(() => {
    const element = host.current
    if (!element) return
    setEnded(undefined)
    setError(undefined)
    const allowed = withoutInlineStyle(document)
    const terminal = new Xterm({
      cursorBlink: true,
      fontSize: 13,
      scrollback: 10_000,
      screenReaderMode: true,
      theme: themeOf(element),
    })
    const fit = new FitAddon()
    terminal.loadAddon(fit)
    terminal.open(element)
    fit.fit()
    terminal.focus()
    let socket: WebSocket | undefined
    let gone = false
    const resize = () => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ resize: [terminal.cols, terminal.rows] }))
    const observer = new ResizeObserver(() => {
      fit.fit()
      resize()
    })
    observer.observe(element)
    terminal.onData((data) => socket?.readyState === WebSocket.OPEN && socket.send(new TextEncoder().encode(data)))
    api
      .send<{ ticket: string }>('POST', `${url}/exec`, container === undefined ? {} : { container })
      .then(({ ticket }) => {
        if (gone) return
        const address = new URL(apiUrl(`${terminals}/${ticket}`), location.href)
        address.protocol = address.protocol.replace('http', 'ws')
        socket = new WebSocket(address)
        socket.binaryType = 'arraybuffer'
        socket.onopen = resize
        let said: Ended | undefined
        socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
          if (typeof data === 'string') said = JSON.parse(data) as Ended
          else terminal.write(new Uint8Array(data))
        }
        socket.onclose = () => {
          if (gone) return
          setEnded(said === undefined ? lost : 'exit' in said ? t('terminal.exit', { code: said.exit }) : `${said.message} (${said.code})`)
        }
      })
      .catch((thrown: unknown) => !gone && setError(asApiError(thrown)))
    return () => {
      gone = true
      observer.disconnect()
      socket?.close()
      terminal.dispose()
      allowed()
    }
  }, [url, container, attempt])
  return (
    <Panel
      title={t('terminal.title')}
      note={ended}
      actions={
        <>
          {containers.length > 1 && (
            <Select
              size="xs"
              aria-label={t('logs.container')}
              data={[...containers]}
              value={container ?? null}
              allowDeselect={false}
              onChange={(next) => setContainer(next ?? undefined)}
            />
          )}
          {(ended !== undefined || error !== undefined) && (
            <Button size="xs" variant="default" onClick={() => setAttempt(attempt + 1)}>
              {t('terminal.again')}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={onClose}>
            {t('terminal.close')}
          </Button>
        </>
      }
    >
      {error !== undefined && <ErrorState error={error} compact />}
      <div ref={host} className={styles.terminal} />
    </Panel>
  )
}

function themeOf(element: HTMLElement) {
  const style = getComputedStyle(element)
  const token = (name: string) => style.getPropertyValue(name).trim()
  return { background: token('--sp-ground'), foreground: token('--sp-text'), cursor: token('--sp-accent'), selectionBackground: token('--sp-bar') }
}
