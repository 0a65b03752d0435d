import { useState } from 'react'

/** Does something on the server, and keeps why it was refused. */
export function useAct() {
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false })
  const act = (work: () => Promise<unknown>) => {
    setState({ busy: true })
    work().then(
      () => setState({ busy: false }),
      (error: unknown) => setState({ busy: false, error }),
    )
  }
  return { ...state, act }
}
