// @vitest-environment happy-dom
import { act, cleanup, fireEvent, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { useEffect, useState } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { renderPage } from '#test/render-page.tsx'
import { ApiError } from './api.ts'
import { type Column, DataTable, type LoadRequest } from './data-table.tsx'

afterEach(cleanup)
interface Fruit {
  name: string
  kilos: number | null
}
const columns: Column<Fruit>[] = [
  { id: 'name', title: 'Name' },
  { id: 'kilos', title: 'Kilos', unit: 'number' },
]
const rows: Fruit[] = [
  { name: 'pear', kilos: 3 },
  { name: 'apple', kilos: null },
  { name: 'plum', kilos: 12 },
]
const texts = () =>
  screen
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.textContent)

test('client rows are drawn, sorted from the URL, missing last', async () => {
  await renderPage(() => <DataTable id="f" label="Fruit" columns={columns} rows={rows} rowKey={(row) => row.name} />, { url: '/x?f.sort=kilos&f.order=desc' })
  await screen.findByText('plum')
  expect(texts()).toEqual(['plum12', 'pear3', 'apple–'])
})

const rowKey = (row: Fruit) => row.name

test('a head click sorts and stands in the address; keys move and Enter opens', async () => {
  const open = vi.fn()
  const { location } = await renderPage(() => <DataTable id="f" label="Fruit" columns={columns} rows={rows} rowKey={rowKey} onRowOpen={open} />)
  await userEvent.click(await screen.findByRole('button', { name: /Name/ }))
  await screen.findByText('plum')
  expect(texts()).toEqual(['apple–', 'pear3', 'plum12'])
  expect(location()).toContain('f.sort=name')
  const grid = screen.getByRole('grid', { name: 'Fruit' })
  act(() => grid.focus())
  fireEvent.keyDown(grid, { key: 'ArrowDown' })
  fireEvent.keyDown(grid, { key: 'Enter' })
  expect(open).toHaveBeenCalledWith(rows[0])
})

test('the search narrows at every key, and says when nothing matches', async () => {
  window.requestIdleCallback ??= ((run: () => void) => setTimeout(run)) as never
  await renderPage(() => <DataTable id="f" label="Fruit" columns={columns} rows={rows} rowKey={rowKey} />)
  await userEvent.type(screen.getByRole('searchbox'), 'pl')
  await vi.waitFor(() => expect(texts()).toEqual(['apple–', 'plum12']))
  await userEvent.type(screen.getByRole('searchbox'), 'x')
  await screen.findByText('Nothing matches the search.')
})

test('the server is asked for the page in view, with sort and columns, and its refusal is shown with what to do next', async () => {
  const asked: LoadRequest[] = []
  const load = async (request: LoadRequest) => {
    asked.push(request)
    if (request.search) throw new ApiError({ code: 'QUERY_LIMIT', message: 'Too much.', next: 'Choose a shorter range.', request: 'r-1' })
    return { rows: Array.from({ length: request.limit }, (_, i) => ({ name: `row ${request.offset + i}`, kilos: i })), total: 100_000 }
  }
  await renderPage(() => <DataTable id="f" label="Fruit" columns={columns} load={load} initialSort={{ id: 'kilos', order: 'desc' }} rowKey={rowKey} />)
  await screen.findByText('row 0')
  expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('100001')
  expect(asked[0]).toMatchObject({ sort: 'kilos', order: 'desc', search: '', limit: 100, offset: 0, columns: ['name', 'kilos'] })
  await userEvent.type(screen.getByRole('searchbox'), 'x')
  // What was there stays, marked, while the refusal is named.
  await screen.findByText(/QUERY_LIMIT/)
})

const slowly = async ({ signal, search }: LoadRequest) => {
  await new Promise((resolve, reject) => {
    setTimeout(resolve, 450)
    signal.addEventListener('abort', reject)
  })
  return { rows: [{ name: search === '' ? 'all' : 'found', kilos: 1 }], total: 1 }
}
function Moving() {
  const [version, setVersion] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setVersion((before) => before + 1), 300)
    return () => clearInterval(timer)
  }, [])
  return <DataTable id="f" label="Fruit" columns={columns} load={slowly} refreshKey={[version]} rowKey={rowKey} />
}

test('rows that move faster than the server answers are shown all the same', async () => {
  await renderPage(() => <Moving />)
  await screen.findByText('all', {}, { timeout: 5_000 })
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'x' } })
  await screen.findByText('found', {}, { timeout: 5_000 })
})

test('nothing at all says what is missing and how to get it', async () => {
  await renderPage(() => (
    <DataTable id="f" label="Fruit" columns={columns} rows={[]} rowKey={rowKey} empty={{ title: 'No fruit yet', hint: 'Plant a tree.' }} />
  ))
  expect((await screen.findByText('No fruit yet')).parentElement?.textContent).toContain('Plant a tree.')
})
