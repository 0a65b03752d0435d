/** 100,000 rows in a DataTable; `start()` draws them and resolves with the milliseconds until they were painted. */
import { MantineProvider } from '@mantine/core'
import '@mantine/core/styles.css'
import '#kits/console-kit/theme.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { useState } from 'react'
import { createRoot } from 'react-dom/client'
import { seededRandom } from '#core/kernel/random.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { initI18n } from '#kits/console-kit/i18n.ts'
import { parseSearch, stringifySearch } from '#kits/console-kit/url-state.ts'

interface Row {
  id: string
  ts: number
  method: string
  path: string
  status: number
  time: number
  bytes: number
  client: string
}
const random = seededRandom(42)
const rows: Row[] = Array.from({ length: 100_000 }, (_, i) => ({
  id: String(i),
  ts: 1_780_000_000_000 + i * 37,
  method: random() < 0.8 ? 'GET' : 'POST',
  path: `/orders/${Math.floor(random() * 50_000)}/items/${i}`,
  status: random() < 0.95 ? 200 : 502,
  time: random() ** 4 * 3,
  bytes: Math.floor(random() * 100_000),
  client: `203.0.${Math.floor(random() * 256)}.${i % 256}`,
}))
const columns: Column<Row>[] = [
  { id: 'ts', title: 'Time', unit: 'time' },
  { id: 'method', title: 'Method' },
  { id: 'path', title: 'Path', width: 240 },
  { id: 'status', title: 'Status' },
  { id: 'time', title: 'Total time', unit: 'seconds' },
  { id: 'bytes', title: 'Bytes', unit: 'bytes' },
  { id: 'client', title: 'Client' },
]

initI18n('en', {})
let show: (rows: Row[]) => void = () => {}
function Page() {
  const [given, setGiven] = useState<Row[] | undefined>()
  show = setGiven
  return <DataTable id="b" label="Rows" columns={columns} rows={given} rowKey={(row) => row.id} />
}
const router = createRouter({ routeTree: createRootRoute({ component: Page }), history: createMemoryHistory(), parseSearch, stringifySearch })
createRoot(document.getElementById('root') as HTMLElement).render(
  <MantineProvider>
    <QueryClientProvider client={new QueryClient()}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>,
)

const count = () => document.querySelector('[aria-live]')?.textContent ?? ''
const firstRow = () => document.querySelectorAll('[role=row]')[1]?.textContent ?? ''

/** Milliseconds from now until `read` says something new and that was painted. */
async function untilChanged(read: () => string): Promise<number> {
  const begin = performance.now()
  const before = read()
  while (read() === before) await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
  return performance.now() - begin
}
Object.assign(window, {
  start: () => {
    show([...rows])
    return untilChanged(count)
  },
  /** From the next key to the painted answer. */
  typed: () =>
    new Promise<number>((resolve) =>
      document.querySelector('input')?.addEventListener('keydown', () => void untilChanged(count).then(resolve), { once: true }),
    ),
  sorted: () => {
    ;(document.querySelectorAll('[role=columnheader] button')[4] as HTMLElement).click()
    return untilChanged(firstRow)
  },
})
